"""The engine's side of a log: what it is handed, what is stored, how it stops."""

from collections.abc import Callable

import pytest
from bytewax.inputs import AbortExecution

from connectors.engine import LogPartition, LogSource
from connectors.kafka.progress import KafkaProgress
from connectors.memory_log import MemoryLog, MemoryLogOptions, MemoryTopics
from schemas.decode import EventDecoder
from schemas.log import LogBatch, LogTrouble, Place
from tests.connectors.logs import event_line, names

SECOND_US = 1_000_000
Partition = LogPartition[LogBatch, KafkaProgress]


def beat(now: float) -> LogBatch:
    """What is sent while nothing comes."""
    return LogBatch([], None, 0, now)


class TroubledLog(MemoryLog):
    """A log that can get into trouble."""

    trouble: LogTrouble | None = None

    def read(self) -> LogBatch | None:
        if self.trouble is not None:
            raise self.trouble
        return super().read()


class Host:
    """A source over a log in memory, and what became of it."""

    def __init__(self, *, follow: bool = False, beats: bool = True) -> None:
        self.beat = beat if beats else None
        self.topics = MemoryTopics()
        for number in range(4):
            self.topics.append(Place("web", 0), event_line(str(number), -1_700_000_000), number * SECOND_US)
        self.stop = False
        self.failed: list[Exception] = []
        self.follow = follow

    def source(self) -> LogSource[LogBatch, KafkaProgress]:
        """The source as the engine gets it."""
        return LogSource(self.open, KafkaProgress, self.beat, lambda: self.stop, self.failed.append, 0.01)

    def open(self, progress: KafkaProgress | None) -> MemoryLog:
        """Open the log."""
        options = MemoryLogOptions(batch_lines=3, follow=self.follow)
        self.log = TroubledLog(self.topics, EventDecoder(), options, progress)
        return self.log

    def part(self, stored: bytes | None = None) -> Partition:
        """The one partition, on a snapshot."""
        source = self.source()
        (name,) = source.list_parts()
        return source.build_part("log", name, stored)


def given(part: Partition) -> list[str]:
    """The events of the next batch."""
    return [name for batch in part.next_batch() for name in names(batch.rows)]


def test_a_snapshot_goes_on_with_the_rest() -> None:
    """The log's own progress, packed, is what the engine keeps; the end of a bounded log is told once."""
    host = Host()
    part = host.part()
    assert given(part) == ["0", "1", "2"]
    stored = part.snapshot()
    assert given(part) == ["3"]
    part.close()
    again = host.part(stored)
    assert given(again) == ["3"]
    assert [batch.clock_us for batch in again.next_batch()] == [3 * SECOND_US]
    with pytest.raises(StopIteration):
        again.next_batch()


def test_while_nothing_comes_there_is_a_beat_and_a_pause() -> None:
    """A beat now and then, so that sinks show what they hold; in between the engine is told when to ask again."""
    part = Host(follow=True).part()
    while given(part):
        assert part.next_awake() is None
    assert part.next_awake() is not None
    assert list(part.next_batch()) == []


def test_without_a_beat_there_is_only_the_pause() -> None:
    """Where nobody looks before the end, waiting for a broker sets no sink to work."""
    part = Host(follow=True, beats=False).part()
    while given(part):
        assert part.next_awake() is None
    assert part.next_awake() is not None
    assert not [one for _ in range(3) for one in part.next_batch()]


def stops(host: Host) -> None:
    """Asked to stop."""
    host.stop = True


def breaks(host: Host) -> None:
    """The log is in trouble."""
    host.log.trouble = LogTrouble("the topic is gone")


@pytest.mark.parametrize(("end", "failures"), [(stops, 0), (breaks, 1)])
def test_it_stops_behind_a_snapshot(end: Callable[[Host], None], failures: int) -> None:
    """Asked to stop, or broken: what was given is in the next snapshot, then the flow ends and nothing is repeated."""
    host = Host()
    part = host.part()
    assert given(part) == ["0", "1", "2"]
    end(host)
    assert given(part) == []
    assert given(part) == []
    part.snapshot()
    with pytest.raises(AbortExecution):
        part.next_batch()
    assert len(host.failed) == failures


def test_a_mistake_of_ours_commits_nothing() -> None:
    """Whatever else a log raises stops the flow at once, for its progress may be ahead of what it gave."""
    host = Host()
    part = host.part()
    assert given(part) == ["0", "1", "2"]
    del host.topics.records[Place("web", 0)]
    with pytest.raises(KeyError):
        part.next_batch()
    assert host.failed == []
