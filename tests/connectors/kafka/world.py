"""Partitions without a broker: records that were appended, a reader that lives through a script, a naive order."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from connectors.kafka.order import Floor, Lane, Order
from schemas.log import Place

Stood = tuple[int, Place, int]
"""Where a record stood in the order: log time, partition, offset."""
Given = dict[Place, dict[int, int]]
PLACES = [Place("app", 0), Place("web", 0), Place("web", 2), Place("web", 10)]
SOON_US = 1 << 40


class Saved(Struct):
    """A snapshot: how many records and clocks came before it, the floor, each partition's next offset and log time."""

    taken: int = 0
    clocks: int = 0
    floor: Floor = Floor(0, Place("", -1))
    reached_us: int = 0
    places: dict[Place, tuple[int, int]] = field(default_factory=dict)


class World:
    """Partitions with the timestamps of their records, and one reader of them."""

    def __init__(self, count: int) -> None:
        """`count` partitions are there from the beginning."""
        self.now_us = 100
        self.stamps: dict[Place, list[int]] = {place: [] for place in PLACES[:count]}
        self.given: Given = {}
        self.taken: list[Stood] = []
        self.clocks: list[tuple[int, int]] = []
        self.saved = Saved(places=dict.fromkeys(self.stamps, (0, 0)))
        self.order = self._reader()

    def _reader(self) -> Order[int]:
        order: Order[int] = Order(self.saved.floor, self.saved.reached_us)
        for place in self.stamps:
            offset, reached_us = self.saved.places.get(place, (0, 0))
            order.join(place, offset, reached_us, self.given.get(place))
        return order

    def place(self, number: int) -> Place:
        """One of the partitions there are."""
        return sorted(self.stamps)[number % len(self.stamps)]

    def append(self, number: int, late_us: int, on_us: int) -> None:
        """Time goes on, then a record is appended that looks `late_us` older than it is."""
        self.now_us += on_us
        self.stamps[self.place(number)].append(max(0, self.now_us - late_us))

    def fetch(self, number: int, count: int) -> None:
        """The next records of a partition arrive."""
        place = self.place(number)
        push(self.order, place, self.stamps[place], count, self.given)

    def fence(self, hold_us: int) -> None:
        """The end offsets of all partitions as they are now."""
        self.order.fence({place: len(stamps) for place, stamps in self.stamps.items()}, self.now_us - hold_us)

    def take(self, count: int) -> None:
        """Take some."""
        self.taken += flat(self.order, count)

    def read(self, count: int) -> None:
        """All there is of one partition and more arrives, and what may be taken is taken."""
        self.fetch(count, SOON_US)
        self.fetch(count + 1, 2)
        self.fence(0)
        self.take(count + 1)

    def clock(self) -> None:
        """The clock goes on if it can."""
        clock_us = self.order.idle_clock_us()
        if clock_us is not None:
            self.clocks.append((clock_us, len(self.taken)))
            self.order.pass_clock(clock_us)

    def add(self) -> None:
        """A partition is added and noticed."""
        if len(self.stamps) < len(PLACES):
            place = PLACES[len(self.stamps)]
            self.stamps[place] = []
            self.order.join(place, 0)

    def save(self) -> None:
        """A snapshot is taken."""
        places = {place: (lane.next_offset, lane.taken_us) for place, lane in self.order.lanes.items()}
        self.saved = Saved(len(self.taken), len(self.clocks), self.order.floor, self.order.reached_us, places)

    def crash(self) -> None:
        """The reader dies, and another goes on from the last snapshot; the exceptions were written down."""
        del self.taken[self.saved.taken :]
        del self.clocks[self.saved.clocks :]
        self.order = self._reader()

    def finish(self) -> None:
        """All the rest arrives and is taken."""
        for number in range(len(self.stamps)):
            self.fetch(number, SOON_US)
        self.order.fence({place: len(stamps) for place, stamps in self.stamps.items()}, SOON_US)
        self.take(SOON_US)


def push(order: Order[int], place: Place, stamps: Sequence[int], count: int, given: Given) -> None:
    """Hand the next `count` records of a partition to the order; an exception is written down."""
    first = order.lanes[place].position
    some = list(stamps[first : first + count])
    if some:
        offsets = list(range(first, first + len(some)))
        late = order.push(place, some, offsets, offsets)
        if late is not None:
            given.setdefault(place, {})[late.offset] = late.log_us


def flat(order: Order[int], count: int) -> list[Stood]:
    """Take some and give them one by one."""
    return [
        (log_us, place, offset)
        for place, times, offsets, items in order.take(count)
        for log_us, offset, _ in zip(times, offsets, items, strict=True)
    ]


def naive(stamps: Mapping[Place, Sequence[int]], given: Mapping[Place, Mapping[int, int]]) -> list[Stood]:
    """All records sorted by (running maximum of the timestamps and of what was given, partition, offset)."""
    found = []
    for place, all_stamps in stamps.items():
        running_us = 0
        for offset, stamp_us in enumerate(all_stamps):
            running_us = max(running_us, stamp_us, given.get(place, {}).get(offset, 0))
            found.append((running_us, place, offset))
    return sorted(found)


def lane_sizes(lanes: Mapping[Place, Lane[int]]) -> dict[Place, int]:
    """How much of each partition is buffered."""
    return {place: len(lane) for place, lane in lanes.items()}
