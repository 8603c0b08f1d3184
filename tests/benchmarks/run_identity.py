"""A child process: both stations over a crowd's events, without engine and sinks.

It answers with a GraphGrown or, opened on what another has left, with the seconds to its first batch.
"""

import time
from pathlib import Path

from config.loader import load_program
from flows.runtime.collector import tamed
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.log import LogBatch, Row
from tests.benchmarks.answers import answer, peak_mb, task
from tests.benchmarks.people import BATCH_ROWS, Crowd
from tests.benchmarks.results import EpochSpent, GraphGrown
from tests.benchmarks.tasks import Task

EPOCH_BATCHES = 60      # some five seconds of the whole pipeline's speed


class Stations:
    """Stitcher and members on one folder, with clocks around them."""

    def __init__(self, program: Path, folder: Path, numbers: tuple[int, int]) -> None:
        self.wiring = Wiring(load_program(program), folder)
        self.stitch, self.members = StitchHost(self.wiring, numbers[0]), MemberHost(self.wiring, numbers[1])
        self._begin()

    def _begin(self) -> None:
        self.seconds, self.cpu_seconds, self.both_cpu_seconds, self.rows = 0.0, 0.0, 0.0, 0
        self.bad_cpu_seconds, self.bad_rows = 0.0, 0

    def work(self, rows: list[Row]) -> None:
        """Stitch a batch, timed, and hand it to the members."""
        began, cpu = time.perf_counter(), time.thread_time()
        stitched = self.stitch.work(LogBatch(rows, None, 0, 0.0))
        self.seconds += time.perf_counter() - began
        self.cpu_seconds += time.thread_time() - cpu
        self.rows += len(rows)
        self.members.work(stitched)
        self.both_cpu_seconds += time.thread_time() - cpu

    def work_badly(self, rows: list[Row]) -> None:
        """Let both stations take a batch of a bad feed, timed apart."""
        cpu = time.thread_time()
        self.members.work(self.stitch.work(LogBatch(rows, None, 0, 0.0)))
        self.bad_cpu_seconds += time.thread_time() - cpu
        self.bad_rows += len(rows)

    def close_epoch(self) -> tuple[EpochSpent, tuple[int, int]]:
        """End the epoch of both; gives its times, and the checkpoints."""
        began, began_cpu = time.perf_counter(), time.thread_time()
        stitch = self.stitch.save()
        between, cpu = time.perf_counter(), self.cpu_seconds + time.thread_time() - began_cpu
        members = self.members.save()
        ended, both_cpu = time.perf_counter(), self.both_cpu_seconds + time.thread_time() - began_cpu
        spent = EpochSpent(
            self.rows, self.seconds, between - began, ended - between, cpu, both_cpu, self.bad_rows,
            self.bad_cpu_seconds,
        )  # fmt: skip
        self._begin()
        return spent, (stitch, members)


def grow(given: Task) -> GraphGrown:
    """Stitch everything, an epoch after another; with so many rows of a bad feed behind each batch, if any."""
    crowd, bad_rows = Crowd(given.events), int(given.settings.get("bad_rows", 0))
    stations, numbers = Stations(Path(given.program), Path(given.out), (0, 0)), (0, 0)
    epochs: list[EpochSpent] = []
    number = 0
    with tamed():
        for number, rows in enumerate(crowd.batches(), 1):
            stations.work(rows)
            if bad_rows:
                stations.work_badly(crowd.bad_feed(number * bad_rows, bad_rows, rows[-1][0]))
            if number % EPOCH_BATCHES == 0:
                spent, numbers = stations.close_epoch()
                epochs.append(spent)
        if stations.rows:
            spent, numbers = stations.close_epoch()
            epochs.append(spent)
    totals, bad = stations.stitch.totals, number * bad_rows
    assert (totals.members, totals.links, totals.merges) == (
        crowd.people + bool(bad), crowd.identifiers + bad + bool(bad), crowd.merges,
    )  # fmt: skip
    return GraphGrown(crowd.events, crowd.people, epochs, numbers, peak_mb())


def resume(given: Task) -> float:
    """Open the stations where they stopped and apply a batch; gives the seconds."""
    crowd = Crowd(given.events)
    rows = crowd.one_more_batch(BATCH_ROWS)
    numbers = int(given.settings["stitch"]), int(given.settings["members"])
    began = time.perf_counter()
    stations = Stations(Path(given.program), Path(given.out), numbers)
    stations.work(rows)
    seconds = time.perf_counter() - began
    totals = stations.stitch.totals
    assert (totals.applied, totals.members) == (crowd.events + len(rows), crowd.people)
    return seconds


def main() -> None:
    """Grow the graph, or go on with it."""
    given = task()
    answer(grow(given) if given.fresh else resume(given))


if __name__ == "__main__":
    main()
