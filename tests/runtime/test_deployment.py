"""The folder of a deployment: one worker at a time, one format, and what is ours in it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.runtime.deployment import Deployment, DeploymentRefused

HOLD = """
import sys
from pathlib import Path
from flows.runtime.deployment import Deployment
deployment = Deployment(Path(sys.argv[1]), fresh=False, groups=256)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that works in the folder."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def opened(folder: Path, *, fresh: bool = False, groups: int = 256) -> None:
    """Open and release a folder."""
    Deployment(folder, fresh=fresh, groups=groups).release()


def test_a_second_worker_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    """Two workers never write one state; asking for a fresh one while it is held removes nothing."""
    with held(tmp_path / "out") as process:
        (tmp_path / "out" / "outbox.jsonl").write_text("{}")
        for fresh in (False, True):
            with pytest.raises(DeploymentRefused, match=f"another worker \\(process {process.pid}\\) runs on"):
                opened(tmp_path / "out", fresh=fresh)
        assert (tmp_path / "out" / "outbox.jsonl").exists()


def test_a_killed_worker_leaves_no_lock(tmp_path: Path) -> None:
    """The lock is the process's: when that is gone, however it went, the next one may work."""
    with held(tmp_path / "out"):
        pass
    opened(tmp_path / "out")


@pytest.mark.parametrize("groups", [1, 255, 1024])
def test_another_number_of_groups_is_refused(tmp_path: Path, groups: int) -> None:
    """Rows would be looked for where they are not; the message says what to set, and fresh helps."""
    opened(tmp_path)
    with pytest.raises(DeploymentRefused, match=r"256 key groups, now .* set BALANZA_KEY_GROUPS=256"):
        opened(tmp_path, groups=groups)
    opened(tmp_path)
    opened(tmp_path, fresh=True, groups=groups)
    opened(tmp_path, groups=groups)


def test_another_format_is_refused(tmp_path: Path) -> None:
    """State of a version that this one cannot read is left alone."""
    opened(tmp_path)
    path = tmp_path / "state" / "format.json"
    path.write_text(json.dumps({"state_format": 99, "key_groups": 256}))
    with pytest.raises(DeploymentRefused, match="holds state of format 99, this version writes 1"):
        opened(tmp_path)
    assert json.loads(path.read_text())["state_format"] == 99
    opened(tmp_path, fresh=True)


def test_a_start_that_was_killed_early_does_not_stop_the_next(tmp_path: Path) -> None:
    """An empty or half-written format file is what a kill in the first instant leaves: nothing is lost with it."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "format.json").write_text("")
    opened(tmp_path)
    assert json.loads((tmp_path / "state" / "format.json").read_text()) == {"state_format": 1, "key_groups": 256}


OURS = (
    "state/stitch/live/000001.sst", "state/program.json", "journal.jsonl", "warehouse/warehouse.duckdb",
    "records/events.jsonl", "surfaces.db", "surfaces.db-wal", "surfaces.pending/0000000001.rows", "outbox.jsonl",
    "outbox.jsonl.7.pending", "outbox.jsonl.open", "dead_letters.jsonl", "dead_letters.jsonl.3.pending", "summary.json",
    "erasures.jsonl", "exports/request-1.json", "state/secret.key",
)  # fmt: skip
THEIRS = (
    "events.jsonl", "events.jsonl.gz", "web/0.jsonl", "web/1.jsonl.gz", "notes.txt", "program.yaml", "my.jsonl.backup",
    "outbox.jsonl.gz", "letter.pending", "truth.csv.gz",
)  # fmt: skip


def test_fresh_removes_what_a_run_made_and_nothing_else(tmp_path: Path) -> None:
    """A folder may also hold its owner's files, even logs: they stay."""
    for name in (*OURS, *THEIRS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    opened(tmp_path, fresh=True)
    assert [name for name in OURS if (tmp_path / name).exists()] == []
    assert [name for name in THEIRS if not (tmp_path / name).exists()] == []


def test_a_folder_has_a_secret_of_its_own(tmp_path: Path) -> None:
    """It stays the same from start to start, only the owner may read it, and another folder has another."""
    secrets = []
    for name in ("a", "a", "b"):
        deployment = Deployment(tmp_path / name, fresh=False, groups=256)
        secrets.append(deployment.secret)
        deployment.release()
    first, again, other = secrets
    mode = (tmp_path / "a" / "state" / "secret.key").stat().st_mode & 0o777
    assert (len(first), first == again, first == other, mode) == (32, True, False, 0o600)


def test_the_program_is_remembered(tmp_path: Path) -> None:
    """What the state was last run with is there after a restart, and gone with a fresh one."""
    deployment = Deployment(tmp_path, fresh=False, groups=256)
    assert deployment.stored_program() is None
    deployment.remember_program("one")
    deployment.remember_program("two")
    deployment.release()
    again = Deployment(tmp_path, fresh=False, groups=256)
    assert again.stored_program() == "two"
    again.release()
    anew = Deployment(tmp_path, fresh=True, groups=256)
    assert anew.stored_program() is None
    anew.release()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A file in the way, or no permission: the message names the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DeploymentRefused, match=r"cannot write to .*file/out"):
        opened(tmp_path / "file" / "out")
