"""Clocks around the places of the flow where time goes: what a run spends where, and when it came how far.

They stand around calls that are made once a batch or once an epoch, so they cost nothing that shows. Every clock reads
the wall and the processor time of the flow's thread: on a machine shared with others the two differ, and the second
tells what the code costs.
"""

import time
from collections.abc import Callable
from typing import Any

from connectors.file_log import FileLog
from connectors.kafka.log import KafkaLog
from connectors.stitched import StitchedLog
from flows.stations import MemberHost, StitchHost
from schemas.log import LogBatch
from schemas.stitched import StitchedBatch
from sinks.engine import RecordsPartition, RecordsSink
from tests.benchmarks.results import Spent

READING, STITCH, STITCH_EPOCH = "read and decode", "stitch", "stitch, epoch end"
MEMBERS, MEMBERS_EPOCH = "members", "members, epoch end"
RECORDS, RECORDS_EPOCH, RECORDS_FINISH = "records", "records, epoch end", "records, end of the run"
Function = Callable[..., Any]    # methods of several signatures are wrapped alike


class Clocks:
    """Wraps the stations of this process; make one, once, before the flow is built."""

    def __init__(self, on_applied: Callable[[int], None] | None = None) -> None:
        """`on_applied` is called after every batch that moved members, with the rows read so far."""
        self.marks: list[tuple[float, int]] = []
        self._spent: dict[str, list[int]] = {}
        self._on_applied = on_applied
        self._began = 0.0
        self._rows = 0
        self._wrap(FileLog, "read", READING)
        self._wrap(KafkaLog, "read", READING)
        self._wrap(StitchedLog, "read", READING)
        self._wrap(StitchHost, "work", STITCH)
        self._wrap(StitchHost, "save", STITCH_EPOCH)
        self._wrap(MemberHost, "work", MEMBERS, self._applied)
        self._wrap(MemberHost, "save", MEMBERS_EPOCH)
        self._wrap(RecordsPartition, "write_batch", RECORDS)
        self._wrap(RecordsPartition, "snapshot", RECORDS_EPOCH)
        self._wrap(RecordsSink, "finish", RECORDS_FINISH)
        self._count_rows()

    def spent(self) -> dict[str, Spent]:
        """Seconds by place, in the order of the flow."""
        return {name: Spent(wall / 1e9, cpu / 1e9) for name, (wall, cpu) in self._spent.items()}

    def _wrap(self, owner: type, method: str, name: str, then: Callable[[Any], None] | None = None) -> None:
        inner: Function = getattr(owner, method)
        spent = self._spent.setdefault(name, [0, 0])
        wall, cpu = time.perf_counter_ns, time.thread_time_ns

        def clocked(*given: Any) -> Any:  # noqa: ANN401  the wrapped method's own types
            wall_before, cpu_before = wall(), cpu()
            try:
                given_back = inner(*given)
            finally:
                spent[1] += cpu() - cpu_before
                spent[0] += wall() - wall_before
            if then is not None:
                then(given[1])
            return given_back

        setattr(owner, method, clocked)

    def _count_rows(self) -> None:
        inner: Function = StitchHost.work

        def counting(host: StitchHost, batch: LogBatch) -> StitchedBatch:
            self._began = self._began or time.perf_counter()
            stitched: StitchedBatch = inner(host, batch)
            self._rows += len(batch.rows)
            self.marks.append((time.perf_counter() - self._began, self._rows))
            return stitched

        name = "work"
        setattr(StitchHost, name, counting)

    def _applied(self, batch: StitchedBatch) -> None:
        if self._on_applied is not None and batch.steps:
            self._on_applied(self._rows)
