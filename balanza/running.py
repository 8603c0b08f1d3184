"""One run of the pipeline on the embedded default: from checked settings to a summary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.compatibility import dump_program, incompatibilities, parse_program
from config.program import Program
from config.settings import Settings
from connectors.engine import LogSource
from connectors.file_log import FileLog, LogOptions, Progress, find_partitions
from flows.loyalty import loyalty
from flows.runtime import collector
from flows.runtime.deployment import Deployment, DeploymentRefused
from flows.runtime.engine import run_flow
from flows.runtime.metrics import Metrics, serve
from flows.runtime.stop import Stop
from flows.stations import Wiring
from schemas.decode import EventDecoder
from schemas.states import Member
from sinks.destination import Destination
from sinks.document import surface_document
from sinks.engine import RecordsSink
from sinks.group import Destinations
from sinks.lines import LineFile, RecordFiles
from sinks.surfaces import Surfaces
from sinks.warehouse import Warehouse

FLUSH_SECONDS = 0.2
MIB = 1 << 20


class TooManyDeadLetters(Exception):
    """So much was rejected that the mapping must be wrong."""


@dataclass
class Request:
    """What the command line asked for."""

    program: Program
    input: Path
    out: Path
    settings: Settings
    follow: bool = False
    fresh: bool = False
    until_us: int | None = None


@dataclass
class Run:
    """A run that is under way or over; progress and summary read it."""

    request: Request
    deployment: Deployment
    wiring: Wiring
    stop: Stop
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    log: FileLog | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    fields_counted: dict[str, int] = field(default_factory=dict)
    turns_counted: int = 0

    def shown(self, read_at: float) -> None:
        """Note that readers see what was read at this wall clock time (latency is of interest only while following)."""
        if self.request.follow and read_at:
            self.wiring.metrics.end_to_end_seconds.observe(max(0.0, time.time() - read_at))

    def sample(self) -> None:
        """Bring the metrics up to date that nobody counts by the batch."""
        metrics = self.wiring.metrics
        if self.log is not None:
            metrics.lag_bytes.set(self.log.unread_bytes())
            metrics.journal_rounds_total.inc(self.log.turns - self.turns_counted)
            self.turns_counted = self.log.turns
        counted = dict(self.dropped)
        before = self.fields_counted
        metrics.count_dropped_fields({path: count - before.get(path, 0) for path, count in counted.items()})
        self.fields_counted = counted

    def spend(self, name: str, nanoseconds: int) -> None:
        """Note time spent in a station."""
        self.wiring.spent[name] += nanoseconds


@contextmanager
def prepared(request: Request) -> Iterator[Run]:
    """Lock and check the folder, open the metrics page; close both at the end.

    Raises:
        LogNotUsable, DeploymentRefused, CannotServe: nothing was changed (but a folder asked to be made anew).

    """
    find_partitions(request.input)
    metrics = Metrics()
    close_metrics = serve(metrics, request.settings.metrics_address, request.settings.metrics_port)
    try:
        deployment = Deployment(request.out, fresh=request.fresh, groups=request.settings.key_groups)
        try:
            _check_program(deployment, request.program)
            deployment.remember_program(dump_program(request.program))
            yield _wired(request, deployment, metrics)
        finally:
            deployment.release()
    finally:
        close_metrics()


def _check_program(deployment: Deployment, program: Program) -> None:
    stored = deployment.stored_program()
    if stored is None:
        return
    problems = incompatibilities(parse_program(stored), program)
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise DeploymentRefused(
            f"{deployment.folder} was made with a program that this one cannot go on from:\n{listed}"
        )


def _wired(request: Request, deployment: Deployment, metrics: Metrics) -> Run:
    stop = Stop()
    wiring = Wiring(
        request.program, deployment.state, request.settings.key_groups, request.settings.cache_mb * MIB, metrics
    )
    wiring.too_many_dead = lambda message: stop.fail(TooManyDeadLetters(message))
    return Run(request, deployment, wiring, stop)


def execute(run: Run) -> None:
    """Run the flow to the end of the input, or until it is stopped; everything accepted is then on disk and visible.

    Raises whatever a station raised (a bug of ours or a failed disk); what was committed before stays.
    """
    request, settings = run.request, run.request.settings
    source = LogSource(lambda progress: _open_log(run, progress), lambda: run.stop.requested, run.stop.fail,
                       settings.poll_seconds)
    sink = RecordsSink(_destinations(run), run.spend)
    flow = loyalty(run.wiring, source, sink)
    seconds = settings.follow_epoch_seconds if request.follow else settings.epoch_seconds
    with collector.tamed():
        run.began = time.perf_counter()
        run_flow(flow, run.deployment.engine, seconds)
        sink.finish()
    run.seconds = time.perf_counter() - run.began


def _open_log(run: Run, progress: Progress | None) -> FileLog:
    request, program = run.request, run.request.program
    decoder = EventDecoder(
        activities=frozenset(program.activities), event_bytes_max=program.limits.event_bytes_max
    )  # fmt: skip
    run.dropped = decoder.dropped
    options = LogOptions(
        batch_lines=request.settings.batch_lines, follow=request.follow, until_us=request.until_us,
        future_skew_us=program.limits.future_skew, journal=run.deployment.journal,
        next_due_us=run.wiring.next_due_us,
    )  # fmt: skip
    run.log = FileLog(request.input, decoder, options, progress)
    run.turns_counted = run.log.turns
    return run.log


def _destinations(run: Run) -> Destinations:
    request = run.request
    document = surface_document(request.program)

    def load(member_id: str) -> Member | None:
        return None if run.wiring.load_member is None else run.wiring.load_member(member_id)

    members: list[Destination] = [
        Warehouse(request.out / "warehouse"),
        Surfaces(request.out, document, FLUSH_SECONDS if request.follow else None, load, run.shown),
        LineFile(request.out / "outbox.jsonl", "actions"),
        LineFile(request.out / "dead_letters.jsonl", "dead_letters"),
    ]
    if request.settings.keep_records:
        members.append(RecordFiles(request.out / "records"))
    return Destinations(members)
