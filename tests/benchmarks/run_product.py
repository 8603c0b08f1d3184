"""A child process: the product as `balanza run` runs it, with clocks around its stations.

It answers with a RunResult. A watched run says before that, batch by batch, how many rows it has applied and when.
"""

import time
from pathlib import Path

from balanza.running import Request, execute, prepared
from balanza.summary import Summary, summarise
from config.loader import load_program
from config.settings import Settings
from tests.benchmarks.answers import answer, peak_mb, task
from tests.benchmarks.clocked import Clocks
from tests.benchmarks.results import Outcome, RunResult
from tests.benchmarks.tasks import Task


def request_of(given: Task) -> Request:
    """What the command line would ask for."""
    settings = Settings.from_environment({}, {"metrics_port": 0, **given.settings})
    program = load_program(Path(given.program))
    return Request(program, Path(given.log), Path(given.out), settings, given.follow, given.fresh)


def say_applied(rows: int) -> None:
    """Answer how far the run is."""
    answer([rows, time.time()])


def outcome_of(summary: Summary) -> Outcome:
    """What became of the lines; points that members owe count as less than nothing."""
    applied = summary.applied + summary.expired_anonymous
    points = sum(summary.points_outstanding.values()) - sum(summary.points_receivable.values())
    return Outcome(summary.read, applied, summary.duplicate, summary.rejected, points)


def main() -> None:
    """Run to the end of the log, or until stopped."""
    given = task()
    clocks = Clocks(say_applied if given.watched else None)
    with prepared(request_of(given)) as run:
        run.stop.listen()
        cpu, flow_cpu = time.process_time(), time.thread_time()
        execute(run)
        cpu, flow_cpu = time.process_time() - cpu, time.thread_time() - flow_cpu
        summary = summarise(run)
    assert not summary.problems, summary.problems
    answer(
        RunResult(outcome_of(summary), run.seconds, cpu, peak_mb(), summary.members, flow_cpu, clocks.spent(),
                  clocks.marks)
    )  # fmt: skip


if __name__ == "__main__":
    main()
