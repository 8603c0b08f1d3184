"""The topics of a deployment: how many partitions each has, and the settings it is made with.

Input topics are stamped by the broker when it appends (`LogAppendTime`), because the order is that of the log. What
states follow is compacted, what people read is kept by time, and the exceptions to the order are never deleted: without
them a replay would give another order.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from schemas.records import TABLES

TIME_SETTING: Final = "message.timestamp.type"
LOG_APPEND_TIME: Final = "LogAppendTime"
BY_LOG: Final = MappingProxyType({TIME_SETTING: LOG_APPEND_TIME})
COMPACTED: Final = MappingProxyType({**BY_LOG, "cleanup.policy": "compact"})
FOREVER: Final = "-1"
DAY_MS: Final = 86_400_000

EXCEPTIONS: Final = "exceptions"
RECORDS: Final = "records"
DEAD_LETTERS: Final = "dead_letters"
SURFACES: Final = "surfaces"
STITCHED: Final = "stitched"
HANDOVERS: Final = "handovers"


class TopicSpec(Struct, frozen=True):
    """A topic as it is made if it does not exist; its replication is the broker's default."""

    name: str
    partitions: int
    settings: Mapping[str, str]

    def __str__(self) -> str:
        """Name, partitions and settings, as an administrator needs them."""
        settings = "".join(f", {name}={value}" for name, value in self.settings.items())
        return f"{self.name} ({self.partitions} partition{'s' if self.partitions > 1 else ''}{settings})"


def deployment_topics(
    prefix: str,
    inputs: Collection[str],
    *,
    partitions: int,
    retention_days: float | None = None,
    one_record_topic: bool = False,
    workers: bool = False,
) -> list[TopicSpec]:
    """All topics of a deployment, its inputs first.

    `partitions` is of each topic but the exceptions; `retention_days` is for inputs, stitched events and records (None:
    the broker's default, 0 or less: for ever). With `one_record_topic` all tables share `<prefix>.records`; with
    `workers` there are the topics between a stitcher and the member workers.
    """
    assert partitions > 0
    kept = BY_LOG if retention_days is None else {**BY_LOG, "retention.ms": _retention(retention_days)}
    tables = [RECORDS] if one_record_topic else [table for table in TABLES if table != DEAD_LETTERS]
    specs = [TopicSpec(name, partitions, kept) for name in inputs]
    specs += [TopicSpec(f"{prefix}.{table}", partitions, kept) for table in (*tables, DEAD_LETTERS)]
    specs.append(TopicSpec(f"{prefix}.{SURFACES}", partitions, COMPACTED))
    specs.append(TopicSpec(f"{prefix}.{EXCEPTIONS}", 1, {**BY_LOG, "retention.ms": FOREVER}))
    if workers:
        specs.append(TopicSpec(f"{prefix}.{STITCHED}", partitions, kept))
        specs.append(TopicSpec(f"{prefix}.{HANDOVERS}", partitions, COMPACTED))
    return specs


def differences(spec: TopicSpec, partitions: int, settings: Mapping[str, str]) -> list[str]:
    """In what an existing topic with these `partitions` and `settings` differs from `spec`, a sentence each."""
    found = [] if partitions == spec.partitions else [("partitions", str(partitions), str(spec.partitions))]
    found += [
        (name, settings.get(name, "nothing"), value)
        for name, value in spec.settings.items()
        if settings.get(name) != value
    ]
    return [f"topic {spec.name}: {name} is {now}; Balanza makes it with {value}" for name, now, value in found]


def _retention(days: float) -> str:
    return str(round(days * DAY_MS)) if days > 0 else FOREVER
