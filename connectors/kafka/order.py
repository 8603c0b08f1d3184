"""The order of several partitions as one, while their records are still arriving. No I/O, no clock.

A record stands in the order at (log time, partition, offset); its log time is the running maximum of the timestamps of
its partition. A fence says: at the time t the partitions ended at these offsets (the goals). So once a partition is
read up to its goal, nothing of it can come any more that is older than t, but for what the fence could not see (clocks
that differ, a transaction that was still open). A partition that is not there yet (it lags) will go on where it stands,
at its running maximum or later. Hence the first of the buffered heads may be taken, if it is below t, and below the
place of every lagging partition whose buffer is empty. A backlog therefore streams through, whatever its length.

The floor is the place in the order up to which everything was taken, or passed by the clock. What comes below it is an
exception: it is put directly above the floor, and that log time is from there on the partition's running maximum. Who
reads again is told of the exceptions beforehand, and so gets the same log times, hence the same order: it is always
that of (log time, partition, offset), and depends neither on when records arrived nor on the fences.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heapreplace
from typing import Final, Generic, NamedTuple, TypeVar

from schemas.decode import TIME_US_MAX
from schemas.log import Place

Item = TypeVar("Item")
FIRST_PLACE: Final = Place("", -1)
NO_GOAL: Final = -1
NO_BOUND_US: Final = 1 << 62
SPENT_ROWS_KEPT: Final = 4096


class Floor(NamedTuple):
    """The first place in the order that may still be taken."""

    log_us: int
    place: Place


NO_FLOOR: Final = Floor(0, FIRST_PLACE)


class Late(NamedTuple):
    """An exception: the record at this offset came below the floor (by `below_us`) and was given this log time."""

    place: Place
    offset: int
    log_us: int
    below_us: int


class Run(NamedTuple, Generic[Item]):
    """Neighbours in the order from one partition."""

    place: Place
    times: list[int]
    offsets: list[int]
    items: list[Item]


class Lane(Generic[Item]):
    """A partition: what is buffered of it begins at index `at` of the three lists."""

    def __init__(self, place: Place, position: int, reached_us: int, exceptions: Mapping[int, int]) -> None:
        """`exceptions` are the log times given to records of this partition, by offset."""
        self.place = place
        self.rank = 0
        self.position = position
        self.goal = NO_GOAL
        self.end: int | None = None
        self.exceptions = {offset: log_us for offset, log_us in exceptions.items() if offset >= position}
        earlier = [log_us for offset, log_us in exceptions.items() if offset < position]
        self.taken_us = self.running_us = max([reached_us, *earlier])
        self.at = 0
        self.times: list[int] = []
        self.offsets: list[int] = []
        self.items: list[Item] = []

    def __len__(self) -> int:
        return len(self.times) - self.at

    @property
    def next_offset(self) -> int:
        """From where on nothing is taken."""
        return self.offsets[self.at] if self.at < len(self.offsets) else self.position

    def take(self, end: int) -> Run[Item]:
        """Take what is buffered up to index `end`."""
        at, self.at = self.at, end
        run = Run(self.place, self.times[at:end], self.offsets[at:end], self.items[at:end])
        self.taken_us = self.times[end - 1]
        if end == len(self.times):
            self.times, self.offsets, self.items, self.at = [], [], [], 0
        elif end > SPENT_ROWS_KEPT and 2 * end > len(self.times):
            del self.times[:end], self.offsets[:end], self.items[:end]
            self.at = 0
        return run


class Order(Generic[Item]):
    """Push records in as they arrive, take runs out in the order."""

    def __init__(self, floor: Floor = NO_FLOOR, reached_us: int = 0, until_us: int | None = None) -> None:
        """`until_us`: records from that log time on are never taken."""
        self.lanes: dict[Place, Lane[Item]] = {}
        self.floor = floor
        self.reached_us = reached_us
        self.fence_us = 0
        self.until_us = NO_BOUND_US if until_us is None else until_us
        self._ranked: list[Lane[Item]] = []

    def join(
        self, place: Place, position: int, reached_us: int = 0, exceptions: Mapping[int, int] | None = None
    ) -> Lane[Item]:
        """Let a partition in, to be read from `position` on; what it has below the floor will be exceptions."""
        assert place not in self.lanes
        lane: Lane[Item] = Lane(place, position, reached_us, exceptions or {})
        self.lanes[place] = lane
        self._ranked = [self.lanes[one] for one in sorted(self.lanes)]
        for rank, one in enumerate(self._ranked):
            one.rank = rank
        return lane

    def push(self, place: Place, stamps: list[int], offsets: list[int], items: list[Item]) -> Late | None:
        """Buffer records of a partition, offsets ascending, with their timestamps; the first may be an exception.

        Those that were pushed before, or stand behind the partition's end, are left out.
        """
        lane = self.lanes[place]
        behind = offsets[-1] + 1
        reached = behind if lane.end is None else min(behind, lane.end)
        if offsets[0] < lane.position or reached < behind:
            wanted = slice(bisect_left(offsets, lane.position), bisect_left(offsets, reached))
            stamps, offsets, items = stamps[wanted], offsets[wanted], items[wanted]
        lane.position = max(lane.position, reached)
        if not offsets:
            return None
        late = None if len(lane) else self._late(lane, stamps[0], offsets[0])
        if lane.exceptions:
            stamps = [max(us, lane.exceptions.pop(offset, 0)) for us, offset in zip(stamps, offsets, strict=True)]
        running_us = lane.running_us
        append = lane.times.append
        for us in stamps:
            if us > running_us and us <= TIME_US_MAX:
                running_us = us
            append(running_us)
        lane.running_us = running_us
        lane.offsets += offsets
        lane.items += items
        return late

    def _late(self, lane: Lane[Item], stamp_us: int, offset: int) -> Late | None:
        log_us = max(lane.running_us, stamp_us if stamp_us <= TIME_US_MAX else 0, lane.exceptions.get(offset, 0))
        if (log_us, lane.place) >= self.floor:
            return None
        given_us = self.floor.log_us + 1
        lane.exceptions[offset] = given_us
        return Late(lane.place, offset, given_us, self.floor.log_us - log_us)

    def reached(self, place: Place, offset: int) -> None:
        """Note that nothing stands before `offset` but what was pushed."""
        lane = self.lanes[place]
        lane.position = max(lane.position, offset if lane.end is None else min(offset, lane.end))

    def fence(self, goals: Mapping[Place, int], fence_us: int) -> None:
        """Set the fence: nothing below `fence_us` comes any more from a partition that is read up to its goal."""
        for place, goal in goals.items():
            self.lanes[place].goal = goal
        self.fence_us = max(self.fence_us, fence_us)

    def bound(self, ends: Mapping[Place, int]) -> None:
        """Read up to these offsets and no further, with no fence but the ends."""
        for place, end in ends.items():
            self.lanes[place].end = end
        self.fence(ends, NO_BOUND_US)

    @property
    def satisfied(self) -> bool:
        """Whether every partition is read up to its goal."""
        return all(lane.position >= lane.goal for lane in self._ranked)

    @property
    def buffered(self) -> int:
        """How many records wait to be taken."""
        return sum(map(len, self._ranked))

    def first_us(self) -> int | None:
        """Give the log time of the first record that waits, None if there is none."""
        return min((lane.times[lane.at] for lane in self._ranked if len(lane)), default=None)

    @property
    def ended(self) -> bool:
        """Whether nothing will be taken any more: all is read up to the ends, or the time to stop at is reached."""
        first_us = self.first_us()
        if first_us is not None and first_us < self.until_us:
            return False
        return self._ceiling(self._lagging()) >= (self.until_us, -1)

    def take(self, count: int) -> list[Run[Item]]:
        """Take up to `count` records in order: the earliest partition gives all it has before the next one's head."""
        ceiling = min(self._ceiling(self._lagging()), (self.until_us, -1))
        heap = [(lane.times[lane.at], lane.rank) for lane in self._ranked if len(lane)]
        heapify(heap)
        ranked = self._ranked
        runs: list[Run[Item]] = []
        append = runs.append
        while heap and count and heap[0] < ceiling:
            rank = heap[0][1]
            lane = ranked[rank]
            limit = min([ceiling, *heap[1:3]])  # of a heap, the second is one of these two
            run = lane.take(_run_end(lane, limit, count))
            count -= len(run[1])
            append(run)
            if lane.at < len(lane.times):
                heapreplace(heap, (lane.times[lane.at], rank))
                continue
            heappop(heap)
            if lane.position < lane.goal:
                ceiling = min(ceiling, (lane.running_us, rank))
        if runs:
            self.reached_us = runs[-1].times[-1]
            self.floor = Floor(self.reached_us, runs[-1].place)
        return runs

    def _lagging(self) -> Iterable[Lane[Item]]:
        return (lane for lane in self._ranked if lane.position < lane.goal and not len(lane))

    def _ceiling(self, lagging: Iterable[Lane[Item]]) -> tuple[int, int]:
        """Give the (log time, rank) below which records may be taken."""
        return min([(self.fence_us, -1), *((lane.running_us, lane.rank) for lane in lagging)])

    def idle_clock_us(self) -> int | None:
        """Give how far the clock may be moved on now, None if records wait or nothing is gained."""
        if not self.satisfied or self.fence_us >= NO_BOUND_US:
            return None
        first_us = self.first_us()
        clock_us = min(self.fence_us, self.until_us) - 1
        if (first_us is not None and first_us <= clock_us) or clock_us <= self.reached_us:
            return None
        return clock_us

    def pass_clock(self, clock_us: int) -> None:
        """Move the clock on: what comes with this log time or an earlier one is an exception."""
        self.reached_us = clock_us
        self.floor = max(self.floor, Floor(clock_us + 1, FIRST_PLACE))


def _run_end(lane: Lane[Item], limit: tuple[int, int], count: int) -> int:
    """Give the index behind the records that come before `limit` (log time, rank), at most `count` of them.

    The first does. Partitions that are written evenly take turns, so mostly it is the only one.
    """
    times, second = lane.times, lane.at + 1
    if count == 1 or second == len(times) or times[second] > limit[0]:
        return second
    high = min(len(times), lane.at + count)
    bisect = bisect_right if lane.rank < limit[1] else bisect_left
    return bisect(times, limit[0], second, high)
