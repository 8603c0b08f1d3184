"""From a program file's text to plain data that remembers where everything stands.

YAML is read by the rules of YAML 1.2's core schema, so that no unquoted word is taken for something else: `on`, `no`
and `21:00` are texts, `010` is not eight, a date stays a text. Keys are texts always. Aliases, tags and several
documents are refused: a program needs none, and without aliases the data is never larger than its text.
"""

import re
from dataclasses import dataclass, field
from typing import Final

import yaml

from config.problems import Location, Problem, dotted

DEPTH_MAX: Final = 32

_PLAIN_SCALARS: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]+([eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})", list("-+0123456789")),
)


@dataclass(slots=True)
class Source:
    """Plain data of `file`; `positions` has the (line, column), from 1, of every key and list entry.

    `values` has where the value of a key begins.
    """

    file: str
    data: dict[str, object] = field(default_factory=dict)
    positions: dict[Location, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    values: dict[Location, tuple[int, int]] = field(default_factory=dict)

    def position(self, location: Location) -> tuple[int, int]:
        """Line and column of `location`, or of the nearest thing around it that is in the file."""
        for length in range(len(location), 0, -1):
            if location[:length] in self.positions:
                return self.positions[location[:length]]
        return self.positions.get((), (1, 1))

    def refuse(self, place: tuple[int, int], at: Location, found: str, expected: str, message: str = "") -> None:
        """Note a problem at `place` (line, column); without a `message` it is made from what was found and expected."""
        message = message or f"found {found}; expected {expected}"
        self.problems.append(Problem(self.file, *place, dotted(at), found, expected, message))


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


def read_yaml(text: str, file: str) -> Source:
    """The data of `text`, the content of `file`, with positions; what YAML itself refuses stands in `problems`."""
    source = Source(file)
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        source.refuse(place, (), "", "YAML", f"not readable as YAML: {error.problem}")
    except yaml.reader.ReaderError as error:
        place = (text.count("\n", 0, error.position) + 1, 1)
        source.refuse(place, (), f"the character {error.character!r}", "printable text")
    except (ValueError, OverflowError) as error:  # the scanner hands an escape such as "\U00110000" to chr()
        source.refuse((1, 1), (), "", "YAML", f"not readable as YAML: {error}")
    else:
        _read_top(source, node)
    return source


def _read_top(source: Source, node: yaml.Node | None) -> None:
    if isinstance(node, yaml.MappingNode):
        source.positions[()] = _mark(node)
        source.data = _mapping(source, node, ())
        return
    found = "a list" if isinstance(node, yaml.SequenceNode) else "a single value" if node and node.value else "nothing"
    place = (1, 1) if node is None else _mark(node)
    source.refuse(place, (), found, "a mapping with the keys program, version, time_zone, currencies and others")


def _mapping(source: Source, node: yaml.MappingNode, at: Location) -> dict[str, object]:
    """The mapping with texts as keys; the first of two equal keys stays, the second is a problem."""
    data: dict[str, object] = {}
    for key_node, value_node in node.value:
        place = _mark(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            source.refuse(place, at, "a list or a mapping as a key", "a text")
            continue
        key: str = key_node.value
        location = (*at, key)
        if key in data:
            message = f"key {key!r} stands twice; line {source.positions[location][0]} has it already"
            source.refuse(place, location, repr(key), "each key once", message)
            continue
        source.positions[location] = place
        source.values[location] = _mark(value_node)
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
    return _scalar(node.tag.rpartition(":")[2], node.value)


def _scalar(kind: str, text: str) -> object:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            return text


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
