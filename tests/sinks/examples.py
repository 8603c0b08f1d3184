"""Hand-made records for the tests of the sinks; every field has a plain default, a test says what it is about."""

import msgspec
from msgspec import Raw, Struct

from schemas.reasons import DecisionReason, RefusalReason, RejectReason
from schemas.records import (
    ActionRequested,
    AlertRaised,
    DeadLetter,
    DecisionMade,
    EntryPosted,
    EventApplied,
    IdentifierMoved,
    IdentityChanged,
    IdentityKind,
    MemberChanged,
    Packet,
    PointsRefused,
    ReceiptNoted,
    SignalChanged,
)

DAY_US = 86_400_000_000
NOON_US = 1_767_268_800_000_000  # 2026-01-01T12:00:00Z
TABLE_OF = {
    EventApplied: "events", IdentityChanged: "identity", MemberChanged: "members", EntryPosted: "entries",
    PointsRefused: "refusals", SignalChanged: "signals", DecisionMade: "decisions", ActionRequested: "actions",
    ReceiptNoted: "receipts", AlertRaised: "alerts", DeadLetter: "dead_letters",
}  # fmt: skip
ENCODER = msgspec.json.Encoder()


def packet(
    *records: Struct,
    touched: dict[str, object] | None = None,
    gone: list[str] | None = None,
    moved: list[IdentifierMoved] | None = None,
) -> Packet:
    """A packet with the records' lines by table, in the order given."""
    by_table: dict[str, list[Struct]] = {}
    for record in records:
        by_table.setdefault(TABLE_OF[type(record)], []).append(record)
    lines = {table: ENCODER.encode_lines(some) for table, some in by_table.items()}
    return Packet(lines, touched or {}, gone or [], moved or [])


def event(
    number: int, member_id: str = "ada", ids: tuple[str, ...] = ("email:ada@x.org",), at_us: int = NOON_US
) -> EventApplied:
    """A purchase, applied."""
    data = Raw(b'{"order_id":"o%d","total":{"amount":1299,"currency":"EUR"}}' % number)
    source = "shop"
    return EventApplied(
        f"ev{number}", source, f"{number}", "purchase", "default", at_us, at_us, member_id, list(ids), data
    )


def identity(
    seq: int,
    kind: IdentityKind,
    member_id: str,
    ids: tuple[str, ...],
    other_member_id: str | None = None,
    at_us: int = NOON_US,
    detail: str | None = None,
) -> IdentityChanged:
    """A change of who is who."""
    return IdentityChanged(
        seq, kind, at_us, "default", member_id, other_member_id, list(ids), "shop", f"{seq}", detail
    )


def member(
    member_id: str, version: int = 1, merged_into: str | None = None, *, known: bool = True, forgotten: bool = False
) -> MemberChanged:
    """A member's identity row."""
    return MemberChanged(member_id, version, NOON_US, "default", known, NOON_US, merged_into, forgotten)


def entry(member_id: str, version: int, available: int, points: int = 10, currency: str = "stars") -> EntryPosted:
    """Points issued to a member, with the balance after it."""
    legs = [("available", points), ("issued", -points)]
    return EntryPosted(
        f"{member_id}-{version}", member_id, version, currency, legs, NOON_US, NOON_US, "earn", "shop", f"{version}",
        available, 0, 0, available, 0, 0,
    )  # fmt: skip


def action(number: int) -> ActionRequested:
    """A message that was asked for."""
    return ActionRequested(
        f"ac{number}", f"de{number}", "ada", "email", "marketing", "hello", NOON_US, NOON_US + DAY_US,
        {"subject": "Ciao, così è", "count": number, "offers": [{"id": "a"}]},
    )  # fmt: skip


def decision(number: int) -> DecisionMade:
    """A candidate that was sent."""
    return DecisionMade(
        f"de{number}", "ada", NOON_US, "win back", None, None, "email", "marketing", "sent", DecisionReason.ALLOWED,
        {"caps_left": 2},
    )  # fmt: skip


def signal(number: int) -> SignalChanged:
    """A signal that was raised."""
    return SignalChanged(f"si{number}", "ada", "cart_left", "raised", 4200, NOON_US, {"cart_id": f"c{number}"})


def refusal(number: int) -> PointsRefused:
    """Points that did not move."""
    reason = RefusalReason.INSUFFICIENT_BALANCE
    return PointsRefused(f"re{number}", "ada", NOON_US, "redeem", reason, "stars", 500, None, "shop", f"{number}")


def receipt(number: int) -> ReceiptNoted:
    """A message that was opened."""
    return ReceiptNoted(f"rc{number}", f"ac{number}", "ada", "email", "opened", NOON_US, None)


def alert(number: int, member_id: str | None = "ada", detail: str = "shared by many") -> AlertRaised:
    """Something to look at."""
    return AlertRaised(
        f"al{number}", NOON_US, "shared_identifier", None, member_id, "identity desk", "look at the device", detail
    )


def dead_letter(number: int) -> DeadLetter:
    """A line that was no JSON."""
    return DeadLetter(RejectReason.NOT_JSON, "unexpected end", "e30=", "shop", 0, number, NOON_US + 250_000)


def one_of_each(number: int) -> tuple[Struct, ...]:
    """A record of every table."""
    return (
        event(number), identity(number, "link", "ada", ("email:ada@x.org",)), member("ada", number),
        entry("ada", number, 10 * number), refusal(number), signal(number), decision(number), action(number),
        receipt(number), alert(number), dead_letter(number),
    )  # fmt: skip
