"""Topics for one test: made with a name of their own, written to, read whole, and deleted at the end."""

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # not marked as public
from confluent_kafka.cimpl import NewPartitions, NewTopic
from msgspec import Struct

WAIT_SECONDS: Final = 60.0
QUIET: Final = logging.getLogger("tests.kafka.quiet")  # an outage that a test makes need not be told line by line
QUIET.disabled = True
PARTITION_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001  the client has no public name for its own codes


class Sent(Struct, frozen=True):
    """A record to produce. `partition` -1 leaves the choice to the key, `time_ms` 0 means now."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int = 0
    time_ms: int = 0


class Kept(NamedTuple):
    """A record as the broker gives it back."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    time_ms: int


class Topics:
    """Makes topics on the broker at `bootstrap` and remembers them."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.admin = AdminClient({"bootstrap.servers": bootstrap}, logger=QUIET)
        self.made: list[str] = []

    def make(self, partitions: int = 1, stem: str = "t", name: str | None = None, **settings: str) -> str:
        """Make a topic and give its name; settings with _ for the dots (`retention_ms="1000"`)."""
        topic = name or f"{stem}-{uuid.uuid4().hex[:10]}"
        config = {key.replace("_", "."): value for key, value in settings.items()}
        config.setdefault("message.timestamp.type", "LogAppendTime")
        self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(WAIT_SECONDS)
        self.made.append(topic)
        self._wait_for_leaders(topic, partitions)
        return topic

    def _wait_for_leaders(self, topic: str, partitions: int) -> None:
        """Wait until every partition says where it ends: right after it was made it may not know."""
        places = [TopicPartition(topic, partition) for partition in range(partitions)]
        until = time.monotonic() + WAIT_SECONDS
        while True:
            futures = self.admin.list_offsets(dict.fromkeys(places, OffsetSpec.for_timestamp(0)))
            if all(future.exception(WAIT_SECONDS) is None for future in futures.values()):
                return
            assert time.monotonic() < until, f"{topic} has no leader"
            time.sleep(0.02)

    def delete(self, topic: str) -> None:
        """Delete a topic, and wait until the broker no longer knows it."""
        self.admin.delete_topics([topic])[topic].result(WAIT_SECONDS)
        while topic in self.admin.list_topics(timeout=WAIT_SECONDS).topics:
            time.sleep(0.02)
        self.made = [name for name in self.made if name != topic]

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions, `partitions` in all."""
        self.admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(WAIT_SECONDS)

    def forget_below(self, topic: str, partition: int, offset: int) -> None:
        """Delete the records below `offset`, as retention does."""
        place = TopicPartition(topic, partition, offset)
        self.admin.delete_records([place])[place].result(WAIT_SECONDS)

    def produce(self, topic: str, records: Sequence[Sent | bytes], **properties: object) -> list[tuple[int, int]]:
        """Produce in the given order, wait, and give each record's (partition, offset)."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 1, **properties}, logger=QUIET)
        stored: list[tuple[int, int] | None] = [None] * len(records)
        failed: list[KafkaError] = []
        for index, record in enumerate(records):
            sent = Sent(record) if isinstance(record, bytes) else record

            def delivered(error: KafkaError | None, message: Message, index: int = index) -> None:
                if error is not None:
                    failed.append(error)
                else:
                    stored[index] = (cast("int", message.partition()), cast("int", message.offset()))

            producer.produce(
                topic, sent.value, sent.key, partition=sent.partition, on_delivery=delivered, timestamp=sent.time_ms,
                headers=list(sent.headers),
            )  # fmt: skip
            producer.poll(0)
        if producer.flush(WAIT_SECONDS) or failed:
            raise KafkaException(*failed)
        return cast("list[tuple[int, int]]", stored)

    def read(self, topic: str) -> list[Kept]:
        """All committed records of a topic, by partition and offset."""
        count = len(self.admin.list_topics(topic, timeout=WAIT_SECONDS).topics[topic].partitions)
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "reader", "enable.auto.commit": False,
            "auto.offset.reset": "earliest", "isolation.level": "read_committed", "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
        }, logger=QUIET)  # fmt: skip
        try:
            consumer.assign([TopicPartition(topic, partition, 0) for partition in range(count)])
            return sorted(_until_ended(consumer, count))
        finally:
            consumer.close()

    def close(self) -> None:
        """Delete what was made here."""
        if self.made:
            for future in self.admin.delete_topics(self.made).values():
                future.exception(WAIT_SECONDS)
        self.made = []


def _until_ended(consumer: Consumer, partitions: int) -> Iterator[Kept]:
    ended: set[int] = set()
    until = time.monotonic() + WAIT_SECONDS
    while len(ended) < partitions:
        assert time.monotonic() < until, "the broker does not give all that it has"
        for message in consumer.consume(1000, 0.02):
            error = message.error()
            if error is None:
                yield _kept(message)
            elif error.code() == PARTITION_EOF:
                ended.add(cast("int", message.partition()))
            else:
                raise KafkaException(error)


def _kept(message: Message) -> Kept:
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    partition, offset = cast("int", message.partition()), cast("int", message.offset())
    return Kept(partition, offset, message.key(), message.value(), tuple(headers), message.timestamp()[1])
