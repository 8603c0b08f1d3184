"""What a broker says when it does not take a record, as a sentence with what to do about it."""

from typing import Final

from confluent_kafka import KafkaError

# The client has public names for the broker's codes only; its own begin with an underscore.
TIMED_OUT: Final = KafkaError._MSG_TIMED_OUT  # noqa: SLF001  see above
TRANSPORT: Final = KafkaError._TRANSPORT  # noqa: SLF001
PARTITION_EOF: Final = KafkaError._PARTITION_EOF  # noqa: SLF001
OFFSET_GONE: Final = KafkaError._AUTO_OFFSET_RESET  # noqa: SLF001
AUTHENTICATION: Final = KafkaError._AUTHENTICATION  # noqa: SLF001
UNKNOWN_TOPIC: Final = KafkaError._UNKNOWN_TOPIC  # noqa: SLF001
UNKNOWN_PARTITION: Final = KafkaError._UNKNOWN_PARTITION  # noqa: SLF001

TOO_LARGE_REMEDY: Final = (
    "raise the topic's max.message.bytes and message.max.bytes in --kafka-config to more than that, or lower the "
    "program's limits.event_bytes_max"
)
AWAY_REMEDY: Final = (
    "see that the broker runs and can be reached, then start again: nothing is lost and nothing will be there twice"
)
MISSING_REMEDY: Final = "it is missing, or this user may not see it: make it, or permit Describe and Write on it"
REMEDIES: Final = {
    KafkaError.MSG_SIZE_TOO_LARGE: TOO_LARGE_REMEDY,
    KafkaError.RECORD_LIST_TOO_LARGE: TOO_LARGE_REMEDY,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "permit Write and Describe on the topic to the user of --kafka-config",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "permit IdempotentWrite on the cluster to the user of --kafka-config",
    KafkaError.UNKNOWN_TOPIC_OR_PART: MISSING_REMEDY,
    UNKNOWN_TOPIC: MISSING_REMEDY,
    UNKNOWN_PARTITION: MISSING_REMEDY,
    KafkaError.NOT_ENOUGH_REPLICAS: "bring the topic's replicas back, or lower its min.insync.replicas",
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND: "bring the topic's replicas back, or lower its min.insync.replicas",
    KafkaError.POLICY_VIOLATION: "change the topic's settings so that the broker's policy takes our records",
    KafkaError.INVALID_RECORD: "the topic asks for what our records lack; a compacted one takes no dead letters",
    AUTHENTICATION: "correct the user and the password in --kafka-config",
    TIMED_OUT: AWAY_REMEDY,
    TRANSPORT: AWAY_REMEDY,
}  # fmt: skip
OTHER_REMEDY: Final = "mend that and start again: what is missing is made again, nothing will be there twice"


def refused(about: str, error: KafkaError, cause: str | None = None) -> str:
    """Say what `about` (a topic, the cluster) is wrong and what to do; `cause` is what the client complained of."""
    because = f"; the client complained of {cause}" if cause and error.code() in {TIMED_OUT, TRANSPORT} else ""
    remedy = REMEDIES.get(error.code(), OTHER_REMEDY)
    return f"{about}: {error.str()} ({error.name()}{because}). Remedy: {remedy}."
