"""The exceptions to the order, written down: topic `<prefix>.exceptions`, one partition, never deleted.

Each record is one exception of one deployment (its name is the key): the log time that was given to a record that came
below the floor. It is in the topic before that log time is used, and whoever reads the same topics again, after a crash
or for a replay, reads all of it first. Of two entries for a record the later one counts.
"""

import logging
import time
from typing import Final

import msgspec
from confluent_kafka import KafkaError, Message, Producer, TopicPartition
from msgspec import Struct

from connectors.file_log import LogDamaged
from connectors.kafka.cluster import ASK_SECONDS, Cluster, KafkaUnusable
from connectors.kafka.order import Late
from connectors.kafka.topics import BY_LOG, FOREVER, TopicSpec
from schemas.log import Place

READ_SECONDS: Final = 0.05
READ_AT_ONCE: Final = 10_000


class Entry(Struct, frozen=True):
    """An exception as it stands in the topic."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    log_us: int


class Exceptions:
    """Reads what is written down for a deployment, and appends to it."""

    def __init__(self, cluster: Cluster, topic: str, deployment: str, *, write: bool) -> None:
        """Make the topic if it is to be written and does not exist; KafkaUnusable if that is not permitted."""
        self._cluster = cluster
        self._topic = topic
        self._deployment = deployment.encode()
        self._write = write
        self._producer: Producer | None = None
        self._failed: KafkaError | None = None
        self._unsure = 0
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Entry).decode
        self._exists = topic in cluster.partitions([topic])
        if write and not self._exists:
            cluster.create_topics([TopicSpec(topic, 1, {**BY_LOG, "retention.ms": FOREVER})])
        elif not self._exists:
            logging.getLogger("balanza.kafka").warning(
                "topic %s is missing or not permitted: if there are exceptions to the order in it, they are not known",
                topic,
            )

    def load(self, topic_ids: dict[str, str]) -> dict[Place, dict[int, int]]:
        """Give the log times given to records of these topics, by partition and offset."""
        given: dict[Place, dict[int, int]] = {}
        if not self._exists:
            return given
        for entry in self._entries():
            if topic_ids.get(entry.topic) == entry.topic_id:
                given.setdefault(Place(entry.topic, entry.partition), {})[entry.offset] = entry.log_us
        return given

    def _entries(self) -> list[Entry]:
        place = Place(self._topic, 0)
        end = self._cluster.end_offsets([place])[place]
        consumer = self._cluster.consumer(**{"group.id": "balanza", "auto.offset.reset": "earliest"})
        entries: list[Entry] = []
        position = 0
        until = time.monotonic() + ASK_SECONDS
        try:
            consumer.assign([TopicPartition(self._topic, 0, 0)])
            while position < end:
                for message in consumer.consume(READ_AT_ONCE, READ_SECONDS):
                    position = self._position(message, position)
                    until = time.monotonic() + ASK_SECONDS
                    if message.error() is None and message.key() == self._deployment:
                        entries.append(self._entry(message))
                if time.monotonic() > until:
                    raise KafkaUnusable(f"topic {self._topic} cannot be read: no answer for {ASK_SECONDS:.0f} s")
        finally:
            consumer.close()
        return entries

    def _entry(self, message: Message) -> Entry:
        try:
            return self._decode(message.value() or b"")
        except msgspec.MsgspecError as error:
            raise LogDamaged(f"topic {self._topic}, offset {message.offset()}: no exception to the order ({error}); "
                             "only Balanza may write there") from error

    def _position(self, message: Message, position: int) -> int:
        error, offset = message.error(), message.offset() or 0
        if error is None:
            return offset + 1
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  the client has no public name for its own code
            return max(position, offset)
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED or error.fatal():
            raise self._cluster.troubles.unusable(error, f"topic {self._topic}")
        return position  # the group's, which is of no use here, or one that is tried again

    def settled(self) -> bool:
        """Whether all that was appended stands in the topic; only then may it be used. KafkaUnusable if it cannot."""
        if self._producer is not None and self._unsure:
            self._producer.poll(0)
        if self._failed is not None:
            raise self._cluster.troubles.unusable(self._failed, f"topic {self._topic}")
        return self._unsure == 0

    def append(self, late: Late, topic_id: str) -> None:
        """Write one down, if this is not a replay, and do not wait."""
        if not self._write:
            return
        if self._producer is None:
            self._producer = self._cluster.producer(**{"linger.ms": 0})
        entry = Entry(late.place.topic, topic_id, late.place.partition, late.offset, late.log_us)
        self._unsure += 1
        self._producer.produce(
            self._topic, self._encode(entry), self._deployment, partition=0, on_delivery=self._delivered
        )

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._unsure -= 1
        self._failed = self._failed or error

    def close(self) -> None:
        """Let go of the producer."""
        if self._producer is not None and self._unsure:
            left = self._producer.flush(ASK_SECONDS)
            if left:
                logging.getLogger("balanza.kafka").warning("%d exceptions to the order were not written", left)
