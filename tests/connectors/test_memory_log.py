"""What a log in memory does beyond the contract: partitions that stand still, records that come late."""

from connectors.memory_log import MemoryLog, MemoryLogOptions, MemoryTopics
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Place
from tests.connectors.logs import event_line, names, told

A, B = Place("web", 0), Place("web", 1)
SECOND_US = 1_000_000


def open_log(topics: MemoryTopics, *, follow: bool, due_us: int | None = None) -> MemoryLog:
    """Open with a clock that stands."""
    options = MemoryLogOptions(follow=follow, wall=lambda: 100.0, next_due_us=lambda: due_us)
    return MemoryLog(topics, EventDecoder(), options, None)


def read(log: MemoryLog) -> list[LogBatch]:
    """What there is now."""
    found = []
    while (batch := log.read()) is not None:
        found.append(batch)
    return found


def two_partitions() -> MemoryTopics:
    """One event each, the first a second before the second."""
    topics = MemoryTopics()
    topics.append(A, event_line("a", 1), 1 * SECOND_US)
    topics.append(B, event_line("b", 1), 2 * SECOND_US)
    return topics


def test_a_partition_that_stands_still_is_waited_for() -> None:
    """Nothing is taken that stands behind what has not arrived."""
    topics = two_partitions()
    topics.still.add(A)
    log = open_log(topics, follow=True)
    assert read(log) == []
    topics.still.clear()
    (batch,) = read(log)
    assert names(batch.rows) == ["!IN_THE_FUTURE", "!IN_THE_FUTURE"]
    assert [row[2] for row in batch.rows] == [A, B]


def test_late_records_are_remembered_by_the_topics() -> None:
    """A second reader gives them the same place."""
    topics = two_partitions()
    log = open_log(topics, follow=True)
    found = [row for batch in read(log) for row in batch.rows]
    topics.append(A, event_line("late", 1), 1 * SECOND_US)
    found += [row for batch in read(log) for row in batch.rows]
    assert topics.exceptions == {A: {1: 2 * SECOND_US + 1}}
    assert log.turns == 1
    again = open_log(topics, follow=False)
    assert told(found) == told([row for batch in read(again) for row in batch.rows])
    assert again.turns == 0


def test_a_timer_moves_the_clock_up_to_the_fence() -> None:
    """And what comes after it is later."""
    topics = two_partitions()
    log = open_log(topics, follow=True, due_us=50 * SECOND_US)
    clocks = [batch.clock_us for batch in read(log)]
    assert clocks == [None, 100 * SECOND_US - 1]
    topics.append(B, event_line("late", 1), 60 * SECOND_US)
    assert read(log) == []
    log.options.wall = lambda: 101.0
    assert [row[0] for batch in read(log) for row in batch.rows] == [100 * SECOND_US + 1]
    assert log.unread_bytes() == 0
