"""Local days and calendar periods: which day a moment falls on somewhere, and when days, months and years begin there.

Moments are microseconds since 1970 in UTC; a day is its ordinal (`date.toordinal`). A midnight that a change of the
clocks skips is the first moment after it.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.expressions.scene import day_of
from schemas.states import Member

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LEAP_DAY = (2, 29)

local_date = day_of     # the day on which a moment falls somewhere


@lru_cache(maxsize=1024)
def zone_of(name: str | None, otherwise: str) -> ZoneInfo:
    """Give the zone of a name, or the brand's where there is no such name."""
    if name:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
    return ZoneInfo(otherwise)


def member_zone(member: Member, otherwise: str) -> ZoneInfo:
    """Give a member's zone: the one it asked for, else the one of its attributes, else the brand's."""
    named = member.relations.time_zone or (member.attributes and member.attributes.get("time_zone"))
    return zone_of(named if isinstance(named, str) else None, otherwise)


@lru_cache(maxsize=4096)
def day_start_us(ordinal: int, local: ZoneInfo) -> int:
    """Give the first moment of a day there."""
    return moment_us(datetime.combine(date.fromordinal(ordinal), time.min), local)


def moment_us(naive: datetime, local: ZoneInfo) -> int:
    """Give the moment that the clocks there show as `naive`, the first one where they show it twice."""
    return (naive.replace(tzinfo=local).astimezone(UTC) - EPOCH) // MICROSECOND


def period_start(day: date, every: str) -> date:
    """Give the first day of the `day`, `week` (from Monday), `month` or `year` that a day lies in."""
    match every:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return day


def period_after(start: date, every: str) -> date:
    """Give the first day of the period that follows the one that begins with `start`."""
    match every:
        case "week":
            return start + timedelta(days=7)
        case "month":
            return date(start.year + start.month // 12, start.month % 12 + 1, 1)
        case "year":
            return date(start.year + 1, 1, 1)
        case _:
            return start + timedelta(days=1)


def period_name(day: date, every: str) -> str:
    """Give a short name of the day, month or year: `2026-03-01`, `2026-03`, `2026`."""
    return day.isoformat()[: {"year": 4, "month": 7}.get(every, 10)]


def anniversary(joined: date, years: int) -> date:
    """Give the day so many years after joining; who joined on 29 February has it on the 28th in other years."""
    year = joined.year + years
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if (joined.month, joined.day) == LEAP_DAY and not leap:
        return date(year, 2, 28)
    return joined.replace(year=year)


def years_since(joined: date, day: date) -> int:
    """Give how many whole years a day lies after joining; below zero before it."""
    years = day.year - joined.year
    return years if anniversary(joined, years) <= day else years - 1


def moment_of(text: str, local: ZoneInfo) -> int:
    """Give the moment that a program writes as a day or a day and time of a zone."""
    return moment_us(datetime.fromisoformat(text), local)
