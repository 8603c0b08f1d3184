"""The destinations on Kafka under the contract: how each is made, what a reader finds, and what it should find."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from connectors.kafka.cluster import Cluster
from schemas.records import TABLES
from sinks.destination import Destination
from sinks.group import Destinations
from sinks.kafka.options import OutOptions
from sinks.kafka.records import RecordTopics
from sinks.kafka.surfaces import SurfaceTopic
from tests.kafka.topics import Topics
from tests.sinks.kinds import document
from tests.sinks.little_engine import Epochs, Store

SETTLE_SECONDS = 0.15
TWO_PARTITIONS = OutOptions(partitions=2, settle_seconds=SETTLE_SECONDS, delivery_seconds=20.0)

Seen = dict[str, list[str]]
Read = Callable[[Topics, str], Seen]
Expect = Callable[[Epochs], Seen]


class Kind(NamedTuple):
    """A destination, what a reader sees of it, and what should be seen."""

    make: Callable[[Cluster, Path, Store], Destination]
    read: Read
    expect: Expect


def options(at: Path, mode: str = "by_record") -> OutOptions:
    """Topics named after the folder, so that each life's output is its own."""
    given = {name: getattr(TWO_PARTITIONS, name) for name in OutOptions.__struct_fields__}
    return OutOptions(**given | {"prefix": at.name, "mode": mode})


def tables_of(epochs: Epochs) -> list[str]:
    """The tables that have lines."""
    return sorted({table for epoch in epochs for packet in epoch for table in packet.lines})


def read_records(topics: Topics, prefix: str) -> Seen:
    """The records of each table in any order, and the dead letters as reason and bytes."""
    seen: Seen = {}
    for topic in owned(topics, f"{prefix}."):
        for kept in topics.read(topic):
            headers = {name: (value or b"").decode() for name, value in kept.headers}
            if headers.get("record"):
                text = (kept.value or b"").decode()
                shown = f"{headers['offset']} {text}" if headers["record"] == "dead_letters" else text
                seen.setdefault(headers["record"], []).append(shown)
    return {table: sorted(rows) for table, rows in seen.items()}


def expected_records(epochs: Epochs) -> Seen:
    """The lines of the packets, once each."""
    seen: Seen = {}
    for packet in (packet for epoch in epochs for packet in epoch):
        for table, lines in packet.lines.items():
            rows = lines.decode().splitlines()
            seen.setdefault(table, []).extend(map(shown_letter, rows) if table == "dead_letters" else rows)
    return {table: sorted(rows) for table, rows in seen.items()}


def shown_letter(line: str) -> str:
    """A dead letter's offset and bytes."""
    letter = json.loads(line)
    return f"{letter['offset']} {b64decode(letter['raw']).decode()}"


def read_surfaces(topics: Topics, prefix: str) -> Seen:
    """The last record of each key that is not null; asserts that no member's version went back on the way."""
    shown: dict[str, str] = {}
    versions: dict[str, int] = {}
    for kept in topics.read(f"{prefix}.surfaces"):
        member_id = (kept.key or b"").decode()
        shown[member_id] = (kept.value or b"").decode()
        if kept.value is not None:
            version = int(dict(kept.headers)["version"] or b"")
            assert version > versions.get(member_id, 0), f"{member_id} went back to {version}"
            versions[member_id] = version
    return {"surfaces": sorted(text for text in shown.values() if text)}


def expected_surfaces(epochs: Epochs) -> Seen:
    """The documents of the last states."""
    store: Store = {}
    for packet in (packet for epoch in epochs for packet in epoch):
        store.update(packet.touched)
        for member_id in packet.gone:
            store.pop(member_id, None)
    return {"surfaces": sorted(document(member_id, state)[1].decode() for member_id, state in store.items())}


def owned(topics: Topics, prefix: str) -> list[str]:
    """The topics whose names begin with it."""
    return sorted(name for name in topics.admin.list_topics(timeout=20).topics if name.startswith(prefix))


def all_of(readings: Iterable[Seen]) -> Seen:
    """Several readings as one."""
    return {name: rows for reading in readings for name, rows in reading.items()}


def surface_topic(cluster: Cluster, at: Path, store: Store | None, flush_seconds: float | None = None) -> SurfaceTopic:
    """The documents of the little engine's states; without a store they are held."""
    load = None if store is None else store.get
    return SurfaceTopic(cluster, at, options(at), document, flush_seconds=flush_seconds, load=load)


def both(cluster: Cluster, at: Path, store: Store) -> Destination:
    """What a deployment has, with one topic for the records."""
    return Destinations([
        RecordTopics(cluster, at, options(at, "one"), tuple(TABLES)), surface_topic(cluster, at, store, 0.0),
    ])  # fmt: skip


KINDS = {
    "record topics": Kind(
        lambda cluster, at, _: RecordTopics(cluster, at, options(at), ("events", "entries", "actions", "dead_letters")),
        read_records, expected_records,
    ),
    "surfaces, states held": Kind(
        lambda cluster, at, _: surface_topic(cluster, at, None), read_surfaces, expected_surfaces
    ),
    "surfaces, states loaded": Kind(surface_topic, read_surfaces, expected_surfaces),
    "all together": Kind(
        both,
        lambda topics, prefix: read_records(topics, prefix) | read_surfaces(topics, prefix),
        lambda epochs: expected_records(epochs) | expected_surfaces(epochs),
    ),
}  # fmt: skip
