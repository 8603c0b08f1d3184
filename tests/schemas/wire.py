"""Valid events of every type, by example and by generation, and ways to spoil them."""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args

import msgspec
from hypothesis import strategies as st
from msgspec import Meta, Struct

from schemas.events import EVENT_TYPES, ClockTime, DayOrInstant
from schemas.loose import Hint, origin_of

EXAMPLES = {
    str(json.loads(line)["type"]): line.encode()
    for line in (Path(__file__).parent / "examples.jsonl").read_text().splitlines()
}

LEAVES = (
    b"0", b"-0", b"1", b"-1", b"1.0", b"12.5", b"1e400", b"-1e400", b"1E2", b"10000000000000000", b"9" * 30,
    b"9" * 400, b"NaN", b"Infinity", b"null", b"true", b'""', b'"12"', b'"EUR"', b'"\\u0045UR"', b'"\xff"',
    b'"\\ud800"', b'"2026-01-31"', b'"2026-01-31T10:00Z"', b'"2026-01-31 10:00:00Z"', b'"2026-01-31T10:00:00,5Z"',
    b'"2026-01-31T10:00:00"', b'"2026-01-31T10:00:00.1234567Z"', b'"2026-01-31T24:00:00Z"', b'"1767225600"',
    b'"2026-02-30"', b'"20260131"', b'"22:00"', b'"22:00\\n"', b'"24:00"', b'"\\u0000"', b"[]", b"[null]", b'["a"]',
    b"{}", b'{"a":1}', b"[" * 40 + b"]" * 40, b"[" * 3000 + b"]" * 3000, b"01", b"", b"nul",
)  # fmt: skip


def struct_values(struct: type[Struct]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects that a struct takes, without its tag."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for info in msgspec.structs.fields(struct):
        (required if info.required else optional)[info.encode_name] = values(info.type)
    return st.fixed_dictionaries(required, optional=optional)


PLAIN: dict[Hint, st.SearchStrategy[Any]] = {
    type(None): st.none(),
    bool: st.booleans(),
    str: st.text(max_size=8),
    int: st.integers(min_value=-(2**63), max_value=2**63),
    float: st.floats(allow_nan=False, allow_infinity=False),
    date: st.dates().map(date.isoformat),
    ClockTime: st.times().map(lambda moment: moment.strftime("%H:%M")),
    DayOrInstant: st.dates().map(date.isoformat),
}


def values(hint: Hint) -> st.SearchStrategy[Any]:
    """JSON values that a field of this hint takes."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, Struct):
        return struct_values(hint)
    arguments = get_args(hint)
    composed: dict[Hint, Callable[[], st.SearchStrategy[Any]]] = {
        Annotated: lambda: bounded(arguments[0], arguments[1]),
        Literal: lambda: st.sampled_from(arguments),
        Union: lambda: st.one_of(*(values(argument) for argument in arguments)),
        UnionType: lambda: st.one_of(*(values(argument) for argument in arguments)),
        list: lambda: st.lists(values(arguments[0]), max_size=3),
        dict: lambda: st.dictionaries(st.text(max_size=8), values(arguments[1]), max_size=3),
    }
    return composed[origin_of(hint)]()


def bounded(base: Hint, meta: Meta) -> st.SearchStrategy[Any]:
    """JSON values within the bounds of a constrained field."""
    if base is datetime:
        return st.datetimes().map(with_offset)
    if base is str:
        return st.text(min_size=meta.min_length or 0, max_size=12)
    assert meta.ge is not None
    assert meta.le is not None
    if base is int:
        return st.integers(min_value=int(meta.ge), max_value=int(meta.le))
    return st.floats(min_value=float(meta.ge), max_value=float(meta.le))


def with_offset(moment: datetime) -> str:
    """Print a time as RFC 3339 does."""
    return f"{moment.isoformat()}+01:00"


@cache
def events() -> st.SearchStrategy[dict[str, Any]]:
    """Valid events of every type as JSON objects."""
    return st.one_of(
        *(
            st.tuples(st.just(name), struct_values(struct)).map(typed) for name, struct in EVENT_TYPES.items()
        )
    )


def typed(pair: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the event with its type in it."""
    return {"type": pair[0], **pair[1]}


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return every place inside a JSON value, the value itself first."""
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*path, index))
    return found


def replaced(value: object, path: tuple[str | int, ...], leaf: bytes) -> bytes:
    """Return the value as JSON with other bytes at a place."""
    if not path:
        return leaf
    pairs: list[tuple[str | int, object]]
    if isinstance(value, dict):
        pairs, names, brackets = list(value.items()), [json.dumps(key) + ":" for key in value], ("{", "}")
    else:
        assert isinstance(value, list)
        pairs, names, brackets = list(enumerate(value)), [""] * len(value), ("[", "]")
    assert path[0] in dict(pairs), f"no such place: {path[0]}"
    members = [
        name.encode() + (replaced(inner, path[1:], leaf) if key == path[0] else json.dumps(inner).encode())
        for name, (key, inner) in zip(names, pairs, strict=True)
    ]
    return brackets[0].encode() + b",".join(members) + brackets[1].encode()


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """Lines that were a valid event before one place in them was dropped, renamed, retyped, repeated or extended."""
    event = draw(events())
    path = draw(st.sampled_from(paths(event)[1:]))
    leaf = draw(st.sampled_from(LEAVES))
    parent: Any = event
    for step in path[:-1]:
        parent = parent[step]
    step, old = path[-1], parent[path[-1]]
    way = draw(st.sampled_from(["keep", "drop", "rename", "replace", "repeat", "extend"]))
    if way == "keep":
        return json.dumps(event).encode()
    if way == "drop":
        parent.pop(step)
        return json.dumps(event).encode()
    if way == "replace" or not isinstance(parent, dict):
        return replaced(event, path, leaf)
    if way == "rename":
        parent[f"{step}_"] = parent.pop(step)
        return json.dumps(event).encode()
    valid = json.dumps(old).encode()
    name = json.dumps(step).encode() if way == "repeat" else b'"surplus"'
    both = (leaf, valid) if way == "repeat" else (valid, leaf)
    return replaced(event, path, both[0] + b"," + name + b":" + both[1])
