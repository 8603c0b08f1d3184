"""`balanza export` and `balanza erasures`."""

import json
from pathlib import Path

import pytest

from balanza.look.erasures import REPORT
from config.compatibility import dump_program
from config.loader import load_program
from tests.commands.made import balanza
from tests.config.samples import CORNER_SHOP
from tests.sinks.examples import packet
from tests.sinks.people import Lives, erased, life

ADA = "loyalty:BZ00000001"


@pytest.fixture(scope="module")
def erasing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder in which Ada was erased."""
    folder = tmp_path_factory.mktemp("erasing")
    (folder / "state").mkdir()
    (folder / "state" / "program.json").write_text(dump_program(load_program(CORNER_SHOP)), encoding="utf-8")
    Lives(folder).take(packet(*life()), erased())
    return folder


def test_an_export_by_hand_holds_the_document_and_the_rows(out: Path) -> None:
    """On stdout, with every table that has rows of the member."""
    result = balanza("export", ADA, "--out", out)
    assert result.exit_code == 0, result.output
    held = json.loads(result.stdout)
    assert held["document"]["identifiers"]["loyalty"] == ["BZ00000001"]
    assert {one["member_id"] for one in held["events"]} == {held["member_id"]}
    filled = {name for name, rows in held.items() if isinstance(rows, list) and rows}
    assert {"identifiers", "balances", "postings", "signals", "decisions", "actions", "receipts"} <= filled


def test_an_export_may_go_to_a_file(out: Path, tmp_path: Path) -> None:
    """The same, and nothing on stdout; a place that cannot be written is status 1."""
    result = balanza("export", ADA, "--out", out, "--file", tmp_path / "ada.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert json.loads((tmp_path / "ada.json").read_text()) == json.loads(balanza("export", ADA, "-o", out).stdout)
    wrong = balanza("export", ADA, "--out", out, "--file", tmp_path / "none" / "ada.json")
    assert (wrong.exit_code, "say --file" in wrong.stderr) == (1, True)


def test_erasures_are_listed_with_their_rows(erasing: Path) -> None:
    """For people and for machines."""
    shown = balanza("erasures", "--out", erasing)
    assert [word for word in ("request 1", "2026-01-01T13:00:00Z", "outbox.jsonl 2") if word not in shown.stdout] == []
    (one,) = json.loads(balanza("erasures", "--out", erasing, "--json").stdout)
    assert (one["seq"], one["request_id"], one["rows"]["events"]) == (7, "request 1", 6)


def test_where_nobody_asked_nothing_is_listed(out: Path) -> None:
    """Which is no failure."""
    assert balanza("erasures", "--out", out).stdout == "No erasures: nobody asked.\n"


def test_a_damaged_report_is_said_plainly(tmp_path: Path) -> None:
    """It was changed by someone else."""
    (tmp_path / REPORT).write_text("{")
    assert balanza("erasures", "--out", tmp_path).exit_code == 1


@pytest.mark.parametrize("who", ["ada", "old"])
def test_an_erased_member_is_named_as_such(erasing: Path, who: str) -> None:
    """Also by an id that it had absorbed."""
    result = balanza("member", who, "--out", erasing)
    assert (result.exit_code, "was erased on 2026-01-01 13:00" in result.stderr) == (1, True)
    assert balanza("export", who, "--out", erasing).exit_code == 1


def test_rejected_lines_that_were_erased_are_not_sent_again(erasing: Path) -> None:
    """They count, and say that they were erased; `--raw` has only what is left."""
    listed = json.loads(balanza("deadletters", "list", "--out", erasing, "--json").stdout)
    assert (listed["total"], [one["detail"] for one in listed["letters"]].count("erased")) == (4, 3)
    assert balanza("deadletters", "list", "--raw", "--out", erasing).stdout == '{"ids": {"email": "bob@x.org"}}\n'
