"""What returned lines take back of a rule that looked at lines: by the lines that come back, not by the order's total.

What an order earned by such a rule says what each article counted for (`Earned.lines`) of all that counted
(`Earned.weight`). A return with lines takes the part of the articles that it names; what returns without lines name
not goes in proportion to the money, like every return of what no rule looked into. Everything is reckoned over all
returns of the order together and rounded down once a rule, so neither their order nor their number matters, and a full
return takes exactly what was given.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from schemas.events import OrderLine
from schemas.states import Earned, Order

Rule = tuple[str, str]


class Due(NamedTuple):
    """What is to be taken back of a piece's earned points (below zero: given back)."""

    piece: Order
    earned: Earned
    points: int


def note_lines(piece: Order, lines: Sequence[OrderLine] | None) -> None:
    """Remember how much of which article a return brought back; senders write it with either sign."""
    for line in lines or ():
        if line.amount:
            piece.returned_lines[line.sku] = piece.returned_lines.get(line.sku, 0) + abs(line.amount)


def dues_by_line(pieces: Sequence[Order], total: int, returned: int) -> Iterator[Due]:
    """What all returns together are due and have not taken yet, of an order that did not come back whole."""
    back: Counter[str] = Counter()
    bought: dict[Rule, Counter[str]] = {}
    for piece in pieces:
        back.update(piece.returned_lines)
        for earned in piece.earned:
            articles = bought.setdefault((earned.rule, earned.currency), Counter())
            articles.update({line.sku: line.amount for line in earned.lines})
    by_money = Fraction(returned, total)
    unnamed = Fraction(max(0, returned - sum(back.values())), total)
    earlier: dict[Rule, Fraction] = {}
    for piece in pieces:
        for earned in piece.earned:
            rule = earned.rule, earned.currency
            share = by_money if not earned.lines else _share(earned, bought[rule], back, unnamed)
            before = earlier.get(rule, Fraction(0))
            earlier[rule] = after = before + earned.points * share
            points = int(after) - int(before) - earned.taken_back
            if points:
                yield Due(piece, earned, points)


def _share(earned: Earned, bought: Mapping[str, int], back: Mapping[str, int], unnamed: Fraction) -> Fraction:
    """The part of what was earned that is due: that of the articles that came back, and of what nobody named."""
    if earned.weight <= 0:
        return Fraction(0)
    named = Fraction(0)
    for sku, _, weight in earned.lines:
        named += Fraction(weight * min(back.get(sku, 0), bought[sku]), bought[sku])
    return max(Fraction(0), min(Fraction(1), named / earned.weight + unnamed))
