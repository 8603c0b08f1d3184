"""What of a program is recomputed, what is believed and what is not, is said by currency."""

from pathlib import Path
from typing import Any

from balanza.reconcile.coverage import coverage_of
from config.loader import load_program
from config.program import Program
from tests.config.samples import program
from tests.flow.lives import CORNER_SHOP, live
from tests.ledger.tables import kiosk
from tests.reconcile.asked import Answer, ask, reconcile
from tests.reconcile.made import Event, events_of, write

RICH = """
currencies:
  points: {name: Points, expiry: {policy: days, days: 30}}
  miles: {name: Miles}
  gems: {name: Gems, returns: within_balance, expiry: {policy: activity_extends, days: 9}}
earn:
  - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
  - {id: visit, on: store_visit, currency: points, points: 5, first: 1}
  - {id: fly, on: purchase, currency: miles, points: 1, per: {amount: 100, currency: GBP}, expires_after: 5d}
  - {id: once, on: store_visit, currency: gems, points: 1, once_a: day}
"""


def accrual(id: str, at: str, points: int, **more: str) -> Event:
    """An accrual of miles for ada."""
    data = {"ids": {"loyalty": "ada"}, "accrual_id": id.rstrip("+"), "currency": "miles", "points": points, **more}
    return {"specversion": "1.0", "type": "accrual", "source": "airline", "id": id, "time": at, "data": data}


def visit(id: str, at: str) -> Event:
    """A visit of ada."""
    data = {"ids": {"loyalty": "ada"}, "store": "Bath"}
    return {"specversion": "1.0", "type": "store_visit", "source": "door", "id": id, "time": at, "data": data}


def lived(folder: Path, by: Program, events: list[Event], *options: str) -> Answer:
    """What reconciliation says of a run over these events."""
    log = write(folder / "log", sorted(events, key=lambda event: str(event["time"])))
    live(log, folder / "out", program=by)
    return reconcile(folder / "out", log, *options)


def test_the_corner_shop_is_recomputed_whole() -> None:
    """Nothing is believed and nothing is missing."""
    found = coverage_of(load_program(CORNER_SHOP))
    assert (found.missing, found.said, found.believed) == ({"points": []}, {"points": []}, {})


def test_what_is_not_recomputed_is_named_by_currency() -> None:
    """Points with an end of their own beside such without; rules that count over several events are believed."""
    found = coverage_of(program(RICH))
    assert found.missing == {"points": [], "miles": ["earn.fly.expires_after"], "gems": []}
    assert found.said == {"points": ["visit"], "miles": [], "gems": ["once"]}


def test_a_currency_that_is_not_recomputed_is_loud(tmp_path: Path) -> None:
    """It is never equal: status 1 and a line of its own; leaving it out by name compares the others."""
    bought = events_of("purchase  ada  2026-01-01T10:00  o1  10.00 GBP")
    answer = lived(tmp_path, program(RICH), bought)
    assert answer.status == 1
    assert "NOT RECOMPUTED: miles. The SQL does not know earn.fly.expires_after" in answer.output
    assert "Equal as far as it was recomputed: points." in answer.output
    assert reconcile(tmp_path / "out", tmp_path / "log", "--currency", "points").status == 0


def test_believed_points_are_followed(tmp_path: Path) -> None:
    """Points of a visit are the run's; what is spent of them and what expires is reckoned."""
    events = [
        *events_of("""
            purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #buy
            redeem    ada  2026-01-03T10:00  x1  12 points  #spend
            redeem    ada  2026-01-04T10:00  x2  12 points  #beyond
            purchase  ada  2026-03-01T10:00  o2  20.00 GBP  #later
            return    ada  2026-03-02T10:00  o1  10.00 GBP  #back
            """),
        visit("v1", "2026-01-02T10:00:00Z"),
    ]  # fmt: skip
    answer = lived(tmp_path, program(RICH), events, "--currency", "points")
    assert (answer.status, "BELIEVED: of points" in answer.output) == (0, True)
    figures = "SELECT available, lifetime_earned, lifetime_redeemed, lifetime_expired FROM balances"
    assert ask(tmp_path / "out", f"{figures} WHERE currency = 'points'") == [(10, 25, 12, 3)]


def test_accruals_are_recomputed(tmp_path: Path) -> None:
    """Once an id, pending until their time, and released; one that is still pending at the log's end stays so."""
    events = [
        accrual("a1", "2026-01-01T10:00:00Z", 100),
        accrual("a1+", "2026-01-01T11:00:00Z", 100),
        accrual("a2", "2026-01-01T12:00:00Z", 50, hold_until="2026-01-02T00:00:00Z"),
        accrual("a3", "2026-01-01T13:00:00Z", 30, hold_until="2027-01-01T00:00:00Z"),
        *events_of("redeem  ada  2026-01-03T10:00  x1  150 miles"),
    ]
    answer = lived(tmp_path, kiosk(), events, "--json")
    told: dict[str, Any] = answer.told
    assert (answer.status, told["equal"], told["drifting"]) == (0, True, [])
    assert told["refused"] == [{"kind": "accrual", "why": "accrued before", "events": 1}]
    assert ask(tmp_path / "out", "SELECT available, pending FROM balances WHERE currency = 'miles'") == [(0, 30)]


def test_who_was_erased_is_left_out_and_counted(tmp_path: Path) -> None:
    """The log still has the person's lines, also those of a cookie alone: they are nobody's, and no drift."""
    request = {"ids": {"loyalty": "ada"}, "request_id": "q1", "actor": "desk"}
    events = [
        *events_of("""
            purchase  ada+~web  2026-01-01T10:00  o1  10.00 GBP
            purchase  ~web      2026-01-01T11:00  o2  10.00 GBP
            purchase  bob       2026-01-01T12:00  o3  10.00 GBP
            purchase  ada       2026-01-03T10:00  o4  10.00 GBP
            """),
        {"specversion": "1.0", "type": "erase", "source": "desk", "id": "q1", "time": "2026-01-02T10:00:00Z",
         "data": request},
    ]  # fmt: skip
    answer = lived(tmp_path, kiosk(), events, "--json")
    told: dict[str, Any] = answer.told
    assert (answer.status, told["equal"], told["left_out"]) == (0, True, 1)
    assert told["lines"] == {"applied": 3, "erased": 2}


def test_who_was_split_is_recomputed(tmp_path: Path) -> None:
    """Nobody is left out."""
    split = {"keep": {"loyalty": "ada"}, "part": {"cookie": "web"}, "actor": "desk", "reason": "two people"}
    events = [
        *events_of("""
            purchase  ada+~web  2026-01-01T10:00  o1  10.00 GBP
            purchase  ~web      2026-01-01T11:00  o2  10.00 GBP
            purchase  bob       2026-01-01T11:00  o3  10.00 GBP
            """),
        {"specversion": "1.0", "type": "split", "source": "desk", "id": "s1", "time": "2026-01-02T10:00:00Z",
         "data": split},
    ]  # fmt: skip
    answer = lived(tmp_path, kiosk(), events)
    assert "NOT RECOMPUTED" not in answer.output
    assert answer.status == 0
    assert ask(tmp_path / "out", "SELECT available FROM balances") == [(10,)] * 3
