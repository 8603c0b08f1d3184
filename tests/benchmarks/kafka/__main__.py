"""`python -m tests.benchmarks.kafka [--only NAME]`: speed and latency on a broker (docs/performance.md, "On Kafka")."""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from tests.benchmarks.kafka import catch_up, latency, pipeline, source, workers
from tests.benchmarks.kafka.world import World
from tests.benchmarks.report import Table, targets
from tests.benchmarks.results import Judged
from tests.benchmarks.tasks import CACHE
from tests.kafka.broker import Broker

NAMES = ("source", "pipeline", "latency", "catch_up", "workers")


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.kafka", description=__doc__)
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--events", type=int, default=200_000, help="length of the log of source, pipeline and workers")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of source, pipeline and workers")
    parser.add_argument("--seconds", type=int, default=20, help="how long the latency is measured")
    parser.add_argument("--backlog", type=int, default=300_000, help="events that wait for the catch-up")
    return parser.parse_args()


def main() -> None:
    """Run the chosen benchmarks on a broker of their own, then print what they found."""
    given = options()
    chosen = given.only or NAMES
    tables: list[Table] = []
    figures: list[Judged] = []
    print(_load("at the start"), flush=True)
    with tempfile.TemporaryDirectory(prefix="balanza-bench-") as folder, Broker(Path(folder) / "broker") as broker:
        world = World(broker.bootstrap, given.events)
        if "source" in chosen:
            source.run(world, given.rounds, tables, figures)
        if "pipeline" in chosen:
            pipeline.run(world, given.rounds, tables, figures)
        if "latency" in chosen:
            latency.run(world, given.seconds, tables, figures)
        if "catch_up" in chosen:
            catch_up.run(world, given.backlog, figures)
        if "workers" in chosen:
            workers.run(world, given.rounds, tables, figures)
    shutil.rmtree(CACHE / "out", ignore_errors=True)
    print(f"\n{_load('at the end')}\n")
    print("\n\n".join(table.text() for table in [*tables, targets(figures)]))


def _load(when: str) -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} processors, load {load} {when} (1, 5, 15 minutes)"


if __name__ == "__main__":
    main()
