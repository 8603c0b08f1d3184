"""Delays that may count calendar months: `5d`, `36h`, `10mo`.

A delay of months ends on the same day of the month in the brand's zone, on the month's last day where it has no such
day. Other units are lengths of time, as in durations.
"""

import re
from typing import Annotated, Final, NamedTuple

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from config.durations import format_duration, parse_duration

DELAY_PATTERN: Final = r"^[1-9][0-9]{0,8}(s|m|h|d|w|mo)$"
DELAY_EXPECTED: Final = "a delay such as 36h, 5d, 4w or 10mo"
MONTHS_MAX: Final = 120


class Span(NamedTuple):
    """So many calendar months, or so many microseconds; one of the two is 0."""

    months: int
    us: int


def parse_delay(text: object) -> Span:
    """`text` as a span; PydanticCustomError (a ValueError) if it is none."""
    if isinstance(text, str) and re.fullmatch(r"[1-9][0-9]{0,8}mo", text):
        months = int(text.removesuffix("mo"))
        if months > MONTHS_MAX:
            raise PydanticCustomError("delay", f"a delay of at most {MONTHS_MAX}mo")
        return Span(months, 0)
    if not isinstance(text, str) or re.fullmatch(DELAY_PATTERN, text) is None:
        raise PydanticCustomError("delay", DELAY_EXPECTED)
    return Span(0, parse_duration(text))


def format_delay(span: Span) -> str:
    """`span` as text; the inverse of `parse_delay` in value."""
    return f"{span.months}mo" if span.months else format_duration(span.us)


Delay = Annotated[
    Span,
    BeforeValidator(parse_delay),
    PlainSerializer(format_delay, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DELAY_PATTERN, "examples": ["36h", "5d", "10mo"]}),
]
