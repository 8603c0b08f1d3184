"""How topics are read."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from schemas.log import Place

SECOND_US = 1_000_000


def _no_timer() -> int | None:
    return None


@dataclass
class KafkaLogOptions:
    """How to read; times in microseconds since 1970 end in `_us`.

    `start`: where a new deployment begins; None: with the oldest record, an int: with the first at or after that log
    time, offsets: there (a partition that is not named, with its oldest record). It has no say once there is progress.
    `until_us` stops before that log time. `write_exceptions` is False for a replay, which reads them only. `group` is
    the consumer group that shows lag tools how far the snapshots are; None: none. `hold_ms` is how long a record may
    take from its timestamp until all brokers show it. `beat_clock` moves the clock on even if no timer waits for it.
    `refresh_seconds` is how often a bounded reading looks whether the topics still are the same; a followed log knows
    it with every fence.
    """

    batch_lines: int = 1000
    follow: bool = False
    start: Mapping[Place, int] | int | None = None
    until_us: int | None = None
    future_skew_us: int = 300 * SECOND_US
    prefix: str = "balanza"
    deployment: str = "balanza"
    write_exceptions: bool = True
    group: str | None = None
    skip_gaps: bool = False
    hold_ms: int = 20
    refresh_seconds: float = 5.0
    outage_seconds_max: float = 300.0
    beat_clock: bool = False
    next_due_us: Callable[[], int | None] = field(default=_no_timer)
    wall: Callable[[], float] = time.time

    @property
    def exceptions_topic(self) -> str:
        """Where the exceptions to the order are written down."""
        return f"{self.prefix}.exceptions"
