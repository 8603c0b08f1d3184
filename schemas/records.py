"""Records: what leaves the flow, one struct a stored table.

A record is a fact in the past tense with an id derived from its cause, so that the same log gives the same bytes.
Times are integers, microseconds since 1970-01-01 UTC (`_us`); the warehouse's views turn them into timestamps. The
views also unfold what is stored folded: legs of an entry, identifiers of a link.
"""

from typing import Literal

from msgspec import Raw, Struct

from schemas.reasons import DecisionReason, RefusalReason, RejectReason, TierReason
from schemas.standing import OfferState, VoucherState

Outcome = Literal["sent", "deferred", "suppressed"]
IdentityKind = Literal[
    "link", "merge", "expire", "limit", "conflict", "quarantine", "release", "block", "split", "erase", "export",
    "refused",
]
DetailValue = str | int | bool | None | list[dict[str, str]]


class EventApplied(Struct, frozen=True, gc=False):
    """An event as it was applied; `ids` are canonical `type:value` pairs, `member_id` the member as at the event."""

    event_key: str
    source: str
    id: str
    type: str
    space: str
    time_us: int
    log_time_us: int
    member_id: str
    ids: list[str]
    data: Raw


class IdentityChanged(Struct, frozen=True, gc=False):
    """What changed in who is who, or was kept from changing.

    `link`: `ids` became the member's. `merge`: `other_member_id` was absorbed, `ids` came with it. `expire`: an
    anonymous member was forgotten. `limit`, `conflict`: `ids` were left out of an event, because a maximum was reached
    or because they would have merged the member with `other_member_id`. `quarantine`: a shared identifier stopped
    linking; `release`: it links again. `block`: the program blocks what the member had. `split`: `ids`
    went to `other_member_id`, a member of its own. `erase`, `export`: asked for by a person; `ids` stay empty.
    `refused`: a split, erase or export that could not be done.

    `seq` counts the identity changes of a deployment without a gap; the highest `seq` of an identifier is its present.
    """

    seq: int
    kind: IdentityKind
    at_us: int
    space: str
    member_id: str
    other_member_id: str | None
    ids: list[str]
    cause_source: str
    cause_id: str
    detail: str | None


class MemberChanged(Struct, frozen=True, gc=False):
    """A member's identity row at a version (counted per member from 1)."""

    member_id: str
    version: int
    at_us: int
    space: str
    known: bool
    created_at_us: int
    merged_into: str | None
    forgotten: bool


class EntryPosted(Struct, frozen=True, gc=False):
    """One balanced entry: `legs` are (account, signed points) and sum to zero; the rest is the state after it.

    `version` counts the member's entries without a gap. Accounts: `available`, `pending`, `receivable` are the
    member's; `issued`, `redeemed`, `adjusted`, `breakage`, `transfer` the program's. `lots` are (expires_us, signed
    points): what the entry changed of the available points that expire then.
    """

    entry_id: str
    member_id: str
    version: int
    currency: str
    legs: list[tuple[str, int]]
    effective_at_us: int
    recorded_at_us: int
    rule: str
    cause_source: str
    cause_id: str
    available: int
    pending: int
    receivable: int
    lifetime_earned: int
    lifetime_redeemed: int
    lifetime_expired: int
    lots: list[tuple[int, int]] = []


class PointsRefused(Struct, frozen=True, gc=False):
    """An accepted event that moved no points, and why."""

    refusal_id: str
    member_id: str
    at_us: int
    kind: str
    reason: RefusalReason
    currency: str | None
    points: int | None
    detail: str | None
    cause_source: str
    cause_id: str


class TierChanged(Struct, frozen=True, gc=False):
    """A member came from one tier to another (None: none); `until_us` is its end if nothing more is earned."""

    change_id: str
    member_id: str
    tier: str | None
    from_tier: str | None
    at_us: int
    until_us: int | None
    reason: TierReason


class OfferChanged(Struct, frozen=True, gc=False):
    """A member was granted an offer or challenge, completed it, or let it end; `instance` tells grants apart.

    `progress` and `goal` in the goal's own unit: minor units, events, thousandths of a quantity, days, categories.
    """

    change_id: str
    member_id: str
    offer: str
    instance: str
    state: OfferState
    progress: int
    goal: int
    at_us: int
    until_us: int | None
    cause_source: str
    cause_id: str


class VoucherChanged(Struct, frozen=True, gc=False):
    """A voucher was issued, used, cancelled or has expired; `number` counts its changes from 1 without a gap.

    `code` is the end of its code; the rest is hidden.
    """

    voucher_id: str
    number: int
    member_id: str
    reward: str
    code: str
    state: VoucherState
    at_us: int
    expires_at_us: int | None
    redemption_id: str | None
    cause_source: str
    cause_id: str


class SignalChanged(Struct, frozen=True, gc=False):
    """A signal raised or cleared; `value` in the signal's own unit (minor units of a cart's value)."""

    signal_id: str
    member_id: str
    signal: str
    state: Literal["raised", "cleared"]
    value: int | None
    at_us: int
    detail: dict[str, DetailValue]


class DecisionMade(Struct, frozen=True, gc=False):
    """One candidate, taken or not. `detail` holds the inputs, the caps left and what each channel said."""

    decision_id: str
    member_id: str
    at_us: int
    rule: str
    journey: str | None
    step: str | None
    channel: str | None
    purpose: str
    outcome: Outcome
    reason: DecisionReason
    detail: dict[str, DetailValue]


class ActionRequested(Struct, frozen=True, gc=False):
    """A request to the outside; may not leave after `expires_at_us`."""

    action_id: str
    decision_id: str
    member_id: str
    channel: str
    purpose: str
    template: str
    at_us: int
    expires_at_us: int
    body: dict[str, DetailValue]


class ReceiptNoted(Struct, frozen=True, gc=False):
    """An outcome of an action, as a provider reported it."""

    receipt_id: str
    action_id: str
    member_id: str
    channel: str
    status: str
    at_us: int
    detail: str | None


class AlertRaised(Struct, frozen=True, gc=False):
    """Something people should look at; `owner` and `playbook` are the program's words: whose it is, what to do."""

    alert_id: str
    at_us: int
    kind: str
    segment: str | None
    member_id: str | None
    owner: str
    playbook: str
    detail: str


class DeadLetter(Struct, frozen=True, gc=False):
    """A rejected input; `raw` is the line in base64."""

    reason: RejectReason
    detail: str
    raw: str
    topic: str
    partition: int
    offset: int
    log_time_us: int


Record = (
    EventApplied | IdentityChanged | MemberChanged | EntryPosted | PointsRefused | TierChanged | OfferChanged
    | VoucherChanged | SignalChanged | DecisionMade | ActionRequested | ReceiptNoted | AlertRaised | DeadLetter
)  # fmt: skip

TABLES: dict[str, type[Struct]] = {
    "events": EventApplied,
    "identity": IdentityChanged,
    "members": MemberChanged,
    "entries": EntryPosted,
    "refusals": PointsRefused,
    "tiers": TierChanged,
    "offers": OfferChanged,
    "vouchers": VoucherChanged,
    "signals": SignalChanged,
    "decisions": DecisionMade,
    "actions": ActionRequested,
    "receipts": ReceiptNoted,
    "alerts": AlertRaised,
    "dead_letters": DeadLetter,
}


MEMBER_ID = ""
"""In the place of an identifier's type: the value is the id of a member that was merged, not an identifier."""


class IdentifierMoved(Struct, frozen=True, gc=False):
    """For the surfaces' look-up table: an identifier now names `member_id`, or nobody (None).

    `before` is the member whom it named until a merge or its end; None if it is new.
    """

    space: str
    type: str
    value: str
    member_id: str | None
    before: str | None = None


class ErasedMember(Struct, frozen=True, gc=False):
    """A person to be taken out of everything that was written until now.

    `former` are the ids of all members that it had absorbed, `ids` the identifiers that it held (`type:value`) in
    `space`, with those that the request named and nobody held. `member_id` is empty where nobody was known by any.
    `seq` is the number of the identity change that erased it, `cause_key` the key of the event that asked.
    """

    member_id: str
    space: str
    former: list[str]
    ids: list[str]
    request_id: str
    at_us: int
    seq: int
    cause_key: str


class ExportAsked(Struct, frozen=True, gc=False):
    """Everything that is held on a person is to be written down; `former` are the members that it had absorbed.

    `state` is the member's packed state as of the request; whatever comes after it, an erasure too, is not in it.
    """

    member_id: str
    former: list[str]
    request_id: str
    actor: str
    at_us: int
    state: bytes = b""


class Post(Struct, frozen=True, gc=False):
    """A message to another process of ours: `topic` is its name without the deployment's prefix.

    One `after_commit` leaves only when its epoch is committed. Reading a post twice changes nothing.
    """

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    after_commit: bool = False


class Packet(Struct, gc=False):
    """What the stations hand to the sink for one batch.

    `lines` holds JSON lines by table name, encoded at once; `touched` the live member states by id, from which a sink
    that shows the present builds its documents when it flushes (the latest wins); `gone` the members that are no more
    (merged or forgotten); `posts` what goes to other processes of the same deployment; `read_at` the wall clock in
    seconds when its input was read, for latency figures only. `erased` are people to be taken out of what was written
    before and with this packet, `exports` those of whom everything is to be written down; who is exported is among
    `touched`, who is erased among `gone`, and the identifiers of the latter in `moved`, as nobody's.
    """

    lines: dict[str, bytes]
    touched: dict[str, object]
    gone: list[str]
    moved: list[IdentifierMoved]
    read_at: float = 0.0
    posts: list[Post] = []
    erased: list[ErasedMember] = []
    exports: list[ExportAsked] = []
