"""What a member may hold: whether identifiers that came in one event may all be one member's.

A `unique` type allows one value a member, a `max` so many that were linked inside its window (365, 30 or 7 days of log
time, or for ever). Only what an event adds is judged: a member that holds more already, by a steward's alias or an
older program, goes on as it is.
"""

from collections.abc import Sequence
from typing import NamedTuple

from config.identity import WITHIN_DAYS, IdentifierType
from config.program import Program
from flows.identity.tree import Forest
from schemas.records import IdentityKind
from schemas.states import Person

DAY_US = 86_400_000_000


class Misfit(NamedTuple):
    """Why identifiers cannot be one member's: `conflict` over a unique type or `limit`; `holders` hold values of it."""

    kind: IdentityKind
    type: str
    rule: str
    holders: list[Person]


class Limit(NamedTuple):
    """A limit of one identifier type; `window_us` None is for ever."""

    type: str
    prefix: str
    kind: IdentityKind
    values: int
    window_us: int | None
    rule: str


class Limits:
    """Judges unions of members and new identifiers by the program's limits, unique types first."""

    def __init__(self, program: Program, rank: dict[str, int], forest: Forest) -> None:
        self._forest = forest
        types = sorted(program.identity.identifiers.items(), key=lambda pair: rank[pair[0]])
        unique = [Limit(name, f"{name}:", "conflict", 1, None, "unique") for name, kind in types if kind.unique]
        self._limits = [*unique, *(limit for name, kind in types if (limit := _maximum(name, kind)) is not None)]
        self._limited = frozenset(limit.type for limit in self._limits)

    def misfit(self, persons: Sequence[Person], new: list[str], log_us: int) -> Misfit | None:
        """Give the first limit that the union of these members and identifiers of new types would break, or None."""
        if len(persons) < 2 and self._limited.isdisjoint(new):  # noqa: PLR2004  a union
            return None
        fewer = sorted(persons, key=_size)[:-1]
        for limit in self._limits:
            added = new.count(limit.type)
            if (not persons and added <= limit.values) or (not added and len(persons) < 2):  # noqa: PLR2004  a union
                continue
            if not added and not any([self._held(one, limit, log_us) for one in fewer]):  # noqa: C419  faster here
                continue  # whatever the one with the most holds: nobody adds to it
            held = [self._held(person, limit, log_us) for person in persons]
            holders = [person for person, count in zip(persons, held, strict=True) if count]
            if sum(held) + added > limit.values and (added or len(holders) > 1):
                return Misfit(limit.kind, limit.type, limit.rule, holders)
        return None

    def _held(self, person: Person, limit: Limit, log_us: int) -> int:
        prefix, ids, linked_us = limit.prefix, person.ids, person.linked_us
        if person.pages or len(linked_us) < len(ids):
            ids, linked_us = self._forest.linked(person)
        if limit.window_us is None:
            return len([1 for identifier in ids if identifier.startswith(prefix)])
        since_us = log_us - limit.window_us
        times = zip(ids, linked_us, strict=True)
        return len([1 for identifier, at_us in times if identifier.startswith(prefix) and at_us > since_us])


def _size(person: Person) -> tuple[int, int]:
    return person.pages, len(person.ids)


def _maximum(name: str, kind: IdentifierType) -> Limit | None:
    if kind.max is None:
        return None
    days = WITHIN_DAYS[kind.max.within]
    over = "for ever" if days is None else f"in {days} days"
    rule = f"at most {kind.max.values} {over}"
    return Limit(name, f"{name}:", "limit", kind.max.values, None if days is None else days * DAY_US, rule)
