"""A log in memory: the order of a broker's log without a broker, for tests and for what wants to be quick.

`MemoryTopics` are the partitions, which outlive their readers as a broker does: records with the broker's timestamps,
the exceptions to the order that readers wrote down, and partitions that stand still (nothing of them arrives for the
time being). `MemoryLog` reads them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from connectors.kafka.events import Carrier, RowDecoder
from connectors.kafka.order import NO_FLOOR, Floor, Order
from connectors.kafka.progress import KafkaProgress, PlaceProgress
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Place

SECOND_US = 1_000_000


class MemoryRecord(Struct, frozen=True):
    """A record: the broker's timestamp, the body, the headers."""

    stamp_us: int
    body: bytes | None
    named: tuple[tuple[str, bytes], ...] = ()

    def value(self) -> bytes | None:
        """The body."""
        return self.body

    def headers(self) -> Sequence[tuple[str, bytes | str | None]] | None:
        """The headers in their order."""
        return self.named


class MemoryTopics:
    """Partitions, with what is remembered of them beside their records."""

    def __init__(self) -> None:
        self.records: dict[Place, list[MemoryRecord]] = {}
        self.exceptions: dict[Place, dict[int, int]] = {}
        self.still: set[Place] = set()

    def add(self, place: Place) -> None:
        """Make a partition."""
        self.records.setdefault(place, [])

    def append(
        self, place: Place, body: bytes | None, stamp_us: int, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> None:
        """Append a record with the broker's timestamp."""
        self.add(place)
        self.records[place].append(MemoryRecord(stamp_us, body, headers))


def _no_timer() -> int | None:
    return None


@dataclass
class MemoryLogOptions:
    """How to read; the meanings are those of a Kafka log's options."""

    batch_lines: int = 1000
    follow: bool = False
    until_us: int | None = None
    future_skew_us: int = 300 * SECOND_US
    hold_us: int = 0
    beat_clock: bool = False
    next_due_us: Callable[[], int | None] = field(default=_no_timer)
    wall: Callable[[], float] = time.time


class MemoryLog:
    """Read with `read()` until `ended`; `progress()` after a batch is what a later reader is handed to go on."""

    def __init__(
        self, topics: MemoryTopics, decoder: EventDecoder, options: MemoryLogOptions, progress: KafkaProgress | None
    ) -> None:
        self.options = options
        self.ended = False
        self.turns = 0
        self.damages: list[str] = []
        self.unfinished: dict[str, int] = {}
        self._topics = topics
        self._rows = RowDecoder(decoder, options.future_skew_us)
        self._said_farewell = False
        floor, reached_us = NO_FLOOR, 0
        if progress is not None:
            floor = Floor(progress.floor_us, Place(progress.floor_topic, progress.floor_partition))
            reached_us = progress.reached_us
        self._order: Order[Carrier] = Order(floor, reached_us, options.until_us)
        for one in () if progress is None else progress.places:
            self._order.join(one.place, one.offset, one.reached_us, topics.exceptions.get(one.place))
        self._let_in()
        if not options.follow:
            self._order.bound(self._ends())

    def read(self) -> LogBatch | None:
        """Give the next batch; None when there is nothing now (`ended` tells whether there will be)."""
        if self.ended:
            return self._farewell()
        if self.options.follow:
            self._let_in()
            if self._order.satisfied:
                self._order.fence(self._ends(), int(self.options.wall() * SECOND_US) - self.options.hold_us)
        self._fetch()
        runs = self._order.take(self.options.batch_lines)
        if runs:
            rows, blank = self._rows.rows(runs)
            return LogBatch(rows, None, blank, self.options.wall())
        if self._order.ended:
            self.ended = True
            return self._farewell()
        return self._tick()

    def _let_in(self) -> None:
        for place in sorted(self._topics.records.keys() - self._order.lanes.keys()):
            self._order.join(place, 0, 0, self._topics.exceptions.get(place))

    def _ends(self) -> dict[Place, int]:
        return {place: len(self._topics.records[place]) for place in self._order.lanes}

    def _fetch(self) -> None:
        for place, lane in self._order.lanes.items():
            first = lane.position
            some = [] if place in self._topics.still else self._topics.records[place][first:]
            if not some:
                continue
            offsets = list(range(first, first + len(some)))
            late = self._order.push(place, [one.stamp_us for one in some], offsets, [*some])
            if late is not None:
                self.turns += 1
                self._topics.exceptions.setdefault(place, {})[late.offset] = late.log_us

    def _farewell(self) -> LogBatch | None:
        """Give, once at the end of a bounded log, the clock: timers fire up to the log's last time."""
        if self._said_farewell:
            return None
        self._said_farewell = True
        return LogBatch([], self._order.reached_us, 0, self.options.wall())

    def _tick(self) -> LogBatch | None:
        clock_us, due_us = self._order.idle_clock_us(), self.options.next_due_us()
        is_due = due_us is not None and clock_us is not None and due_us <= clock_us
        if clock_us is None or not (is_due or self.options.beat_clock):
            return None
        self._order.pass_clock(clock_us)
        return LogBatch([], clock_us, 0, self.options.wall())

    def progress(self) -> KafkaProgress:
        """Give what to go on from; nothing in it changes later."""
        floor = self._order.floor
        places = [
            PlaceProgress(*place, lane.next_offset, lane.taken_us, "") for place, lane in self._order.lanes.items()
        ]
        return KafkaProgress(places, floor.log_us, *floor.place, self._order.reached_us)

    def unread_bytes(self) -> int:
        """Give how many bytes the records have that nobody has taken."""
        lanes = list(self._order.lanes.items())
        return sum(
            len(one.body or b"") for place, lane in lanes for one in self._topics.records[place][lane.next_offset :]
        )

    def close(self) -> None:
        """Nothing is open."""
