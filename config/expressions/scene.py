"""What the names of an expression are read from: an event, the member, the local clock, and at times one order line."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.events import OrderLine
from schemas.facts import Facts

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
SECOND_US: Final = 1_000_000
QUARTER_US: Final = 15 * 60 * SECOND_US
WHOLE_QUARTERS_SINCE_US: Final = 4 * 365 * 86_400 * SECOND_US  # since 1972 every zone is whole quarters off

# Later times (a sender's nonsense) count as this one, so that no calendar ends before a rule has added its years.
LATEST_US: Final = (datetime(9000, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND


@lru_cache(maxsize=1024)
def zone_of(name: str | None, otherwise: str) -> ZoneInfo:
    """The zone of a name, or the brand's where there is none of that name."""
    try:
        return ZoneInfo(name or otherwise)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(otherwise)


def moment_of(at_us: int) -> datetime:
    """Microseconds since 1970 as a time in UTC."""
    return EPOCH + min(at_us, LATEST_US) * MICROSECOND


def local_of(at_us: int, zone: ZoneInfo) -> datetime:
    """The time on a zone's clock, to the second."""
    return datetime.fromtimestamp(min(at_us, LATEST_US) // SECOND_US, zone)


def day_of(at_us: int, zone: ZoneInfo) -> date:
    """The day on which a moment falls on a zone's clock."""
    if at_us < WHOLE_QUARTERS_SINCE_US:
        return (EPOCH + at_us * MICROSECOND).astimezone(zone).date()
    return _day_of_quarter(at_us // QUARTER_US, zone)


@lru_cache(maxsize=16384)
def _day_of_quarter(quarter: int, zone: ZoneInfo) -> date:
    """The day in which a quarter of an hour lies: no day begins within one."""
    return (EPOCH + quarter * QUARTER_US * MICROSECOND).astimezone(zone).date()


def us_of(moment: datetime) -> int:
    """A time as microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


class Scene:
    """One event as a rule sees it; `line` is set while a line of the order is looked at.

    `at_us` is the event's own time, `brand` the program's time zone. Local times are worked out when first asked for.
    """

    __slots__ = ("_brand_local", "_local", "at_us", "brand", "data", "facts", "line")

    def __init__(self, facts: Facts, data: Any, at_us: int, brand: str) -> None:  # noqa: ANN401 - any event's data
        self.facts = facts
        self.data = data
        self.at_us = at_us
        self.brand = brand
        self.line: OrderLine | None = None
        self._local: datetime | None = None
        self._brand_local: datetime | None = None

    @property
    def local(self) -> datetime:
        """The event's time on the member's clock, the brand's where the member's zone is not known."""
        if self._local is None:
            self._local = local_of(self.at_us, zone_of(self.facts.time_zone, self.brand))
        return self._local

    @property
    def brand_local(self) -> datetime:
        """The event's time on the brand's clock."""
        if self._brand_local is None:
            self._brand_local = local_of(self.at_us, zone_of(None, self.brand))
        return self._brand_local

    @property
    def day(self) -> date:
        """The event's day on the member's clock, without working out the time."""
        return day_of(min(self.at_us, LATEST_US), zone_of(self.facts.time_zone, self.brand))

    @property
    def brand_day(self) -> date:
        """The event's day on the brand's clock."""
        return day_of(min(self.at_us, LATEST_US), zone_of(None, self.brand))
