"""Quiet hours in the member's own time zone.

From `start` to `end` on the local clock nothing disturbing leaves; the end itself is no longer quiet, and `start` later
than `end` spans midnight. A clock time that a change of the clocks skips counts as so much later as the clocks were
moved; of a repeated one the pass counts that `at` is in.
"""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def zone(name: str, otherwise: str) -> ZoneInfo:
    """Give the zone of a name, or the brand's where the name is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(otherwise)


def quiet_until_us(at_us: int, start: str, end: str, local: ZoneInfo) -> int | None:
    """Give when the quiet hours end that hold at `at_us` (microseconds, UTC), None if it is not quiet then."""
    moment = (EPOCH + at_us * MICROSECOND).astimezone(local)
    begin, finish, now = time.fromisoformat(start), time.fromisoformat(end), moment.time()
    overnight = begin > finish
    quiet = now >= begin or now < finish if overnight else begin <= now < finish
    if not quiet:
        return None
    day = moment.date() + timedelta(days=1) if overnight and now >= begin else moment.date()
    fold = moment.fold if day == moment.date() else 0
    ends = datetime.combine(day, finish, tzinfo=local).replace(fold=fold).astimezone(UTC)
    ends_us = (ends - EPOCH) // MICROSECOND
    return ends_us if ends_us > at_us else at_us + 3_600_000_000
