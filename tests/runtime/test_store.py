"""The store: numbered checkpoints, and what a restart opens."""

from contextlib import closing
from pathlib import Path

import pytest

from flows.runtime.store import CheckpointMissing, Store

Rows = dict[str, bytes]


def contents(store: Store) -> Rows:
    """All rows."""
    return {key.decode(): value for key, value in store.scan(b"")}


def epoch(store: Store, *rows: tuple[str, bytes | None]) -> int:
    """Write rows and end the epoch."""
    store.write([(key.encode(), value) for key, value in rows])
    return store.checkpoint()


def bytes_of(folder: Path) -> Rows:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def checkpoints(folder: Path) -> list[int]:
    """The numbers of the checkpoints there are."""
    return sorted(int(path.name) for path in (folder / "checkpoints").iterdir())


def test_checkpoints_count_epochs_that_changed_something(tmp_path: Path) -> None:
    """Each is one more than the last; an epoch without news keeps the number."""
    with closing(Store(tmp_path, 0)) as store:
        assert store.checkpoint() == 0
        assert epoch(store, ("a", b"1")) == 1
        assert store.checkpoint() == 1
        store.write_changed(b"a", b"1")
        store.write([])
        assert store.checkpoint() == 1
        store.write_changed(b"a", b"2")
        assert store.checkpoint() == 2


def test_the_last_two_checkpoints_are_kept(tmp_path: Path) -> None:
    """The newest may not be committed yet, so the one before it stays."""
    with closing(Store(tmp_path, 0)) as store:
        for number in range(1, 6):
            epoch(store, ("a", str(number).encode()))
            assert checkpoints(tmp_path) == [one for one in (number - 1, number) if one]


def test_a_restart_opens_the_named_checkpoint_and_deletes_younger_ones(tmp_path: Path) -> None:
    """What came after the named checkpoint never happened, written down or not."""
    with closing(Store(tmp_path, 0)) as store:
        epoch(store, ("a", b"1"), ("b", b"1"))
        epoch(store, ("a", b"2"), ("b", None), ("c", b"2"))
        store.write([(b"d", b"3")])
    with closing(Store(tmp_path, 1)) as store:
        assert contents(store) == {"a": b"1", "b": b"1"}
        assert checkpoints(tmp_path) == [1]
        assert epoch(store, ("e", b"2")) == 2
    with closing(Store(tmp_path, 2)) as store:
        assert contents(store) == {"a": b"1", "b": b"1", "e": b"2"}


def test_number_nothing_begins_anew(tmp_path: Path) -> None:
    """Checkpoint 0 is the empty state, whatever lies in the folder."""
    with closing(Store(tmp_path, 0)) as store:
        epoch(store, ("a", b"1"))
    with closing(Store(tmp_path, 0)) as store:
        assert contents(store) == {}
        assert checkpoints(tmp_path) == []


def test_a_checkpoint_is_never_written_to_after_a_restart(tmp_path: Path) -> None:
    """Going on from a checkpoint, with thousands of rows and a restart between, leaves its files byte for byte."""
    with closing(Store(tmp_path, 0)) as store:
        epoch(store, *((f"{number:05}", b"x" * 300) for number in range(5000)))
        epoch(store, *((f"{number:05}", b"y" * 300) for number in range(0, 5000, 3)))
    named = tmp_path / "checkpoints" / f"{2:012d}"
    before = bytes_of(named)
    assert any(name.endswith(".sst") for name in before)
    for _ in range(2):
        with closing(Store(tmp_path, 2)) as store:
            assert store.get(b"00003") == b"y" * 300
            epoch(store, *((f"{number:05}", None) for number in range(0, 5000, 2)))
            store.write([(b"other", b"z" * 1000)])
            assert before == bytes_of(named)
        assert before == bytes_of(named)


def test_half_a_checkpoint_is_cleared_away(tmp_path: Path) -> None:
    """What a kill in the middle of a checkpoint leaves does not stop the next start nor the next checkpoint."""
    with closing(Store(tmp_path, 0)) as store:
        epoch(store, ("a", b"1"))
    for name in (f"{2:012d}", f"{2:012d}.tmp"):
        (tmp_path / "checkpoints" / name).mkdir()
        (tmp_path / "checkpoints" / name / "000009.sst").write_bytes(b"half")
    with closing(Store(tmp_path, 1)) as store:
        assert checkpoints(tmp_path) == [1]
        assert epoch(store, ("b", b"2")) == 2


def test_a_missing_checkpoint_is_told(tmp_path: Path) -> None:
    """State that lacks what the engine committed is not silently begun anew."""
    with closing(Store(tmp_path, 0)) as store:
        epoch(store, ("a", b"1"))
    with pytest.raises(CheckpointMissing, match="restore the state folder from a backup"):
        Store(tmp_path, 7)


def test_rows_are_found_by_prefix_in_order(tmp_path: Path) -> None:
    """A scan gives the rows of a prefix and no other, sorted, with what was just written."""
    with closing(Store(tmp_path, 0)) as store:
        epoch(store, ("b2", b"2"), ("a", b"0"), ("b1", b"1"), ("c", b"9"))
        store.write([(b"b3", b"3"), (b"b1", None)])
        assert store.scan(b"b") == [(b"b2", b"2"), (b"b3", b"3")]
        assert store.scan(b"d") == []
        assert store.get(b"b1") is None
