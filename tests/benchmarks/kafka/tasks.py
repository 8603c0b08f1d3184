"""What the child processes of these benchmarks are asked to do. Every measured run has a process of its own."""

import subprocess
import sys
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from tests.benchmarks.results import RunResult
from tests.benchmarks.tasks import ROOT, RunFailed

SourceKind = Literal["files", "consume", "kafka"]


class SourceTask(Struct, frozen=True, kw_only=True, tag="source"):
    """Read a log to its end and throw it away."""

    what: SourceKind
    log: str
    bootstrap: str
    topics: list[str]


class WorkerTask(Struct, frozen=True, kw_only=True, tag="worker"):
    """Run a process of a deployment: on the files of `log`, or on `topics` if it is empty.

    `watched` says after every batch how many rows are applied; `groups` is as on the command line.
    """

    out: str
    prefix: str
    log: str = ""
    bootstrap: str = ""
    topics: list[str] = []
    role: Literal["run", "stitch", "members"] = "run"
    groups: str = ""
    follow: bool = False
    watched: bool = False
    settings: dict[str, int | float | str] = {}


class SenderTask(Struct, frozen=True, kw_only=True, tag="sender"):
    """Send a purchase of each of these members to a topic, `per_second` of them (0: as fast as it goes)."""

    bootstrap: str
    topic: str
    partitions: int
    loyalty: list[str]
    first: int
    per_second: int


class WatcherTask(Struct, frozen=True, kw_only=True, tag="watcher"):
    """Read the entries that come from now on, until those of `count` purchases, numbered from `first`, are there."""

    bootstrap: str
    topic: str
    first: int
    count: int


Task = SourceTask | WorkerTask | SenderTask | WatcherTask
Given = TypeVar("Given", bound=Task)


class SourceResult(Struct, frozen=True):
    """Lines read, the seconds from the first question to the last answer, what the process and its thread spent."""

    rows: int
    seconds: float
    cpu_seconds: float
    thread_cpu_seconds: float
    start_seconds: float


class WorkerResult(RunResult):
    """A run and what else two honest ways agree on: merges and entries; `steps` are what member workers applied."""

    merges: int = 0
    entries: int = 0
    steps: int = 0


def started(task: Task) -> subprocess.Popen[bytes]:
    """Start a child on the task, which comes on its stdin; its answers come on its stdout."""
    module = f"tests.benchmarks.kafka.run_{type(task).__struct_config__.tag}"
    child = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )  # fmt: skip
    assert child.stdin is not None
    child.stdin.write(msgspec.json.encode(task))
    child.stdin.close()
    child.stdin = None
    return child


def given(kind: type[Given]) -> Given:
    """What this process was asked to do."""
    return msgspec.json.decode(sys.stdin.buffer.read(), type=kind)


def answer_of(child: subprocess.Popen[bytes]) -> bytes:
    """Wait for a child; give the last line of its answers."""
    answers, _ = child.communicate()
    if child.returncode:
        raise RunFailed(f"{' '.join(map(str, child.args))} ended with status {child.returncode}")  # type: ignore[arg-type]  # ours is a list
    return answers.strip().rpartition(b"\n")[2]


def source_run(task: SourceTask) -> SourceResult:
    """Read a log."""
    return msgspec.json.decode(answer_of(started(task)), type=SourceResult)


def worker_run(task: WorkerTask) -> WorkerResult:
    """Run to the end of the input."""
    return worker_result(started(task))


def worker_result(child: subprocess.Popen[bytes]) -> WorkerResult:
    """What a worker answers at its end."""
    return msgspec.json.decode(answer_of(child), type=WorkerResult)
