"""The identity index: which member an identifier names, and what is known of the member.

Keys are `type:value`, behind the space and a separator for any space but the default one. The index holds canonical
values only, so a raw value that is found needs no normalising.
"""

from typing import NamedTuple

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


class Named(NamedTuple):
    """Who an event's identifiers name: canonical keys, and their owners (None: nobody yet), in the same order."""

    keys: list[str]
    owners: list[str | None]


class IdentityIndex:
    """Looks identifiers up; counts those that were left out by `type/why` (undeclared, blocked, invalid)."""

    def __init__(self, program: Program, owners: Rows[str], persons: Rows[Person]) -> None:
        self.owners = owners
        self.persons = persons
        self.left_out: dict[str, int] = {}
        self._normaliser = Normaliser(program)
        self._types = tuple(program.identity.identifiers)
        self._known_types = frozenset(
            name for name, kind in program.identity.identifiers.items() if kind.known
        )  # fmt: skip
        self._prefixes: dict[str, dict[str, str]] = {}
        self.prefixes_of(DEFAULT_SPACE)

    def prefixes_of(self, space: str) -> dict[str, str]:
        """Give the key prefix of each declared type in a space."""
        prefixes = self._prefixes.get(space)
        if prefixes is None:
            before = space_prefix(space)
            prefixes = self._prefixes[space] = {name: f"{before}{name}:" for name in self._types}
        return prefixes

    def look_up(self, ids: Identifiers, prefixes: dict[str, str]) -> Named:
        """Give the canonical keys of an event's identifiers and their owners; the hot loop of stitching."""
        keys: list[str] = []
        owners: list[str | None] = []
        table = self.owners
        for kind, given in ids.items():
            prefix = prefixes.get(kind)
            if prefix is None:
                self._leave_out(kind, "undeclared")
                continue
            for value in (given,) if type(given) is str else given:
                key = prefix + value
                owner = table.young.get(key) or table.load(key)
                if owner is None:
                    canonical = self._canonical(kind, value)
                    if canonical is None:
                        continue
                    key = prefix + canonical
                    owner = table.get(key)
                if key not in keys:
                    keys.append(key)
                    owners.append(owner)
        return Named(keys, owners)

    def _canonical(self, kind: str, value: str) -> str | None:
        canonical, wrong = self._normaliser.canonical(kind, value)
        if wrong is not None:
            self._leave_out(kind, wrong)
        return canonical

    def _leave_out(self, kind: str, why: str) -> None:
        label = f"{kind if kind in self._types else 'other'}/{why}"
        self.left_out[label] = self.left_out.get(label, 0) + 1

    def names_somebody(self, keys: list[str], space: str) -> bool:
        """Say whether one of the keys is of a type that names a person."""
        begin = len(space_prefix(space))
        return any(key[begin : key.index(":", begin)] in self._known_types for key in keys)

    def why_nobody(self, ids: Identifiers) -> str | None:
        """Say, for an event whose identifiers were all left out, what was wrong with them; None: there were none."""
        problems = []
        for kind, given in ids.items():
            for value in (given,) if isinstance(given, str) else given:
                if kind not in self._types:
                    problems.append(f"data.ids.{kind}: not a declared type")
                else:
                    problems.append(f"data.ids.{kind}: {self._normaliser.canonical(kind, value).wrong} value {value[:80]!r}")
        return "; ".join(problems) or None

    def person(self, member_id: str) -> Person | None:
        """Give the person a member id stands for now, through merges."""
        person = self.persons.get(member_id)
        while person is not None and person.merged_into is not None:
            person = self.persons.get(person.merged_into)
        return person
