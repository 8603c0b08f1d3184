"""`balanza deadletters list`."""

import json
from pathlib import Path

from tests.commands.made import BROKEN, balanza


def test_counts_come_first_then_the_latest_letters(out: Path) -> None:
    """Reason, place and detail of each, and its line in a form that a terminal survives."""
    result = balanza("deadletters", "list", "--out", out)
    assert result.exit_code == 0, result.output
    assert "INVALID_DATA         1" in result.stdout
    assert "NOT_JSON at shop/0@" in result.stdout
    assert 'found "twelve"' in result.stdout
    assert r"\xff\x1b[2J" in result.stdout
    assert "\x1b[2J" not in result.stdout


def test_json_holds_counts_and_letters(out: Path) -> None:
    """The counts are those of all letters, also where fewer are listed."""
    found = json.loads(balanza("deadletters", "list", "--out", out, "--json", "--limit", "1").stdout)
    assert found["counts"] == {"INVALID_DATA": 1, "NOT_JSON": 1, "UNKNOWN_TYPE": 1}
    assert (found["total"], len(found["letters"])) == (3, 1)
    assert (found["letters"][0]["topic"], found["letters"][0]["reason"]) == ("shop", "UNKNOWN_TYPE")


def test_raw_gives_the_lines_as_they_came(out: Path) -> None:
    """Byte for byte, in the order of the log, and nothing else, so that they can be mended."""
    lines = balanza("deadletters", "list", "--out", out, "--raw").stdout_bytes.splitlines()
    assert (len(lines), lines[0]) == (3, BROKEN)
    assert json.loads(lines[2])["type"] == "page_vieuw"


def test_a_reason_narrows_the_list(out: Path) -> None:
    """In any case; several may be given; an unknown one is refused with those that exist."""
    one = json.loads(balanza("deadletters", "list", "--out", out, "--json", "--reason", "not_json").stdout)
    assert one["counts"] == {"NOT_JSON": 1}
    none = balanza("deadletters", "list", "--out", out, "--reason", "TOO_OLD")
    assert "No dead letters" in none.stdout
    wrong = balanza("deadletters", "list", "--out", out, "--reason", "NOT_XML")
    assert (wrong.exit_code, "not_json" in wrong.stderr) == (2, True)
