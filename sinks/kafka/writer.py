"""The one way records go to topics: what was sent is delivered, or somebody hears of it.

An idempotent producer sends again by itself, in order and without doubling, until `delivery_seconds` have passed. What
failed for good comes with a delivery report, and from then on every call raises: a record that is not there must stop
the flow before its epoch is committed. The queue in memory is bounded; while it is full, `send` waits for room.

A process that dies leaves records that it sent and nobody committed: who recovers reads them back (`read_back.py`).
"""

import time
from typing import Final, NoReturn

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka.cluster import Cluster
from sinks.destination import DestinationError
from sinks.kafka.refused import AWAY_REMEDY, refused

DELIVERY_SECONDS: Final = 300.0  # how long a broker may be away before the flow stops
QUEUE_MESSAGES: Final = 100_000  # not delivered yet, in memory
QUEUE_KIBIBYTES: Final = 65_536
POLL_EVERY: Final = 256  # records between two looks at delivery reports
WAIT_SECONDS: Final = 0.1  # a slice of waiting, after which a signal or a failure is noticed
GRACE_SECONDS: Final = 10.0  # for the client to report what has run out of time

Headers = list[tuple[str, str | bytes | None]]
NO_HEADERS: Final[Headers] = []


def gathering(cluster: Cluster, linger_ms: float) -> dict[str, float]:
    """Give the property for a writer whose records may wait so long for others, unless the operator's say it."""
    return {} if cluster.chooses("linger.ms") else {"linger.ms": linger_ms}


class TopicWriter:
    """A producer whose failures cannot be overlooked. Calls come from one thread."""

    def __init__(
        self,
        cluster: Cluster,
        delivery_seconds: float = DELIVERY_SECONDS,
        queue_messages: int = QUEUE_MESSAGES,
        **properties: str | float,
    ) -> None:
        """`queue_messages` wait for delivery at most, for at most `delivery_seconds`; `properties` are the client's."""
        self._cluster = cluster
        self._seconds_max = delivery_seconds + GRACE_SECONDS
        self._producer: Producer = cluster.producer(**{
            "message.timeout.ms": int(delivery_seconds * 1000),
            "queue.buffering.max.messages": queue_messages,
            "queue.buffering.max.kbytes": QUEUE_KIBIBYTES,
            **properties,
        })
        self._produce = self._producer.produce
        self._report = self._delivered  # one object for all records: a bound method is made anew at every mention
        self._sent = 0
        self._done = 0
        self._next: dict[tuple[str | None, int | None], int] = {}
        self._failure: str | None = None
        self._closed = False

    def send(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Headers = NO_HEADERS
    ) -> None:
        """Take a record on its way; None leaves the partition to the key. Waits while the queue is full.

        DestinationError: this record or one before it was refused, or the broker is away for too long.
        """
        place = -1 if partition is None else partition
        while True:
            try:
                self._produce(topic, value, key, place, on_delivery=self._report, headers=headers)
            except BufferError:
                self._wait_for_room()
            except KafkaException as error:
                self._refuse(f"topic {topic} (a record of {len(value or b''):,} bytes)", error)
            else:
                break
        self._sent += 1
        if not self._sent % POLL_EVERY:
            self.poll()

    def poll(self) -> None:
        """Take in delivery reports without waiting. DestinationError if one tells of a failure."""
        self._producer.poll(0)
        self._raise_failure()

    def flush(self) -> None:
        """When this returns, the brokers have everything that was sent. DestinationError if they do not take it."""
        until = time.monotonic() + self._seconds_max
        while self._flushed_for(WAIT_SECONDS):
            self._raise_failure()
            self._raise_late(until)
        self._raise_failure()
        assert self._done == self._sent, f"{self._sent} records were sent, {self._done} delivery reports came"

    def offsets(self) -> dict[str, int]:
        """The offset behind the last delivered record, by `topic/partition`, of partitions that got one."""
        return {f"{topic}/{partition}": offset for (topic, partition), offset in self._next.items()}

    def close(self) -> None:
        """Deliver what is left; after a failure throw it away. Repeating it is harmless."""
        if self._closed:
            return
        self._closed = True
        if self._failure is not None:
            self._producer.purge()
        else:
            self.flush()

    def _flushed_for(self, seconds: float) -> int:
        """Flush for a moment; give how many records are left. A client that is of no use any more raises."""
        try:
            return self._producer.flush(seconds)
        except KafkaException as error:
            self._refuse(f"Kafka at {self._cluster.bootstrap}", error)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self._done += 1
        if error is None:
            self._next[message.topic(), message.partition()] = message.offset() + 1  # type: ignore[operator]  # delivered
        elif self._failure is None:
            self._failure = refused(f"topic {message.topic()}", error, self._cluster.trouble)

    def _wait_for_room(self) -> None:
        until = time.monotonic() + self._seconds_max
        while self._producer.poll(WAIT_SECONDS) == 0:
            self._raise_failure()
            self._raise_late(until)
        self._raise_failure()

    def _refuse(self, about: str, error: KafkaException) -> NoReturn:
        """Raise for what the client itself refuses, or for what failed before."""
        self._raise_failure()
        self._failure = refused(about, error.args[0], self._cluster.trouble)
        raise DestinationError(self._failure) from error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise DestinationError(self._failure)

    def _raise_late(self, until: float) -> None:
        if time.monotonic() > until:
            because = f"; the client complained of {self._cluster.trouble}" if self._cluster.trouble else ""
            self._failure = (
                f"{self._cluster.bootstrap} has not taken what was sent for {self._seconds_max:.0f} s{because}. "
                f"Remedy: {AWAY_REMEDY}."
            )
            raise DestinationError(self._failure)
