"""Words for messages about wrong values: what was found, what a JSON Schema accepts, what was perhaps meant."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, cast

from config.delays import DELAY_EXPECTED, DELAY_PATTERN
from config.durations import DURATION_EXPECTED, DURATION_PATTERN
from config.fields import (
    CLOCK_PATTERN,
    MOMENT_EXPECTED,
    MOMENT_PATTERN,
    PREFIX_PATTERN,
    SLUG_PATTERN,
    TIME_ZONE_EXPECTED,
)

Schema = Mapping[str, object]

FOUND_LENGTH_MAX: Final = 60
LISTED_MAX: Final = 20
CLOSENESS_MIN: Final = 0.67
SLUG_EXPECTED: Final = "a name of lower-case letters, digits, _ and -, starting with a letter, at most 64 long"

_PATTERNS: Final = {
    SLUG_PATTERN: SLUG_EXPECTED,
    PREFIX_PATTERN: "letters, digits, ., _ and -, no point first, at most 100 long",
    CLOCK_PATTERN: "a time of day from 00:00 to 23:59 such as 08:00",
    DURATION_PATTERN: DURATION_EXPECTED,
    DELAY_PATTERN: DELAY_EXPECTED,
    MOMENT_PATTERN: MOMENT_EXPECTED,
}
_TYPES: Final = {"boolean": "true or false", "object": "a mapping", "array": "a list", "string": "a text"}


def render(value: object) -> str:
    """`value` as a person would name it, shortened to `FOUND_LENGTH_MAX` characters."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
        case str() if len(value) > FOUND_LENGTH_MAX:
            return repr(value[:FOUND_LENGTH_MAX] + "…")
        case _:
            return repr(value)


def closest(found: str, accepted: Iterable[str]) -> str | None:
    """The word of `accepted` that looks most like `found`, if one does; its letters in another order come first."""
    names = {name.lower(): name for name in accepted if name != found}
    swapped = [name for name in names if sorted(name) == sorted(found.lower())]
    close = swapped or get_close_matches(found.lower(), names, n=1, cutoff=CLOSENESS_MIN)
    return names[close[0]] if close else None


def did_you_mean(found: str, accepted: Iterable[str]) -> str:
    """A bracketed hint at the word that was perhaps meant; empty where there is none or no choice."""
    words = list(accepted)
    meant = closest(found, words) if len(words) > 1 else None
    return f" (did you mean {meant!r}?)" if meant else ""


def expected(schema: Schema) -> str:
    """What `schema` (one of those that our models make) accepts, as the end of a sentence."""
    if "const" in schema or "enum" in schema:
        words = cast("list[str]", schema.get("enum", [schema.get("const")]))
        return _choice(words, cast("list[str]", schema.get("examples", [])))
    if "pattern" in schema:
        return _PATTERNS[cast("str", schema["pattern"])]
    kind = cast("str", schema.get("type", ""))
    if kind in {"integer", "number"}:
        return _number(schema, "a whole number" if kind == "integer" else "a number")
    if "properties" in schema:
        return f"a mapping with the keys {', '.join(cast('Schema', schema['properties']))}"
    return TIME_ZONE_EXPECTED if "examples" in schema else _filled(schema, _TYPES.get(kind, "a value"))


def _filled(schema: Schema, noun: str) -> str:
    longest = f" of at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    filled = any(schema.get(bound) for bound in ("minItems", "minLength", "minProperties"))
    return noun + longest + (", not empty" if filled else "")


def _choice(words: list[str], examples: list[str]) -> str:
    if len(words) > LISTED_MAX:
        return f"one of {len(words)} codes such as {', '.join(examples)}"
    return " or ".join(map(repr, words))


def _number(schema: Schema, noun: str) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        return f"{noun} above {schema['exclusiveMinimum']} and up to {high}"
    if low is None:
        return noun
    return f"{noun} of at least {low}" if high is None else f"{noun} from {low} to {high}"
