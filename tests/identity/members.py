"""The members of the reference model and their link trees: what is asked of them, and how they join and part.

Identifiers are canonical `type:value` strings. Everything is searched for in lists and computed anew.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from xxhash import xxh3_128_hexdigest

from tests.identity.kinds import Kinds, over_built_in
from tests.identity.trees import Edge, grouped, path

DAY_US: Final = 86_400_000_000
Told = tuple[str, str, str | None, tuple[str, ...]]


@dataclass(eq=False)
class Person:
    """A member: its identifiers from the oldest on, its link tree, and where its id leads to (`into`)."""

    member_id: str
    created_us: int
    ids: list[str]
    edges: list[Edge]
    last_day: int
    into: "Person | None" = None
    first: str = ""
    erased: bool = False
    forgotten: bool = False


@dataclass
class Outcome:
    """What came of an event: its member (None: refused), its side, rows of identity as (kind, member, other, ids)."""

    member_id: str | None = None
    by: str = ""
    linked: list[str] = field(default_factory=list)
    erased_us: int = 0
    rows: list[Told] = field(default_factory=list)
    left_out: int = 0


class Members:
    """All that ever were, merged and forgotten ones too; `told` collects what the present event changes."""

    def __init__(self, kinds: Kinds) -> None:
        self.kinds = over_built_in(kinds)
        self.members: list[Person] = []
        self.linked_us: dict[str, int] = {}
        self.tombs: dict[str, int] = {}
        self.now_us = 0
        self.key = ""
        self.told = Outcome()

    # what is asked

    def kind(self, one: str) -> dict[str, Any]:
        """The rules of an identifier's type."""
        return self.kinds[one.partition(":")[0]]

    def owner(self, one: str) -> Person | None:
        """The member that owns an identifier."""
        return next((person for person in self.members if one in person.ids), None)

    def owners(self, ids: list[str]) -> list[Person]:
        """The members that own some of the identifiers."""
        return [person for person in self.members if any(one in person.ids for one in ids)]

    def known(self, person: Person) -> bool:
        """Whether an identifier of it names a person."""
        return any(self.kind(one)["known"] for one in person.ids)

    def resolved(self, person: Person) -> Person:
        """Who a member is now, through merges."""
        while person.into is not None:
            person = person.into
        return person

    def partition(self) -> dict[str, list[str]]:
        """The identifiers of every member that has some."""
        return {person.member_id: sorted(person.ids) for person in self.members if person.ids}

    @property
    def day(self) -> int:
        """Today, by the log."""
        return self.now_us // DAY_US

    def tell(self, kind: str, person: Person | None, other: Person | None, ids: list[str]) -> None:
        """Note a row of identity."""
        member_id = "" if person is None else person.member_id
        self.told.rows.append((kind, member_id, None if other is None else other.member_id, tuple(sorted(ids))))

    # the link tree

    def link(self, person: Person, new: list[str], hub: str) -> None:
        """The link tree: new identifiers.

        A member is made by a star around its highest identifier; new values hang at the highest identifier of the event
        that the member had already.
        """
        person.ids += new
        person.edges += [Edge(hub, one, self.now_us) for one in new if one != hub]
        self.linked_us.update(dict.fromkeys(new, self.now_us))
        self.told.linked = new
        self.told.erased_us = max(self.tombs.get(one, 0) for one in new)
        self.tell("link", person, None, new)

    def merge(self, person: Person, mine: str, other: Person, theirs: str) -> None:
        """The link tree: a merge.

        A merge adds an edge between the highest identifier (in the event's order) of each side.
        """
        self.tell("merge", person, other, other.ids)
        person.edges += [Edge(mine, theirs, self.now_us), *other.edges]
        person.last_day = max(person.last_day, other.last_day)
        person.ids += other.ids
        other.first = next((one for one in other.ids if self.kind(one)["known"]), other.ids[0])
        other.into, other.ids, other.edges = person, [], []

    def evidence(self, person: Person, fit: list[str]) -> None:
        """The link tree: direct evidence takes the place of a shared value.

        If an event names two identifiers of one member whose path in the tree runs over a value of a `shared` type
        (neither end being one), a direct edge between them takes the place of the youngest edge on that path that
        touches such a value.
        """

        def is_shared(one: str) -> bool:
            return self.kind(one).get("shared") is not None

        one, *others = [one for one in fit if not is_shared(one)] or [""]
        for two in others:
            over = [edge for edge in path(one, two, person.edges) if is_shared(edge.one) or is_shared(edge.two)]
            if over:
                youngest = max(over, key=lambda edge: (edge.at_us, person.edges.index(edge)))
                person.edges[person.edges.index(youngest)] = Edge(one, two, self.now_us)

    def part(self, person: Person, ids: list[str], number: int) -> None:
        """Some identifiers become a member of its own.

        Ids of members that had been merged lead to the side that their first identifier that names a person is on, or
        their first if none of theirs did.
        """
        name = xxh3_128_hexdigest(f"{self.key}/part/{number}".encode())[:24]
        new = Person(f"m_{name}", self.now_us, ids, person.edges, self.day)
        self.keep(new, ids)
        for other in [other for other in self.members if other.into and self.resolved(other) is person]:
            other.into = new if other.first in ids else person
        self.members.append(new)
        self.tell("split", person, new, ids)

    def keep(self, person: Person, ids: list[str]) -> None:
        """A member is left with some identifiers, and the edges between them.

        Groups that hung together only over what is gone are joined at the oldest identifier.
        """
        was_known, person.ids = self.known(person), ids
        if was_known and not self.known(person):
            person.last_day = max(person.last_day, self.day)
        edges = [edge for edge in person.edges if edge.one in ids and edge.two in ids]
        heads = [next(one for one in ids if one in group) for group in grouped(ids, edges)]
        person.edges = edges + [Edge(ids[0], head, person.created_us) for head in heads[1:]]
