"""The logs under contract: how lines get into each, and how it is opened."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from connectors.file_log import FileLog, LogOptions, Progress
from connectors.kafka.cluster import Cluster
from connectors.kafka.log import KafkaLog
from connectors.kafka.options import KafkaLogOptions
from connectors.kafka.progress import KafkaProgress
from connectors.memory_log import MemoryLog, MemoryLogOptions, MemoryTopics
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Place
from tests.kafka.topics import Sent, Topics

Line = tuple[int, bytes]
NOT_YET_SECONDS = 0.5
WAIT_SECONDS = 60.0
SECOND_US = 1_000_000


class Log(Protocol):
    """What the contract is about."""

    ended: bool

    def read(self) -> LogBatch | None:
        """Give the next batch."""

    def progress(self) -> Progress | KafkaProgress:
        """Give what to go on from."""

    def close(self) -> None:
        """Let go."""


class Kind(Protocol):
    """A log of three partitions that a test fills."""

    def write(self, lines: Sequence[Line]) -> None:
        """Append lines, each to the partition of its number."""

    def open(
        self, stored: bytes | None = None, *, follow: bool = False, batch_lines: int = 1000, due_us: int | None = None
    ) -> Log:
        """Open it, to go on from a stored progress; a timer may be due."""


def due(due_us: int | None) -> Callable[[], int | None]:
    """A timer that waits."""
    return lambda: due_us


class Files:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "log"
        for number in range(3):
            path = self._path(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def _path(self, number: int) -> Path:
        return self.folder / "web" / f"{number}.jsonl"

    def write(self, lines: Sequence[Line]) -> None:
        """Append to the files."""
        for number, line in lines:
            with self._path(number).open("ab") as file:
                file.write(line + b"\n")

    def open(
        self, stored: bytes | None = None, *, follow: bool = False, batch_lines: int = 1000, due_us: int | None = None
    ) -> Log:
        """Open with a journal, so that reading again gives the same."""
        progress = None if stored is None else msgspec.msgpack.decode(stored, type=Progress)
        journal = self.folder.parent / "journal.jsonl" if follow else None
        options = LogOptions(batch_lines=batch_lines, follow=follow, journal=journal, next_due_us=due(due_us))
        return FileLog(self.folder, EventDecoder(), options, progress)


class Memory:
    """Partitions in memory."""

    def __init__(self) -> None:
        self.topics = MemoryTopics()
        for number in range(3):
            self.topics.add(Place("web", number))

    def write(self, lines: Sequence[Line]) -> None:
        """Append with the time as it is."""
        for number, line in lines:
            self.topics.append(Place("web", number), line, int(time.time() * SECOND_US))

    def open(
        self, stored: bytes | None = None, *, follow: bool = False, batch_lines: int = 1000, due_us: int | None = None
    ) -> Log:
        """Open on the same partitions."""
        progress = None if stored is None else msgspec.msgpack.decode(stored, type=KafkaProgress)
        options = MemoryLogOptions(batch_lines=batch_lines, follow=follow, next_due_us=due(due_us))
        return MemoryLog(self.topics, EventDecoder(), options, progress)


class Kafka:
    """A topic on a real broker."""

    def __init__(self, topics: Topics) -> None:
        self.topics = topics
        self.topic = topics.make(partitions=3)
        self.prefix = self.topic
        topics.made.append(f"{self.prefix}.exceptions")
        self.cluster = Cluster({"bootstrap.servers": topics.bootstrap})

    def write(self, lines: Sequence[Line]) -> None:
        """Produce and wait."""
        self.topics.produce(self.topic, [Sent(line, partition=number) for number, line in lines])

    def open(
        self, stored: bytes | None = None, *, follow: bool = False, batch_lines: int = 1000, due_us: int | None = None
    ) -> Log:
        """Open with exceptions of the topic's own."""
        progress = None if stored is None else msgspec.msgpack.decode(stored, type=KafkaProgress)
        options = KafkaLogOptions(
            batch_lines=batch_lines, follow=follow, next_due_us=due(due_us), prefix=self.prefix
        )
        return KafkaLog(self.cluster, [self.topic], EventDecoder(), options, progress)


def stored(log: Log) -> bytes:
    """The progress as it lies in a snapshot."""
    return msgspec.msgpack.encode(log.progress())


def to_the_end(log: Log) -> list[LogBatch]:
    """Read a bounded log to its end, then close it."""
    found = []
    until = time.monotonic() + WAIT_SECONDS
    while True:
        batch = log.read()
        if batch is not None:
            found.append(batch)
        elif log.ended:
            break
        assert time.monotonic() < until, "it does not end"
    log.close()
    return found


def until_read(log: Log, count: int) -> list[LogBatch]:
    """Read a followed log until so many rows have come."""
    found: list[LogBatch] = []
    until = time.monotonic() + WAIT_SECONDS
    while sum(len(batch.rows) for batch in found) < count:
        batch = log.read()
        if batch is not None:
            found.append(batch)
        assert time.monotonic() < until, "it does not come"
    return found


def quiet(log: Log) -> list[LogBatch]:
    """What a followed log gives within half a second."""
    until = time.monotonic() + NOT_YET_SECONDS
    found = []
    while time.monotonic() < until:
        batch = log.read()
        if batch is not None:
            found.append(batch)
    return found
