"""Questions to the cluster that a writer of topics asks, also of topics that it made a moment ago."""

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin._listoffsets import ListOffsetsResultInfo, OffsetSpec
from confluent_kafka.cimpl import NewTopic

from connectors.kafka.cluster import ASK_SECONDS, Cluster, KafkaUnusable
from schemas.log import Place

MADE_SECONDS_MAX: Final = 20.0  # until every broker knows a topic that was just made
LEADER_SECONDS_MAX: Final = 20.0  # until a partition has a leader
PAUSE_SECONDS: Final = 0.05
LEADERLESS: Final = frozenset({
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART,
})  # fmt: skip


def make_missing(
    cluster: Cluster, topics: Mapping[str, Mapping[str, str]], partitions: int, replication: int
) -> dict[str, int]:
    """Make those of the topics that are missing, with their settings; give all their partition counts.

    KafkaUnusable: one cannot be made, or not be seen.
    """
    missing = topics.keys() - cluster.partitions(topics).keys()
    if missing:
        wanted = [NewTopic(name, partitions, replication, config=dict(topics[name])) for name in sorted(missing)]
        for name, future in cluster.admin.create_topics(wanted, request_timeout=ASK_SECONDS).items():
            try:
                future.result(timeout=2 * ASK_SECONDS)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise KafkaUnusable(
                        f"topic {name} is missing and cannot be made ({error.args[0].str()}): make it, or permit this "
                        "user Create on it, and Describe and Write if it is there but hidden from this user"
                    ) from error
    until = time.monotonic() + MADE_SECONDS_MAX
    while topics.keys() != (counts := cluster.partitions(topics)).keys():
        if time.monotonic() > until:
            raise KafkaUnusable(f"topics that were made cannot be seen: {', '.join(topics.keys() - counts.keys())}")
        time.sleep(PAUSE_SECONDS)
    return counts


def end_offsets(cluster: Cluster, places: Collection[Place]) -> dict[Place, int]:
    """Give the offset behind the last record of each partition."""
    return _patiently(lambda: cluster.ask_end_offsets(places))


def begin_offsets(cluster: Cluster, places: Collection[Place]) -> dict[Place, int]:
    """Give the offset of the first record of each partition that retention has left."""
    earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # the client's own lack
    asked = {TopicPartition(*place): earliest for place in places}

    def ask() -> dict[Place, Future[ListOffsetsResultInfo]]:
        found = cluster.admin.list_offsets(asked, request_timeout=ASK_SECONDS)
        return {Place(one.topic, one.partition): future for one, future in found.items()}

    return _patiently(ask)


def _patiently(ask: Callable[[], Mapping[Place, Future[ListOffsetsResultInfo]]]) -> dict[Place, int]:
    """Ask again while a partition is only about to get a leader, as after its topic was made or a broker has left."""
    until = time.monotonic() + LEADER_SECONDS_MAX
    while True:
        try:
            return {place: future.result(2 * ASK_SECONDS).offset for place, future in ask().items()}
        except KafkaException as error:
            if error.args[0].code() not in LEADERLESS or time.monotonic() > until:
                raise KafkaUnusable(str(error.args[0].str())) from error
        time.sleep(PAUSE_SECONDS)
