"""Reading our own topics from where the last commit left them to where they end.

A process that died may have left requests that the broker has not looked at yet. So the end is not what the broker says
once: the topics are read on until nothing of ours has come for `settle_seconds`. Offsets have holes (transaction
markers, compaction), so the end of a partition is what the client reports, never a count.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.kafka.cluster import Cluster
from schemas.log import Place
from sinks.destination import DestinationError
from sinks.kafka.asking import patiently
from sinks.kafka.refused import OFFSET_GONE, PARTITION_EOF, TRANSPORT, refused

BATCH: Final = 2000
WAIT_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 0.05  # between two questions for the ends while they settle
SILENCE_SECONDS_MAX: Final = 60.0  # without a record that should be there

Take = Callable[[Message], bool]
"""Is handed each record; True if it is one of ours."""


def read_back(cluster: Cluster, starts: Mapping[Place, int], settle_seconds: float, take: Take) -> dict[Place, int]:
    """Hand every record from `starts` on to `take`; give the offsets behind the last ones.

    DestinationError: the broker does not give what it says it has.
    """
    tail = Tail(cluster, starts)
    try:
        quiet_since = time.monotonic()
        while True:
            if tail.read_to(patiently(lambda: cluster.end_offsets(starts.keys())), take):
                quiet_since = time.monotonic()
            if time.monotonic() - quiet_since >= settle_seconds:
                return tail.positions
            time.sleep(min(PAUSE_SECONDS, settle_seconds))
    finally:
        tail.close()


class Tail:
    """Follows partitions; `positions` are the offsets to read next. The client is made once there is something."""

    def __init__(self, cluster: Cluster, starts: Mapping[Place, int]) -> None:
        """Begin at `starts`."""
        self.positions = dict(starts)
        self._cluster = cluster
        self._consumer: Consumer | None = None

    def read_to(self, ends: Mapping[Place, int], take: Take) -> int:
        """Read until every partition is at its end or beyond; give how many records `take` said are ours."""
        lagging = {place for place, end in ends.items() if self.positions[place] < end}
        ours = 0
        heard = time.monotonic()
        while lagging:
            messages = self._started().consume(BATCH, WAIT_SECONDS)
            if messages:
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE_SECONDS_MAX:
                raise DestinationError(self._silent(lagging))
            for message in messages:
                place = Place(message.topic() or "", message.partition() or 0)
                error = message.error()
                if error is None:
                    self.positions[place] = (message.offset() or 0) + 1
                    ours += take(message)
                elif error.code() == PARTITION_EOF:
                    self.positions[place] = max(self.positions[place], message.offset() or 0)
                else:
                    self._fail_unless_passing(place, error)
                    continue
                if self.positions[place] >= ends[place]:
                    lagging.discard(place)
        return ours

    def close(self) -> None:
        """Let go of the client."""
        if self._consumer is not None:
            self._consumer.close()

    def _started(self) -> Consumer:
        if self._consumer is None:
            self._consumer = self._cluster.consumer(**{"fetch.wait.max.ms": 50})
            self._consumer.assign([TopicPartition(*place, offset) for place, offset in self.positions.items()])
        return self._consumer

    def _fail_unless_passing(self, place: Place, error: KafkaError) -> None:
        """Go on after what concerns the group only (we need none), or what the client mends by itself."""
        if error.code() == OFFSET_GONE:
            raise DestinationError(
                f"topic {place.topic}: records of partition {place.partition} were deleted while they were read back. "
                "Remedy: start again."
            )
        if error.code() not in {KafkaError.GROUP_AUTHORIZATION_FAILED, TRANSPORT} and not error.retriable():
            said = refused(f"topic {place.topic}", error, self._cluster.trouble)
            raise DestinationError(said) from KafkaException(error)

    def _silent(self, lagging: set[Place]) -> str:
        places = ", ".join(str(place) for place in sorted(lagging))
        return (
            f"{self._cluster.bootstrap} has given nothing of {places} for {SILENCE_SECONDS_MAX:.0f} s, though it says "
            f"that there is more{'; ' + self._cluster.trouble if self._cluster.trouble else ''}. Remedy: see that all "
            "brokers run and that this user may read these topics, then start again."
        )
