"""Instances of offers: which moments lie in their window, and how they are united and divided."""

import msgspec

from config.challenges import Offer
from schemas.standing import Happened, Instance

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


def unite(ours: Instance, theirs: Instance) -> None:
    """Join two halves of one instance; what is done stays done."""
    if theirs.done_us and (not ours.done_us or theirs.done_us < ours.done_us):
        ours.done_us, ours.progress = theirs.done_us, theirs.progress
    causes = {part.cause for part in ours.parts}
    ours.parts += [part for part in theirs.parts if part.cause not in causes]
    ours.from_us = min(ours.from_us, theirs.from_us)
    ours.until_us = max(ours.until_us, theirs.until_us) if ours.until_us and theirs.until_us else NO_END


def cut(instance: Instance, gone: set[str]) -> Instance:
    """Take out of an instance what other identifiers counted, and give it as one of their own."""
    theirs = msgspec.structs.replace(instance, parts=[part for part in instance.parts if part.by in gone])
    instance.parts = [part for part in instance.parts if part.by not in gone]
    return theirs
