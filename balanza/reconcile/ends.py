"""When points expire and when they are released, reckoned anew from what the program says.

They expire at the local midnight after the last day they count. What is held for a time is released so long after the
event that earned it, by the program's clock.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from config.currencies import Expiry
from config.earning import Hold
from config.program import Program

QUARTER_SECONDS: Final = 900
SECOND_US: Final = 1_000_000
DECEMBER: Final = 12
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
QUARTERS: Final = "SELECT DISTINCT event_us // 900000000 FROM applied ORDER BY 1"
TIMES: Final = """
SELECT DISTINCT event_us FROM applied
WHERE type = $on OR type IN (FROM activity_types) AND coalesce(data ->> 'kind', type) = $on
"""
ENDS: Final = "INSERT INTO ends SELECT unnest($names), unnest($quarters), unnest($ends)"
HELD: Final = "INSERT INTO held_until SELECT $rule, unnest($times), unnest($ends)"


def fill_ends(connection: DuckDBPyConnection, program: Program) -> bool:
    """Fill `ends` for every quarter of an hour in which something may be earned; False if nothing ever expires."""
    zone = ZoneInfo(program.time_zone)
    expiring = [(name, one.expiry) for name, one in program.currencies.items() if one.expiry.policy != "never"]
    names, quarters, ends = [], [], []
    for (quarter,) in connection.execute(QUARTERS).fetchall() if expiring else ():
        day = datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC).astimezone(zone).date()
        for name, expiry in expiring:
            midnight = datetime.combine(last_day(expiry, day) + timedelta(days=1), time(), zone)
            names.append(name)
            quarters.append(quarter)
            ends.append(int(midnight.timestamp()) * SECOND_US)
    if names:
        connection.execute(ENDS, {"names": names, "quarters": quarters, "ends": ends})
    return bool(expiring)


def last_day(expiry: Expiry, earned: date) -> date:
    """The last day on which points count that were earned on a day."""
    if expiry.policy in {"days", "activity_extends"}:
        return earned + timedelta(days=expiry.days or 0)
    if expiry.policy == "end_of_month":
        years, month = divmod(earned.month - 1 + (expiry.months or 0), DECEMBER)
        year = earned.year + years
        return date(year, month + 1, monthrange(year, month + 1)[1])
    month, day = (int(part) for part in (expiry.date or "").split("-"))
    first = date(earned.year, month, day)
    return date(earned.year + (first < earned) + (expiry.years or 0), month, day)


def fill_held(connection: DuckDBPyConnection, program: Program) -> None:
    """Fill `held_until` for the events that may earn by a rule whose points wait for a time."""
    zone = ZoneInfo(program.time_zone)
    for rule in program.earn:
        if rule.hold is None or rule.hold.event is not None:
            continue
        times = [event_us for (event_us,) in connection.execute(TIMES, {"on": rule.on}).fetchall()]
        if times:
            ends = [released_at(rule.hold, event_us, zone) for event_us in times]
            connection.execute(HELD, {"rule": rule.id, "times": times, "ends": ends})


def released_at(hold: Hold, event_us: int, zone: ZoneInfo) -> int:
    """The moment at which points that an event earned are not pending any more."""
    if hold.until is not None:
        return _us(datetime.fromisoformat(hold.until).replace(tzinfo=zone))
    assert hold.delay is not None
    end_us = event_us + hold.delay.us
    end = (EPOCH + end_us * MICROSECOND).astimezone(zone)
    if hold.delay.months:
        years, month = divmod(end.month - 1 + hold.delay.months, DECEMBER)
        year = end.year + years
        end = end.replace(year=year, month=month + 1, day=min(end.day, monthrange(year, month + 1)[1]))
        end_us = _us(end)
    if hold.rounding == "none":
        return end_us
    begins_us = _us(datetime.combine(end.date(), time(), zone))
    if hold.rounding == "down":
        return max(event_us, begins_us)
    return end_us if end_us == begins_us else _us(datetime.combine(end.date() + timedelta(days=1), time(), zone))


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
