"""The end of quiet hours is a moment on the member's own clock, on every day of the year."""

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from flows.decisions.quiet import EPOCH, MICROSECOND, quiet_until_us, zone
from schemas.checks import time_us

ZONES: Final = (
    "UTC", "Europe/London", "Europe/Madrid", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
)  # fmt: skip
FIRST: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - hypothesis gives the zone
LAST: Final = datetime(2028, 1, 1)  # noqa: DTZ001 - hypothesis gives the zone
CLOCKS: Final = st.times().map(lambda at: at.strftime("%H:%M"))
MOMENTS: Final = st.datetimes(FIRST, LAST, timezones=st.just(UTC)).map(time_us)


def local_at(at_us: int, local: ZoneInfo) -> datetime:
    """The local time of an instant."""
    return (EPOCH + at_us * MICROSECOND).astimezone(local)


def is_quiet(now: time, start: str, end: str) -> bool:
    """Say whether a clock time lies within the hours, counted as minutes of a circle that begins at `start`."""
    begin, finish = time.fromisoformat(start), time.fromisoformat(end)
    return (begin <= now < finish) if begin <= finish else not finish <= now < begin


def skipped(at_us: int, clock: str, local: ZoneInfo) -> bool:
    """Say whether a change of the clocks skips the clock time on the local day of an instant."""
    there = datetime.combine(local_at(at_us, local).date(), time.fromisoformat(clock), tzinfo=local)
    return there.astimezone(UTC).astimezone(local).replace(tzinfo=None) != there.replace(tzinfo=None)


@given(MOMENTS, CLOCKS, CLOCKS, st.sampled_from(ZONES))
@example(time_us(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)), "22:00", "01:30", "Europe/London")
@example(time_us(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)), "22:00", "01:30", "Europe/London")
@example(time_us(datetime(2026, 10, 25, 1, 10, tzinfo=UTC)), "22:00", "01:30", "Europe/London")
def test_quiet_ends_at_the_end_of_the_local_clock(at_us: int, start: str, end: str, name: str) -> None:
    """There is an end exactly within the hours; it lies ahead, and the local clock then says `end`."""
    local = ZoneInfo(name)
    until_us = quiet_until_us(at_us, start, end, local)
    assert is_quiet(local_at(at_us, local).time(), start, end) == (until_us is not None)
    if until_us is None:
        return
    assert at_us < until_us <= at_us + timedelta(days=1, hours=1) // MICROSECOND
    repeated = local_at(at_us, local).fold == 1
    if not skipped(until_us, end, local) and not repeated:
        assert local_at(until_us, local).strftime("%H:%M:%S.%f") == f"{end}:00.000000"


def test_the_end_is_not_quiet_and_the_start_is() -> None:
    """From 21:00 on it is quiet, from 08:00 on it is not."""
    local = ZoneInfo("UTC")
    start, end = (time_us(datetime(2026, 3, 2, hour, tzinfo=UTC)) for hour in (21, 8))
    assert quiet_until_us(start, "21:00", "08:00", local) == end + 86_400_000_000
    assert quiet_until_us(end - 1, "21:00", "08:00", local) == end
    assert quiet_until_us(end, "21:00", "08:00", local) is None


def test_an_end_that_the_clocks_skip_comes_right_after_the_gap() -> None:
    """01:30 does not exist in London on 29 March 2026, so that quiet ends when the clocks say 02:00 or after."""
    at_us = time_us(datetime(2026, 3, 29, 0, 15, tzinfo=UTC))
    until_us = quiet_until_us(at_us, "22:00", "01:30", ZoneInfo("Europe/London"))
    assert until_us is not None
    assert local_at(until_us, ZoneInfo("Europe/London")).time() >= time(2)


def test_a_zone_nobody_knows_is_the_brands() -> None:
    """A member's zone that names no zone gives way to the brand's."""
    for name in ("Mars/Olympus", "", "../etc/passwd", "Europe"):
        assert zone(name, "Europe/Madrid") == ZoneInfo("Europe/Madrid")


def test_in_the_repeated_hour_the_pass_counts_that_it_is_now() -> None:
    """At 02:10 of the second pass of an autumn night the quiet hours end at 02:30 of that pass, twenty minutes on."""
    zurich = ZoneInfo("Europe/Zurich")
    now = datetime(2026, 10, 25, 2, 10, tzinfo=zurich, fold=1).astimezone(UTC)
    at_us = (now - EPOCH) // MICROSECOND

    assert quiet_until_us(at_us, "22:00", "02:30", zurich) == at_us + 20 * 60 * 1_000_000
