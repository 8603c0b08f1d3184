"""How identifiers become members: the section `identity` of a program.

Every identifier type has a priority of its own, so that of two identifiers it is always said which one counts more.
Rules that contradict each other are found on the file's plain data (`identity_errors`), so that they are named at their
place together with all else that is wrong.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from config.fields import Name, Section, Slug
from config.problems import Location
from config.regions import RegionCode

Normalisation = Literal["email", "phone", "trim", "lower"]
Within = Literal["ever", "year", "month", "week"]

WITHIN_DAYS: Final[Mapping[Within, int | None]] = {"ever": None, "year": 365, "month": 30, "week": 7}
SHARED_MEMBERS: Final = 2
PATTERN_CHARS_MAX: Final = 1024


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise PydanticCustomError("pattern", f"a regular expression (Python's syntax): {error}") from None
    return pattern


Pattern = Annotated[str, Field(min_length=1, max_length=PATTERN_CHARS_MAX), AfterValidator(_compiles)]


class Maximum(Section):
    """How many values of a type a member may hold."""

    values: int = Field(ge=1, le=100_000, description="Values that are linked to one member inside the window.")
    within: Within = Field(
        default="ever", description="The window by the time of linking: ever, year (365 days), month (30) or week (7)."
    )


class Shared(Section):
    """When a value is used by too many people to say who somebody is."""

    members: int = Field(
        ge=1, le=10_000, description="Known members a value may be seen with in the window; with more it stops linking."
    )
    within: Within = Field(
        default="month", description="The window, by whole days: ever, year (365 days), month (30) or week (7)."
    )
    undo: bool = Field(
        default=True, description="Whether links made only through the value are undone when it stops linking."
    )


class IdentifierType(Section):
    """How values of an identifier type are compared, what they may join, and whether one makes a member known."""

    known: bool = Field(description="True if a value names a person (email); false if it names a thing (cookie).")
    normalise: Normalisation = Field(
        default="trim", description="How a value is made canonical: email, phone (E.164), trim, or trim and lower case."
    )
    priority: int = Field(
        ge=1, le=1000, description="Of an event's identifiers the highest counts most; no two types have the same."
    )
    unique: bool = Field(
        default=False, description="A member holds at most one value; two that each hold one are merged by alias only."
    )
    max: Maximum | None = Field(default=None, description="How many values a member may hold; none: any number.")
    shared: Shared | None = Field(
        default=None, description="When a value is shared by too many people to link them; none: never."
    )
    blocked: list[Name] = Field(
        default_factory=list,
        description="Values that name nobody, beside the usual placeholders; case does not matter.",
    )
    deny: list[Pattern] = Field(
        default_factory=list, description="Regular expressions; a canonical value in which one is found names nobody."
    )
    allow: list[Pattern] = Field(
        default_factory=list,
        description="Regular expressions; where any are given, a canonical value in which none is found names nobody.",
    )


_SHARED: Final = Shared(members=SHARED_MEMBERS)

BUILT_IN_IDENTIFIERS: Final[Mapping[str, IdentifierType]] = {
    "loyalty": IdentifierType(known=True, priority=900, unique=True),
    "crm": IdentifierType(known=True, priority=800),
    "external": IdentifierType(known=True, priority=700, unique=True),
    "email": IdentifierType(known=True, normalise="email", priority=600),
    "phone": IdentifierType(known=True, normalise="phone", priority=500),
    "pos": IdentifierType(known=False, priority=300, shared=_SHARED),
    "device": IdentifierType(known=False, priority=200, shared=_SHARED),
    "cookie": IdentifierType(known=False, priority=100, shared=_SHARED),
}


class Identity(Section):
    """How identifiers become members."""

    default_region: RegionCode | None = Field(
        default=None,
        description="Country (ISO 3166) whose rules read a phone number without country code; none: such a number is "
        "left out and counted.",
        examples=["DE", "GB", "US"],
    )
    spaces: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None, description="Identity spaces (brands, markets) that events may name; none: any."
    )
    anonymous_days: int = Field(
        default=30, ge=1, le=3650, description="An anonymous member without activity is forgotten after so many days."
    )
    retroactive_earn: bool = Field(
        default=True,
        description="Whether what a member bought before it was known earns points; they are its own once it is known.",
    )
    stewards: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None,
        description="Sources that may send `alias`, `split`, `erase` and `export`; `*` in one stands for any text; "
        "none: every source.",
    )
    identifiers: dict[Slug, IdentifierType] = Field(
        default_factory=lambda: dict(BUILT_IN_IDENTIFIERS),
        description="Identifier types beside the built-in ones; an entry for a built-in type may give only some keys.",
    )

    @field_validator("identifiers", mode="before")
    @classmethod
    def _over_built_in(cls, given: object) -> object:
        """Lay the file's entries over the built-in ones, key by key."""
        return _merged(given) if isinstance(given, dict) else given


def _merged(given: Mapping[object, object]) -> dict[object, object]:
    merged: dict[object, object] = {name: kind.model_dump() for name, kind in BUILT_IN_IDENTIFIERS.items()}
    for name, entry in given.items():
        base = merged.get(name)
        merged[name] = {**base, **entry} if isinstance(base, dict) and isinstance(entry, dict) else entry
    return merged


def identity_errors(data: Mapping[str, object]) -> Iterator[InitErrorDetails]:
    """What contradicts itself among the identifier types of a program's plain data, each at its place."""
    section = data.get("identity")
    given = section.get("identifiers", {}) if isinstance(section, Mapping) else {}
    if not isinstance(given, Mapping):
        return
    first: dict[int, str] = {}
    for name, entry in sorted(_merged(given).items(), key=lambda pair: (pair[0] in given, str(pair[0]))):
        if not isinstance(entry, Mapping):
            continue
        at: Location = ("identity", "identifiers", str(name))
        yield from _contradiction(entry, at)
        priority = entry.get("priority")
        if not isinstance(priority, int) or isinstance(priority, bool):
            continue
        if priority in first:
            message = f"a priority of its own, so that the order is total; {first[priority]} has {priority} already"
            yield _error("priority", message, (*at, "priority"), priority)
        first.setdefault(priority, str(name))


def _contradiction(entry: Mapping[object, object], at: Location) -> Iterator[InitErrorDetails]:
    maximum = entry.get("max")
    values = maximum.get("values") if isinstance(maximum, Mapping) else None
    if entry.get("unique") is True and isinstance(values, int) and values != 1:
        message = "1, since the type is `unique`; leave `max` out, or set `unique: false`"
        yield _error("contradiction", message, (*at, "max", "values"), values)


def _error(kind: str, message: str, at: Location, value: object) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, message), loc=at, input=value)
