"""A child process: a part of a deployment, as its command runs it, with clocks around its stations.

It answers with a WorkerResult. A watched run says before that, batch by batch, how many rows it has applied and when.
"""

import logging
import time
from pathlib import Path

from balanza.running import KafkaInput, Request, Role, execute, prepared
from balanza.summary import summarise
from config.groups import parse_groups
from config.loader import load_program
from config.settings import Settings
from tests.benchmarks.answers import answer, peak_mb
from tests.benchmarks.clocked import Clocks
from tests.benchmarks.kafka.tasks import WorkerResult, WorkerTask, given
from tests.benchmarks.run_product import outcome_of, say_applied
from tests.benchmarks.tasks import CORNER_SHOP


def request_of(task: WorkerTask) -> Request:
    """What the command line would ask for."""
    settings = Settings.from_environment({}, {"metrics_port": 0, "prefix": task.prefix, **task.settings})
    topics = KafkaInput({"bootstrap.servers": task.bootstrap}, tuple(task.topics))
    groups = parse_groups(task.groups, settings.key_groups) if task.groups else None
    return Request(
        load_program(CORNER_SHOP), Path(task.log) if task.log else topics, Path(task.out), settings, task.follow,
        role=Role(task.role), groups=groups,
    )  # fmt: skip


def main() -> None:
    """Run to the end of the input, or until stopped."""
    logging.getLogger("balanza.kafka").setLevel(logging.ERROR)  # topics of history have the senders' times, on purpose
    task = given(WorkerTask)
    clocks = Clocks(say_applied if task.watched else None)
    with prepared(request_of(task)) as run:
        run.stop.listen()
        cpu, flow_cpu = time.process_time(), time.thread_time()
        execute(run)
        cpu, flow_cpu = time.process_time() - cpu, time.thread_time() - flow_cpu
        summary = summarise(run)
    assert not summary.problems, summary.problems
    answer(
        WorkerResult(outcome_of(summary), run.seconds, cpu, peak_mb(), summary.members, flow_cpu, clocks.spent(), [],
                     summary.merges, summary.entries, summary.steps)
    )  # fmt: skip


if __name__ == "__main__":
    main()
