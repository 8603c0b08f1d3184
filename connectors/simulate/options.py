"""What a simulation is made of: how much, how long, how untidy. The same options give the same bytes."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from connectors.simulate.base import BaseOrder

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Layout = Literal["single", "topics"]

DEFAULT_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
LATE_HOURS_MAX = 24
MEMBERS_MAX = 10**8     # the phone numbers of one block
MILLISECONDS = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rates(Struct, frozen=True, kw_only=True):
    """Shares between 0 and 1; the first six are per event, the others per person or household."""

    duplicate: Share = 0.01           # the same bytes once more, up to an hour later
    reserialised: Share = 0.005       # the same event once more in another key order, with blanks
    conflict: Share = 0.0005          # the same source and id with another body
    malformed: Share = 0.002          # an extra line that is no event: a dead letter
    late: Share = 0.02                # the line stands up to `late_hours_max` after its neighbours of the same time
    unknown_field: Share = 0.002      # a field that the contract does not know (dropped and counted, not refused)
    email: Share = 0.85               # people with an e-mail address
    phone: Share = 0.30               # people with a phone
    two_identities: Share = 0.04      # people known by e-mail on the web, by loyalty number at the till, merged later
    shared_device: Share = 0.0        # households of three whose members use one tablet


class SimulateOptions(Struct, frozen=True, kw_only=True):
    """Everything `simulate` needs. `events` counts distinct well-formed events; duplicates and dead letters come extra.

    With `base` the purchases and returns are these (real) orders, in order of time, and `members` is ignored; without,
    they are made up.
    """

    events: int = 10_000
    members: int = 500
    seed: int = 7
    start: datetime = DEFAULT_START
    span_days: float = 60.0
    layout: Layout = "single"
    web_partitions: int = 2
    compress: bool = False
    late_hours_max: float = 4.0
    rates: Rates = Rates()
    base: tuple[BaseOrder, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated, naming the option."""
        _require(self.events >= 0, "events must not be negative")
        _require(1 <= self.members <= MEMBERS_MAX, f"members must be between 1 and {MEMBERS_MAX}")
        _require(self.start.tzinfo is not None, "start needs an offset, such as 2026-01-05T08:00:00Z")
        _require(self.span_days > 0, "the span must be longer than nothing")
        _require(self.web_partitions >= 1, "the web topic needs a partition")
        _require(0 <= self.late_hours_max <= LATE_HOURS_MAX, "a late line stays within a day, or order means nothing")
        _require(len(self.base) <= self.events or not self.base, "events must at least cover the base orders")
        rates = self.rates
        for name in rates.__struct_fields__:
            _require(0 <= getattr(rates, name) <= 1, f"the rate {name} must be between 0 and 1")

    @property
    def start_ms(self) -> int:
        """The first moment, milliseconds since 1970-01-01 UTC."""
        return (self.start - EPOCH) // MILLISECONDS

    @property
    def end_ms(self) -> int:
        """The moment before which everything happens, milliseconds since 1970-01-01 UTC."""
        return self.start_ms + timedelta(days=self.span_days) // MILLISECONDS


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
