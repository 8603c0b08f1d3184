"""Readers of the warehouse in a process of their own, while epochs are published and files joined."""

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest

from sinks import parquet, publisher
from sinks.warehouse import Warehouse
from tests.sinks.examples import entry, event, packet

PROCESSES = multiprocessing.get_context("spawn")
PER_EPOCH = 5
EPOCHS = 12
COUNTS = """
SELECT (SELECT epoch FROM about), (SELECT count(*) FROM events), (SELECT count(*) FROM postings),
       (SELECT coalesce(max(available), 0) FROM balances)
"""


def write(folder: Path, done: Event) -> None:
    """Publish epoch after epoch without a pause, joining files often; superseded ones live as long as a reader may."""
    parquet.FILES_MAX = 3
    publisher.PASS_SECONDS = 0.0
    warehouse = Warehouse(folder, grace_seconds=30.0)
    warehouse.recover(0, {})
    for epoch in range(1, EPOCHS + 1):
        for number in range((epoch - 1) * PER_EPOCH + 1, epoch * PER_EPOCH + 1):
            warehouse.write(packet(event(number), entry("ada", number, number)))
        warehouse.seal(epoch)
        warehouse.publish(epoch)
        shown(folder, epoch)
    warehouse.close()
    done.set()


def shown(folder: Path, epoch: int) -> None:
    """Wait until readers see the epoch."""
    seen = -1
    while seen < epoch:
        with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
            seen = connection.execute(COUNTS).fetchall()[0][0]


@pytest.mark.slow
def test_every_reader_sees_all_tables_as_of_one_epoch(tmp_path: Path) -> None:
    """Opened at any time, all views agree with the epoch they name, and epochs only grow."""
    warehouse = Warehouse(tmp_path)
    warehouse.recover(0, {})  # so that there is something to open from the first moment
    warehouse.close()
    done = PROCESSES.Event()
    writer = PROCESSES.Process(target=write, args=(tmp_path, done))
    writer.start()
    epochs: list[int] = []
    while not done.is_set() and writer.is_alive():
        with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
            epoch, events, postings, available = connection.execute(COUNTS).fetchall()[0]
        assert (events, postings, available) == (epoch * PER_EPOCH, 2 * epoch * PER_EPOCH, epoch * PER_EPOCH)
        epochs.append(epoch)
    writer.join()
    assert writer.exitcode == 0
    assert epochs == sorted(epochs)
    assert len(set(epochs)) > 3
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(COUNTS).fetchall()[0][0] == EPOCHS


def test_a_reader_keeps_its_view_of_the_past(tmp_path: Path) -> None:
    """A connection opened before goes on seeing its epoch, though files were superseded since."""
    warehouse = Warehouse(tmp_path)
    warehouse.recover(0, {})
    warehouse.write(packet(event(1)))
    warehouse.seal(1)
    warehouse.publish(1)
    warehouse.close()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        again = PROCESSES.Process(target=add_epochs, args=(tmp_path, 1, 6))
        again.start()
        again.join()
        assert again.exitcode == 0
        assert connection.execute("SELECT count(*) FROM events").fetchall() == [(1,)]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchall() == [(6,)]


def add_epochs(folder: Path, committed: int, last: int) -> None:
    """Go on from `committed` to `last`, an event an epoch, all joined into one file at the end."""
    parquet.FILES_MAX = 1
    warehouse = Warehouse(folder)
    warehouse.recover(committed, {})
    for epoch in range(committed + 1, last + 1):
        warehouse.write(packet(event(epoch)))
        warehouse.seal(epoch)
        warehouse.publish(epoch)
    warehouse.close()
