"""Say in one sentence what is wrong with a line: each field's path, what was expected and what was found.

msgspec decides and stops at the first problem, whose path stands in its message; the pydantic model of the same struct
then finds the others. What was expected comes from the field's type, what was found is the sender's own text at that
path. Example: `data.total.amount: expected an integer from 0 to 10^15 (minor units), found "12.99"`.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta, Raw, Struct
from pydantic import ValidationError

from schemas.described import unit_of
from schemas.events import Attribute, Name
from schemas.expected import expected, is_union, without_none
from schemas.loose import Hint, origin_of
from schemas.models import model_of

PROBLEMS_MAX = 3
FOUND_CHARS = 60

Step = str | int

_missing = re.compile(r"missing required field `([^`]*)`")
_location = re.compile(r" - at `\$([^`]*)`$")
_step = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")
_fields = msgspec.json.Decoder(dict[str, Raw])
_items = msgspec.json.Decoder(list[Raw])


class Envelope(Struct, frozen=True, gc=False):
    """The attributes of a CloudEvent without its data, whatever its type."""

    specversion: Literal["1.0"]
    type: Name
    id: Name
    source: Name
    time: Annotated[datetime, Meta(tz=True)]
    space: Name = "default"
    datacontenttype: Attribute | None = None
    dataschema: Attribute | None = None
    subject: Attribute | None = None


class Place(Struct, frozen=True):
    """Where a problem is: the steps from the top, the struct and field it lies in, the hint of what belongs there."""

    steps: tuple[Step, ...]
    struct: str
    field: str
    hint: Hint


def explained(raw: bytes, struct: type[Struct], error: Exception) -> str:
    """Return the sentence for a JSON line that `struct` refused with msgspec's `error`.

    The line is valid JSON. At most `PROBLEMS_MAX` problems are told; one whose place is not known in msgspec's words.
    """
    others = _places(struct, _pydantic_steps(raw, struct))
    steps = msgspec_steps(str(error))
    if steps == ("type",) and struct is not Envelope:
        return "type: expected one value, found several"
    first = place_of(struct, steps)
    if first is not None and _widened(first, others):
        first = None
    places = {place.steps: place for place in ([first] if first else []) + others}
    if not places:
        return _top(raw) or str(error)
    said = [_sentence(raw, place) for place in list(places.values())[:PROBLEMS_MAX]]
    if len(places) > PROBLEMS_MAX:
        said.append(f"and {len(places) - PROBLEMS_MAX} more")
    return "; ".join(said)


def unknown_type(name: str) -> str:
    """Return the sentence for an event type that nobody declared."""
    found = _shortened(msgspec.json.encode(name).decode())
    return f"type: expected an event type or an activity of the program, found {found}"


def msgspec_steps(message: str) -> tuple[Step, ...]:
    """Return the path in a message of msgspec; a key that msgspec does not name (`[...]`) ends it."""
    location = _location.search(message)
    steps: list[Step] = []
    for name, index, unnamed in _step.findall(location[1]) if location else ():
        if unnamed:
            return tuple(steps)
        steps.append(name or int(index))
    missing = _missing.search(message)
    return (*steps, missing[1]) if missing else tuple(steps)


def place_of(struct: type[Struct], steps: Iterable[Step]) -> Place | None:
    """Return the place that steps lead to, cut where the types go no further; None for the top itself."""
    place, hint = Place((), "", "", struct), struct
    for step in steps:
        hint = without_none(hint)
        if isinstance(hint, type) and issubclass(hint, Struct):
            hints = _hints(hint)
            if step not in hints:
                break
            place = Place((*place.steps, step), hint.__name__, str(step), hints[step])
        elif origin_of(hint) in (list, dict) and not is_union(hint):
            place = Place((*place.steps, step), place.struct, place.field, get_args(hint)[-1])
        else:
            break
        hint = place.hint
    return place if place.steps else None


@cache
def _hints(struct: type[Struct]) -> dict[Step, Hint]:
    """Return the hints of a struct's fields by their names on the wire."""
    return {info.encode_name: info.type for info in msgspec.structs.fields(struct)}


def _pydantic_steps(raw: bytes, struct: type[Struct]) -> list[tuple[Step, ...]]:
    """Return where pydantic finds problems, in its order; nothing where it finds none."""
    try:
        model_of(struct).model_validate_json(raw)
    except ValidationError as error:
        return [one["loc"] for one in error.errors(include_url=False, include_context=False, include_input=False)]
    return []


def _places(struct: type[Struct], all_steps: list[tuple[Step, ...]]) -> list[Place]:
    return [place for steps in all_steps if (place := place_of(struct, steps)) is not None]


def _widened(place: Place, others: list[Place]) -> bool:
    """Say whether a place only holds a more exact one that pydantic found (a key that msgspec did not name)."""
    depth = len(place.steps)
    return any(len(other.steps) > depth and other.steps[:depth] == place.steps for other in others)


def _sentence(raw: bytes, place: Place) -> str:
    unit = unit_of(place.struct, place.field)
    wanted = expected(place.hint) + (f" ({unit})" if unit else "")
    value = _found(raw, place.steps)
    if value is None:
        found = "nothing"
    elif _fits(value, place.hint):
        found = "the field repeated, an earlier value being wrong"
    else:
        found = _shortened(bytes(value).decode())
    return f"{_path(place.steps)}: expected {wanted}, found {found}"


def _path(steps: tuple[Step, ...]) -> str:
    """Return steps as a path: `data.lines[0].sku`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _found(raw: bytes, steps: tuple[Step, ...]) -> Raw | None:
    """Return the sender's own text at a path, or None if there is none."""
    value = Raw(raw)
    for step in steps:
        inner = _items.decode(value)[step] if isinstance(step, int) else _fields.decode(value).get(step)
        if inner is None:
            return None
        value = inner
    return value


def _fits(value: Raw, hint: Hint) -> bool:
    """Say whether a value is what its field expects."""
    try:
        msgspec.json.decode(value, type=hint)
    except msgspec.ValidationError:
        return False
    return True


def _top(raw: bytes) -> str | None:
    """Return the sentence for a line that is JSON but not an object."""
    return None if raw.lstrip()[:1] == b"{" else f"expected a JSON object, found {_shortened(raw.decode().strip())}"


def _shortened(text: str) -> str:
    """Return a text on one line, cut to `FOUND_CHARS`."""
    line = " ".join(text.split())
    return line if len(line) <= FOUND_CHARS else f"{line[:FOUND_CHARS]}… ({len(line)} characters)"
