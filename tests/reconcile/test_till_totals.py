"""The day's purchases by store against what the till itself counted."""

from pathlib import Path
from typing import Any

import pytest

from tests.flow.lives import live
from tests.ledger.tables import kiosk
from tests.reconcile.asked import Answer, reconcile
from tests.reconcile.made import Event, write


def sale(id: str, receipt: str, time: str, pence: int, store: str = "Bath") -> Event:
    """A purchase at a till."""
    total = {"amount": pence, "currency": "GBP"}
    data = {"ids": {"loyalty": "ada"}, "order_id": receipt, "total": total, "store": store}
    return {"specversion": "1.0", "type": "purchase", "source": "till", "id": id, "time": time, "data": data}


SALES = [
    sale("1", "b1", "2026-07-01T08:00:00Z", 1000),
    sale("2", "b2", "2026-07-01T09:00:00Z", 500),
    sale("3", "b2", "2026-07-01T09:00:10Z", 500),
    sale("4", "y1", "2026-07-01T10:00:00Z", 700, "York"),
    sale("5", "b3", "2026-07-01T23:30:00Z", 300),
]


@pytest.fixture
def lived(tmp_path: Path) -> Path:
    """A folder with the log and the run over it; the zone of the program is an hour ahead in July."""
    program = kiosk().model_copy(update={"time_zone": "Europe/London"})
    live(write(tmp_path / "log", SALES), tmp_path / "out", program=program)
    return tmp_path


def asked(folder: Path, *rows: str, head: str = "store,day,receipts,amount") -> Answer:
    """The answer with these rows of totals."""
    (folder / "till.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return reconcile(folder / "out", folder / "log", "--json", "--till-totals", str(folder / "till.csv"))


def test_totals_that_agree_are_equal(lived: Path) -> None:
    """By local day: half past eleven at night in UTC is the next day there."""
    answer = asked(lived, "Bath,2026-07-01,3,2000", "Bath,2026-07-02,1,300", "York,2026-07-01,1,700")
    assert answer.status == 0
    assert (answer.told["till_totals"]["compared"], answer.told["till_totals"]["differing"]) == (3, 0)


def test_a_receipt_that_came_twice_is_listed(lived: Path) -> None:
    """The till counted two receipts where three events came: the one with two events is named."""
    answer = asked(lived, "Bath,2026-07-01,2,1500")
    totals: dict[str, Any] = answer.told["till_totals"]
    assert (answer.status, totals["equal"]) == (1, False)
    (day,) = totals["first"]
    assert (day["receipts_too_many"], day["amount_too_much"]) == (1, 500)
    (twice,) = totals["twice"]
    assert (twice["receipt"], twice["events"], twice["told_by"]) == ("b2", 2, "till 2, till 3")


def test_missing_receipts_are_named_where_the_till_lists_them(lived: Path) -> None:
    """With a row a receipt, those without an event are listed."""
    rows = ("York,2026-07-01,y1,700", "York,2026-07-01,y2,900")
    totals: dict[str, Any] = asked(lived, *rows, head="store,day,receipt,amount").told["till_totals"]
    assert [(row["receipt"], row["amount"]) for row in totals["missing"]] == [("y2", 900)]
    assert [(row["receipts_too_many"], row["amount_too_much"]) for row in totals["first"]] == [(-1, -900)]


def test_a_file_that_is_no_totals_is_refused_with_its_line(lived: Path) -> None:
    """Columns and values are named."""
    assert "missing: receipts" in asked(lived, "Bath,2026-07-01,2", head="store,day,amount").errors
    answer = asked(lived, "Bath,2026-07-01,2,1500", "Bath,yesterday,2,1500")
    assert answer.status == 2
    assert "till.csv:3: expected a day such as 2026-03-01" in answer.errors
