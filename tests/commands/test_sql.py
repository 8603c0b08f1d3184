"""`balanza sql`."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from sinks.views import VIEWS
from tests.commands.made import balanza


def test_without_a_query_the_tables_are_listed(out: Path) -> None:
    """Every view with its rows and columns."""
    listed = json.loads(balanza("sql", "--out", out, "--json").stdout)
    assert {row["table"] for row in listed} == {view for view in VIEWS if "." not in view}
    assert {row["table"]: row["rows"] for row in listed}["dead_letters"] == 3
    assert "member_id, currency, available" in balanza("sql", "--out", out).stdout


def test_people_get_a_table_within_the_width(out: Path) -> None:
    """Numbers stand as they are, nothing is NULL in silence, long texts fold."""
    query = "select 1234567 as id, null as no, true as yes, repeat('long ', 40) as text, timestamp '2026-01-02' as day"
    result = balanza("sql", query, "--out", out)
    assert result.exit_code == 0
    assert "1234567   –    yes" in result.stdout
    assert "2026-01-02 00:00:00" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 120


def test_json_keeps_types(out: Path) -> None:
    """JSON columns are JSON, decimals exact, times UTC, what JSON does not know text; names are told apart."""
    query = (
        "select 0.10 as price, 1 as price, '{\"a\": [1]}'::json as data, timestamp '2026-01-02 03:04:05' as day, "
        "170141183460469231731687303715884105727 as huge, interval 1 day as span, 'ab'::blob as raw, [1, 2] as list, "
        "{'k': date '2026-01-01'} as map"
    )
    result = balanza("sql", query, "--out", out, "--json")
    assert '"price": 0.10' in result.stdout
    assert json.loads(result.stdout) == [{
        "price": 0.1, "price_2": 1, "data": {"a": [1]}, "day": "2026-01-02T03:04:05Z",
        "huge": "170141183460469231731687303715884105727", "span": "1 day, 0:00:00", "raw": "ab", "list": [1, 2],
        "map": {"k": "2026-01-01"},
    }]  # fmt: skip


def test_csv_can_be_read_back(out: Path) -> None:
    """A head and the rows, quoted where needed."""
    query = "select 'a,\"b' as text, 2 as number union all select 'c', 3 order by 2"
    result = balanza("sql", query, "--out", out, "--csv")
    assert list(csv.reader(result.stdout.splitlines())) == [["text", "number"], ['a,"b', "2"], ["c", "3"]]


@pytest.mark.parametrize(("options", "rows"), [([], 100), (["--limit", "7"], 7), (["--limit", "500"], 250)])
def test_a_table_is_cut_and_says_so(out: Path, options: list[str], rows: int) -> None:
    """A hundred rows unless more or fewer are asked for; the note goes to stderr."""
    result = balanza("sql", "select range from range(250)", "--out", out, *options)
    assert len(result.stdout.splitlines()) == rows + 2
    assert ("the first" in result.stderr) == (rows < 250)


def test_machines_get_every_row(out: Path) -> None:
    """`--json` and `--csv` are cut only where it is asked for."""
    query = "select range from range(3000)"
    assert len(json.loads(balanza("sql", query, "--out", out, "--json").stdout)) == 3000
    assert len(balanza("sql", query, "--out", out, "--csv").stdout.splitlines()) == 3001
    assert len(json.loads(balanza("sql", query, "--out", out, "--json", "--limit", "5").stdout)) == 5


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("selec 1",                      "syntax error"),
        ("select * from membres",        'Did you mean "members"'),
        ("create table mine as select 1", "read-only"),
        ("select max(at) from signals",  "The column at needs its table before it"),
        ("select now()",                 "now()::TIMESTAMP"),
    ],
)  # fmt: skip
def test_a_wrong_query_is_explained(out: Path, query: str, words: str) -> None:
    """Status 2, DuckDB's words and a remedy on stderr."""
    result = balanza("sql", query, "--out", out)
    assert (result.exit_code, words in result.stderr, "Traceback" in result.stderr) == (2, True, False)


def test_two_formats_at_once_are_refused(out: Path) -> None:
    """Either or."""
    assert balanza("sql", "select 1", "--out", out, "--json", "--csv").exit_code == 2


def test_a_folder_that_was_moved_is_read_in_its_new_place(out: Path, tmp_path: Path) -> None:
    """The views are made anew where they name files elsewhere."""
    copy = tmp_path / "moved"
    shutil.copytree(out, copy)
    result = balanza("sql", "select (select count(*) from events) as n, folder from about", "--out", copy, "--json")
    (row,) = json.loads(result.stdout)
    assert (row["n"] > 0, row["folder"]) == (True, str((copy / "warehouse").resolve()))


def test_a_damaged_warehouse_is_said_to_be_one(out: Path, tmp_path: Path) -> None:
    """A file that is no database is status 1, not a traceback."""
    copy = tmp_path / "damaged"
    shutil.copytree(out, copy)
    (copy / "warehouse" / "warehouse.duckdb").write_bytes(b"nothing of ours" * 1000)
    result = balanza("sql", "select 1", "--out", copy)
    assert (result.exit_code, "cannot be read" in result.stderr) == (1, True)
