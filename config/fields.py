"""Field types that the sections of a program share: names, durations, clock times, time zones.

Each type carries its JSON Schema, because messages about a wrong value are made from that schema (config/explain.py).
"""

from datetime import datetime
from functools import cache
from typing import Annotated, Final
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from config.durations import DURATION_PATTERN, format_duration, parse_duration
from schemas.currencies import CurrencyCode

SLUG_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,63}$"
PREFIX_PATTERN: Final = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"
CLOCK_PATTERN: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
MOMENT_PATTERN: Final = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9])?$"
MOMENT_EXPECTED: Final = "a day such as 2026-06-01, or one with a time such as 2026-06-01T10:00"
TIME_ZONE_EXPECTED: Final = "an IANA time zone such as Europe/London"

# Files of the time zone database that mean something else on every machine.
_LOCAL_NAMES: Final = frozenset({"localtime", "posixrules", "Factory"})


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zones that this installation knows."""
    return frozenset(available_timezones()) - _LOCAL_NAMES


def _known_time_zone(name: str) -> str:
    if name not in time_zones():
        raise PydanticCustomError("time_zone", TIME_ZONE_EXPECTED)
    return name


def _known_moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("moment", MOMENT_EXPECTED) from None
    return text


Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]
Name = Annotated[str, Field(min_length=1, max_length=1024)]
ClockTime = Annotated[str, Field(pattern=CLOCK_PATTERN)]
Moment = Annotated[str, Field(pattern=MOMENT_PATTERN), AfterValidator(_known_moment)]
TimeZone = Annotated[str, AfterValidator(_known_time_zone), Field(examples=["Europe/London"])]
DurationUs = Annotated[
    int,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["90s", "15m", "2h", "7d", "4w"]}),
]


class Section(BaseModel):
    """Base of every part of a program: no unknown keys, no silent conversions, never changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=False)


class Money(Section):
    """An amount of money."""

    amount: int = Field(ge=1, le=10**15, description="Minor units (cents, pence).")
    currency: CurrencyCode = Field(description="ISO 4217 code.", examples=["EUR", "GBP", "USD"])
