"""From one of pydantic's errors to a sentence: what was found, what is accepted, what was perhaps meant.

What is accepted is read from the program's JSON Schema, so a message cannot say anything else than the models do.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Final, cast

from pydantic_core import ErrorDetails

from config.durations import DURATION_EXPECTED, DURATION_PATTERN
from config.fields import CLOCK_PATTERN, SLUG_PATTERN, TIME_ZONE_EXPECTED, time_zones
from config.program import Program
from config.references import Location

Schema = Mapping[str, object]

FOUND_LENGTH_MAX: Final = 60
LISTED_MAX: Final = 20
CLOSENESS_MIN: Final = 0.67

_PATTERNS: Final = {
    SLUG_PATTERN: "a name of lower-case letters, digits, _ and -, starting with a letter, at most 64 long",
    CLOCK_PATTERN: "a time of day from 00:00 to 23:59 such as 08:00",
    DURATION_PATTERN: DURATION_EXPECTED,
}
_TYPES: Final = {"boolean": "true or false", "object": "a mapping", "array": "a list", "string": "a text"}
_OWN_KINDS: Final = frozenset({"duration", "time_zone", "quiet_hours", "unknown_reference", "repeated", "shadowing"})


def describe(error: ErrorDetails) -> tuple[Location, str, str, str]:
    """(location, found, expected, message) of `error`, one of the errors of validating a `Program`."""
    location: Location = error["loc"]
    is_key = location[-1:] == ("[key]",)
    if is_key:
        location = location[:-1]
    if error["type"] == "extra_forbidden":
        return (location, *_unknown_key(location))
    schema = _schema_at(location)
    if error["type"] == "missing":
        expected = _expected(schema)
        return location, "nothing", expected, f"missing key {location[-1]!r}; expected {expected}"
    found = render(error["input"])
    expected = _PATTERNS[SLUG_PATTERN] if is_key else _expected(schema)
    accepted: Iterable[str] = cast("list[str]", schema.get("enum", [schema.get("const", "")]))
    if error["type"] in _OWN_KINDS:
        expected = error["msg"]
        accepted = error.get("ctx", {}).get("accepted", [])
        expected += f": {', '.join(accepted)}" if accepted else ""
        accepted = time_zones() if error["type"] == "time_zone" else accepted
    hint = did_you_mean(str(error["input"]), accepted)
    return location, found, expected, f"found {found}; expected {expected}{hint}"


def render(value: object) -> str:
    """`value` as a person would name it, shortened to `FOUND_LENGTH_MAX` characters."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list" if value else "an empty list"
        case str() if len(value) > FOUND_LENGTH_MAX:
            return repr(value[:FOUND_LENGTH_MAX] + "…")
        case _:
            return repr(value)


def did_you_mean(found: str, accepted: Iterable[str]) -> str:
    """A bracketed hint with the accepted word that looks like `found`, or nothing."""
    names = {name.lower(): name for name in accepted if name != found}
    swapped = [name for name in names if sorted(name) == sorted(found.lower())]
    close = swapped or get_close_matches(found.lower(), names, n=1, cutoff=CLOSENESS_MIN)
    return f" (did you mean {names[close[0]]!r}?)" if close else ""


def _unknown_key(location: Location) -> tuple[str, str, str]:
    key = str(location[-1])
    keys = list(cast("Schema", _schema_at(location[:-1]).get("properties", {})))
    expected = ", ".join(keys)
    return repr(key), expected, f"unknown key {key!r}; accepted: {expected}{did_you_mean(key, keys)}"


@cache
def _root() -> Schema:
    return Program.model_json_schema(by_alias=True)


def _schema_at(location: Location) -> Schema:
    schema = _resolved(_root())
    for step in location:
        if isinstance(step, int):
            child = schema.get("items", {})
        else:
            properties = cast("dict[str, object]", schema.get("properties", {}))
            entries = cast("dict[str, object]", schema.get("patternProperties", {}))
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


def _expected(schema: Schema) -> str:
    if "const" in schema:
        return repr(schema["const"])
    choices = cast("list[str]", schema.get("enum", []))
    examples = ", ".join(cast("list[str]", schema.get("examples", [])))
    if choices:
        few = len(choices) <= LISTED_MAX
        return " or ".join(map(repr, choices)) if few else f"one of {len(choices)} codes such as {examples}"
    pattern = cast("str", schema.get("pattern", ""))
    if pattern:
        return _PATTERNS[pattern]
    kind = cast("str", schema.get("type", ""))
    if kind in {"integer", "number"}:
        return _number(schema, "a whole number" if kind == "integer" else "a number")
    if kind == "object" and "properties" in schema:
        return f"a mapping with the keys {', '.join(cast('Schema', schema['properties']))}"
    if examples:
        return TIME_ZONE_EXPECTED
    if schema.get("minItems") or schema.get("minLength") or schema.get("minProperties"):
        return f"{_TYPES[kind]} that is not empty"
    return _TYPES.get(kind, "something else")


def _number(schema: Schema, noun: str) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None:
        return noun
    return f"{noun} of at least {low}" if high is None else f"{noun} from {low} to {high}"
