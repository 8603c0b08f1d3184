"""From one of pydantic's errors about a program to a sentence that says what was found and what is accepted.

What is accepted is read from the program's JSON Schema, so a message cannot say anything else than the models do.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, cast

from pydantic_core import ErrorDetails

from config.fields import time_zones
from config.phrases import SLUG_EXPECTED, Schema, did_you_mean, expected, render
from config.problems import Location, printable
from config.program import Program

# Kinds of errors whose message, made by our own validators, says already what is accepted.
_OWN_KINDS: Final = frozenset({
    "duration", "delay", "time_zone", "moment", "quiet_hours", "unknown_reference", "repeated", "shadowing", "priority",
    "contradiction", "pattern", "expiry", "earn", "expression", "standing",
})  # fmt: skip


def describe(error: ErrorDetails) -> tuple[Location, str, str, str]:
    """(location, found, expected, message) of `error`, one of the errors of validating a `Program`."""
    location: Location = error["loc"]
    if error["type"] == "extra_forbidden":
        return (location, *_unknown_key(location))
    if location[-1:] == ("[key]",):
        location = location[:-1]
        found, wanted = render(location[-1]), SLUG_EXPECTED
        return location, found, wanted, f"found the key {found}; expected {wanted}"
    schema = _schema_at(location)
    if error["type"] == "missing":
        wanted = expected(schema)
        return location, "nothing", wanted, f"missing key {location[-1]!r}; expected {wanted}"
    found, wanted, accepted = render(error["input"]), expected(schema), cast("Iterable[str]", schema.get("enum", []))
    if error["type"] in _OWN_KINDS:
        wanted, accepted = _own_words(error)
    if error["type"] == "expression":
        found = error["ctx"]["found"]
    hint = did_you_mean(error["input"], accepted) if isinstance(error["input"], str) else ""
    return location, found, wanted, f"found {found}; expected {wanted}{hint}"


def _own_words(error: ErrorDetails) -> tuple[str, Iterable[str]]:
    """What an error of our own validators accepts, in words and as a list if there is one."""
    if error["type"] == "time_zone":
        return error["msg"], time_zones()
    if error["type"] in {"earn", "expression"}:
        return error["msg"], error["ctx"]["accepted"]
    if error["type"] != "unknown_reference":
        return error["msg"], ()
    accepted: list[str] = error["ctx"]["accepted"]
    return f"{error['msg']}: {', '.join(map(printable, accepted)) or 'there is none'}", accepted


def _unknown_key(location: Location) -> tuple[str, str, str]:
    key = str(location[-1])
    keys = list(cast("Schema", _schema_at(location[:-1]).get("properties", {})))
    wanted = ", ".join(keys)
    return render(key), wanted, f"unknown key {render(key)}; accepted: {wanted}{did_you_mean(key, keys)}"


@cache
def _root() -> Schema:
    return Program.model_json_schema(by_alias=True)


def _schema_at(location: Location) -> Schema:
    schema = _root()
    for step in location:
        if isinstance(step, int):
            child = schema.get("items", {})
        else:
            properties = cast("Schema", schema.get("properties", {}))
            entries = cast("Schema", schema.get("patternProperties", {}))
            child = properties.get(step, next(iter(entries.values()), {}))
        schema = _resolved(cast("Schema", child) if isinstance(child, Mapping) else {})
    return schema


def _resolved(schema: Schema) -> Schema:
    """`schema` without its reference and without the alternative of leaving the value out."""
    for choice in cast("list[Schema]", schema.get("anyOf", [])):
        if choice.get("type") != "null":
            return _resolved({**choice, **{key: schema[key] for key in ("examples",) if key in schema}})
    if "$ref" in schema:
        name = cast("str", schema["$ref"]).rpartition("/")[2]
        return cast("dict[str, Schema]", _root()["$defs"])[name]
    return schema
