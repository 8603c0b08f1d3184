"""The consumer: records into the order, positions, pauses of partitions that are far ahead, and what goes wrong."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from threading import Thread
from typing import Any, Final, cast

from confluent_kafka import TIMESTAMP_CREATE_TIME, Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.file_log import LogDamaged
from connectors.kafka.beginning import ANEW
from connectors.kafka.cluster import Cluster, KafkaNotPermitted, KafkaUnusable
from connectors.kafka.events import Carrier
from connectors.kafka.options import KafkaLogOptions
from connectors.kafka.order import Lane, Late, Order
from schemas.log import Place

NO_GROUP: Final = "balanza-without-group"
FETCH_AT_ONCE: Final = 5000
BUFFERED_MAX: Final = 100_000
BUFFERED_A_PLACE_MIN: Final = 2000
BUFFERED_BYTES_MAX: Final = 128 << 20
SAMPLE: Final = 8
MILLISECOND_US: Final = 1000
CLOSE_SECONDS_MAX: Final = 15.0
QUICK: Final = {"fetch.wait.max.ms": 100, "fetch.queue.backoff.ms": 10, "fetch.error.backoff.ms": 100}

END: Final = KafkaError._PARTITION_EOF  # noqa: SLF001  the client has no public names for its own codes
OUT_OF_RANGE: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001
CORRUPT: Final = frozenset({KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION})  # noqa: SLF001
NOT_PERMITTED: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED})


class Fetcher:
    """Reads the order's partitions.

    `gaps_skipped` counts records that were gone before they were read. `damage` is what makes it impossible to read on
    in a partition; what stands before it can still be taken, and so can other partitions up to there.
    """

    def __init__(
        self, cluster: Cluster, order: Order[Carrier], options: KafkaLogOptions, late: Callable[[Late], None]
    ) -> None:
        """`late` is told of each exception to the order; the positions to begin at are the lanes'."""
        self.read = 0
        self.gaps_skipped = 0
        self.paused: set[Place] = set()
        self.damage: LogDamaged | None = None
        self._damaged: set[Place] = set()
        self._gaps: set[Place] = set()
        self._mean_bytes: dict[Place, int] = {}
        self._cluster = cluster
        self._order = order
        self._skip_gaps = options.skip_gaps
        self._late = late
        self._log = logging.getLogger("balanza.kafka")
        self._created_by_sender: set[str] = set()
        self._group = options.group
        extra: dict[str, Any] = {**QUICK, "group.id": options.group or NO_GROUP, "on_commit": self._committed}
        self.consumer: Consumer = cluster.consumer(**extra)
        self.consumer.assign([_at(lane) for lane in order.lanes.values()])

    def join(self, places: Iterable[Place]) -> None:
        """Read these as well; the order has them already."""
        self.consumer.incremental_assign([_at(self._order.lanes[place]) for place in places])

    def fetch(self, seconds: float) -> int:
        """Take in what has come, waiting so long for it; give how many messages there were; KafkaUnusable."""
        for place in list(self._gaps):
            self._gap(place)
        messages = self.consumer.consume(FETCH_AT_ONCE, 0)
        if not messages and seconds > 0:
            first = self.consumer.poll(seconds)
            if first is None:
                return 0
            messages = [first, *self.consumer.consume(FETCH_AT_ONCE, 0)]
        if messages:
            self._sort(messages)
            self._pause()
        return len(messages)

    def _sort(self, messages: Iterable[Any]) -> None:
        """Hand each partition's records to the order; a hot loop, hence without the client's optional types."""
        topic, partition, kind = "", -1, 0
        stamps: list[int] = []
        offsets: list[int] = []
        items: list[Message] = []
        for message in messages:
            own_kind, stamp_ms = message.timestamp()
            if not own_kind and message.error() is not None:
                self._push(topic, partition, kind, (stamps, offsets, items))
                stamps, offsets, items = [], [], []
                self._trouble(message)
                continue
            if message.partition() != partition or message.topic() != topic:
                self._push(topic, partition, kind, (stamps, offsets, items))
                stamps, offsets, items = [], [], []
                topic, partition, kind = message.topic(), message.partition(), own_kind
            stamps.append(stamp_ms * MILLISECOND_US)
            offsets.append(message.offset())
            items.append(message)
        self._push(topic, partition, kind, (stamps, offsets, items))

    def _push(
        self, topic: str, partition: int, kind: int, columns: tuple[list[int], list[int], list[Message]]
    ) -> None:
        stamps, offsets, items = columns
        place = Place(topic, partition)
        if not offsets or place in self._damaged:
            return
        self.read += len(offsets)
        sample = items[:: len(items) // SAMPLE + 1]
        self._mean_bytes[place] = sum(map(len, sample)) // len(sample)
        if kind == TIMESTAMP_CREATE_TIME and topic not in self._created_by_sender:
            self._created_by_sender.add(topic)
            self._log.warning(
                "topic %s has the senders' times, not the broker's: right for history; for what is live set "
                "message.timestamp.type=LogAppendTime, or much may come below the floor and become exceptions", topic,
            )  # fmt: skip
        late = self._order.push(place, stamps, offsets, cast("list[Carrier]", items))
        if late is not None:
            self._late(late)

    def by_sender(self, topic: str) -> bool:
        """Whether the topic's timestamps are known to be the senders'."""
        return topic in self._created_by_sender

    # pauses

    def _pause(self) -> None:
        read = [(place, lane) for place, lane in self._order.lanes.items() if place not in self.paused]
        far = [place for place, lane in read if len(lane) >= self._much(place) or _over(lane)]
        if far:
            self.consumer.pause([TopicPartition(*place) for place in far])
            self.paused.update(far)

    def resume(self) -> None:
        """Read on where little is buffered any more."""
        lanes = self._order.lanes
        waiting = [place for place in self.paused if not _over(lanes[place])]
        near = [place for place in waiting if len(lanes[place]) <= self._much(place) // 4]
        if near:
            self.consumer.resume([TopicPartition(*place) for place in near])
            self.paused.difference_update(near)

    def _much(self, place: Place) -> int:
        """How many buffered records are enough, so that all partitions together stay within bounds."""
        count = len(self._order.lanes)
        by_bytes = BUFFERED_BYTES_MAX // count // (self._mean_bytes.get(place, 0) + 1)
        return max(1, min(by_bytes, max(BUFFERED_A_PLACE_MIN, BUFFERED_MAX // count)))

    # what is no record

    def _spoil(self, place: Place, why: str) -> None:
        """Take nothing more of a partition."""
        self.damage = self.damage or LogDamaged(why)
        self._damaged.add(place)

    def _trouble(self, message: Message) -> None:
        place = Place(message.topic() or "", cast("int", message.partition()))
        error = cast("KafkaError", message.error())
        code = error.code()
        if place in self._damaged:
            return
        if code == END:
            self._order.reached(place, cast("int", message.offset()))
        elif code == OUT_OF_RANGE:
            self._gaps.add(place)
        elif code == KafkaError.GROUP_AUTHORIZATION_FAILED:
            self._forgo_group(error)
        elif code in CORRUPT:
            self._spoil(place, f"{place}: the record at offset {message.offset()} is corrupt ({error.str()}); bring a "
                               "good copy back, or delete the records up to it and go on with --skip-gaps")
        elif code in NOT_PERMITTED:
            raise self._cluster.troubles.unusable(error, f"partition {place}")
        elif error.fatal():
            raise self._cluster.troubles.unusable(error, f"Kafka at {self._cluster.bootstrap}")
        else:  # it is tried again; whether the broker is away, the questions to it tell
            self._log.info("%s: %s", place, error.str())

    def _gap(self, place: Place) -> None:
        """Find out what is missing where we wanted to go on, and go on behind it if that is allowed."""
        position = self._order.lanes[place].position
        try:
            first, end = self._cluster.begin_offsets([place])[place], self._cluster.end_offsets([place])[place]
        except KafkaNotPermitted:
            raise
        except KafkaUnusable:  # away just now: asked again at the next fetch, and the fences tell of it
            return
        self._gaps.remove(place)
        if position > end:
            self._spoil(place, f"{place} ends at offset {end}, but was read up to {position}: records were lost, or "
                               f"the topic was made again; {ANEW}")
            return
        if first > position and not self._skip_gaps:
            self._spoil(place, f"{place}: {first - position} records, offsets {position} to {first - 1}, were deleted "
                               f"before they were read; go on without them with --skip-gaps, or {ANEW}")
            return
        if first > position:
            self._log.warning("%s: %d records were deleted before they were read: skipped", place, first - position)
            self.gaps_skipped += first - position
            self._order.reached(place, first)
        self.consumer.incremental_unassign([TopicPartition(*place)])
        self.consumer.incremental_assign([_at(self._order.lanes[place])])
        self.paused.discard(place)

    # the group, for lag tools

    def commit(self, offsets: Mapping[Place, int]) -> None:
        """Show lag tools how far the committed snapshots are; do not wait."""
        if self._group is not None and offsets:
            try:
                self.consumer.commit(offsets=_places(offsets), asynchronous=True)
            except KafkaException as error:
                self._log.info("offsets not committed to group %s: %s", self._group, error)

    def _committed(self, error: KafkaError | None, _: Collection[TopicPartition]) -> None:
        if error is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            self._forgo_group(error)

    def _forgo_group(self, error: KafkaError) -> None:
        if self._group is not None:
            self._log.warning(
                "group %s is not permitted (%s): lag tools will not see how far we are", self._group, error.str()
            )
            self._group = None

    def close(self) -> None:
        """Leave the broker. The client has been seen to wait for ever behind a corrupt record: nobody else does."""
        leaving = Thread(target=self.consumer.close, name="leaving the broker", daemon=True)
        leaving.start()
        leaving.join(CLOSE_SECONDS_MAX)
        if leaving.is_alive():
            self._log.warning("the client does not let go of the broker; it is left behind")


def _at(lane: Lane[Carrier]) -> TopicPartition:
    return TopicPartition(lane.place.topic, lane.place.partition, lane.position)


def _over(lane: Lane[Carrier]) -> bool:
    return lane.end is not None and lane.position >= lane.end


def _places(offsets: Mapping[Place, int]) -> list[TopicPartition]:
    return [TopicPartition(place.topic, place.partition, offset) for place, offset in offsets.items()]
