"""The cache's shares: who needs less lends to who had to drop rows, and has it back when it grows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.runtime.pool import Pool
from flows.runtime.store import Store
from flows.runtime.table import Table, Weight

MIB = 1 << 20
ROW_BYTES = 1_000
KIB_ROW = Weight(ROW_BYTES, 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own."""
    store = Store(tmp_path / "store", 0)
    yield store
    store.close()


def table(store: Store | None, tag: bytes) -> Table[str]:
    """A table whose rows take a thousand bytes each, wherever it looks."""
    return Table(tag, str.encode, bytes.decode, store, weight=KIB_ROW)


def fill(table: Table[str], first: int, rows: int) -> None:
    """Put rows in, and end an epoch: now the size of a row is known."""
    for number in range(first, first + rows):
        table.put(f"k{number}", "row")
    table.flush()


def megabytes(table: Table[str]) -> float:
    """What a table may hold by now."""
    return 2 * table.young_max * ROW_BYTES / MIB


def settled(store: Store, small_rows: int) -> tuple[Pool, Table[str], Table[str]]:
    """A pool of 10 MiB: a table with 4 of them that had to drop rows, and one with 5 that holds so many."""
    pool, large, small = Pool(10 * MIB), table(store, b"l"), table(store, b"s")
    pool.add(large, 0.4)
    pool.add(small, 0.5)
    for epoch in range(20):  # the size of a row is learnt by and by
        fill(large, epoch * 500, 500)
    fill(small, 0, small_rows)
    assert large.turns
    pool.settle()
    return pool, large, small


def test_a_table_that_drops_rows_uses_what_others_do_not(store: Store) -> None:
    """Also the tenth that has no table here; and what the other holds is doubled, since it grows."""
    _, large, small = settled(store, 1_000)
    held = 2 * small.cached_bytes / MIB
    assert megabytes(large) == pytest.approx(10 - held, rel=0.02)
    assert not small.turns


def test_a_loan_ends_when_its_owner_grows(store: Store) -> None:
    """It can always grow into its share, and has all of it as soon as it drops rows itself."""
    pool, large, small = settled(store, 1_000)
    lent = megabytes(large)
    for epoch in range(20):
        fill(small, 1_000 + epoch * 500, 500)
    assert small.turns
    pool.settle()
    assert [megabytes(large), megabytes(small)] == pytest.approx([10 * 4 / 9, 10 * 5 / 9], rel=0.02)
    fill(large, 100_000, 1)
    assert megabytes(large) < lent


def test_nobody_lends_where_all_have_room(store: Store) -> None:
    """Tables that never dropped a row keep the bounds of their shares."""
    pool, one = Pool(10 * MIB), table(store, b"o")
    pool.add(one, 0.4)
    for epoch in range(10):
        fill(one, 0, 300 + epoch)
    pool.settle()
    assert not one.turns
    assert megabytes(one) == pytest.approx(4, rel=0.02)


def test_without_a_store_nothing_is_bounded() -> None:
    """A table in memory alone forgets nothing, whatever its share."""
    pool, one = Pool(MIB), table(None, b"o")
    pool.add(one, 0.1)
    fill(one, 0, 5_000)
    pool.settle()
    assert one.cached_rows == 5_000
