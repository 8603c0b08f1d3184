"""The topics between the processes of a deployment, as the input of a member worker.

The worker reads the partitions of `stitched` that hold its key groups, and the same ones of `handovers`, where copies
of members come from other workers. Both are read as fast as they come; the order is made by the numbers of the steps.
A bounded run ends where `stitched` ended at its start, once no member waits for a copy any more.
"""

import time
from collections.abc import Callable, Collection
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, Message, TopicCollection, TopicPartition

from connectors.kafka.cluster import ASK_SECONDS, Cluster
from connectors.kafka.fetch import CORRUPT, END, NOT_PERMITTED, OUT_OF_RANGE, QUICK
from connectors.kafka.outage import Outage
from connectors.kafka.question import Question
from connectors.stitched.order import StitchedOrder
from connectors.stitched.progress import PROGRESS_FORMAT, StitchedProgress
from schemas.handed import HANDED_FORMAT, HANDOVERS, STITCHED, decode_copy, decode_handed
from schemas.log import LogTrouble, Place
from schemas.states import STATE_FORMAT
from schemas.stitched import Copy, StitchedBatch

MESSAGES_AT_ONCE = 500
CONSUME_SECONDS = 0.02
STEPS_AHEAD_MAX = 50_000
MISSING_MAX = 2
LAG_SECONDS = 1.0
BROKEN = CORRUPT | NOT_PERMITTED | {OUT_OF_RANGE}


class StitchedLogBroken(LogTrouble):
    """The topics between the processes are not what this worker read before; the message says what happened."""


def _nobody_waits() -> int:
    return 0


@dataclass
class StitchedOptions:
    """`ours` are the key groups of this worker, of `groups` in all; `waiting` tells how many members wait."""

    prefix: str
    ours: Collection[int]
    groups: int
    follow: bool = False
    waiting: Callable[[], int] = field(default=_nobody_waits)
    refresh_seconds: float = 5.0
    outage_seconds_max: float = 300.0


class StitchedLog:
    """Read with `read()` until `ended`; `progress()` after a batch is what a later reader is handed to go on."""

    def __init__(self, cluster: Cluster, options: StitchedOptions, progress: StitchedProgress | None) -> None:
        self.options, self.ended = options, False
        self.damages: list[str] = []
        self.unfinished: dict[str, int] = {}
        self.turns = 0
        self._cluster = cluster
        self._names = {f"{options.prefix}.{name}": name for name in (STITCHED, HANDOVERS)}
        self._progress = deepcopy(progress) if progress else StitchedProgress()
        assert self._progress.format == PROGRESS_FORMAT, self._progress.format
        self._partitions = self._check_topics()
        self._order = StitchedOrder(options.ours, options.groups, self._partitions, self._progress)
        self._ends = None if options.follow else self._stitched_ends()
        self._at = {place: self._progress.offsets.get(place, -1) for place in self._order.parts}
        self._ahead: set[int] = set()
        self._outage = Outage(cluster, options.outage_seconds_max)
        self._topics_asked: Question[str] = Question(self._outage, self._missing)
        self._missed = 0
        self._trouble: StitchedLogBroken | None = None
        self._lag: dict[Place, int] = {}
        self._lag_at = 0.0
        self._consumer: Consumer = cluster.consumer(**{**QUICK, "group.id": f"{options.prefix}.members"})
        self._assign()

    def _check_topics(self) -> int:
        """Give how many partitions both topics have; refuse topics that are not the ones read before."""
        found = self._cluster.partitions(self._names)
        missing = sorted(self._names.keys() - found.keys())
        if missing:
            raise StitchedLogBroken(f"topic {' and '.join(missing)} is missing, or this user may not read it; start "
                                    "the stitcher first (balanza stitch), or make the topics with balanza topics")
        counts = set(found.values())
        known = self._progress.partitions
        if len(counts) != 1 or (known and counts != {known}):
            told = ", ".join(f"{name} has {count} partitions" for name, count in sorted(found.items()))
            raise StitchedLogBroken(f"{told}; both need the number that they were made with"
                                    f"{f', {known}' if known else ''}, which never changes")
        self._check_ids(self._cluster.topic_ids(self._names))
        self._progress.partitions = found.popitem()[1]
        return self._progress.partitions

    def _check_ids(self, now: dict[str, str]) -> None:
        for name, known in self._progress.topics.items():
            if now[name] != known:
                raise StitchedLogBroken(f"topic {name} was deleted and made again since this worker read it: the steps "
                                        "in it are others. Start stitcher and all workers anew (--fresh)")
        self._progress.topics = now

    def _stitched_ends(self) -> dict[int, int]:
        places = [Place(f"{self.options.prefix}.{STITCHED}", place) for place in self._order.parts]
        return {place.partition: end for place, end in self._cluster.end_offsets(places).items()}

    def _assign(self) -> None:
        stitched, handovers = self._names
        known = {stitched: self._progress.offsets, handovers: self._progress.copies}
        places = [Place(name, place) for name in self._names for place in self._order.parts]
        begins = self._cluster.begin_offsets([place for place in places if place.partition not in known[place.topic]])
        self._consumer.assign([
            TopicPartition(place.topic, place.partition, known[place.topic].get(place.partition, begins.get(place, 0)))
            for place in places
        ])  # fmt: skip

    def read(self) -> StitchedBatch | None:
        """Give the next batch; None when there is nothing now (`ended` tells whether there will be).

        Raises:
            StitchedLogBroken: a topic is not what was read before, or a message in it is none of ours.

        """
        if self._trouble is not None:
            raise self._trouble
        self._look()
        copies: list[Copy] = []
        for message in self._consumer.consume(MESSAGES_AT_ONCE, CONSUME_SECONDS):
            try:
                self._take(message, copies)
            except StitchedLogBroken as trouble:  # told at the next read: what is taken already must be given first
                self._trouble = trouble
                break
        batch = self._order.take(copies)
        self._hold_back()
        if time.monotonic() >= self._lag_at:
            self._lag_at = time.monotonic() + LAG_SECONDS
            self._measure_lag()
        if batch is None and self._ends is not None and self._is_over(self._ends):
            self._measure_lag()
            batch, self.ended = self._farewell(), True
        return batch

    def _farewell(self) -> StitchedBatch | None:
        """Give, once at the end, a batch with nothing in it, so that the member station is open in every run."""
        return None if self.ended else StitchedBatch([], -1, {}, [], [], time.time())

    def _look(self) -> None:
        """See now and then that the topics are still the same, and that the broker answers."""
        now, asked = time.time(), self._topics_asked
        topics = asked.answers(now)
        if topics is not None:
            self._missed = 0
            self._check_ids({name: str(found.topic_id) for name, found in topics.items()})
        if now - asked.asked >= self.options.refresh_seconds and not asked.in_flight:
            asked.ask(now, self._ask_topics)

    def _ask_topics(self) -> dict[str, Any]:
        names = TopicCollection(sorted(self._names))
        return dict(self._cluster.admin.describe_topics(names, request_timeout=ASK_SECONDS))

    def _missing(self, name: str) -> None:
        """Stop for a topic that the broker does not know; once alone may be a broker that is just coming back."""
        self._missed += 1
        if self._missed > MISSING_MAX:
            raise StitchedLogBroken(f"topic {name} was deleted; start stitcher and all workers anew (--fresh)")

    def _is_over(self, ends: dict[int, int]) -> bool:
        read = all(self._at[place] >= end or end == 0 for place, end in ends.items())
        return read and not self.options.waiting()

    def _take(self, message: Message, copies: list[Copy]) -> None:
        error, topic, offset = message.error(), message.topic() or "", message.offset() or 0
        place = Place(topic, message.partition() or 0)
        kind = self._names.get(topic)
        if error is not None:
            if error.code() == END and kind == STITCHED:
                self._at[place.partition] = offset
            elif error.code() in BROKEN or error.fatal():
                raise StitchedLogBroken(_told(error, place, offset))
            return  # whatever else is tried again by the client; whether the broker is away, the questions to it tell
        try:
            self._read_message(kind, place.partition, offset, message.value(), copies)
        except (msgspec.MsgspecError, AssertionError) as broken:
            raise StitchedLogBroken(f"{place}, offset {offset} holds what this version did not write ({broken}); run "
                                    "one version of Balanza in all processes") from broken

    def _read_message(self, kind: str | None, place: int, offset: int, value: bytes | None, copies: list[Copy]) -> None:
        if kind == STITCHED:
            assert value is not None
            handed = decode_handed(value)
            assert handed.format == HANDED_FORMAT
            self._order.add(place, offset + 1, handed)
            self._at[place] = offset + 1
            return
        if value is not None:
            copy = decode_copy(value)
            assert copy.format == STATE_FORMAT
            late = self._order.late(copy)
            if late is not None:
                copy.late = late
                copies.append(copy)
        self._progress.copies[place] = offset + 1

    def _hold_back(self) -> None:
        """Stop fetching partitions that are far ahead of the others, and go on with those that are not any more."""
        name = f"{self.options.prefix}.{STITCHED}"
        ahead = {place for place in self._order.parts if self._order.waiting(place) > STEPS_AHEAD_MAX}
        stop, go_on = ahead - self._ahead, self._ahead - ahead
        if stop:
            self._consumer.pause([TopicPartition(name, place) for place in stop])
        if go_on:
            self._consumer.resume([TopicPartition(name, place) for place in go_on])
        self._ahead = ahead

    def progress(self) -> StitchedProgress:
        """Give what to go on from; nothing in it changes later."""
        return deepcopy(self._progress)

    @property
    def gaps_skipped(self) -> int:
        """Nothing is ever skipped here."""
        return 0

    def lag(self) -> dict[Place, int]:
        """Give how many messages of the stitcher each partition has that are not read, as far as is known here."""
        return dict(self._lag)

    def _measure_lag(self) -> None:
        """Done where the consumer is used, since it may be closed while another thread asks."""
        name = f"{self.options.prefix}.{STITCHED}"
        for place, at in self._at.items():
            _, high = self._consumer.get_watermark_offsets(TopicPartition(name, place), cached=True)
            self._lag[Place(name, place)] = max(0, high - max(at, 0)) if high >= 0 else 0

    def away_seconds(self) -> float:
        """Give for how long the broker has been away since the start."""
        return self._outage.seconds(time.time())

    def unread_bytes(self) -> int:
        """Bytes are not known on a broker."""
        return 0

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()


def _told(error: KafkaError, place: Place, offset: int) -> str:
    if error.code() == OUT_OF_RANGE:
        return (f"{place}: offset {offset} is not there any more (retention removed it before this worker read it); "
                "keep messages longer than a worker may be away. Start stitcher and all workers anew (--fresh)")
    return f"{place}, offset {offset}: {error.str()}"
