"""The link tree of a member: which of its identifiers were seen together when one of them became its own.

Nodes are identifiers. Every identifier but one brought an edge: `via` beside it holds the other end ("" is the
member's first identifier). `linked_us` is the log time at which the identifier was linked, which most edges have too.
An edge of another time or other ends is packed whole (`_packed`): a merge joins two trees at the identifiers that were
seen together, which need not be where either began and were linked before. An edge is replaced where better evidence
comes, so that taking a shared identifier out of the tree parts only what nothing else holds together.

A member with more than INLINE_MAX identifiers keeps the older ones in pages, so that one with a hundred thousand costs
no more to link to than any other. `Forest` hides the pages: `whole` gives a member's tree at once, for what is rare.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from schemas.hosting import Rows
from schemas.states import Page, Person

INLINE_MAX = 512
PAGE_IDS = 256
MARK = "\x1f"


class Edge(NamedTuple):
    """Two identifiers of one member that were seen together at a log time; `at` is where it stands in the tree."""

    seen_us: int
    at: int
    one: str
    other: str


class Tree:
    """All identifiers of a member, when each was linked, and the edges between them."""

    def __init__(
        self, ids: list[str], linked_us: list[int], edges: list[Edge], absorbed: list[tuple[str, str]]
    ) -> None:  # fmt: skip
        self.ids, self.linked_us, self.edges, self.absorbed = ids, linked_us, edges, absorbed

    def parts(self, without: str) -> dict[str, int]:
        """Number the groups that stay connected when an identifier is taken out: its number by identifier."""
        return _groups(self.ids, (edge for edge in self.edges if without not in (edge.one, edge.other)), without)

    def path(self, one: str, other: str) -> list[Edge]:
        """Give the edges between two identifiers, in order from `one`."""
        around = self._around()
        came: dict[str, Edge | None] = {one: None}
        frontier = [one]
        while frontier and other not in came:
            node = frontier.pop()
            for edge in around.get(node, ()):
                end = edge.other if edge.one == node else edge.one
                if end not in came:
                    came[end] = edge
                    frontier.append(end)
        path: list[Edge] = []
        node = other
        while (step := came.get(node)) is not None:
            path.append(step)
            node = step.other if step.one == node else step.one
        return path[::-1]

    def _around(self) -> dict[str, list[Edge]]:
        around: dict[str, list[Edge]] = {}
        for edge in self.edges:
            around.setdefault(edge.one, []).append(edge)
            around.setdefault(edge.other, []).append(edge)
        return around

    def between(self) -> set[str]:
        """Give the identifiers that more than one edge touches: ways lead over them."""
        ends = Counter(end for edge in self.edges for end in (edge.one, edge.other))
        return {identifier for identifier, count in ends.items() if count > 1}

    def sides(self, keep: set[str], part: set[str]) -> set[str]:
        """Give the identifiers on the side of `part` when the youngest edges between both sides are cut.

        Edges are put back oldest first, but for one that would join the sides.
        """
        group: dict[str, str] = {identifier: identifier for identifier in self.ids}

        def top(node: str) -> str:
            while group[node] != node:
                group[node] = group[group[node]]
                node = group[node]
            return node

        side: dict[str, bool] = {}
        for chosen, is_part in ((keep, False), (part, True)):
            first = None
            for identifier in self.ids:
                if identifier in chosen:
                    first = first or identifier
                    group[top(identifier)] = top(first)
            if first is not None:
                side[top(first)] = is_part
        for edge in sorted(self.edges):
            one, other = top(edge.one), top(edge.other)
            if one == other or (one in side and other in side and side[one] != side[other]):
                continue
            group[other] = one
            if other in side:
                side[one] = side[other]
        return {identifier for identifier in self.ids if side.get(top(identifier), False)}


def _groups(ids: Iterable[str], edges: Iterable[Edge], without: str) -> dict[str, int]:
    around: dict[str, list[str]] = {}
    for edge in edges:
        around.setdefault(edge.one, []).append(edge.other)
        around.setdefault(edge.other, []).append(edge.one)
    number: dict[str, int] = {}
    count = 0
    for identifier in ids:
        if identifier in number or identifier == without:
            continue
        frontier = [identifier]
        number[identifier] = count
        while frontier:
            for end in around.get(frontier.pop(), ()):
                if end not in number:
                    number[end] = count
                    frontier.append(end)
        count += 1
    return number


class Forest:
    """The trees of all members; whoever changes a person puts it back himself."""

    def __init__(self, pages: Rows[Page]) -> None:
        self._pages = pages

    def whole(self, person: Person) -> Tree:
        """Give the whole tree of a member, its first identifier first."""
        ids, via, linked_us, absorbed = self._columns(person)
        edges = []
        for at in range(1, len(ids)):
            seen_us, one, other = _unpacked(via[at], linked_us[at])
            edges.append(Edge(seen_us, at, one or ids[0], other or ids[at]))
        return Tree(ids, linked_us, edges, absorbed)

    def linked(self, person: Person) -> tuple[list[str], list[int]]:
        """Give the identifiers of a member, and when each was linked."""
        ids, _, linked_us, _ = self._columns(person)
        return ids, linked_us

    def _columns(self, person: Person) -> tuple[list[str], list[str], list[int], list[tuple[str, str]]]:
        complete(person)
        if not person.pages:
            return [*person.ids], [*person.via], [*person.linked_us], [*person.absorbed]
        ids, via, linked_us = person.ids[:1], person.via[:1], person.linked_us[:1]
        absorbed: list[tuple[str, str]] = []
        for number in range(person.pages):
            page = self._pages.get(_page_key(person, number))
            assert page is not None, (person.member_id, number)
            ids += page.ids
            via += page.via
            linked_us += page.linked_us
            absorbed += page.absorbed
        return ids + person.ids[1:], via + person.via[1:], linked_us + person.linked_us[1:], absorbed + person.absorbed

    def plant(self, person: Person, ids: list[str], linked_us: int) -> None:
        """Give a new member its identifiers: a star around the first."""
        person.ids, person.via, person.linked_us = [*ids], [""] * len(ids), [linked_us] * len(ids)
        if len(ids) > INLINE_MAX:
            self._turn_page(person)

    def hang(self, person: Person, ids: list[str], hub: str, linked_us: int) -> None:
        """Link identifiers to one that the member has."""
        if len(person.via) < len(person.ids):
            complete(person)
        via = "" if hub == person.ids[0] else hub
        person.ids += ids
        person.via += [via] * len(ids)
        person.linked_us += [linked_us] * len(ids)
        if len(person.ids) > INLINE_MAX:
            self._turn_page(person)

    def join(
        self, into: Person, other: Person, mine: str, theirs: str, seen_us: int, stands_for: str
    ) -> tuple[list[str], list[tuple[str, str]]]:  # fmt: skip
        """Let `into` take over the tree of `other`, joined at two identifiers; give its identifiers and stones.

        The id of `other` goes with its identifier `stands_for` from then on.
        """
        ids, via, times, absorbed = self._columns(other)
        self.cut_down(other)
        complete(into)
        root = ids[0]
        into.ids += ids
        into.via.append(_packed(seen_us, mine, theirs))
        into.via += [one or root for one in via[1:]]
        into.linked_us += times
        into.absorbed += [*absorbed, (other.member_id, stands_for)]
        if len(into.ids) > INLINE_MAX:
            self._turn_page(into)
        return ids, absorbed

    def cut_down(self, person: Person) -> None:
        """Leave a member without identifiers."""
        for number in range(person.pages):
            self._pages.remove(_page_key(person, number))
        person.ids, person.via, person.linked_us, person.absorbed, person.pages = [], [], [], [], 0

    def grow(self, person: Person, tree: Tree, ids: list[str], absorbed: list[tuple[str, str]]) -> None:
        """Give a member some of a tree's identifiers, with the edges that have both ends among them.

        They must be connected by these edges, or the first of them holds the others for want of anything better.
        """
        self.cut_down(person)
        person.absorbed = absorbed
        if not ids:
            return
        mine = set(ids)
        edges = [edge for edge in tree.edges if edge.one in mine and edge.other in mine]
        order, number = list(dict.fromkeys(ids)), _groups(ids, edges, "")
        heads: dict[int, str] = {}
        for identifier in order:
            heads.setdefault(number[identifier], identifier)
        slots = {head: Edge(person.created_us, 0, order[0], head) for head in heads.values()}
        free = [identifier for identifier in order if heads[number[identifier]] != identifier]
        assert len(free) == len(edges), (person.member_id, len(free), len(edges))
        slots |= dict(zip(free, edges, strict=True))
        linked_us = dict(zip(tree.ids, tree.linked_us, strict=True))
        self._set(person, order, [linked_us[one] for one in order], [slots[one] for one in order[1:]])

    def replace(self, person: Person, old: Edge, one: str, other: str, seen_us: int) -> None:
        """Put an edge between two identifiers in the place of another."""
        tree = self.whole(person)
        tree.edges[old.at - 1] = Edge(seen_us, old.at, one, other)
        self.cut_down(person)
        person.absorbed = tree.absorbed
        self._set(person, tree.ids, tree.linked_us, tree.edges)

    def _set(self, person: Person, ids: list[str], linked_us: list[int], edges: list[Edge]) -> None:
        slots = zip(edges, ids[1:], linked_us[1:], strict=True)
        person.ids, person.linked_us = ids, linked_us
        person.via = ["", *(_slot(edge, beside, at_us, ids[0]) for edge, beside, at_us in slots)]
        self._turn_page(person)

    def _turn_page(self, person: Person) -> None:
        """Write the older identifiers of a member that has very many to rows of their own."""
        while len(person.ids) > INLINE_MAX:
            upto = PAGE_IDS + 1
            page = Page(person.ids[1:upto], person.via[1:upto], person.linked_us[1:upto], person.absorbed)
            self._pages.put(_page_key(person, person.pages), page)
            del person.ids[1:upto], person.via[1:upto], person.linked_us[1:upto]
            person.absorbed = []
            person.pages += 1


def complete(person: Person) -> None:
    """Give a row of a release without link trees its edges: a star around the first identifier, made at the start."""
    missing = len(person.ids) - len(person.via)
    if missing:
        person.via = [*person.via, *[""] * missing]
        person.linked_us = [*person.linked_us, *[person.created_us] * missing]


def _slot(edge: Edge, beside: str, linked_us: int, root: str) -> str:
    """Give what `via` says of an edge beside an identifier that was linked at a time."""
    if edge.seen_us == linked_us and beside in (edge.one, edge.other):
        end = edge.other if edge.one == beside else edge.one
        return "" if end == root else end
    return _packed(edge.seen_us, edge.one, edge.other)


def _packed(seen_us: int, one: str, other: str) -> str:
    """Pack an edge: no identifier begins with the mark, for a type's name comes first."""
    return f"{MARK}{seen_us}{MARK}{len(one)}{MARK}{one}{other}"


def _unpacked(via: str, linked_us: int) -> tuple[int, str, str]:
    """Give the time and the ends that `via` names; "" where it leaves one to its place."""
    if not via.startswith(MARK):
        return linked_us, via, ""
    seen_us, length, packed = via[1:].split(MARK, 2)
    return int(seen_us), packed[: int(length)], packed[int(length) :]


def _page_key(person: Person, number: int) -> str:
    return f"{person.member_id}#{number}"
