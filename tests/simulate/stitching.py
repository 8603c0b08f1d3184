"""The plainest stitching there is: events that share an identifier, directly or by others, are one person's."""

from collections.abc import Iterable

import orjson

from connectors.simulate import Line

Identifier = tuple[str, str]


def components(lines: Iterable[Line]) -> dict[str, Identifier]:
    """Event id to the representative of its connected component, by union-find."""
    parent: dict[Identifier, Identifier] = {}
    names: dict[str, Identifier] = {}

    def root(node: Identifier) -> Identifier:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for line in lines:
        found = [(kind, plain(kind, value)) for kind, value in orjson.loads(line.raw)["data"]["ids"].items()]
        names[line.id] = found[0]
        for other in found[1:]:
            parent[root(other)] = root(found[0])
    return {event: root(name) for event, name in names.items()}


def plain(kind: str, value: str) -> str:
    """An identifier without the variants in which it arrives: case, blanks, a British phone's national form."""
    text = value.strip().lower().replace(" ", "")
    return f"+44{text[1:]}" if kind == "phone" and text.startswith("0") else text
