"""A line of a simulated log, and the encoding of its event."""

from typing import Any, Literal

from msgspec import Struct

Channel = Literal["web", "app", "till", "crm"]
LineKind = Literal["event", "duplicate", "reserialised", "conflict", "malformed"]
NOBODY = -1


class Line(Struct, frozen=True, gc=False):
    """One line without its newline; `person` is the number of who did it, `NOBODY` where the line is no event.

    `reason` is the dead-letter reason to expect (conflicts and malformed lines only). `late` lines stand behind
    neighbours of a younger event time; an `unknown_field` is outside the contract and to be dropped.
    """

    topic: Channel
    partition: int
    raw: bytes
    kind: LineKind
    type: str
    source: str
    id: str
    time_ms: int
    person: int
    late: bool = False
    unknown_field: bool = False
    reason: str | None = None


# A wire event before it is typed; only inside the generator.
Body = dict[str, Any]


def money(amount: int) -> Body:
    """Pence as the contract's amount."""
    return {"amount": amount, "currency": "GBP"}
