"""Pydantic models of the wire events, made from the msgspec structs by program so that the two cannot drift.

What msgspec takes is the contract. The models print the JSON Schema and find every problem of a refused line where
msgspec stops at the first. They are strict (no conversion between types); a struct that refuses unknown fields gives a
model that does, a loose twin gives one that ignores them. Where the two libraries disagree stands in docs/events.md and
is held by tests/schemas/test_differential.py.
"""

from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args

import msgspec
from msgspec import Meta, Struct
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from schemas.described import description
from schemas.loose import Hint, loose_types, origin_of

BOUNDS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")


@cache
def model_of(struct: type[Struct]) -> type[BaseModel]:
    """Return the model of a struct class: same fields, wire names, constraints and defaults."""
    config = struct.__struct_config__
    fields: dict[str, Any] = {}
    if config.tag_field is not None:
        kind = Literal[str(config.tag)]  # type: ignore[valid-type]  # the tag is known only at run time
        fields[config.tag_field] = (kind, Field(description=description(struct.__name__, config.tag_field)))
    for info in msgspec.structs.fields(struct):
        fields[info.name] = (model_hint(info.type), _field(struct, info))
    extra: Literal["forbid", "ignore"] = "forbid" if config.forbid_unknown_fields else "ignore"
    return create_model(
        struct.__name__, __config__=ConfigDict(strict=True, extra=extra), __doc__=struct.__doc__, **fields
    )


def event_models() -> dict[str, type[BaseModel]]:
    """Return the model of every event type by its wire name; unknown fields are ignored."""
    return {name: model_of(loose) for name, loose in loose_types(frozenset()).items()}


def _field(struct: type[Struct], info: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 - as pydantic's Field
    """Return pydantic's description of one field."""
    default = ... if info.required else info.default
    names_somebody = info.required and info.name in {"ids", "keep", "part"}
    return Field(
        default,
        alias=info.encode_name,
        description=description(struct.__name__, info.encode_name),
        json_schema_extra={"minProperties": 1} if names_somebody else None,
    )


def model_hint(hint: Hint) -> Hint:
    """Return a msgspec type hint as pydantic reads it."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return model_of(hint)
    if hint is float:
        return Annotated[float, Field(allow_inf_nan=False)]
    origin, arguments = origin_of(hint), get_args(hint)
    if origin is None or origin is Literal:
        return hint
    if origin is Annotated:
        return _constrained(arguments[0], [one for one in arguments[1:] if isinstance(one, Meta)])
    inner = tuple(model_hint(argument) for argument in arguments)
    return Union[inner] if origin in (Union, UnionType) else origin[inner]  # noqa: UP007 - built from a tuple


def _constrained(base: Hint, metas: list[Meta]) -> Hint:
    """Return a base type with msgspec's constraints in pydantic's words."""
    bounds = {name: getattr(meta, name) for meta in metas for name in BOUNDS if getattr(meta, name) is not None}
    if base is datetime:
        assert all(meta.tz for meta in metas), "every time on the wire is aware"
        return AwareDatetime
    if base is float:
        bounds["allow_inf_nan"] = False
    return Annotated[base, Field(**bounds)]
