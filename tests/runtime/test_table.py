"""The write-back cache against a dictionary: whatever is evicted, written and reopened, rows are what was put."""

import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flows.runtime.store import Store
from flows.runtime.table import ROWS_MIN, Table, group_of

KEYS = st.integers(0, 30).map(lambda number: f"k{number}")
Row = list[int]


def pack(row: Row) -> bytes:
    """A row as bytes."""
    return msgspec.msgpack.encode(row)


def unpack(packed: bytes) -> Row:
    """A row of its own from bytes."""
    return msgspec.msgpack.decode(packed, type=Row)


class Cached(RuleBasedStateMachine):
    """A table that holds a handful of rows over a store, beside the dictionary it must equal."""

    @initialize(young_max=st.integers(1, 6), groups=st.sampled_from([1, 7, 256, 1000]))
    def begin(self, young_max: int, groups: int) -> None:
        """Open an empty table."""
        self.folder = Path(tempfile.mkdtemp(prefix="table"))
        self.young_max, self.groups = young_max, groups
        self.model: dict[str, Row] = {}
        self.committed: dict[str, Row] = {}
        self.number = 0
        self.open(0)

    def open(self, number: int) -> None:
        """Open the table at a checkpoint, with a bound so small that rows leave all the time."""
        self.store = Store(self.folder, number)
        self.table: Table[Row] = Table(b"t", pack, unpack, self.store, self.groups, 0)
        self.table.young_max = self.young_max

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        """A row is what was put last."""
        assert self.model.get(key) == self.table.get(key)

    @rule(key=KEYS, value=st.integers(0, 9))
    def put(self, key: str, value: int) -> None:
        """A new row takes the place of the old one."""
        self.model[key] = [value]
        self.table.put(key, [value])

    @rule(key=KEYS, value=st.integers(0, 9))
    def change(self, key: str, value: int) -> None:
        """A row is changed where it lives, then put."""
        row = self.table.get(key)
        if row is not None:
            row.append(value)
            self.table.put(key, row)
            self.model[key] = [*self.model[key], value]

    @rule(key=KEYS, value=st.integers(0, 9))
    def change_in_the_hot_loop(self, key: str, value: int) -> None:
        """Hot loops look into `young` first, and mark what they changed themselves."""
        row = self.table.young.get(key) or self.table.load(key)
        if row is not None:
            row.append(value)
            self.table.dirty[key] = row
            self.model[key] = [*self.model[key], value]

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        """A removed row is gone, also if the store still has it."""
        self.model.pop(key, None)
        self.table.remove(key)
        assert self.table.get(key) is None

    @rule()
    def end_epoch(self) -> None:
        """Write what changed and take a checkpoint."""
        self.table.flush()
        self.number = self.store.checkpoint()
        self.committed = {key: [*row] for key, row in self.model.items()}

    @precondition(lambda self: self.number > 0)
    @rule()
    def restart(self) -> None:
        """A kill: what came after the last checkpoint never happened, spilled or not."""
        self.store.close()
        self.open(self.number)
        self.model = {key: [*row] for key, row in self.committed.items()}

    @rule()
    def look_at_all(self) -> None:
        """Every key is as in the dictionary."""
        for number in range(31):
            self.get(f"k{number}")

    @rule()
    def look_through(self) -> None:
        """All rows there are come once, with their keys."""
        assert sorted(self.table.each()) == sorted(self.model.items())

    @invariant()
    def bounded(self) -> None:
        """No more rows are held than twice the bound."""
        if hasattr(self, "table"):
            assert self.table.cached_rows <= 2 * self.young_max

    def teardown(self) -> None:
        """Compare once more, clean up."""
        if hasattr(self, "table"):
            self.look_at_all()
            self.store.close()
            shutil.rmtree(self.folder)


TestCached = Cached.TestCase
TestCached.settings = settings(max_examples=25, stateful_step_count=40)


def test_rows_leave_when_the_bound_is_reached(tmp_path: Path) -> None:
    """With a bound of few bytes thousands of rows pass through a few hundred places, and all come back."""
    store = Store(tmp_path, 0)
    table: Table[Row] = Table(b"t", pack, unpack, store, 256, 1)
    for number in range(5000):
        table.put(str(number), [number])
    assert table.cached_rows <= 2 * ROWS_MIN
    assert all(table.get(str(number)) == [number] for number in range(5000))
    assert table.turns > 10
    assert table.misses > 4000
    store.close()


def test_without_a_store_nothing_is_forgotten() -> None:
    """The oracle's table is a plain dictionary."""
    table: Table[Row] = Table(b"t", pack, unpack)
    for number in range(3000):
        table.put(str(number), [number])
    table.remove("7")
    table.flush()
    assert table.get("7") is None
    assert table.get("2999") == [2999]
    assert table.cached_rows == 2999


@pytest.mark.parametrize(("groups", "width"), [(1, 1), (256, 1), (257, 2), (65536, 2)])
def test_a_group_is_the_first_bytes_of_a_key(groups: int, width: int) -> None:
    """A key's group is stable, below the number of groups, and all groups are used."""
    found = [group_of(f"m_{number}", groups) for number in range(2000)]
    assert found == [group_of(f"m_{number}", groups) for number in range(2000)]
    assert {len(group) for group in found} == {width}
    numbers = [int.from_bytes(group, "big") for group in found]
    assert max(numbers) < groups
    assert len(set(numbers)) >= min(groups, 250)


def test_where_members_live_does_not_change() -> None:
    """The hash that makes groups is part of the state's format."""
    assert [int.from_bytes(group_of(key, 256), "big") for key in ("m_1", "email:a@b.c", "")] == GROUPS


GROUPS = [160, 97, 194]


def test_one_row_under_several_keys_is_as_if_each_had_been_put(tmp_path: Path) -> None:
    """Also when the table turns over in between, and when it is opened anew."""
    store = Store(tmp_path, 0)
    table: Table[Row] = Table(b"t", pack, unpack, store, 256, 1)
    table.young_max = 3
    keys = [str(number) for number in range(10)]
    table.put_all(keys, [7])
    assert [table.get(key) for key in keys] == [[7]] * 10
    table.flush()
    number = store.checkpoint()
    store.close()
    again: Table[Row] = Table(b"t", pack, unpack, Store(tmp_path, number), 256, 1)
    assert [again.get(key) for key in keys] == [[7]] * 10
