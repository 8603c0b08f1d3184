"""What a program says of tiers, reckoned anew: which period a moment counts in, what sums reach, when a period is over.

A rank is a tier's place in the list, -1 is no tier. Sums are by measure and bucket: a local year, a local day, or one
for all time.
"""

from calendar import isleap
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.tiers import Level, Tiers

SECOND_US: Final = 1_000_000
NO_TIER: Final = -1
FEBRUARY, LEAP_DAY = 2, 29

Sums = Mapping[str, Mapping[int, int]]  # by measure, by bucket


class Terms:
    """The tiers of a program with its time zone."""

    def __init__(self, tiers: Tiers, zone: str) -> None:
        self.tiers = tiers
        self.grace_us = tiers.grace or 0
        self.kept = tiers.keeps_periods if tiers.period in {"calendar_year", "join_date"} else 0
        lowest = tiers.levels[0]
        self.lowest = NO_TIER if lowest.needs or lowest.lifetime or lowest.plan else 0
        self._zone = ZoneInfo(zone)

    def day(self, at_us: int) -> date:
        """The local day of a moment."""
        return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at_us)).astimezone(self._zone).date()

    def begins_us(self, day: date) -> int:
        """The first moment of a local day."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()) * SECOND_US

    def bucket(self, at_us: int) -> int:
        """Where something counts that happened at a moment."""
        match self.tiers.period:
            case "calendar_year":
                return self.day(at_us).year
            case "lifetime":
                return 0
            case _:
                return self.day(at_us).toordinal()

    def period(self, at_us: int, joined_us: int) -> int:
        """The period that a moment lies in: a year, a day, or the number of years since joining."""
        if self.tiers.period != "join_date":
            return self.bucket(at_us)
        joined, day = self.day(joined_us), self.day(at_us)
        years = day.year - joined.year
        return years if _years_later(joined, years) <= day else years - 1

    def inside(self, period: int, joined_us: int) -> range:
        """The buckets of a period."""
        match self.tiers.period:
            case "rolling":
                return range(period - self.tiers.rolling_days + 1, period + 1)
            case "join_date":
                joined = self.day(joined_us)
                return range(_years_later(joined, period).toordinal(), _years_later(joined, period + 1).toordinal())
            case _:
                return range(period, period + 1)

    def over_us(self, period: int, joined_us: int) -> int:
        """When a calendar period and its grace are over."""
        if self.tiers.period == "join_date":
            return self.begins_us(_years_later(self.day(joined_us), period + 1)) + self.grace_us
        return self.begins_us(date(period + 1, 1, 1)) + self.grace_us

    def reached(self, sums: Sums, buckets: range) -> int:
        """The highest rank that what lies in some buckets is enough for."""
        held = {name: sum(v for at, v in by_bucket.items() if at in buckets) for name, by_bucket in sums.items()}
        return self._highest(((rank, level, level.needs) for rank, level in self._from_top()), held)

    def for_ever(self, sums: Sums) -> int:
        """The highest rank that all time is enough for."""
        held = {name: sum(by_bucket.values()) for name, by_bucket in sums.items()}
        return self._highest(((rank, level, level.lifetime) for rank, level in self._from_top()), held)

    def _from_top(self) -> list[tuple[int, Level]]:
        return list(enumerate(self.tiers.levels))[::-1]

    @staticmethod
    def _highest(levels: Iterable[tuple[int, Level, dict[str, int]]], held: Mapping[str, int]) -> int:
        for rank, level, asked in levels:
            enough = [held.get(name, 0) >= least for name, least in asked.items()]
            if enough and (all(enough) if level.match == "all" else any(enough)):
                return rank
        return NO_TIER


def _years_later(day: date, years: int) -> date:
    year = day.year + years
    skipped = (day.month, day.day) == (FEBRUARY, LEAP_DAY) and not isleap(year)
    return date(year, FEBRUARY, LEAP_DAY - 1) if skipped else day.replace(year=year)
