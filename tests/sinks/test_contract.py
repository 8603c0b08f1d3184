"""The promise every destination makes, tried at every file operation it does: each committed record, once."""

import json
import multiprocessing
import os
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.sinks.kinds import KINDS, Seen
from tests.sinks.little_engine import KILLED, Epochs, die_at, drive

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.sinks.kinds"])
FAILED = 1


def live(kind: str, folder: Path, epochs: Epochs, killed_at: int | None = None) -> int:
    """Exit status of a life: a fork drives the destination to its death or end, where it says what readers see."""
    folder.mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        if killed_at is not None:
            die_at(killed_at, folder)
        drive(folder, KINDS[kind].make, epochs)
        folder.with_suffix(".seen").write_text(json.dumps(KINDS[kind].read(folder)))
    except BaseException:  # noqa: BLE001  a fork must never return into the code of its parent
        traceback.print_exc()
        os._exit(FAILED)
    os._exit(0)


def seen(folder: Path) -> Seen:
    """What the reader at the end of the last life saw."""
    found: Seen = json.loads(folder.with_suffix(".seen").read_text())
    return found


def in_a_clean_process(judge: Callable[[str, Path], None], kind: str, folder: Path) -> None:
    """Run a judge where no thread and no database is, so that forking is safe; its assertions come out on stderr."""
    process = PROCESSES.Process(target=judge, args=(kind, folder))
    process.start()
    process.join()
    assert process.exitcode == 0


def runs_twice(kind: str, folder: Path) -> None:
    """Judge of an undisturbed life and one more that finds nothing to do."""
    assert live(kind, folder / "calm", KINDS[kind].long()) == 0
    first = seen(folder / "calm")
    assert any(first.values())
    assert all(len(set(rows)) == len(rows) for rows in first.values())
    assert live(kind, folder / "calm", KINDS[kind].long()) == 0
    assert seen(folder / "calm") == first


def dies_once(kind: str, folder: Path) -> None:
    """Judge of lives that end at one operation each, then go on to the end."""
    assert live(kind, folder / "calm", KINDS[kind].short()) == 0
    for operation in count(1, KINDS[kind].stride):
        killed = folder / f"killed-{operation}"
        status = live(kind, killed, KINDS[kind].short(), operation)
        assert status in {0, KILLED}, f"operation {operation}"
        if status == 0:
            break
        assert live(kind, killed, KINDS[kind].short()) == 0, f"operation {operation}"
        assert seen(killed) == seen(folder / "calm"), f"operation {operation}"
    assert operation > 10


def dies_often(kind: str, folder: Path) -> None:
    """Judge of one output folder in which life after life ends, each a little later than the one before."""
    assert live(kind, folder / "calm", KINDS[kind].short()) == 0
    for operation in count(3, 3):
        status = live(kind, folder / "killed", KINDS[kind].short(), operation)
        assert status in {0, KILLED}, f"operation {operation}"
        if status == 0:
            break
    assert seen(folder / "killed") == seen(folder / "calm")


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_is_there_once(kind: str, tmp_path: Path) -> None:
    """An undisturbed run shows each record of its tables once, and running again changes nothing."""
    in_a_clean_process(runs_twice, kind, tmp_path)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_death_at_any_file_operation_changes_nothing(kind: str, tmp_path: Path) -> None:
    """Killed before its first, second, … file operation and started again, it shows what an undisturbed run shows."""
    in_a_clean_process(dies_once, kind, tmp_path)


@pytest.mark.crash
@pytest.mark.parametrize("kind", KINDS)
def test_deaths_during_recovery_change_nothing(kind: str, tmp_path: Path) -> None:
    """Killed again and again, also while it recovers, it still shows what an undisturbed run shows."""
    in_a_clean_process(dies_often, kind, tmp_path)
