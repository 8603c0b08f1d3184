"""What earn rules remember of a member, and of a budget that all members share.

Counters by calendar period are a mapping of the period's number (flows/ledger/periods.py) to what was counted in it.
They hold what was given, not what was kept: a return does not make room in a cap again.
"""

import msgspec
from msgspec import Struct

Counter = dict[int, int]


class Earning(Struct, array_like=True, gc=False):
    """`counted` by `rule/what`: events that met a rule, points and times by period. `recent` for rolling caps.

    `purchases` counts orders. `recent` has (event time, points) by rule, in order of time; None while no rule needs it.
    """

    purchases: int = 0
    counted: dict[str, Counter] = {}
    recent: dict[str, list[tuple[int, int]]] | None = None


class Spent(Struct, array_like=True, gc=False):
    """What a rule used of a budget, or of one key group's share of it, by period."""

    points: Counter = {}


decode_spent = msgspec.msgpack.Decoder(Spent).decode
