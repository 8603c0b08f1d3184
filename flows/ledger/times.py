"""When a rule holds: date windows, hours of the day, days around a birthday; and when what it gave is released.

Everything is read from the event's own time on a local clock, the member's or the brand's as the rule says. A local
time that the change of the clocks skips never comes; one that it repeats comes twice.
"""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.earning import Birthday, EarnRule, Hold, Hours
from config.earning_rule_checks import span_of
from config.expressions.names import WEEKDAYS
from config.expressions.scene import LATEST_US, Scene, day_of, moment_of, us_of
from flows.ledger.days import day_start_us

DAY = timedelta(days=1)
BIRTHDAY = re.compile(r"(?:\d{4}-|--)?(\d{2})-(\d{2})(?:T.*)?")
A_LEAP_YEAR = 2000
MONTHS = 12
MOMENTS_MAX_US = 1 << 62
CLOCKS_APART_US = 2 * 86_400_000_000      # no clock of the world is two days from UTC


class Times:
    """The windows and hours of a rule."""

    def __init__(self, rule: EarnRule) -> None:
        self._windows = [span_of(window) for window in rule.between]
        self._hours = [_Daily(hours) for hours in rule.hours]
        self._by_member = rule.clock == "member"
        self.any = bool(self._windows or self._hours)
        self._near_us = _span_anywhere_us(self._windows)

    def hold(self, scene: Scene) -> bool:
        """Whether the event's local time is in one of the windows and one of the hours."""
        if not self._near_us[0] <= scene.at_us < self._near_us[1]:
            return False
        local = scene.local if self._by_member else scene.brand_local
        if self._windows:
            clock = local.replace(tzinfo=None)
            if not any(start <= clock < end for start, end in self._windows):
                return False
        return not self._hours or any(hours.hold(local) for hours in self._hours)


def _span_anywhere_us(windows: list[tuple[datetime, datetime]]) -> tuple[int, int]:
    """From when to when any of the windows may be open on any clock of the world; always, where there are none."""
    if not windows:
        return -MOMENTS_MAX_US, MOMENTS_MAX_US
    first, last = min(start for start, _ in windows), max(end for _, end in windows)
    return us_of(first.replace(tzinfo=UTC)) - CLOCKS_APART_US, us_of(last.replace(tzinfo=UTC)) + CLOCKS_APART_US


class _Daily:
    def __init__(self, hours: Hours) -> None:
        self._start, self._end = _minute(time.fromisoformat(hours.start)), _minute(time.fromisoformat(hours.end))
        self._days = frozenset(WEEKDAYS.index(day) for day in hours.days or WEEKDAYS)

    def hold(self, local: datetime) -> bool:
        now, today = _minute(local), local.weekday()
        if self._start < self._end:
            return today in self._days and self._start <= now < self._end
        if now >= self._start:
            return today in self._days
        return now < self._end and (today - 1) % len(WEEKDAYS) in self._days


def _minute(clock: time | datetime) -> int:
    return clock.hour * 60 + clock.minute


def birthday_of(written: object) -> tuple[int, int] | None:
    """Month and day of a birthday attribute (`1990-05-17`, `--05-17`, `05-17`); None if it is none."""
    match = BIRTHDAY.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        return None
    month, day = int(match[1]), int(match[2])
    real = 1 <= month <= 12 and 1 <= day <= monthrange(A_LEAP_YEAR, month)[1]  # noqa: PLR2004 - months of a year
    return (month, day) if real else None


def birthday_year(window: Birthday, written: object, today: date) -> int | None:
    """The year whose birthday `today` is in the window around; None if in none. 29 February is the 28th at times."""
    born = birthday_of(written)
    if born is None:
        return None
    month, day = born
    for year in (today.year, today.year - 1, today.year + 1):
        birthday = date(year, month, min(day, monthrange(year, month)[1]))
        if birthday - DAY * window.days_before <= today <= birthday + DAY * window.days_after:
            return year
    return None


def held_until_us(hold: Hold, at_us: int, brand: ZoneInfo) -> int | None:
    """When points that an event at `at_us` earned are released; None where that is not a matter of time."""
    if hold.until is not None:
        return us_of(datetime.fromisoformat(hold.until).replace(tzinfo=brand))
    if hold.delay is None:
        return None
    if not hold.delay.months and hold.rounding == "none":
        return at_us + hold.delay.us
    due_us = min(at_us + hold.delay.us, LATEST_US)
    day = day_of(due_us, brand)
    if hold.delay.months:
        day = _months_later(day, hold.delay.months)
        if hold.rounding != "down":
            local = moment_of(due_us).astimezone(brand)
            due_us = us_of(local.replace(year=day.year, month=day.month, day=day.day))
    midnight_us = day_start_us(day.toordinal(), brand)
    if hold.rounding == "down":
        return max(at_us, midnight_us)
    if hold.rounding == "up" and due_us > midnight_us:
        return day_start_us(day.toordinal() + 1, brand)
    return due_us


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, the month's last day where it has no such day."""
    month = day.year * MONTHS + day.month - 1 + months
    year, month = month // MONTHS, month % MONTHS + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
