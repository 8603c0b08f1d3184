"""The warning of points that expire is a signal like any other: a rule makes a message of it."""

import msgspec

from flows.fold import Folded, fold
from schemas.log import Row
from schemas.records import ActionRequested, SignalChanged
from tests.config.samples import program
from tests.ledger.desk import micros
from tests.ledger.tables import event_of, row_of

PROGRAM = program("""
currencies: {points: {name: Points, expiry: {policy: days, days: 10}, warn_before: 3d}}
earn: [{id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}]
rules:
  - {id: hurry, on: points_expiring, purpose: marketing, channels: [email], template: hurry, expires_after: 1d}
templates: {hurry: {body: "Use them before they are gone."}}
quiet_hours: {from: "00:00", to: "08:00"}
""")
ADA = {"ids": {"email": "ada@example.com"}}
CONSENT = event_of("consent", "c1", "2026-01-01T09:00", {
    **ADA, "channel": "email", "purpose": "marketing", "state": "granted", "origin": "form"
})  # fmt: skip
PURCHASE = event_of("purchase", "p1", "2026-01-01T10:00", {
    **ADA, "order_id": "o1", "total": {"amount": 1000, "currency": "GBP"}
})  # fmt: skip
REDEEM = event_of("redeem", "r1", "2026-01-09T01:00", {
    **ADA, "redemption_id": "r1", "points": 10, "currency": "points"
})  # fmt: skip


def told(*events: dict[str, object], until: str) -> Folded:
    """What the oracle makes of these events, up to a time."""
    rows: list[Row] = []
    for offset, event in enumerate(events):
        rows.append(row_of(event, rows[-1][0] if rows else 0, offset))
    return fold(PROGRAM, rows, micros(until))


def signals(folded: Folded) -> list[tuple[str, int | None]]:
    """Signals with their points."""
    lines = msgspec.json.Decoder(SignalChanged).decode_lines(folded.lines.get("signals", b""))
    return [(one.state, one.value) for one in lines if one.signal == "points_expiring"]


def actions(folded: Folded) -> list[tuple[str, int]]:
    """Messages that were asked for, and when."""
    lines = msgspec.json.Decoder(ActionRequested).decode_lines(folded.lines.get("actions", b""))
    return [(one.template, one.at_us) for one in lines]


def test_a_rule_makes_a_message_of_it() -> None:
    """After the quiet hours in which it came."""
    folded = told(CONSENT, PURCHASE, until="2026-01-10T00:00")
    assert signals(folded) == [("raised", 10)]
    assert actions(folded) == [("hurry", micros("2026-01-09T07:00"))]


def test_who_spends_the_points_in_time_gets_none() -> None:
    """The signal does not stand any more when the quiet hours end."""
    folded = told(CONSENT, PURCHASE, REDEEM, until="2026-01-10T00:00")
    assert signals(folded) == [("raised", 10), ("cleared", None)]
    assert actions(folded) == []
