"""Goals of challenges: what of an event counts, and what all that counted comes to.

Both are functions of what happened alone, never of its order: a late event counts as if it had come in time.
"""

from collections.abc import Iterable

from config.challenges import Goal
from schemas.standing import Happened, Part

THOUSANDTHS = 1000


def goal_value(goal: Goal) -> int:
    """Give what must be reached, in the unit in which parts count."""
    return goal.at_least * THOUSANDTHS if goal.kind == "quantity" else goal.at_least


def part_of(goal: Goal, happened: Happened) -> Part | None:
    """Give what an event counts for a goal; None where it counts nothing."""
    if not _looked_at(goal, happened):
        return None
    named = sorted(happened.lines) if happened.lines else []
    if goal.categories:
        named = [name for name in named if name in goal.categories]
        if not named:
            return None
    value = 1
    if goal.kind in {"amount", "single"}:
        value = sum(happened.lines[name] for name in named) if goal.categories else happened.amount
    elif goal.kind == "quantity":
        value = happened.quantity
    if value <= 0:
        return None
    categories = named if goal.kind == "categories" else []
    return Part(happened.cause, happened.at_us, happened.day, value, categories, happened.order_id, happened.by)


def _looked_at(goal: Goal, happened: Happened) -> bool:
    """Whether it is an event, shop, channel and money of the goal."""
    return (
        happened.name in goal.events
        and (not goal.stores or happened.store in goal.stores)
        and (not goal.channels or happened.channel in goal.channels)
        and (goal.kind not in {"amount", "single"} or happened.money == goal.money)
    )


def progress_of(goal: Goal, parts: Iterable[Part]) -> int:
    """Give what parts come to: a sum, the largest, the longest run of days, or how many categories."""
    match goal.kind:
        case "single":
            return max((part.value for part in parts), default=0)
        case "streak":
            return _longest_run({part.day for part in parts if part.value > 0})
        case "categories":
            return len({name for part in parts if part.value > 0 for name in part.categories})
        case "amount" | "count" | "quantity":
            return sum([part.value for part in parts])


def lower(goal: Goal, parts: list[Part], order_id: str, amount: int) -> None:
    """Take back what a return gives back of an order, from what counted of it, the latest first.

    Amounts are lowered; a purchase that was counted as one counts no more when nothing of it is left.
    """
    if goal.kind not in {"amount", "single"}:
        return
    for part in reversed(parts):
        if part.order_id == order_id and amount > 0:
            taken = min(part.value, amount)
            part.value -= taken
            amount -= taken


def compact(goal: Goal, parts: list[Part]) -> list[Part]:
    """Give fewer parts that come to the same: one for each identifier, or for each of its days.

    What was taken together does not know its orders any more, so a return does not lower it.
    """
    together: dict[tuple[str, int], Part] = {}
    for part in parts:
        key = (part.by, part.day if goal.kind == "streak" else 0)
        known = together.get(key)
        if known is None:
            together[key] = Part(part.cause, part.at_us, part.day, part.value, sorted(part.categories), "", part.by)
            continue
        if goal.kind in {"single", "streak"}:
            known.value = max(known.value, part.value)
        else:
            known.value += part.value
        known.categories = sorted({*known.categories, *part.categories})
    return list(together.values())


def _longest_run(days: set[int]) -> int:
    longest = 0
    for first in days:
        if first - 1 not in days:
            last = first
            while last + 1 in days:
                last += 1
            longest = max(longest, last - first + 1)
    return longest
