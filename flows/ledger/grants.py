"""What a rule gives: the one thing that earn rules, challenges and tiers hand to the ledger."""

from msgspec import Struct


class LineWorth(Struct, frozen=True, gc=False):
    """What the lines of an article (`sku`) counted for: of `amount` money, `weight` of the whole grant's."""

    sku: str
    amount: int
    weight: int


class Grant(Struct, frozen=True, gc=False):
    """`points` of a `currency`, given by a `rule` (its name in postings).

    `qualifying`: they count for the tier. They stay pending until `held_until_us` (log time) or until an event named
    `held_for` comes; both None: available at once. `held_parts`: that event's quantity says how much it releases.
    `expires_us` overrules the currency's own expiry. `lines` are there where the rule looked at an order's lines: what
    each article counted for, of `weight` in all; what is returned takes its own part back
    (flows/ledger/line_returns.py).
    """

    rule: str
    currency: str
    points: int
    qualifying: bool = True
    held_until_us: int | None = None
    held_for: str | None = None
    expires_us: int | None = None
    lines: tuple[LineWorth, ...] = ()
    weight: int = 0
    held_parts: bool = False
