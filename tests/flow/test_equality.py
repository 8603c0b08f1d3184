"""V4: the dataflow's records are the plain fold's, byte for byte, whatever the size of batches and epochs."""

from pathlib import Path

import pytest

from config.loader import load_program
from connectors.file_log import FileLog, LogOptions
from flows.fold import Folded, fold
from schemas.decode import EventDecoder
from schemas.records import TABLES
from tests.flow.lives import CORNER_SHOP, EXAMPLE, live, settings
from tests.flow.outcomes import all_records


def folded(log: Path) -> Folded:
    """The oracle's records of a log, read here."""
    reader = FileLog(log, EventDecoder(), LogOptions(), None)
    rows = []
    while (batch := reader.read()) is not None:
        rows += batch.rows
    reader.close()
    return fold(load_program(CORNER_SHOP), rows)


@pytest.fixture(scope="module")
def example() -> Folded:
    """The oracle over the bundled example."""
    return folded(EXAMPLE / "log")


def test_the_oracle_says_something(example: Folded) -> None:
    """The example fills every table that its program knows of but receipts, so that equality means something."""
    assert TABLES.keys() - example.lines.keys() == {"receipts", "alerts", "tiers", "offers", "vouchers"}
    assert len(example.lines["events"].splitlines()) > 20_000


@pytest.mark.parametrize(("batch_lines", "epoch_seconds"), [(17, 1), (500, 0.3), (500, 30), (5000, 0.05)])
def test_the_dataflow_equals_the_fold(
    tmp_path: Path, example: Folded, batch_lines: int, epoch_seconds: float
) -> None:  # fmt: skip
    """Over the bundled example, with batches and epochs of any size."""
    live(EXAMPLE / "log", tmp_path, settings(batch_lines=batch_lines, epoch_seconds=epoch_seconds))
    assert {table: example.lines.get(table, b"") for table in TABLES} == all_records(tmp_path)


def test_one_event_a_batch_equals_the_fold(tmp_path: Path, small_log: Path) -> None:
    """Also when every event travels alone."""
    live(small_log, tmp_path, settings(batch_lines=1, epoch_seconds=0.5))
    oracle = folded(small_log)
    assert {table: oracle.lines.get(table, b"") for table in TABLES} == all_records(tmp_path)


def test_a_small_cache_changes_nothing(tmp_path: Path, example: Folded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that leave the memory and come back are the same rows."""
    monkeypatch.setattr("flows.runtime.table.ROWS_MIN", 4)
    monkeypatch.setattr("balanza.running.MIB", 1)
    live(EXAMPLE / "log", tmp_path, settings(cache_mb=16))
    assert {table: example.lines.get(table, b"") for table in TABLES} == all_records(tmp_path)
