"""A log of files into topics of the same names, byte for byte, each record with its log time as its timestamp.

For history that is to be read as if it had come over Kafka, and to try a deployment. Topics that are missing are made
for history: with the senders' times and kept for ever, since a broker that stamps records itself would call all of them
new, and one that deletes by age would delete them at once. The log time is the running maximum of a partition's event
times, so a flow reads these topics in the order in which it reads the files.

A load that is called again goes on where the one before ended: what a partition holds must be what its file begins
with, else nothing is loaded. So one that was killed is called again, and one that is done does nothing.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaError, Message, Producer, TopicPartition

from connectors.file_log import FileLog, LogNotUsable, LogOptions, find_partitions
from connectors.kafka.cluster import ASK_SECONDS, Cluster, KafkaNotPermitted, KafkaUnusable
from connectors.kafka.topics import FOREVER, LOG_APPEND_TIME, TIME_SETTING, TopicSpec
from schemas.decode import EventDecoder
from schemas.log import Place

BATCH_LINES: Final = 5000
FLUSH_SECONDS: Final = 0.5
POLL_SECONDS: Final = 0.1
CREATE_TIME: Final = "CreateTime"
MILLISECOND_US: Final = 1000
HISTORY: Final = {TIME_SETTING: CREATE_TIME, "retention.ms": FOREVER}
OTHER_RECORDS: Final = "load into another topic with --topic, or delete this one and load again"


class Loaded(msgspec.Struct):
    """What became of the lines, by partition: how many were there already, and how many were loaded."""

    there: dict[Place, int]
    made: list[str]
    loaded: Counter[Place] = msgspec.field(default_factory=Counter)
    passed: Counter[Place] = msgspec.field(default_factory=Counter)
    notes: list[str] = msgspec.field(default_factory=list)


class LoadFailed(Exception):
    """A record was not taken, or a file is damaged; what was loaded stays, and another call goes on from there."""


def load_log(
    cluster: Cluster, path: Path, topic: str | None = None, progress: Callable[[int], None] = lambda _: None
) -> Loaded:
    """Load the file or folder `path`; `topic` is another name for that of a single file.

    `progress` is told of each batch's lines. Blank lines are left out.

    Raises:
        LogNotUsable: no log, or a topic that it does not fit into.
        KafkaUnusable: no answer, or not permitted.
        LoadFailed: see there.

    """
    names = _names(path, topic)
    made = _make(cluster, names)
    there = {place: end for place, end in cluster.end_offsets(list(names.values())).items() if end}
    _compare(path, names, _last(cluster, there), there)
    loaded = Loaded(there, made)
    loaded.notes += _stamped(cluster, names, made)
    sending = _Sending(cluster)
    try:
        for batch in _batches(path, loaded.notes):
            sending.take(_left(batch, names, loaded))
            progress(len(batch))
    finally:
        sending.close()
    return loaded


def _names(path: Path, topic: str | None) -> dict[Place, Place]:
    """Give the partition of a topic for each of the log."""
    places = [partition.place for partition in find_partitions(path)]
    if topic is None:
        return {place: place for place in places}
    if not path.is_file():
        raise LogNotUsable(f"--topic: of use with a single file only; the topics of {path} are its folders")
    return {place: Place(topic, 0) for place in places}


def _make(cluster: Cluster, names: Mapping[Place, Place]) -> list[str]:
    """Make the topics that are missing; LogNotUsable if one that is there has too few partitions."""
    counts: dict[str, int] = {}
    for place in names.values():
        counts[place.topic] = max(counts.get(place.topic, 0), place.partition + 1)
    known = cluster.partitions(counts.keys())
    for name, count in counts.items():
        if known.get(name, count) < count:
            raise LogNotUsable(f"topic {name} has {known[name]} partitions, the log {count}; give it more, or make the "
                               "log's files fewer")
    new = [TopicSpec(name, count, HISTORY) for name, count in counts.items() if name not in known]
    cluster.create_topics(new)
    return [spec.name for spec in new]


def _stamped(cluster: Cluster, names: Mapping[Place, Place], made: Collection[str]) -> Iterator[str]:
    """Give a sentence for each topic whose broker puts the time of loading in the place of the events' times."""
    for name in sorted({place.topic for place in names.values()} - set(made)):
        try:
            stamps = cluster.is_log_append_time(name)
        except KafkaNotPermitted:
            continue
        if stamps:
            yield (f"topic {name} has the broker's times ({TIME_SETTING}={LOG_APPEND_TIME}): all that is loaded counts "
                   "as of now, and events older than the program's retention.events become TOO_OLD")


# what is there already


def _last(cluster: Cluster, ends: Mapping[Place, int]) -> dict[Place, bytes | None]:
    """Give the last record of each partition that has one; None where it is gone."""
    begins = cluster.begin_offsets(ends.keys())
    found: dict[Place, bytes | None] = dict.fromkeys(ends)
    wanted = {place for place, end in ends.items() if begins[place] < end}
    if not wanted:
        return found
    consumer = cluster.consumer()
    try:
        consumer.assign([TopicPartition(*place, ends[place] - 1) for place in wanted])
        until = time.monotonic() + ASK_SECONDS
        while wanted:
            if time.monotonic() > until:
                raise KafkaUnusable(f"Kafka at {cluster.bootstrap}: no answer for {ASK_SECONDS:.0f} s to what "
                                    f"{', '.join(map(str, sorted(wanted)))} holds; this user needs READ on the topics")
            for message in consumer.consume(len(wanted), POLL_SECONDS):
                place = Place(message.topic() or "", message.partition() or 0)
                if message.error() is None and place in wanted:
                    found[place] = message.value()
                wanted.discard(place)
    finally:
        consumer.close()
    return found


def _compare(
    path: Path, names: Mapping[Place, Place], last: Mapping[Place, bytes | None], ends: Mapping[Place, int]
) -> None:
    """Refuse a topic that holds something else than the beginning of its file."""
    unseen = dict(ends)
    for batch in _batches(path, []) if ends else ():
        for place, _, raw in batch:
            name = names[place]
            if unseen.get(name):
                unseen[name] -= 1
                if not unseen[name] and raw != last[name]:
                    raise LogNotUsable(f"{name} holds {ends[name]} records, and the last of them is not line "
                                       f"{ends[name]} of the log; {OTHER_RECORDS}")
    for name, count in unseen.items():
        if count:
            raise LogNotUsable(f"{name} holds {ends[name]} records, the log has {ends[name] - count}; {OTHER_RECORDS}")


def _batches(path: Path, notes: list[str]) -> Iterator[list[tuple[Place, int, bytes]]]:
    """Give (place, log time, line) in the log's order; what is unfinished goes to `notes`."""
    log = FileLog(path, EventDecoder(), LogOptions(batch_lines=BATCH_LINES), None)
    try:
        while not log.ended:
            batch = log.read()
            if batch is not None and batch.rows:
                yield [(row[2], row[0], row[4]) for row in batch.rows]
    finally:
        log.close()
    if log.damages:
        raise LoadFailed("; ".join(log.damages))
    notes += [f"{name} ends in {count} bytes that are no whole line: left out" for name, count in
              log.unfinished.items()]  # fmt: skip


# sending


def _left(
    batch: Iterable[tuple[Place, int, bytes]], names: Mapping[Place, Place], loaded: Loaded
) -> Iterator[tuple[Place, int, bytes]]:
    """Leave out what is there, count the rest."""
    passed = loaded.passed
    for place, log_us, raw in batch:
        name = names[place]
        if passed[name] < loaded.there.get(name, 0):
            passed[name] += 1
        else:
            loaded.loaded[name] += 1
            yield name, log_us, raw


class _Sending:
    """A producer that says so when a record is not taken."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._producer: Producer = cluster.producer()
        self._failed: str | None = None

    def take(self, lines: Iterable[tuple[Place, int, bytes]]) -> None:
        """Send lines; LoadFailed if one of those before was not taken."""
        report: Any = self._delivered
        for place, log_us, raw in lines:
            stamp_ms = max(1, log_us // MILLISECOND_US)  # to the client 0 is the present
            while True:
                try:
                    self._producer.produce(place.topic, raw, partition=place.partition, timestamp=stamp_ms,
                                           on_delivery=report)  # fmt: skip
                except BufferError:
                    self._producer.poll(POLL_SECONDS)
                else:
                    break
            self._raise_failure()
        self._producer.poll(0)

    def close(self) -> None:
        """Wait until everything is delivered."""
        while self._producer.flush(FLUSH_SECONDS) and self._failed is None:
            pass
        self._producer.purge()
        self._raise_failure()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and self._failed is None:
            unusable = self._cluster.troubles.unusable(error, f"topic {message.topic()}")
            self._failed = f"{unusable}; call it again to go on from what was loaded"

    def _raise_failure(self) -> None:
        if self._failed is not None:
            raise LoadFailed(self._failed)
