"""What a run streamed is what the SQL finds in the raw log: the example, drawn logs, a log that goes on."""

from pathlib import Path

import pytest

from tests.flow.lives import EXAMPLE, live, settings
from tests.ledger.tables import kiosk
from tests.reconcile.asked import ask, reconcile
from tests.reconcile.made import EXPIRING, FOR_EVER, WAIVING, crowded, drawn, events_of, write


def test_the_example_is_equal(tmp_path: Path) -> None:
    """Every balance, every line and every refusal of the bundled example."""
    live(EXAMPLE / "log", tmp_path / "out", settings(epoch_seconds=1))
    answer = reconcile(tmp_path / "out", EXAMPLE / "log", "--json")
    told = answer.told
    assert (answer.status, told["equal"], told["drifting"]) == (0, True, [])
    assert told["lines"] == {"applied": 26_000, "dead letter": 121, "duplicate": 495}
    assert [(told["changes"],)] == ask(tmp_path / "out", "SELECT count(*) FROM stored.entries")
    refused = sum(row["events"] for row in told["refused"])
    assert [(refused,)] == ask(tmp_path / "out", "SELECT count(*) FROM refusals")


@pytest.mark.parametrize(
    ("currencies", "seed"),
    [(FOR_EVER, 0), (FOR_EVER, 1), (EXPIRING, 0), (EXPIRING, 1), (WAIVING, 0)],
    ids=["for ever 0", "for ever 1", "expiring 0", "expiring 1", "waiving 0"],
)
def test_drawn_logs_are_equal(tmp_path: Path, currencies: str, seed: int) -> None:
    """Late events, duplicates, conflicts, merges of members with the same orders, spending, lots, forgotten members."""
    events = drawn(seed, 220)
    log = write(tmp_path / "log", events[::2], events[1::2])
    live(log, tmp_path / "out", settings(epoch_seconds=1), crowded(currencies))
    told = reconcile(tmp_path / "out", log, "--json").told
    assert (told["equal"], told["drifting"], told["unfounded"]) == (True, [], 0)
    assert len(told["currencies"]) == 2
    assert told["changes"] > 150
    expired = ask(tmp_path / "out", "SELECT count(*) FROM postings WHERE rule = 'expired'")
    assert (expired[0][0] > 10) == (currencies != FOR_EVER)


def test_a_log_read_in_rounds_is_equal_in_the_order_of_the_rounds(tmp_path: Path) -> None:
    """The second round's event is older, and is refused what the first round's spent: the journal tells."""
    first, second = events_of("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP
        redeem    ada  2026-01-03T10:00  r1  8 points
        redeem    ada  2026-01-02T10:00  r2  8 points
        """)[:2], events_of("redeem  ada  2026-01-02T10:00  r2  8 points  #late")
    log = write(tmp_path / "log", first)
    live(log, tmp_path / "out", program=kiosk())
    write(tmp_path / "log", first, second)
    live(log, tmp_path / "out", program=kiosk())
    told = reconcile(tmp_path / "out", log, "--json").told
    assert (told["equal"], told["lines"]) == (True, {"applied": 3})
    assert told["refused"] == [{"kind": "redeem", "why": "not enough points", "events": 1}]


def test_lines_that_the_run_has_not_read_are_said_and_left_out(tmp_path: Path) -> None:
    """A log that has grown since is no drift."""
    lines = events_of("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP
        purchase  ada  2026-01-02T10:00  o2  10.00 GBP
        """)
    log = write(tmp_path / "log", lines[:1])
    live(log, tmp_path / "out", program=kiosk())
    write(log, lines)
    answer = reconcile(tmp_path / "out", log)
    assert answer.status == 0
    assert "1 lines at the log's end were not read by the run; left out." in answer.output
    assert "Equal: points." in answer.output
