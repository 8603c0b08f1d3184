"""The files of `--keep-records` say of a person what the warehouse says, nothing; lines stay where they were."""

import json
from pathlib import Path

import duckdb
import pytest

from schemas.records import TABLES, Packet
from sinks import stored
from sinks.erasing import anonymous_name
from sinks.group import Destinations
from sinks.lines import RecordFiles
from sinks.requests import Requests
from sinks.warehouse import Warehouse
from tests.sinks.examples import packet
from tests.sinks.people import KEY, PERSONAL, document, erased, life

AS_ADA, AS_OLD = anonymous_name(KEY, "ada"), anonymous_name(KEY, "old")


class Kept:
    """A warehouse and its kept records, one epoch after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._epoch = 0
        self._mark: dict[str, int] = {}

    def take(self, each: Packet) -> None:
        """Publish a packet as an epoch of its own, in a life of its own."""
        requests = Requests(self.folder, KEY, document)
        sinks = Destinations(
            [RecordFiles(self.folder / "records"), Warehouse(self.folder / "warehouse", requests=requests)]
        )
        sinks.recover(self._epoch, self._mark)
        self._epoch += 1
        sinks.write(each)
        self._mark = sinks.seal(self._epoch)
        sinks.publish(self._epoch)
        sinks.close()

    def lines(self, table: str) -> list[bytes]:
        """A table's lines."""
        return (self.folder / "records" / f"{table}.jsonl").read_bytes().splitlines()


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Ada lived; her erasure is still to come."""
    kept = Kept(tmp_path)
    kept.take(packet(*life()))
    return kept


def test_nothing_names_the_person_and_no_line_moves(kept: Kept) -> None:
    """Each line is as long as before."""
    before = {table: [len(line) for line in kept.lines(table)] for table in TABLES}
    kept.take(erased())
    for table, lengths in before.items():
        assert [len(line) for line in kept.lines(table)][: len(lengths)] == lengths
        assert [word for word in PERSONAL if word in b"\n".join(kept.lines(table)).decode().lower()] == []


def test_what_is_left_is_what_the_warehouse_has(kept: Kept, tmp_path: Path) -> None:
    """Row for row, but for those of the person for which her lines were too short: anonymous entries, stones."""
    kept.take(erased())
    warehouse = duckdb.connect(str(tmp_path / "warehouse" / "warehouse.duckdb"), read_only=True)
    for table in TABLES:
        left = tmp_path / "left.jsonl"
        left.write_bytes(b"".join(line + b"\n" for line in kept.lines(table) if "erased" not in json.loads(line)))
        found = duckdb.execute(f"SELECT * FROM ({stored.read_json(table, [left])}) ORDER BY ALL").fetchall()
        expected = warehouse.execute(f"SELECT * FROM stored.{table} ORDER BY ALL").fetchall()
        missing = [row for row in expected if row not in found]
        assert [row for row in found if row not in expected] == [], table
        assert all(any(who in row for who in ("ada", "old", AS_ADA, AS_OLD)) for row in missing), table
    warehouse.close()


def test_the_report_counts_lines_by_file(kept: Kept, tmp_path: Path) -> None:
    """As many as rows of the table."""
    kept.take(erased())
    rows = json.loads((tmp_path / "erasures.jsonl").read_text())["rows"]
    assert {name: rows[f"records/{name}.jsonl"] for name in TABLES if name in rows} == {
        name: rows[name] for name in TABLES if name in rows
    }


@pytest.mark.parametrize("torn", [1, 40, 120])
def test_a_line_that_a_crash_left_half_written_is_blanked(kept: Kept, torn: int) -> None:
    """It is no JSON, so it is a line that was being erased; one that is being appended is left alone."""
    path = kept.folder / "records" / "events.jsonl"
    text = path.read_bytes()
    path.write_bytes((b'{"erased":"request 1"' + b" " * 200)[:torn] + text[torn:])
    kept.take(erased())
    first, *others = kept.lines("events")
    assert json.loads(first).get("erased") in {True, "request 1"}
    assert len(path.read_bytes()) > len(text)
    assert all(json.loads(line) for line in others)


def test_doing_it_again_changes_nothing(kept: Kept) -> None:
    """As after a crash between the files and the manifest."""
    kept.take(erased())
    before = {table: kept.lines(table) for table in TABLES}
    again = erased()
    again.lines = {}
    kept.take(again)
    assert {table: kept.lines(table) for table in TABLES} == before
