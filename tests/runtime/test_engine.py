"""The engine's store: what a killed process left behind is gone before the next one counts on."""

import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.inputs import AbortExecution, FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import StatefulBatchLogic
from bytewax.testing import TestingSink

import flows.runtime.engine
from flows.runtime.engine import run_flow

NOBODY: frozenset[int] = frozenset()
STALE = 99


class Numbers(StatefulSourcePartition[int, int]):
    """Counts to its end, each number in an epoch of its own; or stops there, as on a signal."""

    def __init__(self, at: int, end: int, *, stops: bool) -> None:
        self._at, self._end, self._stops = at, end, stops

    def next_batch(self) -> list[int]:
        """Give the next number."""
        if self._at >= self._end:
            raise AbortExecution if self._stops else StopIteration
        self._at += 1
        return [self._at]

    def snapshot(self) -> int:
        """Give how far it is."""
        return self._at


class Counting(FixedPartitionedSource[int, int]):
    """One partition of numbers."""

    def __init__(self, end: int, *, stops: bool) -> None:
        self._end, self._stops = end, stops

    def list_parts(self) -> list[str]:
        """There is one."""
        return ["one"]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> Numbers:
        """Open it where it was left."""
        return Numbers(resume_state or 0, self._end, stops=self._stops)


class Last(StatefulBatchLogic[int, int, int]):
    """Remembers the last number it was given."""

    def __init__(self, resumed: int | None) -> None:
        self.last = resumed or 0

    def on_batch(self, values: list[int]) -> tuple[list[int], bool]:
        """Give what was remembered before the batch."""
        before, self.last = self.last, values[-1]
        return [before], False

    def snapshot(self) -> int:
        """Give what is remembered."""
        return self.last


def run(folder: Path, end: int, heard: frozenset[int], *, stops: bool = False) -> list[int]:
    """Run to `end`, where the log ends too unless it `stops`; the station hears of the numbers in `heard` only.

    Gives what it remembered at each.
    """
    seen: list[tuple[str, int]] = []
    flow = Dataflow("counting")
    some = op.filter("some", op.input("numbers", flow, Counting(end, stops=stops)), lambda number: number in heard)
    last = op.stateful_batch("last", op.key_on("key", some, lambda _: "0"), Last)
    op.output("out", last, TestingSink(seen))
    run_flow(flow, folder, 0.0)
    return [before for _, before in seen]


def leave_behind(folder: Path, epochs: int) -> int:
    """Leave snapshots of the station as a process does that is killed before it commits; give how many."""
    left = 0
    for path in sorted(folder.glob("part-*.sqlite3")):
        with closing(sqlite3.connect(path)) as store, store:
            one = "SELECT step_id, state_key, max(snap_epoch) FROM snaps WHERE state_key = '0' GROUP BY 1, 2"
            for step, key, epoch in store.execute(one).fetchall():
                rows = [(step, key, epoch + more, pickle.dumps(STALE)) for more in range(1, epochs + 1)]
                more = "INSERT INTO snaps (step_id, state_key, snap_epoch, ser_change) VALUES (?, ?, ?, ?)"
                left += store.executemany(more, rows).rowcount
    return left


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A place for the engine's store."""
    place = tmp_path / "engine"
    place.mkdir()
    return place


def test_a_station_goes_on_from_its_last_committed_snapshot(folder: Path) -> None:
    """It slept through epochs of the numbers that a killed process had used, and is not resumed from that one's."""
    assert run(folder, 3, frozenset({1, 2, 3})) == [0, 1, 2]
    assert leave_behind(folder, 8) == 8
    assert run(folder, 6, NOBODY, stops=True) == []
    assert run(folder, 20, NOBODY, stops=True) == []
    assert run(folder, 21, frozenset({21})) == [3]


def test_the_engine_itself_would_resume_from_what_was_left(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Why it is deleted: as soon as a release of the engine sees to it itself, this fails."""
    forget: Callable[[Path], None] = lambda _: None  # noqa: E731  a name for its type
    monkeypatch.setattr(flows.runtime.engine, "forget_uncommitted", forget)
    assert run(folder, 3, frozenset({1, 2, 3})) == [0, 1, 2]
    assert leave_behind(folder, 8) == 8
    assert run(folder, 20, NOBODY, stops=True) == []
    assert run(folder, 21, frozenset({21})) == [STALE]


def test_nothing_that_counts_is_deleted(folder: Path) -> None:
    """Many starts in a row, with and without anything to do, lose nothing."""
    for end in range(1, 12):
        heard = frozenset({end}) if end % 3 else NOBODY
        assert run(folder, end, heard) == ([end - (2 if end % 3 == 1 and end > 1 else 1)] if heard else [])
