"""References between the sections of a program, as a table.

They are checked on the file's plain data, not on the finished model: a file with a wrong field still gets all its
dangling references reported. What has the wrong shape is passed over here; the models report it.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple, get_args

from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from config.problems import Location, dotted
from config.standing_checks import standing_errors
from schemas.events import EVENT_TYPES

_PYDANTIC_ERRORS: Final = frozenset(get_args(ErrorType))


class Reference(NamedTuple):
    """The value at `path` (`*` is every entry) must be declared in `section`; `what` names it to a person."""

    path: tuple[str, ...]
    section: str
    what: str


REFERENCES: Final = (
    Reference(("earn", "*", "currency"), "currencies", "a currency"),
    Reference(("tiers", "measures", "*", "currency"), "currencies", "a currency"),
    Reference(("rewards", "*", "cost", "currency"), "currencies", "a currency"),
    Reference(("offers", "*", "reward", "currency"), "currencies", "a currency"),
    Reference(("rules", "*", "on"), "signals", "a signal"),
    Reference(("rules", "*", "purpose"), "purposes", "a purpose"),
    Reference(("rules", "*", "channels", "*"), "channels", "a channel"),
    Reference(("rules", "*", "template"), "templates", "a template"),
    Reference(("channels", "*", "identifier"), "identity.identifiers", "an identifier type"),
    Reference(("caps", "*", "channel"), "channels", "a channel"),
    Reference(("caps", "*", "purpose"), "purposes", "a purpose"),
)

# The signal that every currency with `warn_before` raises; rules may listen to it like to those of `signals`.
POINTS_EXPIRING: Final = "points_expiring"

# Lists in which no value may stand twice (with two stars: within each inner list).
UNIQUE: Final = (
    ("earn", "*", "id"),
    ("signals", "*", "id"),
    ("tiers", "levels", "*", "id"),
    ("tiers", "levels", "*", "perks", "*", "id"),
    ("rules", "*", "id"),
    ("caps", "*", "id"),
    ("rules", "*", "channels", "*"),
    ("activities", "*"),
    ("identity", "spaces", "*"),
)


def reference_errors(data: Mapping[str, object], defaults: Mapping[str, Collection[str]]) -> list[InitErrorDetails]:
    """What in `data` refers to nothing or names something twice; `defaults` are names declared without the file."""
    return [*_dangling(data, defaults), *_repeated(data), *_shadowing(data), *standing_errors(data)]


def as_detail(error: ErrorDetails) -> InitErrorDetails:
    """A reported error in the form from which pydantic makes one again."""
    kind: str | PydanticCustomError = error["type"]
    if error["type"] not in _PYDANTIC_ERRORS:
        kind = PydanticCustomError(error["type"], error["msg"], error.get("ctx"))
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))


def _dangling(data: Mapping[str, object], defaults: Mapping[str, Collection[str]]) -> Iterator[InitErrorDetails]:
    for path, section, what in REFERENCES:
        names = _declared(data, section, defaults.get(section, ()))
        if names is None:
            continue
        for location, value in _values(data, path):
            if value not in names:
                context = {"accepted": sorted(names)}
                message = f"{what} declared in `{section}`"
                yield _error("unknown_reference", message, location, value, context)


def _repeated(data: Mapping[str, object]) -> Iterator[InitErrorDetails]:
    for path in UNIQUE:
        first: dict[tuple[Location, str], Location] = {}
        last_star = max(at for at, step in enumerate(path) if step == "*")
        for location, value in _values(data, path):
            scope = location[:last_star]
            earlier = first.setdefault((scope, value), location)
            if earlier != location:
                message = f"each name once; {dotted(earlier)} has this one already"
                yield _error("repeated", message, location, value, {})


def _shadowing(data: Mapping[str, object]) -> Iterator[InitErrorDetails]:
    for location, value in _values(data, ("activities", "*")):
        if value in EVENT_TYPES:
            yield _error("shadowing", "a name that is not an event type already", location, value, {})


def _declared(data: Mapping[str, object], section: str, defaults: Collection[str]) -> set[str] | None:
    """Names that `section` declares; None if its shape is wrong, so that nothing can be said."""
    if section == "signals":
        listed = data.get("signals", [])
        ids = {value for _, value in _values(data, ("signals", "*", "id"))}
        warned = any(_values(data, ("currencies", "*", "warn_before")))
        return ids | ({POINTS_EXPIRING} if warned else set()) if isinstance(listed, list) else None
    head, _, tail = section.partition(".")
    entries = data.get(head, {})
    if tail and isinstance(entries, Mapping):
        entries = entries.get(tail, {})
    if not isinstance(entries, Mapping):
        return None
    given = {str(name) for name in entries}
    return given | set(defaults) if tail or head not in data else given


def _values(data: object, path: tuple[str, ...], at: Location = ()) -> Iterator[tuple[Location, str]]:
    """The texts at `path` with their locations; `*` stands for every entry of a list or a mapping."""
    if not path:
        if isinstance(data, str):
            yield at, data
        return
    head, rest = path[0], path[1:]
    if isinstance(data, Mapping):
        for key in list(data) if head == "*" else [head] if head in data else []:
            yield from _values(data[key], rest, (*at, str(key)))
    elif isinstance(data, list):
        for index, entry in enumerate(data):
            if head in {"*", str(index)}:
                yield from _values(entry, rest, (*at, index))


def _error(kind: str, message: str, at: Location, value: str, context: dict[str, list[str]]) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, message, context), loc=at, input=value)
