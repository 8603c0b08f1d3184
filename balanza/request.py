"""What a run was asked to do, and what it knows of itself while it runs."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from config.program import Program
from config.settings import Settings
from connectors.kafka.cluster import Cluster
from flows.runtime.deployment import NO_REPLAY, Deployment
from flows.runtime.stop import Stop
from flows.stations import Wiring
from schemas.log import Place
from sinks.readable import rfc3339

BEGINNING = "beginning"


class Role(StrEnum):
    """Which part of the way this process is: all of it, its first half, or its second for some of the members."""

    RUN = "run"
    STITCH = "stitch"
    MEMBERS = "members"


@dataclass(frozen=True)
class KafkaInput:
    """Topics of a cluster; none named: all but the cluster's own and the deployment's.

    `start` is where a new deployment begins: None with the oldest record, an int at that log time, offsets there.
    """

    properties: Mapping[str, str]
    topics: tuple[str, ...] = ()
    start: Mapping[Place, int] | int | None = None
    skip_gaps: bool = False

    def __str__(self) -> str:
        topics = ", ".join(self.topics) if self.topics else "all topics"
        return f"{topics} of {self.properties['bootstrap.servers']}"


@dataclass(frozen=True)
class Span:
    """Where a replay begins; `offsets` and `from_us` exclude each other, neither is the beginning."""

    offsets: Mapping[Place, int] | None = None
    from_us: int | None = None

    def __str__(self) -> str:
        """The same text for the same beginning, however it was written."""
        if self.offsets is not None:
            return ",".join(f"{place}={offset}" for place, offset in sorted(self.offsets.items()))
        return BEGINNING if self.from_us is None else rfc3339(self.from_us)

    @property
    def whole(self) -> bool:
        """Whether nothing before it is left out."""
        return self.offsets is None and self.from_us is None


@dataclass
class Request:
    """What the command line asked for.

    `replay`: the log is read again beside a live deployment, so nothing is written to it, and `shadow` also keeps the
    actions from the outbox. Such a one begins at `span`, and reads files in the order that `journal` tells.
    """

    program: Program
    input: Path | KafkaInput
    out: Path
    settings: Settings
    follow: bool = False
    fresh: bool = False
    until_us: int | None = None
    role: Role = Role.RUN
    groups: tuple[int, ...] | None = None
    replay: bool = False
    shadow: bool = False
    span: Span = Span()
    journal: Path | None = None

    @property
    def kind(self) -> str:
        """The word for a folder's kind of run: `no` replay, one in `shadow`, or one that may `send`."""
        return NO_REPLAY if not self.replay else "shadow" if self.shadow else "send"


class Log(Protocol):
    """What progress, summary and metrics ask of an input."""

    damages: list[str]
    unfinished: dict[str, int]

    @property
    def turns(self) -> int:
        """How many exceptions to the order were written down."""

    def unread_bytes(self) -> int:
        """Give how many bytes are there and not read."""


class BrokerLog(Log, Protocol):
    """What the metrics ask of an input on a broker besides."""

    @property
    def gaps_skipped(self) -> int:
        """How many records were gone before they were read."""

    def lag(self) -> dict[Place, int]:
        """Give how many offsets are there and not read, by partition."""

    def away_seconds(self) -> float:
        """Give for how long the broker was away."""


@dataclass
class Run:
    """A run that is under way or over; progress and summary read it.

    `skipped` tells how many rows a replay passed over, `expired` how many actions it kept from the outbox.
    """

    request: Request
    deployment: Deployment
    wiring: Wiring
    stop: Stop
    cluster: Cluster | None = None
    topics: tuple[str, ...] = ()
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    log: Log | None = None
    broker_log: BrokerLog | None = None
    skipped: Callable[[], int] = lambda: 0
    expired: Callable[[], int] = lambda: 0
    dropped: dict[str, int] = field(default_factory=dict)
    fields_counted: dict[str, int] = field(default_factory=dict)
    turns_counted: int = 0
    gaps_counted: int = 0

    def shown(self, read_at: float) -> None:
        """Note that readers see what was read at this wall clock time (latency is of interest only while following)."""
        if self.request.follow and read_at:
            self.wiring.metrics.end_to_end_seconds.observe(max(0.0, time.time() - read_at))

    def waiting(self) -> int:
        """How many members wait for another process, as the member station knows once it is open."""
        return self.wiring.waiting()

    def sample(self) -> None:
        """Bring the metrics up to date that nobody counts by the batch."""
        metrics = self.wiring.metrics
        if self.log is not None:
            metrics.lag_bytes.set(self.log.unread_bytes())
            metrics.journal_rounds_total.inc(self.log.turns - self.turns_counted)
            self.turns_counted = self.log.turns
        if self.broker_log is not None:
            self._sample_broker(self.broker_log)
        metrics.members_waiting.set(self.waiting())
        counted = dict(self.dropped)
        before = self.fields_counted
        metrics.count_dropped_fields({path: count - before.get(path, 0) for path, count in counted.items()})
        self.fields_counted = counted

    def _sample_broker(self, log: BrokerLog) -> None:
        metrics = self.wiring.metrics
        for place, count in log.lag().items():
            metrics.lag_records.labels(place.topic, str(place.partition)).set(count)
        metrics.gap_records_total.inc(log.gaps_skipped - self.gaps_counted)
        self.gaps_counted = log.gaps_skipped
        metrics.broker_away_seconds.set(log.away_seconds())

    def spend(self, name: str, nanoseconds: int) -> None:
        """Note time spent in a station."""
        self.wiring.spent[name] += nanoseconds
