"""How long a worker that was killed takes to apply its next event, from the start of the process."""

import statistics
import subprocess
import time
from pathlib import Path

import msgspec

from tests.benchmarks.results import Judged
from tests.benchmarks.tasks import CORNER_SHOP, RunFailed, Task, product_task, started

KILLED_AT_SHARE = 0.93      # of the log: then 200,000 members are there
SECONDS_MAX = 5.0


def run(log: Path, runs: int, figures: list[Judged]) -> None:
    """Kill a worker far into the log, then start and kill it again `runs` times."""
    with log.open("rb") as file:
        lines = sum(1 for _ in file)
    first = msgspec.structs.replace(product_task("restart", log, CORNER_SHOP), watched=True)
    print("restart: running up to the kill", flush=True)
    rows, _ = killed_at(first, int(lines * KILLED_AT_SHARE))
    again = msgspec.structs.replace(first, fresh=False)
    seconds = []
    for turn in range(1, runs + 1):
        began = time.time()
        _, applied_at = killed_at(again, 1)
        seconds.append(applied_at - began)
        print(f"  start {turn} of {runs} after {rows:,} rows: {seconds[-1]:.2f} s to the first event", flush=True)
    median = statistics.median(seconds)
    figures.append(Judged("restart after kill -9 to the first event, s", f"{median:.2f} (most {max(seconds):.2f})",
                          f"< {SECONDS_MAX:g}", median < SECONDS_MAX))


def killed_at(task: Task, rows: int) -> tuple[int, float]:
    """Start a watched run, kill it when it has applied so many rows; give how many it had, and when it said so."""
    child = started(task)
    try:
        return _applied(child, rows)
    finally:
        child.kill()
        child.wait()


def _applied(child: subprocess.Popen[bytes], rows: int) -> tuple[int, float]:
    assert child.stdout is not None
    for line in child.stdout:
        applied, at = msgspec.json.decode(line, type=tuple[int, float])
        if applied >= rows:
            return applied, at
    raise RunFailed("the run ended before it was to be killed")
