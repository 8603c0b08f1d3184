"""Fences of a followed log: the end offsets at a time, and proof that the topics still are the same ones.

A topic that is deleted and made again under its name may be longer than the old one, and then the client gives its
records without a word. So with the end offsets the topics' ids are asked for, and a fence is set only when both answers
are there: what stands below its time was appended before it, hence to the topics that we know. New partitions show in
the same answer. A bounded reading has its ends and no fences; its topics are looked at now and then.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import TopicCollection

from connectors.file_log import LogDamaged
from connectors.kafka.beginning import ANEW, made_again
from connectors.kafka.cluster import ASK_SECONDS, Cluster
from connectors.kafka.events import Carrier
from connectors.kafka.options import SECOND_US, KafkaLogOptions
from connectors.kafka.order import NO_GOAL, Late, Order
from connectors.kafka.outage import Outage
from connectors.kafka.question import Question
from schemas.log import Place

FENCE_SECONDS_MIN: Final = 0.01
FENCE_SECONDS_A_PLACE: Final = 0.0002
IDLE_FENCE_SECONDS: Final = 0.2
BEAT_SECONDS: Final = 0.1
PROOF_AGAIN_SECONDS: Final = 0.1
MISSING_SECONDS_MAX: Final = 1.0
HOLD_US_MAX: Final = 5 * SECOND_US
HOLD_EASED_SECONDS: Final = 60.0


class Fences:
    """Asks, never waits; `ends` are the last known end offsets."""

    def __init__(
        self, cluster: Cluster, order: Order[Carrier], options: KafkaLogOptions, ids: Mapping[str, str],
        joined: Callable[[list[Place]], None],
    ) -> None:  # fmt: skip
        """`ids` are the topics' ids, `joined` is told of new partitions once the order has them."""
        self.ends: dict[Place, int] = {}
        self.outage = Outage(cluster, options.outage_seconds_max)
        self._cluster = cluster
        self._order = order
        self._options = options
        self._ids = ids
        self._joined = joined
        self._log = logging.getLogger("balanza.kafka")
        self._ends_asked: Question[Place] = Question(self.outage, lambda _: None)
        self._topics_asked: Question[str] = Question(self.outage, self._missing)
        self._unproved: tuple[float, dict[Place, int]] | None = None
        self._missing_since: float | None = None
        self._hold_us = options.hold_ms * 1000
        self._widened_at = 0.0
        self._said_held = False
        self._said_too_late = False

    def keep_up(self) -> None:
        """Look at the answers to what was asked, and ask what is to be known next.

        Raises:
            LogDamaged: a topic is gone or another one.
            KafkaUnusable: the broker is away for too long, or something is not permitted.

        """
        now = self._options.wall()
        ends = self._ends_asked.answers(now)
        if ends is not None:
            self._unproved = self._ends_asked.asked, {place: answer.offset for place, answer in ends.items()}
        topics = self._topics_asked.answers(now)
        if topics is not None:
            self._look_at(topics)
            self._set_fence()
        since = now - self._topics_asked.asked
        if self._options.follow:
            if self._unproved is not None and not 0 <= since < PROOF_AGAIN_SECONDS:
                self._ask_topics(now)
            elif self._wants_fence(now):
                self._ends_asked.ask(now, lambda: self._cluster.ask_end_offsets(list(self._order.lanes)))
                self._ask_topics(now)
        elif not 0 <= since < self._options.refresh_seconds:
            self._ask_topics(now)

    def _set_fence(self) -> None:
        """Set the fence, if the topics were asked for no earlier than the ends."""
        if self._unproved is not None and self._topics_asked.asked >= self._unproved[0]:
            asked, self.ends = self._unproved
            self._unproved = None
            self._order.fence(self.ends, int(asked * SECOND_US) - self._hold_us)
            self._ease(asked)

    def _ease(self, now: float) -> None:
        """Hold back for half as long when nothing was late for a while: it may have been a pause of the broker."""
        least_us = self._options.hold_ms * 1000
        if self._hold_us > least_us and now - self._widened_at >= HOLD_EASED_SECONDS:
            self._hold_us = max(least_us, self._hold_us // 2)
            self._widened_at = now

    def _wants_fence(self, now: float) -> bool:
        if self._ends_asked.in_flight or self._topics_asked.in_flight or not self._order.satisfied:
            return False
        since = now - self._ends_asked.asked
        pause = max(FENCE_SECONDS_MIN, FENCE_SECONDS_A_PLACE * len(self._order.lanes))
        idle = BEAT_SECONDS if self._options.beat_clock else IDLE_FENCE_SECONDS
        if since >= max(pause, idle) or since < 0:  # the wall clock may be put back
            return True
        first_us = self._order.first_us()
        return first_us is not None and since >= pause and int(now * SECOND_US) - self._hold_us > first_us

    def _ask_topics(self, now: float) -> None:
        def put() -> dict[str, Future[Any]]:
            wanted = TopicCollection(sorted(self._ids))
            return dict(self._cluster.admin.describe_topics(wanted, request_timeout=ASK_SECONDS))

        if not self._topics_asked.in_flight:
            self._topics_asked.ask(now, put)

    def _look_at(self, topics: dict[str, Any]) -> None:
        """Compare the topics' ids, and let new partitions in."""
        self._missing_since = None
        for topic, found in topics.items():
            if str(found.topic_id) != self._ids[topic]:
                raise LogDamaged(made_again(topic, self._ids[topic], str(found.topic_id)))
        if not self._options.follow:
            return
        places = {Place(topic, number) for topic, found in topics.items() for number in range(len(found.partitions))}
        new = sorted(places - self._order.lanes.keys())
        if new:
            self._log.warning("new partitions, read from their beginning: %s", ", ".join(map(str, new)))
            for place in new:
                self._order.join(place, 0)
            self._joined(new)
            self._unproved = None  # it does not know them: the next fence does

    def _missing(self, topic: str) -> None:
        """Stop for a topic that the broker does not know; for a moment that may be a broker that is coming back."""
        now = self._options.wall()
        if self._missing_since is None:
            self._missing_since = now
        if now - self._missing_since >= MISSING_SECONDS_MAX:
            raise LogDamaged(f"topic {topic} was deleted while it was read; {ANEW}")

    def late(self, late: Late, *, by_sender: bool) -> None:
        """Hold records back for longer, if a late one shows that clocks differ; said once."""
        is_new = self._order.lanes[late.place].goal == NO_GOAL
        if not self._options.follow or is_new or by_sender:
            return
        needed_us = self._hold_us + late.below_us
        if self._hold_us < needed_us <= HOLD_US_MAX:
            if not self._said_held:
                self._log.warning(
                    "%s came %d ms below the floor: records are held back for %d ms, and for longer if need be",
                    late.place, late.below_us // 1000, needed_us // 1000,
                )  # fmt: skip
            self._hold_us, self._widened_at, self._said_held = needed_us, self._options.wall(), True
        elif needed_us > HOLD_US_MAX and not self._said_too_late:
            self._said_too_late = True
            self._log.warning(
                "%s came %d ms below the floor: clocks differ by that much, or transactions stay open for so long; the "
                "order is written to the exceptions", late.place, late.below_us // 1000,
            )  # fmt: skip
