"""One Kafka cluster: clients made with the same properties, and the questions that both sides ask it."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Unanswered
from typing import Any, Final, TypeVar

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not marked as such for type checkers
    AdminClient,
    ConfigResource,
    OffsetSpec,
    ResourceType,
    TopicMetadata,
)
from confluent_kafka.cimpl import NewTopic

from connectors.kafka.topics import LOG_APPEND_TIME, TIME_SETTING, TopicSpec, differences
from connectors.kafka.troubles import (
    MISSING_REMEDY,
    WAITING_IS_IN_VAIN,
    KafkaLeaderMoves,
    KafkaNotPermitted,
    KafkaUnusable,
    Troubles,
)
from schemas.log import Place

__all__ = [
    "ASK_SECONDS", "LOG_APPEND_TIME", "MAKING_SECONDS_MAX", "PAUSE_SECONDS", "Cluster", "KafkaNotPermitted",
    "KafkaUnusable",
]  # fmt: skip

ASK_SECONDS: Final = 10.0
MAKING_SECONDS_MAX: Final = 60.0  # until a busy broker has made topics, and until each partition has a leader
CHECK_TURN_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 0.05
BROKER_DEFAULT: Final = -1

# What an operator's property may overrule; after an outage nobody waits for more than a second.
_DEFAULTS: Final = {"reconnect.backoff.max.ms": 1000, "socket.keepalive.enable": True}
_CONSUMER_DEFAULTS: Final = {"group.id": "balanza"}
_PRODUCER_DEFAULTS: Final = {"compression.type": "lz4", "linger.ms": 5, "partitioner": "murmur2_random"}

_EARLIEST: Final = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the client's, without types
_LATEST: Final = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the same

T = TypeVar("T")


class Cluster:
    """Makes clients and answers questions. Every method that asks raises KafkaUnusable when there is no answer.

    A client belongs to whoever had it made, who also closes it; `close` ends the one for questions.
    """

    def __init__(self, properties: Mapping[str, str], client_id: str = "balanza") -> None:
        """`properties` are librdkafka's, `bootstrap.servers` among them (config/kafka.py reads and checks them)."""
        self.bootstrap = properties["bootstrap.servers"]
        self.troubles = Troubles(properties)
        self._chosen = frozenset(properties)
        given = {**_DEFAULTS, "client.id": client_id, **properties}
        self._properties: dict[str, Any] = {**given, "error_cb": self.troubles.complained}
        self._admin_client: AdminClient | None = None

    def __repr__(self) -> str:
        return f"Cluster({self.bootstrap!r})"

    @property
    def trouble(self) -> str | None:
        """What a client complained of first since the cluster answered last."""
        return self.troubles.text

    def chooses(self, name: str) -> bool:
        """Whether the operator's properties say it, so that a default of ours has no say."""
        return name in self._chosen

    def consumer(self, **extra: Any) -> Consumer:  # noqa: ANN401  librdkafka's values are of many types
        """Make a consumer that reads only what is committed and never jumps on its own."""
        properties = {
            **_CONSUMER_DEFAULTS, **self._properties, "isolation.level": "read_committed", "enable.auto.commit": False,
            "enable.auto.offset.store": False, "auto.offset.reset": "error", "enable.partition.eof": True,
            "check.crcs": True, **extra,
        }  # fmt: skip
        return self._made(lambda: Consumer(properties, logger=self.troubles.logger))

    def producer(self, **extra: Any) -> Producer:  # noqa: ANN401  the same
        """Make an idempotent producer."""
        properties = {**_PRODUCER_DEFAULTS, **self._properties, "enable.idempotence": True, **extra}
        return self._made(lambda: Producer(properties, logger=self.troubles.logger))

    @property
    def admin(self) -> AdminClient:
        """The client for questions about topics."""
        if self._admin_client is None:
            self._admin_client = self._made(lambda: AdminClient(self._properties, logger=self.troubles.logger))
        self._admin_client.poll(0)  # takes up its complaints, which would pile up otherwise
        return self._admin_client

    def close(self) -> None:
        """End the client for questions; another question makes a new one."""
        self._admin_client = None

    def check(self, seconds: float) -> None:
        """Ask until the cluster answers; KafkaUnusable with the cause after `seconds`, or at once if it will not."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.admin.list_topics(timeout=max(0.01, min(CHECK_TURN_SECONDS, until - time.monotonic())))
            except KafkaException as error:
                self.admin  # noqa: B018  takes up the complaints
                if self.troubles.code in WAITING_IS_IN_VAIN or time.monotonic() >= until:
                    cause = self.troubles.cause or f"; {self.troubles.clean(error.args[0].str())}"
                    raise KafkaUnusable(f"Kafka at {self.bootstrap} (--kafka or bootstrap.servers){cause}") from error
            else:
                self.troubles.over()
                return

    def partitions(self, topics: Collection[str]) -> dict[str, int]:
        """Give the number of partitions of those of the topics that exist (and that this user may see)."""
        metadata = self._topics()
        return {name: len(metadata[name].partitions) for name in topics
                if name in metadata and metadata[name].error is None}  # fmt: skip

    def names(self) -> list[str]:
        """Give the names of all topics that this user may see."""
        return sorted(self._topics())

    def _topics(self) -> dict[str, TopicMetadata]:
        return self._asked(lambda: self.admin.list_topics(timeout=ASK_SECONDS)).topics

    def missing(self, topics: Collection[str]) -> str | None:
        """Give a sentence about those of the topics that are not to be seen, with both remedies; None if all are."""
        unseen = sorted(set(topics) - self.partitions(topics).keys())
        if not unseen:
            return None
        names = ", ".join(unseen)
        return f"Kafka at {self.bootstrap}: topic {names} missing or not permitted: {MISSING_REMEDY}"

    def topic_ids(self, topics: Collection[str]) -> dict[str, str]:
        """Give the id of each topic: another one under the same name is another topic."""
        wanted = TopicCollection(list(topics))
        futures = self._asked(lambda: self.admin.describe_topics(wanted, request_timeout=ASK_SECONDS))
        return {name: str(self._answer(future, f"topic {name}").topic_id) for name, future in futures.items()}

    def topic_settings(self, topic: str) -> dict[str, str]:
        """Give all settings of a topic as the broker applies them; KafkaNotPermitted without DESCRIBE_CONFIGS."""
        wanted = ConfigResource(ResourceType.TOPIC, topic)
        futures = self._asked(lambda: self.admin.describe_configs([wanted], request_timeout=ASK_SECONDS))
        entries = self._answer(futures[wanted], f"settings of topic {topic} (they need DESCRIBE_CONFIGS)")
        return {name: entry.value for name, entry in entries.items() if entry.value is not None}

    def is_log_append_time(self, topic: str) -> bool:
        """Whether the broker stamps the topic's records itself; the errors of `topic_settings`."""
        return self.topic_settings(topic).get(TIME_SETTING) == LOG_APPEND_TIME

    def begin_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """Give the offset of the first record that each partition still has."""
        return self._offsets(places, _EARLIEST)

    def end_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        """Give the offset behind the last committed record of each partition."""
        return self._offsets(places, _LATEST)

    def offsets_at(self, places: Collection[Place], time_us: int) -> dict[Place, int]:
        """Give the offset of each partition's first record at or after `time_us`; its end where there is none."""
        found = self._offsets(places, OffsetSpec.for_timestamp(-(-time_us // 1000)))
        ends = self.end_offsets([place for place, offset in found.items() if offset < 0])
        return found | ends

    def ask_end_offsets(self, places: Collection[Place]) -> "dict[Place, Future[Any]]":
        """Ask for the end offsets and do not wait: each future's result has an `offset`."""
        return self._ask_offsets(places, _LATEST)

    def create_topics(self, specs: Collection[TopicSpec]) -> list[str]:
        """Make those of the topics that do not exist, and wait until they are seen.

        Existing ones are left as they are; a sentence for each setting in which one differs is given back.
        """
        known = self.partitions([spec.name for spec in specs])
        new = [spec for spec in specs if spec.name not in known]
        wanted = [NewTopic(spec.name, spec.partitions, BROKER_DEFAULT, config=dict(spec.settings)) for spec in new]
        create = self.admin.create_topics
        futures = self._asked(lambda: create(wanted, request_timeout=MAKING_SECONDS_MAX)) if new else {}
        for spec in new:
            self._created(futures[spec.name], spec)
        self._wait_until_usable(new)
        return [sentence for spec in specs if spec.name in known for sentence in self._differs(spec, known[spec.name])]

    def _created(self, future: "Future[Any]", spec: TopicSpec) -> None:
        try:
            future.result(MAKING_SECONDS_MAX)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker
                raise self.troubles.unusable(error.args[0], f"making topic {spec}") from error
        except Unanswered as error:
            raise self._silence(f"making topic {spec}", MAKING_SECONDS_MAX) from error

    def _wait_until_usable(self, specs: list[TopicSpec]) -> None:
        """Wait for the leaders: of a topic that has just been made they are not known everywhere at once."""
        until = time.monotonic() + MAKING_SECONDS_MAX
        places = [Place(spec.name, partition) for spec in specs for partition in range(spec.partitions)]
        while places:
            try:
                self.end_offsets(places)
            except KafkaNotPermitted:
                return  # whoever may make a topic need not be allowed to read it
            except KafkaUnusable:
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return

    def _differs(self, spec: TopicSpec, partitions: int) -> Iterable[str]:
        try:
            return differences(spec, partitions, self.topic_settings(spec.name))
        except KafkaNotPermitted as error:
            return [str(error)]

    def _offsets(self, places: Collection[Place], spec: OffsetSpec) -> dict[Place, int]:
        until = time.monotonic() + ASK_SECONDS
        while True:
            try:
                futures = self._ask_offsets(places, spec)
                return {place: self._answer(future, f"partition {place}").offset for place, future in futures.items()}
            except KafkaLeaderMoves as error:
                self._refuse_unseen(places, error)
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECONDS)

    def _refuse_unseen(self, places: Collection[Place], error: KafkaUnusable) -> None:
        """Tell partitions that are not there from those that only wait for a leader."""
        counts = self.partitions({place.topic for place in places})
        unseen = ", ".join(str(place) for place in sorted(places) if place.partition >= counts.get(place.topic, 0))
        if unseen:
            about = f"Kafka at {self.bootstrap}: partition {unseen} missing or not permitted: {MISSING_REMEDY}"
            raise KafkaUnusable(about) from error.__cause__

    def _ask_offsets(self, places: Collection[Place], spec: OffsetSpec) -> "dict[Place, Future[Any]]":
        if not places:
            return {}
        asked = {TopicPartition(place.topic, place.partition): spec for place in places}
        committed = IsolationLevel.READ_COMMITTED
        futures = self._asked(
            lambda: self.admin.list_offsets(asked, isolation_level=committed, request_timeout=ASK_SECONDS)
        )
        for future in futures.values():
            future.add_done_callback(self._done)
        return {Place(one.topic, one.partition): future for one, future in futures.items()}

    def _done(self, future: "Future[Any]") -> None:
        if not future.cancelled() and future.exception() is None:
            self.troubles.over()

    def _made(self, make: Callable[[], T]) -> T:
        try:
            return make()
        except (KafkaException, TypeError, ValueError) as error:
            raise self.troubles.refused(error) from None  # the original may show a secret

    def _asked(self, call: Callable[[], T]) -> T:
        try:
            answer = call()
        except KafkaException as error:
            self.admin  # noqa: B018  takes up the complaints
            raise self.troubles.unusable(error.args[0], f"Kafka at {self.bootstrap}") from error
        return answer

    def _answer(self, future: "Future[Any]", about: str) -> Any:  # noqa: ANN401  the client's answers carry no types
        try:
            answer = future.result(timeout=ASK_SECONDS + 1)
        except KafkaException as error:
            self.admin  # noqa: B018  takes up the complaints
            raise self.troubles.unusable(error.args[0], f"Kafka at {self.bootstrap}, {about}") from error
        except Unanswered as error:
            raise self._silence(about) from error
        self.troubles.over()
        return answer

    def _silence(self, about: str, seconds: float | None = None) -> KafkaUnusable:
        cause, waited = self.troubles.cause, ASK_SECONDS if seconds is None else seconds
        return KafkaUnusable(f"Kafka at {self.bootstrap}, {about}: no answer for {waited:.0f} s{cause}")
