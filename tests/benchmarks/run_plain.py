"""A child process: the yardstick over a log. It answers with a RunResult."""

import gc
import time
from pathlib import Path

from tests.benchmarks.answers import answer, peak_mb, task
from tests.benchmarks.plain import run_plain
from tests.benchmarks.results import RunResult


def main() -> None:
    """Run with the collector off, as the product has it: with it on the loop is a tenth to a third slower."""
    gc.disable()
    began = time.process_time()
    outcome, seconds = run_plain(Path(task().log))
    cpu = time.process_time() - began
    answer(RunResult(outcome, seconds, cpu, peak_mb(), flow_cpu_seconds=cpu))


if __name__ == "__main__":
    main()
