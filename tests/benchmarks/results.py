"""What a run gives back: what became of the log, how long it took, what it needed."""

import statistics
from collections.abc import Callable, Iterable

from msgspec import Struct


class Outcome(Struct, frozen=True):
    """What became of a log's lines, and the points that all members hold together. Two honest ways agree on it."""

    read: int
    applied: int
    duplicate: int
    rejected: int
    points: int


class Spent(Struct, frozen=True):
    """Time in one place of the flow: seconds on the clock, and of the processor in the flow's thread."""

    wall: float
    cpu: float


class RunResult(Struct):
    """A finished run. `seconds` are from the flow's first step until everything is on disk and visible.

    `cpu_seconds` are the whole process's while it ran, `flow_cpu_seconds` those of the flow's own thread; `marks` are
    (seconds since the first batch, rows read) at every batch.
    """

    outcome: Outcome
    seconds: float
    cpu_seconds: float
    peak_mb: float
    members: int = 0
    flow_cpu_seconds: float = 0.0
    spent: dict[str, Spent] = {}
    marks: list[tuple[float, int]] = []

    @property
    def events_per_second(self) -> float:
        """Lines read a second."""
        return self.outcome.read / self.seconds


class EpochSpent(Struct, frozen=True):
    """An epoch of the stations alone: rows stitched, seconds of stitching them, and of each station's end.

    `stitch_cpu_seconds` are the processor's in the flow's thread, for stitching and its end together;
    `both_cpu_seconds` those of both stations with their ends. `bad_rows` are a bad feed's, which stand apart from the
    others: `bad_cpu_seconds` are those of both stations for them.
    """

    rows: int
    stitch_seconds: float
    stitch_close_seconds: float
    members_close_seconds: float
    stitch_cpu_seconds: float
    both_cpu_seconds: float = 0.0
    bad_rows: int = 0
    bad_cpu_seconds: float = 0.0


class GraphGrown(Struct, frozen=True):
    """People stitched from their events; `checkpoints` are the stitcher's and the members' in the end."""

    events: int
    people: int
    epochs: list[EpochSpent]
    checkpoints: tuple[int, int]
    peak_mb: float


class Judged(Struct, frozen=True):
    """A figure beside its target; `target` None is a figure without one."""

    name: str
    figure: str
    target: str = ""
    met: bool | None = None


def median_of(results: Iterable[RunResult], figure: Callable[[RunResult], float]) -> float:
    """The median of a figure over runs."""
    return statistics.median(figure(result) for result in results)


def last_to_first_tenth(result: RunResult) -> float:
    """Throughput in the last tenth of the rows over that in the first."""
    rows = result.marks[-1][1]
    first = _seconds_at(result, rows / 10) - result.marks[0][0]
    last = result.marks[-1][0] - _seconds_at(result, rows * 9 / 10)
    return first / last


def _seconds_at(result: RunResult, rows: float) -> float:
    before = (0.0, 0)
    for mark in result.marks:
        if mark[1] >= rows:
            share = (rows - before[1]) / max(1, mark[1] - before[1])
            return before[0] + share * (mark[0] - before[0])
        before = mark
    return before[0]


class LedgerMeasured(Struct):
    """The airline's program over a year of events: microseconds an event of the processor, batch by batch.

    `kinds_us` are the member station's by the kind of event; what timers cost before a batch is spread over its rows.
    """

    events: int
    members: int
    stitch_us: list[float] = []
    timers_us: list[float] = []
    kinds_us: dict[str, list[float]] = {}
    close_ms: list[float] = []
    peak_mb: float = 0.0


class LotsMeasured(Struct):
    """Members with few and with many lots: microseconds an event by round, and milliseconds to end the epoch after."""

    few_us: list[float]
    many_us: list[float]
    few_close_ms: float
    many_close_ms: float
