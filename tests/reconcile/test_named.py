"""Ways to get points for nothing that do not work; each also equals what SQL finds in its log."""

from pathlib import Path
from typing import Any

from tests.flow.lives import live
from tests.ledger.tables import kiosk
from tests.reconcile.asked import ask, reconcile
from tests.reconcile.made import Event, events_of, write

BALANCES = """
SELECT available, receivable, lifetime_earned, lifetime_redeemed FROM balances WHERE currency = 'points'
"""


def lived(tmp_path: Path, *partitions: list[Event]) -> list[tuple[Any, ...]]:
    """The balances after these partitions, once reconciliation finds the same."""
    log = write(tmp_path / "log", *partitions)
    live(log, tmp_path / "out", program=kiosk())
    assert reconcile(tmp_path / "out", log, "--json").told["equal"]
    return ask(tmp_path / "out", BALANCES)


def refused(tmp_path: Path) -> list[tuple[Any, ...]]:
    """Why what moved nothing."""
    return ask(tmp_path / "out", 'SELECT cause_id, reason FROM refusals ORDER BY "at", cause_id')


def test_buying_redeeming_and_returning_in_a_circle_gains_nothing(tmp_path: Path) -> None:
    """Each round earns ten, spends ten and returns what earned them: what was spent beyond is owed."""
    rounds = [
        f"""
        purchase  ada  2026-01-{day:02}T10:00  o{day}  10.00 GBP  #buy{day}
        redeem    ada  2026-01-{day:02}T11:00  x{day}  10 points  #spend{day}
        return    ada  2026-01-{day:02}T12:00  o{day}  10.00 GBP  #back{day}
        """
        for day in range(1, 4)
    ]
    events = [event for text in rounds for event in events_of(text)]
    assert lived(tmp_path, events) == [(0, 10, 0, 10)]
    assert refused(tmp_path) == [("spend2", "INSUFFICIENT_BALANCE"), ("spend3", "INSUFFICIENT_BALANCE")]


def test_points_of_a_cancelled_order_are_not_spent_twice(tmp_path: Path) -> None:
    """Once spent, their order's return makes a debt; a cancelled redemption pays it and no more can be spent."""
    events = events_of("""
        purchase       ada  2026-01-01T10:00  o1  10.00 GBP  #buy
        redeem         ada  2026-01-01T11:00  x1  10 points  #spend
        return         ada  2026-01-01T12:00  o1  10.00 GBP  #back
        redeem_cancel  ada  2026-01-01T13:00  x1             #undo
        redeem         ada  2026-01-01T14:00  x2  10 points  #again
        redeem_cancel  ada  2026-01-01T15:00  x1             #undo_again
        """)
    assert lived(tmp_path, events) == [(0, 0, 0, 0)]
    assert refused(tmp_path) == [("again", "INSUFFICIENT_BALANCE"), ("undo_again", "UNKNOWN_REDEMPTION")]


def test_two_tills_at_the_same_second_spend_once(tmp_path: Path) -> None:
    """Both ask for the same ten points; the first in the order of the log gets them, the other is refused."""
    bought = events_of("purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #buy")
    tills = [events_of(f"redeem  ada  2026-01-01T11:00  x{till}  10 points  #till{till}") for till in (0, 1)]
    assert lived(tmp_path, [*bought, *tills[0]], tills[1]) == [(0, 0, 10, 10)]
    assert refused(tmp_path) == [("till1", "INSUFFICIENT_BALANCE")]


def test_two_tills_at_the_same_second_sell_two_receipts(tmp_path: Path) -> None:
    """The same amount in the same second by two tills is two purchases; one told twice by its till is one."""
    tills = [events_of(f"purchase  ada  2026-01-01T10:00  o{till}  10.00 GBP  #till{till}") for till in (0, 1)]
    assert lived(tmp_path, tills[0] * 2, tills[1]) == [(20, 0, 20, 0)]
