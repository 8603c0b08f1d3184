"""Lots are compared by what of a member's points expires when."""

from pathlib import Path
from typing import Final

from tests.config.samples import program
from tests.flow.lives import live
from tests.reconcile.asked import ask, reconcile
from tests.reconcile.made import events_of, write

STORY: Final = """
    purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #one
    purchase  ada  2026-01-05T10:00  o2  20.00 GBP  #two
    redeem    ada  2026-01-06T10:00  x1  4 points   #spend
    """
EXPIRING: Final = program("""
    currencies: {points: {name: Points, expiry: {policy: days, days: 30}}}
    earn: [{id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}]
    """)


def test_lots_are_compared_by_expiry(tmp_path: Path) -> None:
    """As many as the warehouse shows, with what is left of each."""
    log = write(tmp_path / "log", events_of(STORY))
    live(log, tmp_path / "out", program=EXPIRING)
    told = reconcile(tmp_path / "out", log, "--json").told
    assert told["equal"]
    assert told["lots"] == [{"currency": "points", "lots": 2, "drifting": 0, "expected": 26, "streamed": 26}]
    assert ask(tmp_path / "out", "SELECT points FROM lots ORDER BY expires_at") == [(6,), (20,)]


def test_a_lot_that_expires_on_another_day_is_drift_though_its_balance_is_equal(tmp_path: Path) -> None:
    """A late event that says another day, but comes at the same log time: both days are named."""
    late = STORY + "purchase  ada  2026-01-04T10:00  o3  7.00 GBP  #late"
    live(write(tmp_path / "log", events_of(late)), tmp_path / "out", program=EXPIRING)
    other = write(tmp_path / "other", events_of(late.replace("01-04", "01-03")))
    answer = reconcile(tmp_path / "out", other, "--json")
    told = answer.told
    assert (answer.status, told["equal"], told["drifting"], told["lines"]) == (1, False, [], {"applied": 4})
    assert [(row["expires_at"][:10], row["expected"], row["streamed"]) for row in told["lots_drifting"]] == [
        ("2026-02-02", 7, 0), ("2026-02-03", 0, 7),
    ]  # fmt: skip
    assert "Lots that drift" in reconcile(tmp_path / "out", other).output
