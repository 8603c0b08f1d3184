"""Instances of offers: which moments lie in their window, and how they are united and divided."""

import msgspec

from config.challenges import Offer
from flows.ledger.goals import goal_value, progress_of
from schemas.standing import Happened, Instance, Part

NO_END = 0


def when(happened: Happened) -> tuple[int, str]:
    """Give the place of what happened among others: by its own time."""
    return happened.at_us, happened.cause


def in_window(offer: Offer, from_us: int, until_us: int, at_us: int) -> bool:
    """Whether a moment lies in a window whose ends count as the offer says."""
    after_start = at_us >= from_us if offer.at_start == "inclusive" else at_us > from_us
    if until_us == NO_END:
        return after_start
    return after_start and (at_us <= until_us if offer.at_end == "inclusive" else at_us < until_us)


def inside(offer: Offer, instance: Instance, at_us: int) -> bool:
    """Whether a moment lies in an instance's window, its ends as the offer says."""
    return in_window(offer, instance.from_us, instance.until_us, at_us)


def reached_by(offer: Offer, parts: list[Part], used: set[str]) -> str | None:
    """Give the first event with which parts, by their own time, reach the goal; none that is `used` up."""
    goal = goal_value(offer.goal)
    for number, part in enumerate(parts, 1):
        if part.cause not in used and progress_of(offer.goal, parts[:number]) >= goal:
            return part.cause
    return None


def unite(ours: Instance, theirs: Instance) -> None:
    """Join two halves of one instance; what is done stays done."""
    if theirs.done_us and (not ours.done_us or theirs.done_us < ours.done_us):
        ours.done_us, ours.progress, ours.done_by = theirs.done_us, theirs.progress, theirs.done_by
    causes = {part.cause for part in ours.parts}
    ours.parts += [part for part in theirs.parts if part.cause not in causes]
    ours.from_us = min(ours.from_us, theirs.from_us)
    ours.until_us = max(ours.until_us, theirs.until_us) if ours.until_us and theirs.until_us else NO_END


def cut(instance: Instance, gone: set[str]) -> Instance:
    """Take out of an instance what other identifiers counted, and give it as one of their own."""
    theirs = msgspec.structs.replace(instance, parts=[part for part in instance.parts if part.by in gone])
    instance.parts = [part for part in instance.parts if part.by not in gone]
    return theirs
