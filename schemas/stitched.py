"""What the stitcher hands on: events that know their member, and what happened to members, in one order."""

from collections.abc import Callable
from typing import final

import msgspec
from msgspec import Struct

from schemas.events import Event
from schemas.records import (
    ActionRequested,
    DecisionMade,
    EntryPosted,
    IdentifierMoved,
    PointsRefused,
    ReceiptNoted,
    SignalChanged,
)


class Cause(Struct, gc=False):
    """Why a record exists: the event (its key, source and id), when it happened and when the log had it."""

    key: str
    source: str
    id: str
    event_us: int
    log_us: int


@final
class Stitched(Cause, gc=False):
    """An event of a member; `linked` are identifiers that became the member's with it (`type:value`).

    `known` says whether the member has an identifier that names a person (it is set only beside `linked`), `created`
    whether it is new with this event, so that nobody need look for it.
    """

    member_id: str
    event: Event
    linked: list[str] | None
    known: bool
    created: bool


class Merged(Cause, gc=False):
    """`absorbed` is from now on part of `member_id`."""

    member_id: str
    absorbed: str


class Forgotten(Cause, gc=False):
    """An anonymous member without activity is gone."""

    member_id: str


Step = Stitched | Merged | Forgotten


class StitchedBatch(Struct, gc=False):
    """Steps in order; then the clock up to which timers may fire; the records and look-ups that stitching made."""

    steps: list[Step]
    clock_us: int
    lines: dict[str, bytes]
    moved: list[IdentifierMoved]
    gone: list[str]
    read_at: float


class Emit:
    """Where machines put what they say: records by table, and timers (due, owner, kind, key)."""

    def __init__(self, wake: Callable[[int, str, str, str], None]) -> None:
        self.entries: list[EntryPosted] = []
        self.refusals: list[PointsRefused] = []
        self.signals: list[SignalChanged] = []
        self.decisions: list[DecisionMade] = []
        self.actions: list[ActionRequested] = []
        self.receipts: list[ReceiptNoted] = []
        self.wake = wake

    def lines(self) -> dict[str, bytes]:
        """Encode all records so far as JSON lines by table."""
        tables: dict[str, list[Struct]] = {
            "entries": [*self.entries],
            "refusals": [*self.refusals],
            "signals": [*self.signals],
            "decisions": [*self.decisions],
            "actions": [*self.actions],
            "receipts": [*self.receipts],
        }
        return encode_tables(tables)

    def clear(self) -> None:
        """Forget all records, to begin the next batch."""
        for records in (self.entries, self.refusals, self.signals, self.decisions, self.actions, self.receipts):
            records.clear()


_encoder = msgspec.json.Encoder()


def encode_tables(tables: dict[str, list[Struct]]) -> dict[str, bytes]:
    """Encode records as JSON lines, one bytes object a table that has any."""
    return {name: _encoder.encode_lines(records) for name, records in tables.items() if records}
