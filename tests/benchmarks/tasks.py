"""What a child process is asked to do, and the processes themselves.

Every run has a process of its own: that makes memory figures clean, and lets a run be killed.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tests.benchmarks.results import RunResult

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"
STITCH_LEDGER = Path(__file__).with_name("stitch_ledger.yaml")
CORNER_SHOP = ROOT / "config" / "programs" / "corner_shop.yaml"


class Task(Struct, frozen=True, kw_only=True):
    """One run: `settings` overrule the defaults; `watched` says after every batch how many rows are applied.

    `events` is for simulating (for identity: how many identifiers; for the ledger: 0 measures lots), `plan` for the
    writer, the rest but `log` for the product.
    """

    kind: Literal["simulate", "plain", "product", "writer", "identity", "ledger"]
    log: str
    events: int = 0
    program: str = ""
    out: str = ""
    plan: str = ""
    settings: dict[str, int | float] = {}
    follow: bool = False
    fresh: bool = True
    watched: bool = False


class RunFailed(Exception):
    """A child process ended badly; its own words stand above on stderr."""


def started(task: Task) -> subprocess.Popen[bytes]:
    """Start a child on the task; its answers come on its stdout."""
    command = [sys.executable, "-m", f"tests.benchmarks.run_{task.kind}", msgspec.json.encode(task).decode()]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def finished(task: Task) -> bytes:
    """Run the task to its end; give the last line of its answers."""
    child = started(task)
    answers, _ = child.communicate()
    if child.returncode:
        raise RunFailed(f"{task.kind} on {task.log} ended with status {child.returncode}")
    return answers.strip().rpartition(b"\n")[2]


def plain_run(log: Path) -> RunResult:
    """Run the yardstick over a log."""
    return msgspec.json.decode(finished(Task(kind="plain", log=str(log))), type=RunResult)


def product_task(
    name: str, log: Path, program: Path, settings: dict[str, int | float] | None = None
) -> Task:  # fmt: skip
    """A fresh run of the product into a folder of its own, every record written."""
    out = new_folder(name)
    return Task(kind="product", log=str(log), program=str(program), out=str(out), settings=settings or {})


def product_run(task: Task) -> RunResult:
    """Run the product to the log's end; what it wrote is removed."""
    result = msgspec.json.decode(finished(task), type=RunResult)
    shutil.rmtree(task.out)
    return result


def new_folder(name: str) -> Path:
    """An empty folder under the cache."""
    folder = CACHE / "out" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
