"""What becoming known, being forgotten and being erased do to a member's points and to what it may be sent."""

from typing import Any, Final

import msgspec
import pytest

from config.program import Program
from flows.fold import fold
from schemas.records import AlertRaised
from tests.config.samples import plain
from tests.decisions import tables as decisions
from tests.identity.stories import Ids, lines_of, rows_of, seen, shop
from tests.ledger.tables import check, kiosk

_alerts = msgspec.json.Decoder(AlertRaised)
DAY_US: Final = 86_400_000_000
AGREED: Final = {"channel": "email", "purpose": "marketing", "state": "granted", "origin": "web"}
ADA: Final[dict[str, Any]] = {"ids": {"loyalty": "ada", "email": "ada@shop.example"}}


def unknown_earn_nothing() -> Program:
    """The ledger's program, where only known members earn."""
    program = kiosk()
    return program.model_copy(update={"identity": program.identity.model_copy(update={"retroactive_earn": False})})


def test_an_anonymous_basket_is_credited_within_the_window_and_forgotten_after_it() -> None:
    """Whoever says in time who they are has the points; a basket that nobody claims is written off to the day."""
    check("""
        purchase  ~web      2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  ~app      2026-01-01T11:00  o2   5.00 GBP  -> +5 = 5
        purchase  ada       2026-01-02T10:00  o3   1.00 GBP  -> +1 = 1
        alias     ada+~web  2026-01-31T10:00                 -> -10 = 0, +10 = 11
        later     -         2026-02-01T00:00                 -> -5 = 0
        purchase  ada+~app  2026-02-01T10:00  o4   2.00 GBP  -> +2 = 13
        """)


def test_without_retroactive_earn_only_known_members_earn() -> None:
    """What was bought before is not made good; a return of it takes nothing."""
    check("""
        purchase  ~web      2026-01-01T10:00  o1  10.00 GBP  -> nothing
        alias     ada+~web  2026-01-02T10:00                 -> nothing
        purchase  ~web      2026-01-03T10:00  o2   4.00 GBP  -> +4 = 4
        return    ada       2026-01-04T10:00  o1  10.00 GBP  -> nothing
        """, unknown_earn_nothing())  # fmt: skip


def test_an_erased_person_who_is_imported_again_is_not_written_to() -> None:
    """What was agreed to before the erasure does not count, also when it is told again; what is agreed after it does.

    The reason says which of the two it was.
    """
    told = decisions.kiosk("rules: [{id: remind, on: abandoned, purpose: marketing, channels: [email], template: kept, "
                           "expires_after: 24h}]")  # fmt: skip
    begin, asked = decisions.instant_us("01-01T10:00"), {"request_id": "r1", "actor": "desk"}
    happened: list[tuple[str, dict[str, Any], int, int]] = [
        ("consent", {**ADA, **AGREED}, 0, 0),
        ("cart_change", {**ADA, "cart_id": "c1", "status": "active"}, 1, 1),
        ("erase", {"ids": {"email": "ada@shop.example"}, **asked}, 10, 10),
        ("consent", {**ADA, **AGREED}, 20, 0),
        ("cart_change", {**ADA, "cart_id": "c2", "status": "active"}, 21, 21),
        ("consent", {**ADA, **AGREED}, 30, 30),
        ("cart_change", {**ADA, "cart_id": "c3", "status": "active"}, 31, 31),
    ]
    rows = [
        decisions.row(number, kind, data, begin + log * DAY_US, begin + event * DAY_US + number)
        for number, (kind, data, log, event) in enumerate(happened)
    ]
    found = decisions.records(fold(told, rows, rows[-1][0] + DAY_US), "decisions")
    assert [(one["outcome"], one["reason"]) for one in found] == [
        ("sent", "ALLOWED"), ("suppressed", "ERASED"), ("sent", "ALLOWED"),
    ]  # fmt: skip


def alerts_of(*events: Ids | dict[str, Any]) -> list[tuple[str, str | None]]:
    """The alerts that some events raise, by kind and member."""
    said = fold(shop(), rows_of(lines_of(*events))).lines.get("alerts", b"")
    return [(alert.kind, alert.member_id) for alert in _alerts.decode_lines(said)]


def visits(*named: Ids) -> list[dict[str, Any]]:
    """A visit for each, a minute apart."""
    return [seen(ids, f"v{at}", at, kind="page_view") for at, ids in enumerate(named)]


def test_a_conflict_between_two_members_is_alerted_once() -> None:
    """However often it comes, from either side; one with a third member is another."""
    email = "ours@x.de"
    told = alerts_of(*visits(
        {"loyalty": "1", "email": email}, {"loyalty": "2", "email": email}, {"loyalty": "2", "email": email},
        {"loyalty": ["1", "2"]}, {"loyalty": "3", "email": email},
    ))  # fmt: skip
    assert [kind for kind, _ in told] == ["identity_conflict", "identity_conflict"]


def test_a_shared_identifier_is_alerted_when_it_stops_linking() -> None:
    """Once; what comes later is no news."""
    named: list[Ids] = [{"crm": f"{number}", "pos": "kiosk"} for number in range(1, 9)]
    told = alerts_of(*visits(*named))
    assert [kind for kind, _ in told] == ["shared_identifier"]


@pytest.mark.parametrize(("count", "reasons"), [(10_000, []), (10_001, ["INVALID_DATA"])])
def test_an_alias_of_ten_thousand_identifiers_is_accepted_and_no_more(count: int, reasons: list[str]) -> None:
    """The limit is the program's; beyond it nothing is linked at all."""
    said = fold(shop(), rows_of(lines_of({"crm": [f"c{number}" for number in range(count)]}))).lines
    letters = [plain(line)["reason"] for line in said.get("dead_letters", b"").decode().splitlines()]
    assert letters == reasons
    assert ("identity" in said) == (not reasons)
