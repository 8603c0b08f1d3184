"""Runs a dataflow in this process with recovery: the one place that starts the engine."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

RECOVERY_PARTITIONS = 1  # a file each, synced at every epoch; older deployments go on with their eight
Flow = Dataflow


def run_flow(flow: Flow, folder: Path, epoch_seconds: float) -> None:
    """Run to the end of the input (or a clean stop); offsets and checkpoint numbers are kept in `folder`.

    One worker, in the calling thread, so that signal handlers run. Raises what a station raised.
    """
    if any(folder.iterdir()):
        forget_uncommitted(folder)
    else:
        _make(folder)
    run_main(flow, epoch_interval=timedelta(seconds=epoch_seconds), recovery_config=RecoveryConfig(folder))


def _make(folder: Path) -> None:
    """Make the engine's store beside its place, so that it is there with all its files or not at all."""
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    init_db_dir(draft, RECOVERY_PARTITIONS)
    draft.replace(folder)


def forget_uncommitted(folder: Path) -> None:
    """Delete the snapshots of epochs that were never committed: those that a killed process had taken too early.

    The engine keeps them, and counts its epochs on from the last committed one. A station that has nothing to do in an
    epoch has no snapshot of it, so once an epoch of such a number was committed it would be resumed from the dead
    process's snapshot, beside offsets of our own. Tables and the reckoning of the first epoch as in bytewax 0.21
    (src/recovery.rs): the execution of the highest number goes on at the lowest frontier of its workers, or where it
    had been resumed itself.
    """
    first = _resume_epoch(folder)
    for store in _stores(folder):
        with store:
            store.execute("DELETE FROM snaps WHERE snap_epoch >= ?", (first,))


def _resume_epoch(folder: Path) -> int:
    executions: dict[int, int] = {}
    frontiers: dict[tuple[int, int], int] = {}
    for store in _stores(folder):
        executions.update(store.execute("SELECT ex_num, resume_epoch FROM exs"))
        for execution, worker, frontier in store.execute("SELECT ex_num, worker_index, worker_frontier FROM fronts"):
            frontiers[execution, worker] = frontier
    if not executions:
        return 0
    last = max(executions)
    reached = [frontier for (execution, _), frontier in frontiers.items() if execution == last]
    return max(executions[last], min(reached, default=0))


def _stores(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the files of the engine's store, one after the other."""
    for path in sorted(folder.glob("part-*.sqlite3")):
        with closing(sqlite3.connect(path)) as store:
            yield store
