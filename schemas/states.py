"""What the stations keep: plain structs, packed as msgpack arrays, a format version first.

Fields are only ever added at the end with a default, so that older rows stay readable; anything else raises
`STATE_FORMAT` and needs a migration (tests/runtime/test_state_format.py keeps a packed row of every released version).
All times are microseconds since 1970-01-01 UTC; amounts are minor units; points are integers.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from schemas.earning_states import Earning
from schemas.standing import Offers, Shelf, Standing, Voucher

STATE_FORMAT = 1

ConsentState = Literal["granted", "denied", "withdrawn"]


class Person(Struct, array_like=True, gc=False):
    """What the stitcher knows of a member. `ids` are canonical `type:value` strings, the one that made it first.

    `via` and `linked_us` stand beside `ids` and say how each came to the member: the edges of its link tree
    (flows/identity/tree.py). `absorbed` are the members merged into it, each with the identifier that its id goes with:
    its first that named a person, or its first. Of a member
    with very many identifiers the older ones stand in `pages` rows of their own. `alerted` are members with which a
    conflict was told already.
    """

    member_id: str
    space: str
    known: bool
    created_us: int
    last_day: int
    ids: list[str]
    version: int = 1
    merged_into: str | None = None
    via: list[str] = []
    linked_us: list[int] = []
    absorbed: list[tuple[str, str]] = []
    pages: int = 0
    alerted: list[str] = []


class Page(Struct, array_like=True, gc=False):
    """Older identifiers of a member that has very many, and members it absorbed; the fields are those of `Person`."""

    ids: list[str]
    via: list[str]
    linked_us: list[int]
    absorbed: list[tuple[str, str]]


class Sighting(Struct, array_like=True, gc=False):
    """Who was seen with a shared identifier: an identifier of each person (its anchor), and the last log day.

    `day` is the last day where there is one person only and the identifier is its own (its own row is then older);
    SEVERAL otherwise.
    """

    day: int
    people: list[tuple[str, int]]


SEVERAL = -1


class Lot(Struct, array_like=True, gc=False):
    """Points that expire together: what is left of one earning. `number` is the member's, of lots and holds.

    `by` is the identifier that earned it, empty where it is the books' own `by`; `ordered` if an order may be returned.
    """

    expires_us: int
    number: int
    left: int
    by: str = ""
    ordered: bool = False


class Lapsed(Struct, array_like=True, gc=False):
    """What expired of an order's lot: a return of the order takes it back from there."""

    at_us: int
    points: int
    by: str


class Account(Struct, array_like=True, gc=False):
    """A member's points in one currency; `receivable` is what a return took back beyond the balance.

    `lots` are what of `available` expires, `lotted` points in all, by (expires_us, number). `timer_us` is when the
    account is woken next (0: it sleeps); expiries up to `warned_us` were warned of, `warnings` are those that stand.
    """

    available: int = 0
    pending: int = 0
    receivable: int = 0
    earned: int = 0
    redeemed: int = 0
    expired: int = 0
    lots: list[Lot] = []
    lotted: int = 0
    timer_us: int = 0
    warned_us: int = 0
    warnings: list[int] = []


class Hold(Struct, array_like=True, gc=False):
    """Points that are pending until `until_us` of log time or an event `awaits`; earned by the event `source`, `id`.

    `qualifying` says whether they count for the tier when they are released; None: they were counted when they were
    earned (rows of the versions that did so). `parts`: an event that says a quantity releases so much of it.
    """

    currency: str
    points: int
    rule: str
    until_us: int
    awaits: str
    expires_us: int
    by: str
    source: str
    id: str
    ordered: bool = False
    qualifying: bool | None = None
    parts: bool = False


class Accrual(Struct, array_like=True, gc=False):
    """An accepted accrual, so that it counts once."""

    at_us: int
    currency: str
    points: int
    by: str = ""


class Share(Struct, array_like=True, gc=False):
    """What the events of one identifier did to an account."""

    earned: int = 0
    redeemed: int = 0
    expired: int = 0


class Earned(Struct, array_like=True, gc=False):
    """What an order earned by one rule, and how much of it returns took back.

    `lot` is the number of its lot or hold (0: it has none) that expires at `expires_us`; `waived` is what of
    `taken_back` the currency's policy let the member keep. `lines` (article, amount, weight) are there where the rule
    looked at lines, of `weight` in all.
    """

    rule: str
    currency: str
    points: int
    taken_back: int = 0
    lot: int = 0
    expires_us: int = 0
    waived: int = 0
    qualifying: bool = True
    lines: list[tuple[str, int, int]] = []
    weight: int = 0


class Order(Struct, array_like=True, gc=False):
    """An order as far as returns need it; `purchased` is false while only a return has come.

    `by` is the identifier it was bought under; `others` are what was bought or returned under the same order id by
    another one: the order as far as it is theirs, should the member be split. `lines` is what was returned of which
    article, as far as returns said so.
    """

    at_us: int
    money: str
    total: int
    returned: int
    purchased: bool
    earned: list[Earned]
    by: str = ""
    others: list["Order"] = []
    lines: dict[str, int] = {}


class Redemption(Struct, array_like=True, gc=False):
    """An accepted redemption, until it is cancelled; `draws` are what it took from lots."""

    at_us: int
    currency: str
    points: int
    cancelled: bool = False
    by: str = ""
    draws: list[Lot] = []


class Books(Struct, array_like=True, gc=False):
    """A member's ledger: accounts by currency, orders and redemptions by id; `entries` counts without a gap.

    What an account counts was done by events of the identifier `by`, but for the `shares` (identifier, currency) of
    others: a member that always comes under one name has none. Lots and holds are numbered up to `lots`; `awaited` are
    the numbers of holds by the event they wait for, `lapsed` what expired by the number of its lot.
    """

    accounts: dict[str, Account] = {}
    orders: dict[str, Order] = {}
    redemptions: dict[str, Redemption] = {}
    entries: int = 0
    by: str = ""
    shares: dict[str, dict[str, Share]] = {}
    lots: int = 0
    holds: dict[int, Hold] = {}
    awaited: dict[str, list[int]] = {}
    accruals: dict[str, Accrual] = {}
    lapsed: dict[int, Lapsed] = {}


class Cart(Struct, array_like=True, gc=False):
    """A cart: when its status was said (event time), when it counts as abandoned (0: it does not), by whom (`by`)."""

    event_us: int
    active: bool
    due_us: int
    value: int | None
    money: str | None
    cause_key: str
    raised: bool = False
    by: str = ""


class Consent(Struct, array_like=True, gc=False):
    """The state of consent for a channel and purpose, since when (event time), from where, and by whom (`by`)."""

    state: ConsentState
    event_us: int
    origin: str
    by: str = ""


class Contact(Struct, array_like=True, gc=False):
    """A message that was requested: what the caps count."""

    at_us: int
    channel: str
    purpose: str


class Deferred(Struct, array_like=True, gc=False):
    """A candidate that waits for the end of quiet hours."""

    rule: str
    subject: str
    due_us: int
    expires_us: int
    cause_key: str


class Relations(Struct, array_like=True, gc=False):
    """How a member may be spoken to: consents by `channel/purpose`, wishes, what was sent, what waits.

    `erased_us`: one of the identifiers belonged to a person who was erased then; consents from before do not count.
    """

    consents: dict[str, Consent] = {}
    contacts: list[Contact] = []
    deferred: dict[str, Deferred] = {}
    channels: list[str] = []
    topics: list[str] = []
    frequency: str = "normal"
    quiet: tuple[str, str] | None = None
    time_zone: str | None = None
    language: str | None = None
    wished_us: int = 0
    erased_us: int = 0


class Member(Struct, array_like=True, gc=False):
    """A member: identifiers by type (the latest last), ledger, carts, relations; `version` counts every change."""

    member_id: str
    space: str
    known: bool = False
    version: int = 0
    events: int = 0
    updated_us: int = 0
    merged_into: str | None = None
    ids: dict[str, list[str]] = {}
    attributes: dict[str, str | int | float | bool | list[str] | None] = {}
    attributes_us: int = 0
    purchased_us: int = 0
    books: Books = msgspec.field(default_factory=Books)
    carts: dict[str, Cart] = {}
    relations: Relations = msgspec.field(default_factory=Relations)
    earning: Earning = msgspec.field(default_factory=Earning)
    standing: Standing | None = None
    offers: Offers | None = None
    vouchers: dict[str, Voucher] = {}


class Totals(Struct, array_like=True, gc=False):
    """Counts since the deployment began; every line that was read is in exactly one of the first four."""

    applied: int = 0
    duplicate: int = 0
    blank: int = 0
    rejected: dict[str, int] = {}
    members: int = 0
    known_members: int = 0
    merges: int = 0
    links: int = 0
    identity_seq: int = 0
    log_us: int = 0
    first_log_us: int = 0
    left_out: dict[str, int] = {}
    steps: int = 0
    versions: int = 0
    changes: dict[str, int] = {}
    alerts: dict[str, int] = {}
    tombstones: int = 0


def read_lines(totals: Totals) -> int:
    """Give how many lines were read, blank ones left out."""
    return totals.applied + totals.duplicate + sum(totals.rejected.values())


class MemberTotals(Struct, array_like=True, gc=False):
    """Counts of the member station since the deployment began; `outstanding` are the points members hold.

    `pending` are those held back, `expiring` those that expire by `CURRENCY YYYY-MM`, `breakage` what expired or was
    written off, `costs` what rules gave less what returns took back, by `CURRENCY RULE`. `tiers` are changes by
    `TIER REASON` (`none`: no tier), `offers` by `OFFER STATE`, `vouchers` by `REWARD STATE`.
    `steps` are the stitcher's that were applied here, `log_us` the log time of the last of them.
    """

    entries: int = 0
    outstanding: dict[str, int] = {}
    receivable: dict[str, int] = {}
    refusals: dict[str, int] = {}
    signals: dict[str, int] = {}
    decisions: dict[str, int] = {}
    actions: dict[str, int] = {}
    receipts: int = 0
    expired_anonymous: int = 0
    steps: int = 0
    log_us: int = 0
    alerts: dict[str, int] = {}
    pending: dict[str, int] = {}
    expiring: dict[str, int] = {}
    breakage: dict[str, int] = {}
    costs: dict[str, int] = {}
    tiers: dict[str, int] = {}
    offers: dict[str, int] = {}
    vouchers: dict[str, int] = {}


encode_state = msgspec.msgpack.Encoder().encode
decode_person = msgspec.msgpack.Decoder(Person).decode
decode_page = msgspec.msgpack.Decoder(Page).decode
decode_sighting = msgspec.msgpack.Decoder(Sighting).decode
decode_member = msgspec.msgpack.Decoder(Member).decode
decode_shelf = msgspec.msgpack.Decoder(Shelf).decode
decode_totals = msgspec.msgpack.Decoder(Totals).decode
decode_member_totals = msgspec.msgpack.Decoder(MemberTotals).decode
