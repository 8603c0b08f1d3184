"""The names that an expression may use: of one event type, of the member and of the local clock, each with its kind.

Fields of events are taken from the wire structs, so a new field is a new name without a line here. Money gives two
names: `total` (minor units) and `total.currency`. A field of fixed words (`survey`, `status`) brings them along, so
that a word it never holds is refused. `attribute.NAME` is whatever the brand's systems wrote, its kind only known
when it is read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from functools import cache
from operator import attrgetter
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from config.expressions.scene import Scene
from schemas.events import EVENT_TYPES, Activity, Money, OrderLine

Kind = Literal["integer", "number", "text", "truth", "date", "clock", "any"]
Read = Callable[[Scene], Any]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ATTRIBUTE: Final = "attribute."
LINE: Final = "line."

# What is no name: identifiers of the person, and lists, which `line.` reads one by one.
_PASSED_OVER: Final = frozenset({"ids", "lines"})


class Named(NamedTuple):
    """How a name is read; `accepted` are the only words it can hold (None: any)."""

    kind: Kind
    read: Read
    accepted: frozenset[str] | None = None


def names_of(on: str, tiers: Collection[str] | None = None) -> dict[str, Named]:
    """The names for events of type `on` (a type of the program's own is an activity); `tiers` are those declared."""
    names = dict(_event_names(EVENT_TYPES.get(on, Activity)))
    names.update(_MEMBER)
    names["tier"] = Named("text", lambda scene: scene.facts.tier, None if tiers is None else frozenset(tiers))
    return names


def attribute_named(name: str) -> Named:
    """How the attribute `name` (without its prefix) is read."""
    return Named("any", lambda scene: scene.facts.attributes.get(name))


@cache
def _event_names(event: type[Struct]) -> Mapping[str, Named]:
    data = next(info.type for info in msgspec.structs.fields(event) if info.name == "data")
    names = dict(_fields(data, "", "data"))
    if "lines" in {info.name for info in msgspec.structs.fields(data)}:
        names.update(_fields(OrderLine, LINE, "line"))
    return names


def _fields(struct: type[Struct], prefix: str, holder: str) -> Iterator[tuple[str, Named]]:
    for info in msgspec.structs.fields(struct):
        if info.name in _PASSED_OVER:
            continue
        hint = _plain(info.type)
        read = attrgetter(f"{holder}.{info.name}")
        name = f"{prefix}{info.name}"
        if hint is Money:
            yield name, Named("integer", _inner(read, "amount"))
            yield f"{name}.currency", Named("text", _inner(read, "currency"))
        elif get_origin(hint) is Literal:
            yield name, Named("text", read, frozenset(map(str, get_args(hint))))
        elif hint is date:
            yield name, Named("date", _iso(read))
        elif hint in _KINDS:
            yield name, Named(_KINDS[hint], read)


def _plain(hint: Any) -> Any:  # noqa: ANN401 - a type hint is any object
    """A hint without its bounds and without the alternative of being absent."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif get_origin(hint) in {Union, UnionType}:
            choices = {_plain(choice) for choice in get_args(hint)} - {type(None)}
            hint = float if choices == {int, float} else choices.pop() if len(choices) == 1 else object
        else:
            return hint


def _inner(read: Read, field: str) -> Read:
    def of(scene: Scene) -> object:
        outer = read(scene)
        return None if outer is None else getattr(outer, field)

    return of


def _iso(read: Read) -> Read:
    def of(scene: Scene) -> str | None:
        day = read(scene)
        return None if day is None else day.isoformat()

    return of


_KINDS: Final[Mapping[object, Kind]] = {str: "text", int: "integer", float: "number", bool: "truth"}
_MEMBER: Final[Mapping[str, Named]] = {
    "known":     Named("truth", lambda scene: scene.facts.known),
    "purchases": Named("integer", lambda scene: scene.facts.purchases),
    "weekday":   Named("text", lambda scene: WEEKDAYS[scene.local.weekday()], frozenset(WEEKDAYS)),
    "hour":      Named("integer", lambda scene: scene.local.hour),
    "day":       Named("integer", lambda scene: scene.local.day),
    "month":     Named("integer", lambda scene: scene.local.month),
    "year":      Named("integer", lambda scene: scene.local.year),
    "date":      Named("date", lambda scene: scene.local.date().isoformat()),
    "time":      Named("clock", lambda scene: scene.local.strftime("%H:%M")),
}  # fmt: skip
