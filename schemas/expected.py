"""Type hints of the wire in words: what a field expects, for refusals and for docs/events.md."""

from datetime import date, datetime
from types import UnionType
from typing import Annotated, Literal, Union, get_args

import msgspec
from msgspec import Meta, Struct

from schemas.currencies import CurrencyCode
from schemas.events import AttributeValue, ClockTime, DayOrInstant, Identifiers
from schemas.loose import Hint, origin_of

NAMED_FIELDS_MAX = 4  # an object with more fields is told by its type's name in the documentation
DAY = '"2026-01-31"'
INSTANT = '"2026-01-31T10:00:00Z"'

SAID: tuple[tuple[Hint, str], ...] = (
    (CurrencyCode, 'an ISO 4217 code such as "EUR"'),
    (ClockTime, 'a clock time such as "22:00"'),
    (DayOrInstant, f"a day such as {DAY} or a time with offset such as {INSTANT}"),
    (Identifiers, 'an object of texts or lists of texts, such as {"email": "ada@example.org"}'),
    (dict[str, AttributeValue], "an object of texts, numbers, booleans, nulls or lists of texts"),
    (str | list[str], "a text or a list of texts"),
    (str | int | float | bool | list[str], "a text, a number, true, false, null or a list of texts"),
    (datetime, f"a time with offset such as {INSTANT}"),
    (date, f"a day such as {DAY}"),
    (bool, "true or false"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a text"),
)


def expected(hint: Hint) -> str:
    """Return what a value of this hint looks like; a null that is allowed is not mentioned."""
    hint = without_none(hint)
    said = next((said for known, said in SAID if hint == known), None)
    return said or _composed(hint)


def _composed(hint: Hint) -> str:
    """Return the words for a hint that is made of others."""
    origin, arguments = origin_of(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(arguments[0], arguments[1])
    if origin is Literal:
        values = ", ".join(f'"{value}"' for value in arguments)
        return f"one of {values}" if len(arguments) > 1 else values
    if origin is list:
        return f"a list, each item {expected(arguments[0])}"
    if is_union(hint):
        # Numbers are unions of int and float with the same bounds: say it once, as the wider of the two.
        assert all(_base(argument) in (int, float) for argument in arguments), f"a union without words: {hint}"
        return expected(arguments[-1])
    assert issubclass(hint, Struct), f"a hint without words: {hint}"
    names = [info.encode_name for info in msgspec.structs.fields(hint)]
    return f"an object of {', '.join(names)}" if len(names) <= NAMED_FIELDS_MAX else "an object"


def is_union(hint: Hint) -> bool:
    """Say whether a hint is a union of several things."""
    return origin_of(hint) in (Union, UnionType)


def without_none(hint: Hint) -> Hint:
    """Return the hint without `None`."""
    if not is_union(hint):
        return hint
    rest = tuple(argument for argument in get_args(hint) if argument is not type(None))
    return Union[rest]  # noqa: UP007 - built from a tuple


def _base(hint: Hint) -> Hint:
    return get_args(hint)[0] if origin_of(hint) is Annotated else hint


def _bounded(base: Hint, meta: Meta) -> str:
    """Return a number or a text with its bounds."""
    if base is datetime:
        return expected(datetime)
    if base is str:
        if meta.min_length is None:
            return f"a text of at most {meta.max_length} characters"
        return f"a text of {meta.min_length} to {meta.max_length} characters"
    assert meta.ge is not None, "numbers on the wire have a lower bound"
    assert meta.le is not None, "numbers on the wire have an upper bound"
    return f"{expected(base)} from {_number(meta.ge)} to {_number(meta.le)}"


def _number(value: float) -> str:
    """Return a bound; powers of ten from a million on as such."""
    digits = f"{abs(int(value))}"
    if len(digits) > len("100000") and digits.strip("0") == "1":
        return f"{'-' if value < 0 else ''}10^{len(digits) - 1}"
    return f"{int(value)}"
