"""What returned lines take back of a rule that looked at lines: by the lines that come back, not by the order's total.

A grant of such a rule says what each article counted for (`Grant.lines`) of all that counted (`Grant.weight`). A return
with lines takes the part of the articles it names; one without lines takes in proportion to the money, like returns of
orders that no rule looked into. Everything is reckoned over all returns of the order together and rounded down once, so
neither their order nor their number matters, and a full return takes exactly what was given.
"""

from collections.abc import Mapping, Sequence
from math import lcm

from flows.ledger.grants import LineWorth


def taken_back(
    points: int, lines: Sequence[LineWorth], weight: int, total: int, returned: int, returned_lines: Mapping[str, int]
) -> int:  # fmt: skip
    """How many of `points` all returns so far take back.

    The order's `total` and what was `returned` of it are money; `returned_lines` is how much of that was of which
    article (sku), nothing for returns without lines.
    """
    if total <= 0 or returned >= total:
        return points if returned > 0 else 0
    if not lines or weight <= 0:
        return points * returned // total
    unnamed = max(0, returned - sum(returned_lines.values()))
    scale = lcm(total, *[line.amount for line in lines])  # so that everything is a whole number of these parts
    share = weight * unnamed * (scale // total)
    for line in lines:
        share += line.weight * min(returned_lines.get(line.sku, 0), line.amount) * (scale // line.amount)
    return points * max(0, min(share, weight * scale)) // (weight * scale)
