"""From a program file's text to plain data that remembers where everything stands.

YAML is read by the rules of YAML 1.2's core schema, so that no unquoted word is taken for something else: `on`, `no`
and `21:00` are texts, `010` is not eight, a date stays a text. Keys are texts always. Aliases, tags and several
documents are refused: a program needs none, and without aliases the data is never larger than its text.
"""

import re
from dataclasses import dataclass, field
from typing import Final

import yaml

from config.references import Location

DEPTH_MAX: Final = 32

_PLAIN_SCALARS: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]+([eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})", list("-+0123456789")),
)


@dataclass(slots=True)
class Fault:
    """Something that makes the text unusable as it stands; `line` and `column` from 1."""

    line: int
    column: int
    location: Location
    found: str
    expected: str
    message: str


@dataclass(slots=True)
class Source:
    """Plain data of a file; `positions` has the (line, column) of every value's key or list entry; see `position`."""

    data: dict[str, object] = field(default_factory=dict)
    positions: dict[Location, tuple[int, int]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def position(self, location: Location) -> tuple[int, int]:
        """Line and column of `location`, or of the nearest thing around it that is in the file."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.positions:
                return self.positions[location[:length]]
        return self.positions.get((), (1, 1))


class _Loader(yaml.SafeLoader):
    """Composes nodes only; resolves plain scalars by the core schema and refuses what a program needs not."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # as the base has it

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        """The next node; ComposerError at an alias, a tag, or beyond `DEPTH_MAX` levels."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stub has no types
        refused = None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            refused = "anchors and aliases are not accepted; write the value out"
        elif getattr(event, "tag", None) is not None:
            refused = "tags are not accepted; write a plain or quoted value"
        elif self.depth >= DEPTH_MAX:
            refused = f"nested deeper than {DEPTH_MAX} levels"
        if refused is not None:
            raise yaml.composer.ComposerError(None, None, refused, event.start_mark)
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]  # the stub's index is int
        self.depth -= 1
        return node


for _name, _pattern, _first in _PLAIN_SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), _first)


def read_yaml(text: str) -> Source:
    """The data of `text` with positions; whatever YAML itself refuses stands in `faults`."""
    source = Source()
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        source.faults.append(Fault(line, column, (), "", "YAML", f"not readable as YAML: {error.problem}"))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"the character {error.character!r}"
        source.faults.append(Fault(line, 1, (), found, "printable text", f"found {found}; expected printable text"))
    else:
        _read_top(source, node)
    return source


def _read_top(source: Source, node: yaml.Node | None) -> None:
    expected = "a mapping with the keys program, version, time_zone, currencies …"
    if isinstance(node, yaml.MappingNode):
        source.positions[()] = _mark(node)
        source.data = _mapping(source, node, ())
        return
    found = "a list" if isinstance(node, yaml.SequenceNode) else "a single value" if node and node.value else "nothing"
    line, column = (1, 1) if node is None else _mark(node)
    source.faults.append(Fault(line, column, (), found, expected, f"found {found}; expected {expected}"))


def _mapping(source: Source, node: yaml.MappingNode, at: Location) -> dict[str, object]:
    """The mapping with texts as keys; the first of two equal keys stays, the second is a fault."""
    data: dict[str, object] = {}
    for key_node, value_node in node.value:
        line, column = _mark(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            source.faults.append(
                Fault(line, column, at, "a list or mapping", "a text", "a key must be a text, not a list or a mapping")
            )
            continue
        key: str = key_node.value
        location = (*at, key)
        if key in data:
            earlier = source.positions[location][0]
            message = f"key {key!r} stands twice; it is in line {earlier} already"
            source.faults.append(Fault(line, column, location, repr(key), "each key once", message))
            continue
        source.positions[location] = (line, column)
        data[key] = _value(source, value_node, location)
    return data


def _value(source: Source, node: yaml.Node, at: Location) -> object:
    if isinstance(node, yaml.MappingNode):
        return _mapping(source, node, at)
    if isinstance(node, yaml.SequenceNode):
        entries: list[object] = []
        for index, entry in enumerate(node.value):
            source.positions[(*at, index)] = _mark(entry)
            entries.append(_value(source, entry, (*at, index)))
        return entries
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return node.value.lower() == "true"
        case "int":
            return int(node.value)
        case "float":
            return float(node.value)
        case _:
            return node.value


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
