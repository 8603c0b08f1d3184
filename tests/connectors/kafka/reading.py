"""How the tests of this folder open a log on a broker and read it."""

import time
from collections.abc import Callable, Sequence

import msgspec

from connectors.kafka.cluster import Cluster
from connectors.kafka.log import KafkaLog
from connectors.kafka.options import KafkaLogOptions
from connectors.kafka.progress import KafkaProgress
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Row

WAIT_SECONDS = 60.0


class Reading:
    """Opens logs on some topics of a broker; exceptions go to a topic named after the first."""

    def __init__(self, bootstrap: str, *topics: str) -> None:
        self.cluster = Cluster({"bootstrap.servers": bootstrap})
        self.topics = topics

    @property
    def exceptions(self) -> str:
        """The topic of the exceptions."""
        return f"{self.topics[0]}.exceptions"

    def open(self, progress: KafkaProgress | None = None, **options: object) -> KafkaLog:
        """Open a log with some options (those of KafkaLogOptions)."""
        given = KafkaLogOptions(**{"prefix": self.topics[0], **options})  # type: ignore[arg-type]
        return KafkaLog(self.cluster, self.topics, EventDecoder(event_bytes_max=100_000), given, progress)

    def bounded(self, progress: KafkaProgress | None = None, **options: object) -> list[Row]:
        """Read to the end of now."""
        log = self.open(progress, **options)
        try:
            return rows(to_the_end(log))
        finally:
            log.close()


def stored(progress: KafkaProgress) -> KafkaProgress:
    """The progress as it comes back out of a snapshot."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(progress), type=KafkaProgress)


def to_the_end(log: KafkaLog) -> list[LogBatch]:
    """Read a bounded log to its end."""
    found: list[LogBatch] = []
    read_while(log, found, lambda: not log.ended)
    return found


def until_read(log: KafkaLog, count: int) -> list[LogBatch]:
    """Read until so many rows have come."""
    found: list[LogBatch] = []
    read_while(log, found, lambda: len(rows(found)) < count)
    return found


def read_for(log: KafkaLog, seconds: float) -> list[LogBatch]:
    """Read for so long."""
    found: list[LogBatch] = []
    until = time.monotonic() + seconds
    read_while(log, found, lambda: time.monotonic() < until)
    return found


def read_while(log: KafkaLog, found: list[LogBatch], goes_on: Callable[[], bool]) -> None:
    """Read into `found` as long as something holds."""
    until = time.monotonic() + WAIT_SECONDS
    while goes_on():
        batch = log.read()
        if batch is not None:
            found.append(batch)
        assert time.monotonic() < until, f"it does not come: {len(rows(found))} rows so far"


def rows(batches: Sequence[LogBatch]) -> list[Row]:
    """The rows of all batches."""
    return [row for batch in batches for row in batch.rows]
