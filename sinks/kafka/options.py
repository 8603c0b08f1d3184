"""What the destinations on Kafka are told: names, sizes and patience. Nothing here changes what a record says."""

from typing import Final, Literal

from msgspec import Struct

from sinks.kafka.writer import DELIVERY_SECONDS, QUEUE_MESSAGES

Mode = Literal["by_record", "one"]

SETTLE_SECONDS: Final = 1.0
PARTITIONS: Final = 6
GATHER_MS: Final = 50.0


class OutOptions(Struct, frozen=True):
    """Where and how a deployment's records go.

    `mode` "by_record" has a topic a table, "one" a single one for all but the dead letters. `partitions` is for topics
    that are made here. After an unclean end a start reads until nothing has come for `settle_seconds`.
    `delivery_seconds`: how long a broker may be away. `linger_ms`: how long records are gathered for a request; spread
    over many partitions, each gets few a millisecond, and a request for each few costs more than the records.
    """

    prefix: str = "balanza"
    mode: Mode = "by_record"
    partitions: int = PARTITIONS
    settle_seconds: float = SETTLE_SECONDS
    delivery_seconds: float = DELIVERY_SECONDS
    queue_messages: int = QUEUE_MESSAGES
    linger_ms: float = GATHER_MS
