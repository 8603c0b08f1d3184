"""When a rule holds: date windows, hours of the day, days around a birthday; and when what it gave is released.

Everything is read from the event's own time on a local clock, the member's or the brand's as the rule says. A local
time that the change of the clocks skips never comes; one that it repeats comes twice.
"""

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.earning import Birthday, EarnRule, Hold, Hours
from config.earning_rule_checks import span_of
from config.expressions.names import WEEKDAYS
from config.expressions.scene import Scene, moment_of, us_of

DAY = timedelta(days=1)
BIRTHDAY = re.compile(r"(?:\d{4}-|--)?(\d{2})-(\d{2})(?:T.*)?")
A_LEAP_YEAR = 2000


class Times:
    """The windows and hours of a rule."""

    def __init__(self, rule: EarnRule) -> None:
        self._windows = [span_of(window) for window in rule.between]
        self._hours = [_Daily(hours) for hours in rule.hours]
        self._by_member = rule.clock == "member"
        self.any = bool(self._windows or self._hours)

    def hold(self, scene: Scene) -> bool:
        """Whether the event's local time is in one of the windows and one of the hours."""
        local = scene.local if self._by_member else scene.brand_local
        if self._windows:
            clock = local.replace(tzinfo=None)
            if not any(start <= clock < end for start, end in self._windows):
                return False
        return not self._hours or any(hours.hold(local) for hours in self._hours)


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
    local = moment_of(at_us + hold.delay.us).astimezone(brand)
    if hold.delay.months:
        month = local.year * 12 + local.month - 1 + hold.delay.months
        year, month = month // 12, month % 12 + 1
        local = local.replace(year=year, month=month, day=min(local.day, monthrange(year, month)[1]))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if hold.rounding == "down":
        return max(at_us, us_of(midnight))
    if hold.rounding == "up" and us_of(local) > us_of(midnight):
        return us_of((midnight.replace(tzinfo=None) + DAY).replace(tzinfo=brand))
    return us_of(local)
