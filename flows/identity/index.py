"""The identity index: which member an identifier names, and what is known of the member.

Keys are `type:value`, behind the space and a separator for any space but the default one. The index holds canonical
values only, so a raw value that is found needs no normalising.
"""

from config.program import Program
from flows.identity.normalise import Normaliser
from schemas.events import Identifiers
from schemas.hosting import Rows
from schemas.states import Person

DEFAULT_SPACE = "default"
SPACE_SEPARATOR = "\x1f"


def space_prefix(space: str) -> str:
    """Give what stands before `type:value` in the index's keys."""
    return "" if space == DEFAULT_SPACE else f"{space}{SPACE_SEPARATOR}"


def without_space(keys: list[str], space: str) -> list[str]:
    """Give the keys of a space as `type:value`."""
    begin = len(space_prefix(space))
    return [key[begin:] for key in keys] if begin else keys


class Named:
    """Who an event's identifiers name: all canonical keys, those nobody owns yet, and the members that own the rest.

    `new_known`: one of the new keys is of a type that names a person. A plain class with slots: one is made for every
    event whose identifiers do not simply name one member.
    """

    __slots__ = ("keys", "new", "new_known", "owners")

    def __init__(self, keys: list[str], owners: list[str]) -> None:
        self.keys = keys
        self.owners = owners
        self.new: list[str] = []
        self.new_known = False


class Sighted:
    """On which log day each shared value was last seen by its only person; -1 where several were."""

    def __init__(self) -> None:
        self.young: dict[str, int] = {}


class IdentityIndex:
    """Looks identifiers up; counts those that were left out by `type/why` (undeclared, blocked, invalid)."""

    def __init__(self, program: Program, owners: Rows[str], persons: Rows[Person]) -> None:
        self.owners = owners
        self.persons = persons
        self.left_out: dict[str, int] = {}
        self._normaliser = Normaliser(program)
        types = program.identity.identifiers
        self._types = tuple(types)
        self._known_types = frozenset(name for name, kind in types.items() if kind.known)
        self.anonymous_types = frozenset(name for name, kind in types.items() if not kind.known)
        self.shared_types: frozenset[str] = frozenset()
        self.sighted = Sighted()
        self.rank = {name: place for place, name in enumerate(types)}
        self._prefixes: dict[str, dict[str, str]] = {}
        self.default_prefixes = self.prefixes_of(DEFAULT_SPACE)

    def prefixes_of(self, space: str) -> dict[str, str]:
        """Give the key prefix of each declared type in a space."""
        prefixes = self._prefixes.get(space)
        if prefixes is None:
            before = space_prefix(space)
            prefixes = self._prefixes[space] = {name: f"{before}{name}:" for name in self._types}
        return prefixes

    def in_rank(self, ids: Identifiers) -> Identifiers:
        """Give identifiers with the strongest type first; undeclared ones last."""
        if len(ids) <= 1:
            return ids
        rank = self.rank
        return {kind: ids[kind] for kind in sorted(ids, key=lambda kind: rank.get(kind, len(rank)))}

    def look_up(self, ids: Identifiers, prefixes: dict[str, str]) -> Named:
        """Give what an event's identifiers name, normalised, each key once."""
        named = Named([], [])
        for kind, given in ids.items():
            prefix = prefixes.get(kind)
            if prefix is None:
                self._leave_out(kind, "undeclared")
                continue
            for value in (given,) if type(given) is str else given:
                self._look_up_one(kind, prefix, value, named)
        return named

    def _look_up_one(self, kind: str, prefix: str, value: str, named: Named) -> None:
        key = prefix + value
        owner = self.owners.young.get(key)
        if owner is None:
            canonical, wrong = self._normaliser.canonical(kind, value)
            if canonical is None:
                self._leave_out(kind, str(wrong))
                return
            if canonical != value:
                key = prefix + canonical
            owner = self.owners.get(key)
        if key in named.keys:
            return
        named.keys.append(key)
        if owner is None:
            named.new.append(key)
            named.new_known = named.new_known or kind in self._known_types
        elif owner not in named.owners:
            named.owners.append(owner)

    def _leave_out(self, kind: str, why: str) -> None:
        label = f"{kind if kind in self._types else 'other'}/{why}"
        self.left_out[label] = self.left_out.get(label, 0) + 1

    def why_nobody(self, ids: Identifiers) -> str | None:
        """Say, for an event whose identifiers were all left out, what was wrong with them; None: there were none."""
        problems = []
        for kind, given in ids.items():
            for value in (given,) if isinstance(given, str) else given:
                if kind not in self._types:
                    problems.append(f"data.ids.{kind}: undeclared type")
                else:
                    wrong = self._normaliser.canonical(kind, value)[1]
                    problems.append(f"data.ids.{kind}: {wrong} value {value[:80]!r}")
        return "; ".join(problems) or None

    def person(self, member_id: str) -> Person | None:
        """Give the person a member id stands for now, through merges."""
        person = self.persons.get(member_id)
        while person is not None and person.merged_into is not None:
            person = self.persons.get(person.merged_into)
        return person
