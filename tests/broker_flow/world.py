"""A made-up shop in topics, what a run over the same lines in files leaves, and what the topics hold afterwards."""

import json
import uuid
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Producer

from connectors.file_log import FileLog, LogOptions
from connectors.kafka.cluster import Cluster
from connectors.kafka.topics import TopicSpec
from schemas.decode import EventDecoder
from schemas.log import Row
from tests.flow.conftest import simulated
from tests.flow.lives import live as live_on_files
from tests.flow.lives import settings
from tests.flow.outcomes import Outcome, outcome, records
from tests.kafka.topics import Topics

HISTORY = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
WITHOUT_OFFSETS = ("records dead_letters", "dead_letters.jsonl", "warehouse dead_letters")


@dataclass(frozen=True)
class World:
    """The topics of a shop and the outcome of an undisturbed run over its files."""

    bootstrap: str
    topics: tuple[str, ...]
    expected: Outcome


def rows_of(log: Path) -> list[Row]:
    """Every line of a log of files, in order."""
    reader, rows = FileLog(log, EventDecoder(), LogOptions(), None), []
    while (batch := reader.read()) is not None:
        rows += batch.rows
    reader.close()
    return rows


def world(bootstrap: str, folder: Path, events: int, members: int, seed: int) -> World:
    """Make a shop's log, run over it, and put the same lines into topics with the log times that the files gave them.

    The senders' times stand in these topics, as in a topic of history; so timers fire, and the order is the files'.
    """
    log = simulated(folder / "log", events, members, seed)
    live_on_files(log, folder / "out", settings(epoch_seconds=5))
    stem = f"{uuid.uuid4().hex[:8]}-"
    return World(bootstrap, produced(bootstrap, stem, rows_of(log)), comparable(outcome(folder / "out"), stem))


def produced(bootstrap: str, stem: str, rows: list[Row]) -> tuple[str, ...]:
    """Write rows to topics of their names behind a stem; give the topics."""
    partitions: dict[str, int] = {}
    for row in rows:
        place = row[2]
        partitions[place.topic] = max(partitions.get(place.topic, 0), place.partition + 1)
    cluster = Cluster({"bootstrap.servers": bootstrap})
    cluster.create_topics([TopicSpec(stem + topic, count, HISTORY) for topic, count in partitions.items()])
    cluster.close()
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 1_000_000, "linger.ms": 5})
    for at, row in enumerate(rows):
        assert row[0] % 1000 == 0, "the broker keeps milliseconds"
        producer.produce(stem + row[2].topic, row[4], partition=row[2].partition, timestamp=max(1, row[0] // 1000))
        if at % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0
    return tuple(sorted(stem + topic for topic in partitions))


def comparable(found: Outcome, stem: str) -> Outcome:
    """An outcome without what differs between files and topics: where a rejected line stood, and the file's name."""
    kept = {place: lines for place, lines in found.items() if place not in WITHOUT_OFFSETS}
    kept["rejected"] = sorted(
        f"{letter['topic'].removeprefix(stem)} {letter['partition']} {letter['reason']} {letter['raw']}"
        for letter in map(json.loads, found["records dead_letters"])
    )
    return kept


def topic_lines(topics: Topics, prefix: str, table: str) -> Counter[bytes]:
    """The records in a table's topic, with how often each is there."""
    return Counter(kept.value or b"" for kept in topics.read(f"{prefix}.{table}"))


def written_lines(out: Path, table: str) -> Counter[bytes]:
    """The records of a table in a folder; of a rejected line its own bytes, as in its topic."""
    found = records(out, table).splitlines()
    if table == "dead_letters":
        found = [b64decode(json.loads(line)["raw"]) for line in found]
    return Counter(found)
