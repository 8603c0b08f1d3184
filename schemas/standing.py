"""What a member reached and holds beside points: tier, offers and challenges, vouchers; and what is left of a stock.

Packed with the member (schemas/states.py); fields are only ever added at the end with a default. Times are microseconds
since 1970-01-01 UTC, 0 where there is no end. `by` is the identifier (`type:value`) of the event that made something,
so that a later split can tell whose it is.
"""

from typing import Literal

from msgspec import Struct

OfferState = Literal["granted", "completed", "expired"]
VoucherState = Literal["issued", "used", "cancelled", "expired"]


class Share(Struct, array_like=True, gc=False):
    """What one identifier's events count for the tier.

    `sums` by measure and bucket (a year, or the ordinal of a local day, as the program's period asks), `totals` by
    measure over all time. Both are signed: what returns took back can be more than a bucket has.
    """

    sums: dict[str, dict[int, int]] = {}
    totals: dict[str, int] = {}


class Plan(Struct, array_like=True, gc=False):
    """A paid membership, as its latest event (by event time) says; `ends_us` 0: until it is said to lapse."""

    status: str
    event_us: int
    ends_us: int
    by: str = ""


class Standing(Struct, array_like=True, gc=False):
    """A member's tier and what it rests on.

    `uses` are uses of perks: by perk, then by the day, month or year they fell in. `due_us` is when the one timer is
    due that reviews the tier. `changes` counts changes of tier without a gap. `landed_us` is when the member fell to a
    tier that it had not earned itself, for one period.
    """

    joined_us: int
    tier: str | None = None
    since_us: int = 0
    due_us: int = 0
    changes: int = 0
    shares: dict[str, Share] = {}
    plans: dict[str, Plan] = {}
    uses: dict[str, dict[str, int]] = {}
    landed_us: int = 0


class Happened(Struct, array_like=True, gc=False):
    """What of an event challenges count: `name` is its type, of an activity its kind.

    `amount` in minor units of `money` (purchases), `lines` the part of it by category, `quantity` in thousandths.
    `meets` are offers whose condition the event met.
    """

    cause: str
    at_us: int
    day: int
    name: str
    amount: int = 0
    money: str = ""
    lines: dict[str, int] = {}
    quantity: int = 0
    store: str = ""
    channel: str = ""
    order_id: str = ""
    by: str = ""
    meets: list[str] = []


class Part(Struct, array_like=True, gc=False):
    """What one event counts in an instance: `value` in the goal's unit, its local `day`, its categories."""

    cause: str
    at_us: int
    day: int
    value: int
    categories: list[str] = []
    order_id: str = ""
    by: str = ""


class Instance(Struct, array_like=True, gc=False):
    """An offer or challenge as one grant gave it; it counts what lies in its window and is completed once.

    `parts` are emptied at completion: `progress` is what they came to then, `done_by` the event that completed it.
    """

    offer: str
    from_us: int
    until_us: int
    cause: str
    by: str
    parts: list[Part] = []
    done_us: int = 0
    progress: int = 0
    done_by: str = ""


class Offers(Struct, array_like=True, gc=False):
    """Instances by key, and what happened lately, for grants that come later than what they cover.

    `granted` are the keys of grants that named themselves, with their log time: one that comes again is refused, also
    when its instance is over and gone.
    """

    instances: dict[str, Instance] = {}
    recent: list[Happened] = []
    granted: dict[str, int] = {}


class Voucher(Struct, array_like=True, gc=False):
    """A right to a reward, issued once; `number` counts its changes."""

    reward: str
    code: str
    state: VoucherState
    issued_us: int
    expires_us: int
    number: int = 1
    redemption_id: str | None = None
    changed_us: int = 0
    by: str = ""


class Shelf(Struct, array_like=True, gc=False):
    """How many of a reward were taken from a stock, less what cancelled vouchers gave back."""

    taken: int = 0
