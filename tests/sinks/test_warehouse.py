"""The warehouse's files: converted, made fewer, moved, damaged."""

import time
from pathlib import Path

import duckdb
import msgspec
import pytest

from schemas.records import Packet
from sinks import parquet, publisher
from sinks.catalog import Manifest, ParquetFile, load_manifest, refresh_views
from sinks.destination import DestinationError
from sinks.parquet import FILES_MAX, FULL_BYTES, LEAST_BYTES, tail_to_compact
from sinks.pending import PendingFiles
from sinks.warehouse import Warehouse
from tests.sinks.examples import entry, event, packet

PATIENCE_SECONDS = 30.0


def started(folder: Path, committed: int = 0, grace_seconds: float = 600.0) -> Warehouse:
    """A warehouse after its start."""
    warehouse = Warehouse(folder, grace_seconds)
    warehouse.recover(committed, {})
    return warehouse


def publish(warehouse: Warehouse, epoch: int, *packets: Packet) -> None:
    """One epoch, committed."""
    for each in packets:
        warehouse.write(each)
    warehouse.seal(epoch)
    warehouse.publish(epoch)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    """What the query finds now."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def parquet_files(folder: Path, table: str) -> list[str]:
    """Names of a table's Parquet files that are there."""
    return sorted(path.name for path in (folder / "parquet" / table).iterdir())


def test_rows_stay_in_the_order_they_came(tmp_path: Path) -> None:
    """Over packets and epochs that are converted together."""
    warehouse = started(tmp_path)
    for epoch in range(1, 30):
        publish(warehouse, epoch, packet(event(2 * epoch)), packet(event(2 * epoch + 1)))
    warehouse.close()
    assert [row[0] for row in rows(tmp_path, "SELECT id FROM events")] == [str(number) for number in range(2, 60)]


def test_what_is_converted_leaves_no_lines_behind(tmp_path: Path) -> None:
    """After the close only Parquet files, the manifest and the views are there."""
    warehouse = started(tmp_path)
    publish(warehouse, 1, packet(event(1)))
    warehouse.close()
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert found == ["manifest.json", "parquet/events/0000000001-0000000001.parquet", "warehouse.duckdb"]


def test_an_epoch_is_visible_soon_while_it_runs(tmp_path: Path) -> None:
    """Nobody has to wait for the close."""
    warehouse = started(tmp_path)
    publish(warehouse, 1, packet(event(1)))
    patience = time.monotonic() + PATIENCE_SECONDS
    while rows(tmp_path, "SELECT epoch FROM about") != [(1,)]:
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert rows(tmp_path, "SELECT count(*) FROM events") == [(1,)]
    warehouse.close()


def test_many_small_files_become_few_and_no_row_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file an epoch for many epochs; the table keeps a bounded number, the rows their order."""
    monkeypatch.setattr(parquet, "FILES_MAX", 3)
    epochs = 10
    for epoch in range(1, epochs + 1):
        warehouse = started(tmp_path, epoch - 1)
        publish(warehouse, epoch, packet(event(epoch), entry("ada", epoch, epoch)))
        warehouse.close()
        manifest = load_manifest(tmp_path)
        assert manifest is not None
        assert len(manifest.tables["events"]) <= 3
    assert [row[0] for row in rows(tmp_path, "SELECT id FROM events")] == [str(each) for each in range(1, epochs + 1)]
    assert rows(tmp_path, "SELECT available FROM balances") == [(epochs,)]


@pytest.mark.parametrize(
    ("grace_seconds", "left"), [(600.0, 4 + 1), (0.0, 1)], ids=["within grace", "after grace"]
)
def test_superseded_files_stay_for_those_who_read_them(
    tmp_path: Path, grace_seconds: float, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are deleted when the grace has passed, at the latest at the next start."""
    monkeypatch.setattr(publisher, "PASS_SECONDS", 0.0)
    monkeypatch.setattr(parquet, "FILES_MAX", 3)
    warehouse = started(tmp_path, grace_seconds=grace_seconds)
    for epoch in range(1, 5):
        publish(warehouse, epoch, packet(event(epoch)))
        while rows(tmp_path, "SELECT epoch FROM about") != [(epoch,)]:
            time.sleep(0.02)
    warehouse.close()
    assert len(parquet_files(tmp_path, "events")) == left
    started(tmp_path, 4).close()
    assert parquet_files(tmp_path, "events") == ["0000000001-0000000004.parquet"]


# sizes of a table's files in MiB, oldest first | index from which on they become one
TAILS = [
    ([1] * FILES_MAX,                             None),
    ([1] * (FILES_MAX + 1),                       0),
    ([100] + [1] * FILES_MAX,                     1),
    ([16] + [1] * FILES_MAX,                      0),
    ([17] + [1] * FILES_MAX,                      1),
    ([1024] * 40 + [1] * FILES_MAX,               None),
    ([1024] * 40 + [1] * (FILES_MAX + 1),         40),
    ([2 ** power for power in range(18, -1, -1)], None),
]  # fmt: skip


@pytest.mark.parametrize(("mebibytes", "expected"), TAILS)
def test_which_files_are_joined(mebibytes: list[int], expected: int | None) -> None:
    """The longest tail whose oldest file is no larger than the younger together; full files never."""
    assert FULL_BYTES == 1024 * LEAST_BYTES
    files = [ParquetFile("", n, n, 1, size * LEAST_BYTES) for n, size in enumerate(mebibytes)]
    assert tail_to_compact(files) == expected


def test_a_moved_folder_is_read_where_it_is(tmp_path: Path) -> None:
    """Its views are made anew for the new place; a folder that stayed is left as it is."""
    warehouse = started(tmp_path / "before")
    publish(warehouse, 1, packet(event(1)))
    warehouse.close()
    built = (tmp_path / "before" / "warehouse.duckdb").stat().st_ino
    refresh_views(tmp_path / "before")
    assert (tmp_path / "before" / "warehouse.duckdb").stat().st_ino == built
    moved = (tmp_path / "before").rename(tmp_path / "it's [here] *")
    with pytest.raises(duckdb.Error):
        rows(moved, "SELECT * FROM events")
    assert refresh_views(moved) == moved / "warehouse.duckdb"
    assert rows(moved, "SELECT id FROM events") == [("1",)]
    publish(again := started(moved, 1), 2, packet(event(2)))
    again.close()
    assert rows(moved, "SELECT id FROM events") == [("1",), ("2",)]


def test_no_warehouse_is_said_plainly(tmp_path: Path) -> None:
    """Where nothing has run, the message says so."""
    with pytest.raises(DestinationError, match="there is no warehouse in"):
        refresh_views(tmp_path)


def test_a_failure_in_the_background_stops_the_worker(tmp_path: Path) -> None:
    """The next call says what failed and that nothing is lost; the next start takes the lines up."""
    warehouse = started(tmp_path)
    (tmp_path / "parquet").write_text("a file where a folder should be")
    publish(warehouse, 1, packet(event(1)))
    with pytest.raises(DestinationError, match=r"could not be written: .*parquet.* kept as JSON lines"):
        warehouse.close()
    with pytest.raises(DestinationError):
        warehouse.write(packet(event(2)))
    with pytest.raises(DestinationError):
        warehouse.idle()
    (tmp_path / "parquet").unlink()
    started(tmp_path, 1).close()
    assert rows(tmp_path, "SELECT id FROM events") == [("1",)]


def test_a_line_that_is_no_record_stops_the_worker_and_is_kept(tmp_path: Path) -> None:
    """Our own bug is not hidden: the table's schema stays, the epoch stays pending."""
    warehouse = started(tmp_path)
    publish(warehouse, 1, Packet({"events": b'{"event_key": "ev1", "time_us": "noon"}\n'}, {}, [], []))
    with pytest.raises(DestinationError, match="noon"):
        warehouse.close()
    assert [path.name for path in (tmp_path / "pending").iterdir()] == ["0000000001-events.jsonl"]
    assert rows(tmp_path, "SELECT * FROM events") == []


def test_a_state_that_is_older_than_the_warehouse_is_refused(tmp_path: Path) -> None:
    """Else its epochs would be there twice."""
    warehouse = started(tmp_path)
    publish(warehouse, 1, packet(event(1)))
    warehouse.close()
    with pytest.raises(DestinationError, match="holds epoch 1, the state only knows 0"):
        started(tmp_path)


def test_a_table_nobody_declared_is_refused(tmp_path: Path) -> None:
    """A record of a table without columns has nowhere to go."""
    warehouse = started(tmp_path)
    with pytest.raises(AssertionError, match="tires"):
        warehouse.write(Packet({"tires": b"{}\n"}, {}, [], []))
    warehouse.close()


def test_files_of_an_older_release_are_read_and_joined(tmp_path: Path) -> None:
    """A column they lack is NULL, one that is no more is not seen; the views' columns are today's."""
    folder = tmp_path / "parquet" / "receipts"
    folder.mkdir(parents=True)
    old = "SELECT 'rc1' AS receipt_id, 'ac1' AS action_id, 'gone' AS dropped"
    duckdb.sql(f"COPY ({old}) TO '{folder / 'old.parquet'}'")
    files = [ParquetFile("old.parquet", 1, 1, 1, 1)]
    (tmp_path / "manifest.json").write_bytes(msgspec.json.encode(Manifest(1, {"receipts": files})))
    started(tmp_path, 1).close()
    assert rows(tmp_path, "SELECT * FROM receipts") == [("rc1", "ac1", None, None, None, None, None)]
    with duckdb.connect() as connection:
        joined = parquet.compact(connection, tmp_path, "receipts", files * 2)
        described = connection.execute(f"DESCRIBE SELECT * FROM '{folder / joined.name}'").fetchall()
    assert [row[0] for row in described] == [
        "receipt_id", "action_id", "member_id", "channel", "status", "at_us", "detail"
    ]  # fmt: skip
    assert joined.rows == 2


def test_a_folder_that_cannot_be_written_stops_the_flow_with_a_sentence(tmp_path: Path) -> None:
    """The append in the background fails, and the next seal says which folder and what to do."""
    pending = PendingFiles(tmp_path / "pending")
    pending.recover(0, 0)
    (tmp_path / "pending" / "open-events.jsonl").mkdir()

    pending.write({"events": b"{}\n"})

    with pytest.raises(DestinationError, match="pending could not be written"):
        pending.seal(1)
