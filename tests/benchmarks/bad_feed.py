"""A member with 100,000 identifiers: what it costs itself, and whether it slows the others."""

import shutil
import statistics
from collections.abc import Callable

import msgspec

from tests.benchmarks.report import Table
from tests.benchmarks.results import EpochSpent, GraphGrown, Judged
from tests.benchmarks.tasks import CORNER_SHOP, Task, finished, new_folder

BAD_ROWS = 500      # behind each batch of a thousand: a hundred thousand beside 200,000 events of the crowd
TITLE = "One e-mail address with ever new cookies beside a crowd: CPU us/event of both stations"
HEAD = ["", "events", "identifiers", "us/event", "last tenth", "close ms", "most", "bad us/event", "last tenth",
        "peak MB"]  # fmt: skip


def run(identifiers: int, runs: int, tables: list[Table], figures: list[Judged]) -> None:
    """Measure a crowd without and with a bad feed in turn; add what was found."""
    print(f"a bad feed beside {identifiers:,} identifiers", flush=True)
    alone, beside = [], []
    for _ in range(runs):
        alone.append(_grown(identifiers, 0))
        beside.append(_grown(identifiers, BAD_ROWS))
    table = Table(TITLE, HEAD)
    for name, found in (("without", alone), ("with", beside)):
        bad_rows = sum(epoch.bad_rows for epoch in found[0].epochs)
        bad = [f"{_median(found, _bad_us, share):.2f}" if bad_rows else "" for share in (1.0, 0.1)]
        table.add(name, f"{found[0].events:,}", f"{bad_rows:,}", f"{_median(found, _others_us, 1.0):.2f}",
                  f"{_median(found, _others_us, 0.1):.2f}", f"{_median(found, _close_ms, 1.0):,.0f}",
                  f"{max(_close_ms(epoch) for one in found for epoch in one.epochs):,.0f}", *bad,
                  f"{max(one.peak_mb for one in found):,.0f}")  # fmt: skip
    tables.append(table)
    slower = _median(beside, _others_us, 1.0) / _median(alone, _others_us, 1.0)
    figures.append(Judged("identity: CPU us/event of the others beside a bad feed over without it", f"{slower:.2f}"))


def _grown(identifiers: int, bad_rows: int) -> GraphGrown:
    out = new_folder(f"bad-feed-{bad_rows}")
    task = Task(kind="identity", log="people", events=identifiers, program=str(CORNER_SHOP), out=str(out),
                settings={"bad_rows": bad_rows})  # fmt: skip
    grown = msgspec.json.decode(finished(task), type=GraphGrown)
    shutil.rmtree(out)
    return grown


def _median(results: list[GraphGrown], figure: Callable[[EpochSpent], float], share: float) -> float:
    """The median of a figure over the last share of the epochs of all runs."""
    epochs = [epoch for one in results for epoch in one.epochs[-max(1, int(len(one.epochs) * share)) :]]
    return statistics.median(map(figure, epochs))


def _others_us(epoch: EpochSpent) -> float:
    return 1e6 * epoch.both_cpu_seconds / epoch.rows


def _bad_us(epoch: EpochSpent) -> float:
    return 1e6 * epoch.bad_cpu_seconds / epoch.bad_rows


def _close_ms(epoch: EpochSpent) -> float:
    return 1e3 * (epoch.stitch_close_seconds + epoch.members_close_seconds)
