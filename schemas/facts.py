"""What rules may know of a member when an event comes: the same for earn rules, challenges, tiers and rewards."""

from msgspec import Struct

AttributeValue = str | int | float | bool | list[str] | None


class Facts(Struct, frozen=True, gc=False):
    """A member just before the event: tier by name, attributes by name, own time zone, purchases so far.

    `attributes` is the member's own mapping, not a copy: nobody keeps facts beyond the event.
    """

    known: bool = False
    tier: str | None = None
    attributes: dict[str, AttributeValue] = {}
    time_zone: str | None = None
    purchases: int = 0


NO_FACTS = Facts()
