"""What is measured on: a broker of its own, the same lines in files and in topics, topics of a deployment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import orjson
from confluent_kafka import KafkaError, Message

from connectors.file_log import FileLog, LogOptions
from connectors.kafka.cluster import Cluster
from connectors.kafka.topics import BY_LOG, TopicSpec, deployment_topics
from schemas.decode import EventDecoder
from tests.benchmarks.kafka.tasks import WorkerTask
from tests.benchmarks.logs import log_of
from tests.benchmarks.tasks import new_folder
from tests.benchmarks.writing import last_time

PARTITIONS = 4
SENDERS_TIMES = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
OWN_PARTITIONS = 16             # what `balanza topics` makes unless told
READ_LINES = 5000
QUEUED_MAX = 50_000
FLUSH_SECONDS = 60.0
DELETE_SECONDS = 20.0


def topics_log(events: int) -> Path:
    """Give the log of so many events as files by topic (the event's source) and partition; made once."""
    flat = log_of(events)
    folder = flat.with_suffix("")
    if not folder.exists():
        draft = folder.with_suffix(".draft")
        _split(flat, draft)
        draft.rename(folder)
    return folder


def _split(flat: Path, folder: Path) -> None:
    lines: dict[tuple[str, int], list[bytes]] = {}
    with flat.open("rb") as file:
        for line in file:
            event = orjson.loads(line)
            first = next(iter(event["data"]["ids"].values()))
            place = event["source"].rpartition("/")[2], crc32(first.encode()) % PARTITIONS
            lines.setdefault(place, []).append(line)
    for (topic, partition), found in lines.items():
        (folder / topic).mkdir(parents=True, exist_ok=True)
        (folder / topic / f"{partition}.jsonl").write_bytes(b"".join(found))


def days_since(log: Path) -> timedelta:
    """How many whole days ago the log's last event was."""
    return timedelta(days=(datetime.now(UTC) - max(map(last_time, log.rglob("*.jsonl")))).days)


def _dated(raw: bytes, later: timedelta) -> bytes:
    if not later:
        return raw
    event = orjson.loads(raw)
    event["time"] = (datetime.fromisoformat(event["time"]) + later).isoformat()
    return orjson.dumps(event)


class World:
    """The broker, and what was put there."""

    def __init__(self, bootstrap: str, events: int) -> None:
        """Nothing is made before it is asked for."""
        self.bootstrap = bootstrap
        self.cluster = Cluster({"bootstrap.servers": bootstrap})
        self._events = events
        self._history: list[str] = []
        self._prefixes = 0

    @property
    def log(self) -> Path:
        """The files."""
        return topics_log(self._events)

    def history(self) -> list[str]:
        """Give topics with the files' lines at the log times that the files give them, so that the work is the same."""
        if not self._history:
            print("filling topics with the log's lines", flush=True)
            self._history = self.filled(self.log, "history", SENDERS_TIMES)
        return self._history

    def filled(
        self, log: Path, stem: str, settings: Mapping[str, str] = BY_LOG, later: timedelta = timedelta()
    ) -> list[str]:
        """Put a log's lines, dated so much later, into new topics in the log's order; give the topics."""
        topics: dict[str, str] = {entry.name: f"{stem}-{entry.name}" for entry in sorted(log.iterdir())}
        self.cluster.create_topics([TopicSpec(name, PARTITIONS, settings) for name in topics.values()])
        producer, failed = self.cluster.producer(), []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        reader = FileLog(log, EventDecoder(), LogOptions(batch_lines=READ_LINES), None)
        while not reader.ended:
            batch = reader.read()
            for log_us, _, place, _, raw, _ in batch.rows if batch else ():
                assert log_us % 1000 == 0, "the broker keeps milliseconds"
                producer.produce(topics[place.topic], _dated(raw, later), partition=place.partition,
                                 timestamp=log_us // 1000, on_delivery=delivered)  # fmt: skip
            while len(producer) > QUEUED_MAX:
                producer.poll(0.1)
        assert producer.flush(FLUSH_SECONDS) == 0
        assert not failed, failed[0]
        return list(topics.values())

    def task(self, name: str, topics: list[str]) -> WorkerTask:
        """A fresh process of a deployment on these topics, its prefix still to be given."""
        return WorkerTask(out=str(new_folder(f"kafka-{name}")), prefix="none", bootstrap=self.bootstrap, topics=topics)

    @contextmanager
    def deployment(self, *, workers: bool = False) -> Iterator[str]:
        """Make the topics of a deployment, as its owner does beforehand; give its prefix. They are deleted after it."""
        self._prefixes += 1
        prefix = f"bench{self._prefixes}"
        specs = deployment_topics(prefix, (), partitions=OWN_PARTITIONS, workers=workers)
        self.cluster.create_topics(specs)
        try:
            yield prefix
        finally:
            for future in self.cluster.admin.delete_topics([spec.name for spec in specs]).values():
                future.result(DELETE_SECONDS)
