"""The link tree of a member in the reference model: plain lists of edges, searched anew for every question."""

from collections.abc import Iterable
from typing import NamedTuple


class Edge(NamedTuple):
    """Two identifiers that were seen together, and when (log time)."""

    one: str
    two: str
    at_us: int


def grouped(ids: Iterable[str], edges: Iterable[Edge]) -> list[set[str]]:
    """The connected groups, in the order of their first identifier; edges to other identifiers do not count."""
    order = list(ids)
    groups = [{one} for one in order]
    for edge in edges:
        first = next((group for group in groups if edge.one in group), None)
        second = next((group for group in groups if edge.two in group), None)
        if first is not None and second is not None and first is not second:
            first |= second
            groups.remove(second)
    return sorted(groups, key=lambda group: min(map(order.index, group)))


def connected(one: str, two: str, ids: Iterable[str], edges: Iterable[Edge], without: str) -> bool:
    """Whether two identifiers hang together when a value is taken out."""
    rest = [other for other in ids if other != without]
    return any(one in group and two in group for group in grouped(rest, edges))


def path(one: str, two: str, edges: list[Edge]) -> list[Edge]:
    """The edges between two identifiers of a tree."""

    def search(at: str, before: list[Edge]) -> list[Edge] | None:
        if at == two:
            return before
        for edge in edges:
            if edge not in before and at in (edge.one, edge.two):
                found = search(edge.two if edge.one == at else edge.one, [*before, edge])
                if found is not None:
                    return found
        return None

    found = search(one, [])
    assert found is not None, (one, two, edges)
    return found


def parted(ids: list[str], edges: list[Edge], keep: list[str], part: list[str]) -> list[str]:
    """The identifiers on the side of `part`, when edges join from the oldest on but never a keep with a part."""
    groups = [set(keep), set(part), *({one} for one in ids if one not in keep and one not in part)]
    for edge in sorted(edges, key=lambda edge: edge.at_us):
        (first,) = (group for group in groups if edge.one in group)
        (second,) = (group for group in groups if edge.two in group)
        sides = first | second
        if first is second or (sides & set(keep) and sides & set(part)):
            continue
        groups = [group for group in groups if group is not first and group is not second] + [sides]
    (side,) = (group for group in groups if group & set(part))
    return [one for one in ids if one in side]
