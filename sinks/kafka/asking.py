"""Asking for offsets of topics that were made a moment ago, or whose broker has just left."""

import time
from collections.abc import Callable
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from connectors.kafka.cluster import MAKING_SECONDS_MAX, PAUSE_SECONDS, KafkaUnusable
from schemas.log import Place

NO_LEADER: Final = KafkaError._NOENT  # noqa: SLF001  the client has no public names for its own codes
LEADERLESS: Final = frozenset({
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART, NO_LEADER,
})  # fmt: skip


def patiently(ask: Callable[[], dict[Place, int]]) -> dict[Place, int]:
    """Ask again while a partition is only about to get a leader."""
    until = time.monotonic() + MAKING_SECONDS_MAX
    while True:
        try:
            return ask()
        except KafkaUnusable as unusable:
            why = unusable.__cause__
            passing = isinstance(why, KafkaException) and why.args[0].code() in LEADERLESS
            if not passing or time.monotonic() > until:
                raise
        time.sleep(PAUSE_SECONDS)
