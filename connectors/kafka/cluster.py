"""One Kafka cluster: clients made with the same properties, the questions both sides ask it, and its troubles in words.

librdkafka reports what is wrong (address, password, certificate) to a callback and lets the call that was affected only
time out. So the first thing that each client complained of is remembered here and given as the cause.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka import IsolationLevel
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, OffsetSpec, ResourceType

from schemas.log import Place

ASK_SECONDS: Final = 10.0
LOG_APPEND_TIME: Final = "LogAppendTime"


class KafkaUnusable(Exception):
    """The cluster cannot be used as asked; the message names the setting and what would help."""


class Cluster:
    """Makes clients and answers questions. Every method that asks raises KafkaUnusable when there is no answer."""

    def __init__(self, properties: Mapping[str, str], client_id: str = "balanza") -> None:
        """`properties` are librdkafka's, `bootstrap.servers` among them (config/kafka.py reads and checks them)."""
        self.bootstrap = properties["bootstrap.servers"]
        self.trouble: str | None = None
        self._properties = {**properties, "client.id": client_id, "error_cb": self._complained}
        self._log = logging.getLogger("balanza.kafka")
        self._admin_client: AdminClient | None = None

    def _complained(self, error: KafkaError) -> None:
        if self.trouble is None:
            self.trouble = f"{error.name()}: {error.str()}"

    def consumer(self, **extra: Any) -> Consumer:  # noqa: ANN401  librdkafka's values are of many types
        """Make a consumer that reads only what is committed and never jumps on its own."""
        return Consumer({
            **self._properties, "isolation.level": "read_committed", "enable.auto.commit": False,
            "enable.auto.offset.store": False, "auto.offset.reset": "error", "enable.partition.eof": True,
            "check.crcs": True, **extra,
        }, logger=self._log)  # fmt: skip

    def producer(self, **extra: Any) -> Producer:  # noqa: ANN401  the same
        """Make an idempotent producer."""
        return Producer({
            **self._properties, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 5,
            "partitioner": "murmur2_random", **extra,
        }, logger=self._log)  # fmt: skip

    @property
    def admin(self) -> AdminClient:
        """The client for questions about topics."""
        if self._admin_client is None:
            self._admin_client = AdminClient(self._properties, logger=self._log)
        return self._admin_client

    def partitions(self, topics: Collection[str]) -> dict[str, int]:
        """Give the number of partitions of those of the topics that exist (and that this user may see)."""
        metadata = self._asked(lambda: self.admin.list_topics(timeout=ASK_SECONDS))
        return {name: len(metadata.topics[name].partitions) for name in topics
                if name in metadata.topics and metadata.topics[name].error is None}

    def topic_ids(self, topics: Collection[str]) -> dict[str, str]:
        """Give the id of each topic: another one under the same name is another topic."""
        futures = self._asked(lambda: self.admin.describe_topics(TopicCollection(list(topics)), request_timeout=ASK_SECONDS))
        return {name: str(self._answer(future).topic_id) for name, future in futures.items()}

    def end_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """Give the offset behind the last committed record of each partition."""
        return {place: self._answer(future) for place, future in self.ask_end_offsets(places).items()}

    def ask_end_offsets(self, places: Collection[Place]) -> "dict[Place, Future[Any]]":
        """Ask for the end offsets and do not wait: each future's result has an `offset`."""
        return self._ask_offsets(places, OffsetSpec.latest())

    def _ask_offsets(self, places: Collection[Place], spec: OffsetSpec) -> "dict[Place, Future[Any]]":
        asked = {TopicPartition(place.topic, place.partition): spec for place in places}
        futures = self.admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=ASK_SECONDS)
        return {Place(one.topic, one.partition): future for one, future in futures.items()}

    def _asked(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401  the client's answers carry no types
        try:
            return call()
        except KafkaException as error:
            raise KafkaUnusable(str(error)) from error

    def _answer(self, future: "Future[Any]") -> Any:  # noqa: ANN401  the same
        try:
            return future.result(timeout=ASK_SECONDS)
        except KafkaException as error:
            raise KafkaUnusable(str(error)) from error
