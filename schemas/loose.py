"""Twins of the strict wire structs that pass over unknown fields, and the names each part of an event knows.

The strict structs refuse unknown fields. A sender may add fields all the same, so every struct gets a twin made from it
by program: same fields, same constraints, same tags, only `forbid_unknown_fields` is off. The two therefore differ in
unknown fields and in nothing else. A type that a program declares as an activity becomes a further twin of `Activity`
whose `kind` defaults to that type.
"""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from schemas.events import EVENT_TYPES, Activity, ActivityData

Hint = Any  # a type hint as an object: the typing module has no type for "any annotation"


def origin_of(hint: Hint) -> Any:  # noqa: ANN401 - an origin is any class or special form
    """Return what a hint is made from (`list`, `Union` …), or None; typing's own signature knows too few of them."""
    return get_origin(hint)


@cache
def loose_twin(strict: type[Struct]) -> type[Struct]:
    """Return the twin of a struct class; parts inside it become twins as well."""
    config = strict.__struct_config__
    return msgspec.defstruct(
        strict.__name__,
        _fields(strict),
        frozen=True,
        gc=False,
        kw_only=True,
        tag_field=config.tag_field,
        tag=config.tag,
        namespace={"__doc__": strict.__doc__},
    )


def declared_twin(kind: str) -> type[Struct]:
    """Return a twin of `Activity` with the tag `kind`; `data.kind` defaults to it."""
    data = msgspec.defstruct("ActivityData", _fields(ActivityData, kind=kind), frozen=True, gc=False, kw_only=True)
    fields = [(name, data if name == "data" else hint, default) for name, hint, default in _fields(Activity)]
    return msgspec.defstruct("Activity", fields, frozen=True, gc=False, kw_only=True, tag_field="type", tag=kind)


def loose_types(activities: frozenset[str]) -> dict[str, type[Struct]]:
    """Return the twin of every event type by its wire name, the declared activities among them."""
    twins = {name: loose_twin(strict) for name, strict in EVENT_TYPES.items()}
    return twins | {kind: declared_twin(kind) for kind in sorted(activities)}


def _fields(strict: type[Struct], **defaults: str) -> list[tuple[str, Hint, Any]]:
    """Return the fields of a struct as `defstruct` takes them, with other defaults where given."""
    fields: list[tuple[str, Hint, Any]] = []
    for info in msgspec.structs.fields(strict):
        default = defaults.get(info.name, info.default)
        wire = msgspec.field(name=info.encode_name, default=default)
        fields.append((info.name, _loosened(info.type), wire))
    return fields


def _loosened(hint: Hint) -> Hint:
    """Return the hint with every struct class in it replaced by its twin."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return loose_twin(hint)
    origin, arguments = origin_of(hint), get_args(hint)
    if origin is None or origin is Literal or origin is Annotated:
        return hint
    inner = tuple(_loosened(argument) for argument in arguments)
    return Union[inner] if origin in (Union, UnionType) else origin[inner]  # noqa: UP007 - built from a tuple


class Part(Struct, frozen=True):
    """The names that one object of the wire may carry, and its parts that are objects again.

    `path` is where the object stands, the event type first; `inner` holds (name, part, whether it is a list of parts).
    """

    path: str
    names: frozenset[str]
    inner: tuple[tuple[str, "Part", bool], ...]


def known_part(struct: type[Struct], path: str) -> Part:
    """Return the names that a struct knows on the wire; its tag field counts as known."""
    infos = msgspec.structs.fields(struct)
    tag_field = struct.__struct_config__.tag_field
    names = frozenset(info.encode_name for info in infos) | ({tag_field} if tag_field else set())
    inner = [
        (info.encode_name, known_part(part, f"{path}.{info.encode_name}"), many)
        for info in infos
        for part, many in _parts(info.type)
    ]
    return Part(path, names, tuple(inner))


def _parts(hint: Hint, *, many: bool = False) -> Iterator[tuple[type[Struct], bool]]:
    """Yield the struct classes inside a hint, each with whether it stands in a list."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint, many
        return
    for argument in get_args(hint):
        yield from _parts(argument, many=many or origin_of(hint) is list)
