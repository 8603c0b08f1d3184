"""How fast a worker that follows gets through what came while it was away.

The topics have the broker's times, as a deployment's have: all that was produced while nobody read. The log's lines are
dated so many days later that its end is today's, or they would be too old.
"""

import time
from subprocess import Popen

import msgspec

from tests.benchmarks.kafka.figures import hour_caught_up_seconds
from tests.benchmarks.kafka.tasks import WorkerResult, started, worker_result
from tests.benchmarks.kafka.world import World, days_since, topics_log
from tests.benchmarks.results import Judged
from tests.benchmarks.tasks import RunFailed

LIVE_RATE = 2000
DONE_SHARE = 0.999      # the last batches may hold nothing that is applied, only duplicates


def run(world: World, backlog: int, figures: list[Judged]) -> None:
    """Fill topics, then start a worker that follows; add what was found."""
    print(f"catch-up: {backlog:,} events", flush=True)
    log = topics_log(backlog)
    topics = world.filled(log, "backlog", later=days_since(log))
    with world.deployment() as prefix:
        task = msgspec.structs.replace(world.task("catch-up", topics), prefix=prefix, follow=True, watched=True)
        began = time.time()
        worker = started(task)
        try:
            seconds, rows = _caught_up(worker, began, int(backlog * DONE_SHARE))
            worker.terminate()
            result = worker_result(worker)
        finally:
            worker.kill()
            worker.wait()
    _note(seconds, rows, result, figures)
    print(f"  {rows:,} events in {seconds:.1f} s", flush=True)


def _caught_up(worker: Popen[bytes], began: float, wanted: int) -> tuple[float, int]:
    """Wait until so many rows are applied; the seconds since the process was started, and the rows."""
    assert worker.stdout is not None
    for line in worker.stdout:
        rows, at = msgspec.json.decode(line, type=tuple[int, float])
        if rows >= wanted:
            return at - began, rows
    raise RunFailed("the worker ended before it had caught up")


def _note(seconds: float, rows: int, result: WorkerResult, figures: list[Judged]) -> None:
    rate = rows / seconds
    hour = hour_caught_up_seconds(rate, LIVE_RATE)
    shown = "never" if hour is None else f"{hour / 60:.1f} min"
    figures += [
        Judged(f"catch-up of {rows:,} events from a process's start: s, events/s", f"{seconds:.1f}, {rate:,.0f}"),
        Judged(f"catch-up: times real time at {LIVE_RATE:,} events/s", f"{rate / LIVE_RATE:.1f}"),
        Judged(f"catch-up: an hour's backlog at {LIVE_RATE:,} events/s while as many come, reckoned", shown),
        Judged("catch-up: peak memory, MB", f"{result.peak_mb:,.0f}"),
    ]
