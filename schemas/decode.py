"""From bytes to a typed event, or to the reason why not.

Two ways lead to the same event. The strict one is a single msgspec call that refuses unknown fields: it is what the hot
loop calls. What it refuses goes the tolerant way, which answers every line: it rejects with a reason and a sentence for
the sender, or it decodes the line with the loose twins (see `schemas.loose`), drops and counts the unknown fields, and
returns the same struct as the strict way would have. The ways differ in unknown fields only: a line whose known fields
are wrong is refused by both, and a repeated key counts as msgspec counts it (every value must be valid, the last wins).

Neither way knows time limits, the program or earlier events: `TOO_OLD`, `IN_THE_FUTURE`, `ID_CONFLICT` and
`BLOCKED_IDENTIFIER` are found further down.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Union, cast

import msgspec
from msgspec import Struct

from schemas.checks import CHECKED_TYPES, CHECKS, NO_IDENTIFIER, TIME_US_MAX, Rejected, checked, time_us
from schemas.events import EVENT_TYPES, Activity, Event
from schemas.explain import Envelope, explained, msgspec_steps, unknown_type
from schemas.loose import Part, known_part, loose_types
from schemas.reasons import RejectReason

__all__ = [
    "CHECKED_TYPES",
    "CHECKS",
    "EVENT_BYTES_MAX",
    "NO_IDENTIFIER",
    "REFUSALS",
    "TIME_US_MAX",
    "EventDecoder",
    "Rejected",
    "time_us",
]

EVENT_BYTES_MAX = 1_048_576
NESTING_MAX = 64
DROPPED_KEYS_MAX = 1_000
DROPPED_NAME_CHARS = 64
DROPPED_OTHER = "other"

REFUSALS = (msgspec.MsgspecError, ValueError, RecursionError)
"""What `EventDecoder.strict` raises on a line it does not take (`ValueError`: invalid UTF-8 in a known field)."""

_string = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_tree: Callable[[bytes], object] = msgspec.json.Decoder(float_hook=str).decode  # 1e400 in an unknown field is no harm


class EventDecoder:
    """Decodes lines; holds only the declared activities and the count of dropped fields.

    `strict` is the bound msgspec call (raises one of `REFUSALS`); it does not look at the size of the line. `dropped`
    counts unknown fields of accepted lines by `type.path`, at most `DROPPED_KEYS_MAX` names, then under `other`.
    """

    def __init__(self, *, activities: frozenset[str] = frozenset(), event_bytes_max: int = EVENT_BYTES_MAX) -> None:
        """Take event types that the program declares as activities; raises ValueError for one that exists already."""
        taken = activities & EVENT_TYPES.keys()
        if taken:
            message = f"event types exist already and cannot be declared as activities: {', '.join(sorted(taken))}"
            raise ValueError(message)
        self.dropped: Counter[str] = Counter()
        self.strict: Callable[[bytes], Event] = msgspec.json.Decoder(Event).decode
        self.event_bytes_max = event_bytes_max
        self._loose_types = loose_types(activities)
        self._loose: Callable[[bytes], Struct] = _union_decoder(self._loose_types)
        self._strict_types: dict[type[Struct], tuple[type[Struct], Part]] = {
            loose: (EVENT_TYPES.get(name, Activity), known_part(loose, name))
            for name, loose in self._loose_types.items()
        }

    def decode(self, raw: bytes) -> Event | Rejected:
        """Return the event of a line, or why it is none; never raises."""
        if len(raw) > self.event_bytes_max:
            return self._too_large(raw)
        try:
            return self.strict(raw)
        except REFUSALS:
            return self.tolerant(raw)

    def tolerant(self, raw: bytes) -> Event | Rejected:
        """Return the event of a line without its unknown fields (counted), or why it is none; never raises."""
        if len(raw) > self.event_bytes_max:
            return self._too_large(raw)
        tree = parsed(raw)
        if isinstance(tree, Rejected):
            return tree
        try:
            loose = self._loose(raw)
        except REFUSALS as error:
            return self._refused(raw, error)
        strict, part = self._strict_types[type(loose)]
        self._count_unknown(cast("dict[str, Any]", tree), part)
        return cast("Event", msgspec.convert(loose, strict, from_attributes=True))

    def check(self, event: Event) -> Rejected | None:
        """Return what is wrong with an event beyond its types, or None; see `schemas.checks.checked`.

        The hot path need not call it for most types: it has `time_us(event.time)` and the event's `ids` in hand, so it
        tests `0 <= at_us <= TIME_US_MAX`, answers `NO_IDENTIFIER` when `ids` yields nothing (but for a receipt), and
        calls `check` only if `type(event) in CHECKED_TYPES`.
        """
        return checked(event)

    def _too_large(self, raw: bytes) -> Rejected:
        return Rejected(RejectReason.TOO_LARGE, f"expected at most {self.event_bytes_max} bytes, found {len(raw)}")

    def _refused(self, raw: bytes, error: Exception) -> Rejected:
        """Return the reason of a JSON line that the loose twins do not take."""
        try:
            envelope = msgspec.json.decode(raw, type=Envelope)
        except msgspec.ValidationError as refusal:
            return Rejected(RejectReason.NOT_CLOUDEVENT, explained(raw, Envelope, refusal))
        loose = self._loose_types.get(envelope.type)
        if loose is None:
            return Rejected(RejectReason.UNKNOWN_TYPE, unknown_type(envelope.type))
        outside = msgspec_steps(str(error)) == ("type",)
        reason = RejectReason.NOT_CLOUDEVENT if outside else RejectReason.INVALID_DATA
        return Rejected(reason, explained(raw, loose, error))

    def _count_unknown(self, fields: dict[str, Any], part: Part) -> None:
        """Count the names in one accepted object that its part does not know, then those of the parts inside."""
        if not part.names.issuperset(fields):
            for name in fields.keys() - part.names:
                self._count(f"{part.path}.{name[:DROPPED_NAME_CHARS]}")
        for name, inner, many in part.inner:
            value = fields.get(name)
            if value:
                for item in value if many else (value,):
                    self._count_unknown(item, inner)

    def _count(self, key: str) -> None:
        if key not in self.dropped and len(self.dropped) >= DROPPED_KEYS_MAX:
            key = DROPPED_OTHER
        self.dropped[key] += 1


def parsed(raw: bytes) -> object | Rejected:
    """Return the JSON value of a line (floats as text); `NOT_JSON` unless it is one JSON text in UTF-8.

    The nesting has a limit of its own because the parser's depends on how deep the caller stands in its stack, and a
    replay must reject the same lines.
    """
    try:
        raw.decode()
        if raw.count(b"[") + raw.count(b"{") > NESTING_MAX and _nesting(raw) > NESTING_MAX:
            return Rejected(RejectReason.NOT_JSON, f"nested deeper than {NESTING_MAX} levels")
        return _tree(raw)
    except UnicodeDecodeError as error:
        return Rejected(RejectReason.NOT_JSON, f"invalid UTF-8 (byte {error.start})")
    except msgspec.MsgspecError as error:
        return Rejected(RejectReason.NOT_JSON, str(error) if raw.strip() else "empty line")


def _nesting(raw: bytes) -> int:
    """Return how deep brackets nest outside strings; of use for malformed text as well."""
    depth = deepest = 0
    for byte in _string.sub(b"", raw):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _union_decoder(types: dict[str, type[Struct]]) -> Callable[[bytes], Struct]:
    union: Any = Union[tuple(types.values())]  # noqa: UP007 - built from a tuple
    decoder: msgspec.json.Decoder[Struct] = msgspec.json.Decoder(union)
    return decoder.decode
