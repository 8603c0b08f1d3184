"""Stitching alone: its price an event, what an epoch's end and a restart cost, and how they grow with the graph."""

import shutil
import statistics
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from tests.benchmarks.report import Table
from tests.benchmarks.results import EpochSpent, GraphGrown, Judged
from tests.benchmarks.tasks import CORNER_SHOP, Task, finished, new_folder

STITCH_US_MAX = 8.0
CLOSE_MS_MAX = 500.0
RESUME_SECONDS_MAX = 10.0
PEAK_MB_MAX = 1_500.0
TITLE = "Identity: both stations without engine and sinks; us/event is stitching with its epochs' ends"
HEAD = ["", "events", "members", "us/event", "last tenth", "CPU us/event", "close ms", "most", "resume s", "peak MB"]


class Measured(NamedTuple):
    """A graph that grew, and how long a new process took to go on with it."""

    grown: GraphGrown
    resume_seconds: float


def run(sizes: tuple[int, int], runs: int, tables: list[Table], figures: list[Judged]) -> None:
    """Measure a small and a large graph in turn; add what was found."""
    print(f"identity: {sizes[0]:,} and {sizes[1]:,} identifiers", flush=True)
    results: dict[int, list[Measured]] = {size: [] for size in sizes}
    for _ in range(runs):
        for size in sizes:
            results[size].append(_measured(size))
    table = Table(TITLE, HEAD)
    for size, found in results.items():
        table.add(f"{size:,} identifiers", f"{found[0].grown.events:,}", f"{found[0].grown.people:,}",
                  f"{median(found, stitch_us):.2f}", f"{median(found, last_tenth_us):.2f}",
                  f"{median(found, cpu_us):.2f}",
                  f"{median(found, close_ms):,.0f}", f"{median(found, close_ms_most):,.0f}",
                  f"{median(found, lambda one: one.resume_seconds):.2f}",
                  f"{median(found, lambda one: one.grown.peak_mb):,.0f}")  # fmt: skip
    tables.append(table)
    figures += judged(results[sizes[0]], results[sizes[1]])


def judged(small: list[Measured], large: list[Measured]) -> list[Judged]:
    """Figures of the large graph beside their targets, and how they grew from the small one's."""
    us, close = median(large, stitch_us), median(large, close_ms)
    resume, peak = (median(large, figure) for figure in (lambda one: one.resume_seconds, lambda one: one.grown.peak_mb))
    grown = us / median(small, stitch_us)
    return [
        Judged("identity: stitching with its epochs' ends, us/event", f"{us:.2f}", f"< {STITCH_US_MAX:.0f}",
               us < STITCH_US_MAX),
        Judged("identity: closing an epoch of both stations, ms", f"{close:,.0f}", f"< {CLOSE_MS_MAX:.0f}",
               close < CLOSE_MS_MAX),
        Judged("identity: resume to the first batch, s", f"{resume:.2f}", f"< {RESUME_SECONDS_MAX:.0f}",
               resume < RESUME_SECONDS_MAX),
        Judged("identity: peak memory, MB", f"{peak:,.0f}", f"< {PEAK_MB_MAX:,.0f}", peak < PEAK_MB_MAX),
        Judged("identity: us/event of the large graph over the small one's", f"{grown:.2f}"),
    ]  # fmt: skip


def median(results: list[Measured], figure: Callable[[Measured], float]) -> float:
    """The median of a figure over runs."""
    return statistics.median(map(figure, results))


def stitch_us(result: Measured) -> float:
    """Microseconds an event of stitching, its part of the epoch's end included: the median epoch."""
    return statistics.median(map(_epoch_us, result.grown.epochs))


def last_tenth_us(result: Measured) -> float:
    """The same over the last tenth of the epochs, when the graph is large."""
    return statistics.median(map(_epoch_us, result.grown.epochs[-max(1, len(result.grown.epochs) // 10) :]))


def cpu_us(result: Measured) -> float:
    """The same as `stitch_us`, of the processor in the flow's thread: steadier on a busy machine."""
    return statistics.median(1e6 * epoch.stitch_cpu_seconds / epoch.rows for epoch in result.grown.epochs)


def close_ms(result: Measured) -> float:
    """Milliseconds to end an epoch of both stations: the median."""
    return statistics.median(map(_close_ms, result.grown.epochs))


def close_ms_most(result: Measured) -> float:
    """The slowest of them."""
    return max(map(_close_ms, result.grown.epochs))


def _epoch_us(epoch: EpochSpent) -> float:
    return 1e6 * (epoch.stitch_seconds + epoch.stitch_close_seconds) / epoch.rows


def _close_ms(epoch: EpochSpent) -> float:
    return 1e3 * (epoch.stitch_close_seconds + epoch.members_close_seconds)


def _measured(identifiers: int) -> Measured:
    out = new_folder(f"identity-{identifiers}")
    given = Task(kind="identity", log="people", events=identifiers, program=str(CORNER_SHOP), out=str(out))
    grown = msgspec.json.decode(finished(given), type=GraphGrown)
    stitch, members = grown.checkpoints
    again = msgspec.structs.replace(given, fresh=False, settings={"stitch": stitch, "members": members})
    resume_seconds = float(finished(again))
    shutil.rmtree(out)
    return Measured(grown, resume_seconds)
