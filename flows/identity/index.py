"""The identity index: which member an identifier names, and what is known of the member.

Keys are `type:value`, behind the space and a separator for any space but the default one. The index holds canonical
values only, so a raw value that is found needs no normalising. A quarantined value names its member behind a mark: the
member that is credited with what only this value says, to whom it links nothing.
"""

from operator import attrgetter

from msgspec import Struct

from config.program import Program
from flows.identity.normalise import Normaliser
from schemas.events import Identifiers
from schemas.hosting import Marks, Rows
from schemas.states import SEVERAL, Page, Person, Sighting

DEFAULT_SPACE = "default"
SPACE_SEPARATOR = "\x1f"
QUARANTINED = "!"


def space_prefix(space: str) -> str:
    """Give what stands before `type:value` in the index's keys."""
    return "" if space == DEFAULT_SPACE else f"{space}{SPACE_SEPARATOR}"


def without_space(keys: list[str], space: str) -> list[str]:
    """Give the keys of a space as `type:value`."""
    begin = len(space_prefix(space))
    return [key[begin:] for key in keys] if begin else keys


def in_space(identifiers: list[str], space: str) -> list[str]:
    """Give the keys of `type:value`s in a space."""
    before = space_prefix(space)
    return [before + identifier for identifier in identifiers] if before else identifiers


class Found(Struct, gc=False):
    """An identifier of an event: its key, its type, how strong it is (0 the strongest), and who owns it now."""

    rank: int
    key: str
    kind: str
    owner: str | None

    @property
    def quarantined(self) -> bool:
        """Whether it links nothing any more."""
        return self.owner is not None and self.owner[0] == QUARANTINED


class Named(Struct, gc=False):
    """Who an event's identifiers name: each once, the strongest first; `member_id` where an action's id says it.

    `set_apart`: some of them were quarantined when they were looked up. `refused` are not among them: members have
    these, and the program blocks them now.
    """

    found: list[Found]
    member_id: str | None = None
    set_apart: bool = False
    refused: list[Found] = []

    @property
    def keys(self) -> list[str]:
        """All keys."""
        return [one.key for one in self.found]


class Tables(Struct):
    """The rows that identity is kept in.

    `owners`: by identifier, the member it names. `persons` and their `pages`. `sighted`: by shared identifier, who was
    seen with it. `erased`: when a person was erased, by keyed hash of each identifier. `weak`: members whose tree leads
    over shared identifiers; `refused`: identifiers that the program has come to block. These two are all in memory.
    """

    owners: Rows[str]
    persons: Rows[Person]
    pages: Rows[Page]
    sighted: Rows[Sighting]
    erased: Rows[int]
    weak: Marks
    refused: Marks


class IdentityIndex:
    """Looks identifiers up; counts those that were left out by `type/why` (undeclared, blocked, invalid …)."""

    def __init__(self, program: Program, tables: Tables) -> None:
        self.tables = tables
        self.owners, self.persons = tables.owners, tables.persons
        self.sighted, self.weak, self.refused = tables.sighted, tables.weak.names, tables.refused
        self.left_out: dict[str, int] = {}
        self.gone_anchors: set[str] = set()
        self._normaliser = Normaliser(program)
        self.refuses, self.refused_by = self._normaliser.refuses, self._normaliser.refused_by
        self._judges = self._normaliser.judges
        types = program.identity.identifiers
        self._types = tuple(types)
        strongest_first = sorted(types, key=lambda name: -types[name].priority)
        self.rank = {name: at for at, name in enumerate(strongest_first)}
        self.known_types = frozenset(name for name, kind in types.items() if kind.known)
        self.anonymous_types = frozenset(name for name, kind in types.items() if not kind.known)
        self.shared_types = frozenset(name for name, kind in types.items() if kind.shared is not None)
        self.identifiers_max = program.limits.event_identifiers_max
        self._prefixes: dict[str, dict[str, str]] = {}
        self.default_prefixes = self.prefixes_of(DEFAULT_SPACE)

    def prefixes_of(self, space: str) -> dict[str, str]:
        """Give the key prefix of each declared type in a space."""
        prefixes = self._prefixes.get(space)
        if prefixes is None:
            before = space_prefix(space)
            prefixes = self._prefixes[space] = {name: f"{before}{name}:" for name in self._types}
        return prefixes

    def look_up(self, ids: Identifiers, prefixes: dict[str, str]) -> Named:
        """Give what an event's identifiers name, normalised, each key once, the strongest first."""
        found: dict[str, Found] = {}
        for kind, given in ids.items():
            prefix = prefixes.get(kind)
            if prefix is None:
                self.leave_out(kind, "undeclared")
                continue
            for value in (given,) if type(given) is str else given:
                one = self._look_up_one(kind, prefix, value)
                if one is not None:
                    found.setdefault(one.key, one)
        listed = list(found.values())
        if len(listed) > 1:
            listed.sort(key=_rank)
        refused, names = list[Found](), self.refused.names
        if names:
            refused = [one for one in listed if one.key in names]
            listed = [one for one in listed if one.key not in names] if refused else listed
        set_apart = any([one.quarantined for one in listed])  # noqa: C419  a list is faster here
        return Named(listed, None, set_apart, refused)

    def _look_up_one(self, kind: str, prefix: str, value: str) -> Found | None:
        key = prefix + value
        owner = self.owners.young.get(key)
        if owner is None:
            canonical, wrong = self._normaliser.canonical(kind, value)
            if canonical is None:
                had = self._normaliser.unjudged(kind, value)
                owner = None if had is None else self.owners.get(prefix + had)
                if had is None or owner is None:
                    self.leave_out(kind, str(wrong))
                    return None
                return Found(self.rank[kind], prefix + had, kind, owner)
            if canonical == value:
                owner = self.owners.load(key)
            else:
                key = prefix + canonical
                owner = self.owners.get(key)
        return Found(self.rank[kind], key, kind, owner)

    def look_up_members(self, ids: Identifiers, prefixes: dict[str, str]) -> Named:
        """Give what a request about members names: values that the program has come to block name theirs to the end."""
        named = self.look_up(ids, prefixes)
        for one in named.refused:
            assert one.owner is not None, one.key
            one.owner = one.owner.removeprefix(QUARANTINED)
        found = sorted([*named.found, *named.refused], key=_rank)
        return Named(found, None, any(one.quarantined for one in found))

    def mark_refused(self, before: str, ids: list[str]) -> None:
        """Mark those identifiers anew, after they changed their owner, that the program has come to block."""
        for key in [before + one for one in ids if before + one in self.refused.names] if self.refused.names else ():
            self.owners.put(key, QUARANTINED + (self.owners.get(key) or ""))

    def find(self, kind: str, prefix: str, value: str) -> tuple[str, str | None]:
        """Give the key of a value that is not among the young owners as it came, and its owner.

        One that does not count is owned like a quarantined one; why it does not is for `look_up` to say.
        """
        key = prefix + value
        owner = self.owners.recall(key)
        if owner is None:
            canonical = self._judges[kind](value)[0]
            if canonical is None:
                return key, QUARANTINED
            if canonical != value:
                key = prefix + canonical
                return key, self.owners.get(key)
            owner = self.owners.load(key)
        return key, owner

    def too_many(self, ids: Identifiers) -> str | None:
        """Say that an event has more identifiers than are accepted, or None."""
        count = len(ids)
        for given in ids.values():
            if type(given) is not str:
                count += len(given) - 1
        if count <= self.identifiers_max:
            return None
        accepted = f"at most {self.identifiers_max} identifiers (limits.event_identifiers_max)"
        return f"data.ids: expected {accepted}, found {count}"

    def leave_out(self, kind: str, why: str) -> None:
        """Count an identifier that does not count for its event."""
        label = f"{kind if kind in self.rank else 'other'}/{why}"
        self.left_out[label] = self.left_out.get(label, 0) + 1

    def why_nobody(self, ids: Identifiers) -> str | None:
        """Say, for an event whose identifiers were all left out, what was wrong with them; None: there were none."""
        problems = []
        for kind, given in ids.items():
            for value in (given,) if isinstance(given, str) else given:
                if kind not in self.rank:
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

    def forget_sightings(self) -> None:
        """Take the identifiers of erased people out of who was seen with shared values.

        Nobody knows which those were, so every row is looked at, once for all who were erased since the last time.
        Until then they stand in `gone_anchors`, and who was seen with a value is read without them.
        """
        gone = self.gone_anchors
        for key, sighting in self.sighted.each() if gone else ():
            people = sighting.people
            if len(people) == 1 and people[0][0] not in gone:
                continue  # most are of one person
            left = [(who, day) for who, day in people if who not in gone]
            if not left:
                self.sighted.remove(key)
            elif len(left) < len(people):
                self.sighted.put(key, Sighting(SEVERAL, left))
        gone.clear()

    def credited(self, named: Named) -> Person | None:
        """Give whom the strongest quarantined value credits, that still is somebody."""
        for one in named.found:
            if one.quarantined and one.owner is not None:
                person = self.person(one.owner.removeprefix(QUARANTINED))
                if person is not None:
                    return person
        return None


_rank = attrgetter("rank")
