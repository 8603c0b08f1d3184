"""`balanza statement` and `balanza report liability`, over a folder with late events, lots and a hold."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.fold import fold
from schemas.log import Row
from schemas.records import Packet
from sinks.warehouse import Warehouse
from tests.commands.made import balanza
from tests.ledger.tables import parse, row_of
from tests.ledger.test_lots import shop

STORY = """
    purchase  ada  2026-01-10T10:00  o1  10.00 GBP                  ->
    accrual   ada  2026-02-01T10:00  a1  7 miles  2026-06-01T00:00  ->
    purchase  ada  2026-02-20T10:00  o2  4.00 GBP                   ->
    purchase  ada  2026-01-20T10:00  o3  5.00 GBP                   ->
    return    ada  2026-02-21T10:00  o2  2.00 GBP                   ->
    redeem    ada  2026-02-22T10:00  r1  3 points                   ->
    """


@pytest.fixture(scope="module")
def shopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with the story's warehouse; o3 came a month late."""
    rows: list[Row] = []
    for offset, line in enumerate(parse(STORY)):
        assert line.event is not None
        rows.append(row_of(line.event, rows[-1][0] if rows else 0, offset))
    folded = fold(shop("expiry: {policy: end_of_month, months: 2}"), rows)
    out = tmp_path_factory.mktemp("points")
    warehouse = Warehouse(out / "warehouse")
    warehouse.recover(0, {})
    warehouse.write(Packet(folded.lines, {}, [], []))
    warehouse.seal(1)
    warehouse.publish(1)
    warehouse.close()
    (member_id,) = folded.members
    (out / "ada").write_text(member_id, encoding="utf-8")
    return out


def said(*arguments: str | Path) -> Any:  # noqa: ANN401  whatever the command prints
    """What a command prints as JSON."""
    result = balanza(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def statement(out: Path, *options: str) -> dict[str, Any]:
    """Ada's statement."""
    found: dict[str, Any] = said("statement", (out / "ada").read_text(encoding="utf-8"), "--out", out, *options)
    return found


def balance(found: dict[str, Any]) -> tuple[int, int]:
    """Points available and miles pending."""
    balances = found["balances"]
    return balances.get("points", {}).get("available", 0), balances.get("miles", {}).get("pending", 0)


def test_a_statement_lists_entries_with_the_balance_after_each(shopped: Path) -> None:
    """In the order in which they were posted."""
    found = statement(shopped)
    points = [entry for entry in found["entries"] if entry["currency"] == "points"]
    assert [(entry["rule"], entry["change"], entry["balance"]) for entry in points] == [
        ("spend", 10, 10), ("spend", 4, 14), ("spend", 5, 19), ("return.spend", -2, 17), ("redeem", -3, 14),
    ]  # fmt: skip
    assert balance(found) == (14, 7)


def test_what_was_known_on_a_day_leaves_out_what_came_later(shopped: Path) -> None:
    """However early it counts."""
    assert balance(statement(shopped, "--as-known-on", "2026-01-31")) == (10, 0)
    assert balance(statement(shopped, "--as-known-on", "2026-02-20T10:00:00")) == (19, 7)


def test_what_was_on_a_day_knows_late_events(shopped: Path) -> None:
    """In order of effect; both times together tell what was known of it."""
    found = statement(shopped, "--as-was-on", "2026-01-31")
    assert [entry["balance"] for entry in found["entries"]] == [10, 15]
    assert balance(found) == (15, 0)
    assert balance(statement(shopped, "--as-was-on", "2026-01-31", "--as-known-on", "2026-02-19")) == (10, 0)


def test_a_time_that_is_none_is_wrong_usage(shopped: Path) -> None:
    """The message says what is accepted."""
    result = balanza("statement", "x", "--out", shopped, "--as-was-on", "yesterday")
    assert (result.exit_code, "a day such as 2026-03-01" in result.stderr) == (2, True)


def test_the_liability_adds_up(shopped: Path) -> None:
    """What expires by month is what is available; what rules gave less the rest is what is owed."""
    found = said("report", "liability", "--out", shopped)
    assert found["owed"] == [
        {"currency": "miles", "available": 0, "pending": 7, "receivable": 0, "members": 1},
        {"currency": "points", "available": 14, "pending": 0, "receivable": 0, "members": 1},
    ]
    assert [(row["month"], row["points"]) for row in found["expiring"]] == [("2026-03", 12), ("2026-04", 2)]
    assert found["given"] == [
        {"currency": "miles", "rule": "accrual", "points": 7}, {"currency": "points", "rule": "spend", "points": 17}
    ]
    assert found["moved"] == [
        {"currency": "miles", "breakage": 0, "redeemed": 0, "adjusted": 0},
        {"currency": "points", "breakage": 0, "redeemed": 3, "adjusted": 0},
    ]


def test_people_get_tables(shopped: Path) -> None:
    """With the same numbers."""
    liability = balanza("report", "liability", "--out", shopped).stdout
    assert "2026-03" in liability
    mine = balanza("statement", (shopped / "ada").read_text(encoding="utf-8"), "--out", shopped).stdout
    assert "return.spend" in mine
