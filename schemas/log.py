"""What a connector hands to the flow: a batch of one ordered input.

Log time is the order's clock (microseconds since 1970-01-01 UTC): for files the running maximum of the event times,
for a broker its timestamp. Rows of a batch never go back in log time, and no batch goes back behind the one before.
"""

from typing import NamedTuple

from msgspec import Struct

from schemas.decode import Rejected
from schemas.events import Event


class LogTrouble(Exception):
    """Something is wrong with an input. Its progress stands behind what it gave, so that may be committed.

    Whatever else a log raises is a mistake of ours, in which its progress may be ahead of what it gave: then nothing
    may be committed.
    """


class Place(NamedTuple):
    """A partition of a topic; prints as `topic/partition`."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


Row = tuple[int, int, Place, int, bytes, Event | Rejected]
"""(log_us, event_us, place, offset, raw, event): one decoded line. `raw` are its bytes without the line's end,
`event_us` the event's own time (0 for a rejected line), `offset` where the line begins. A plain tuple, since one is
made for every event and a named one costs ten times as much."""


class LogBatch(Struct, gc=False):
    """Rows in order, then a clock up to which timers may fire (None: it stays where the last row put it).

    `blank` counts empty lines passed over; `read_at` is the wall clock in seconds when the batch was read, for latency
    figures only: no machine sees it.
    """

    rows: list[Row]
    clock_us: int | None
    blank: int
    read_at: float
