"""What the stitcher hands on: events that know their member, and what happened to members, in one order."""

from collections.abc import Callable
from typing import final

import msgspec
from msgspec import Struct

from schemas.events import Event
from schemas.records import (
    ActionRequested,
    AlertRaised,
    DecisionMade,
    EntryPosted,
    ErasedMember,
    IdentifierMoved,
    OfferChanged,
    PointsRefused,
    ReceiptNoted,
    SignalChanged,
    TierChanged,
    VoucherChanged,
)


class Cause(Struct, gc=False):
    """Why a record exists: the event (its key, source and id), when it happened and when the log had it."""

    key: str
    source: str
    id: str
    event_us: int
    log_us: int


@final
class Stitched(Cause, gc=False, array_like=True, tag="event"):
    """An event of a member; `linked` are identifiers that became the member's with it (`type:value`).

    `known` says whether the member has an identifier that names a person (it is set only beside `linked`), `created`
    whether it is new with this event, so that nobody need look for it. `by` is the strongest of the event's
    identifiers (`type:value`): whose side the event is on should the member ever be split. `erased_us` is set beside
    `linked` where one of the new identifiers belonged to a person who was erased, to when that was.
    """

    member_id: str
    event: Event
    linked: list[str] | None
    known: bool
    created: bool
    by: str = ""
    erased_us: int = 0


class Merged(Cause, gc=False, array_like=True, tag="merged"):
    """`absorbed` is from now on part of `member_id`.

    Between workers it has the number of its step (`seq`), and says which of its two halves the worker does who reads
    it: `gives` for the worker of `absorbed`, `takes` for the worker of `member_id`.
    """

    member_id: str
    absorbed: str
    seq: int = 0
    gives: bool = True
    takes: bool = True


class Forgotten(Cause, gc=False, array_like=True, tag="forgotten"):
    """An anonymous member without activity is gone."""

    member_id: str


class Parted(Cause, gc=False, array_like=True, tag="parted"):
    """`part_id` is from now on a member of its own, with the identifiers `ids` (`type:value`) of `member_id`.

    What an event did goes with the side that its `by` is on. `known` says whether the part names a person,
    `keeps_known` whether what stays does. Between workers `seq`, `gives` (the worker of `member_id`) and `takes` (that
    of `part_id`) mean what they mean in a merge.
    """

    member_id: str
    part_id: str
    ids: list[str]
    known: bool
    keeps_known: bool
    seq: int = 0
    gives: bool = True
    takes: bool = True


class Unlinked(Cause, gc=False, array_like=True, tag="unlinked"):
    """Identifiers (`type:value`) are not the member's any more: too many people use them."""

    member_id: str
    ids: list[str]


class Erased(Cause, gc=False, array_like=True, tag="erased"):
    """The person behind a member is to be forgotten for good; what the books held goes to an anonymous account."""

    member_id: str
    request_id: str


class Exported(Cause, gc=False, array_like=True, tag="exported"):
    """Everything that is held on a member, and on those it absorbed, was asked for."""

    member_id: str
    former: list[str]
    request_id: str
    actor: str


Halved = Merged | Parted


def giver_taker(step: Halved) -> tuple[str, str, str]:
    """Give the members of a step's two halves, who gives and who takes, and whose state travels."""
    if isinstance(step, Merged):
        return step.absorbed, step.member_id, step.absorbed
    return step.member_id, step.part_id, step.part_id


Step = Stitched | Merged | Forgotten | Parted | Unlinked | Erased | Exported


class Copy(Struct, gc=False, array_like=True):
    """A member on its way to another worker: `packed` is its state at the step `seq` that merged or parted it.

    `absorbed` is who travels: the member that was merged into `member_id`, or the part, which is `member_id` itself.
    `late`, set by who reads it: the step was passed before, so it is of use only to a member that waits for it.
    """

    format: int
    seq: int
    member_id: str
    absorbed: str
    packed: bytes
    late: bool = False


class StitchedBatch(Struct, gc=False):
    """Steps in order; then the clock up to which timers may fire; the records and look-ups that stitching made.

    Between workers `copies` are members that came from other workers; they are there before the steps.
    """

    steps: list[Step]
    clock_us: int
    lines: dict[str, bytes]
    moved: list[IdentifierMoved]
    gone: list[str]
    read_at: float
    copies: list[Copy] = []
    erased: list[ErasedMember] = []


class Emit:
    """Where machines put what they say: records by table, and timers (due, owner, kind, key)."""

    def __init__(self, wake: Callable[[int, str, str, str], None]) -> None:
        self.entries: list[EntryPosted] = []
        self.refusals: list[PointsRefused] = []
        self.tiers: list[TierChanged] = []
        self.offers: list[OfferChanged] = []
        self.vouchers: list[VoucherChanged] = []
        self.signals: list[SignalChanged] = []
        self.decisions: list[DecisionMade] = []
        self.actions: list[ActionRequested] = []
        self.receipts: list[ReceiptNoted] = []
        self.alerts: list[AlertRaised] = []
        self.wake = wake

    def lines(self) -> dict[str, bytes]:
        """Encode all records so far as JSON lines by table."""
        tables: dict[str, list[Struct]] = {
            "entries": [*self.entries],
            "refusals": [*self.refusals],
            "tiers": [*self.tiers],
            "offers": [*self.offers],
            "vouchers": [*self.vouchers],
            "signals": [*self.signals],
            "decisions": [*self.decisions],
            "actions": [*self.actions],
            "receipts": [*self.receipts],
            "alerts": [*self.alerts],
        }
        return encode_tables(tables)

    def clear(self) -> None:
        """Forget all records, to begin the next batch."""
        for records in (
            self.entries, self.refusals, self.tiers, self.offers, self.vouchers, self.signals, self.decisions,
            self.actions, self.receipts, self.alerts,
        ):  # fmt: skip
            records.clear()


_encoder = msgspec.json.Encoder()


def encode_tables(tables: dict[str, list[Struct]]) -> dict[str, bytes]:
    """Encode records as JSON lines, one bytes object a table that has any."""
    return {name: _encoder.encode_lines(records) for name, records in tables.items() if records}
