"""Opens the input of a run: files, topics of a broker, or what the stitcher's process wrote for the member workers."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from balanza.request import KafkaInput, Role, Run
from connectors.engine import LogSource
from connectors.file_log import FileLog, LogNotUsable, LogOptions, Progress, find_partitions
from connectors.file_log.beginning import LaterLog, LaterProgress, start_at
from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.log import KafkaLog
from connectors.kafka.options import KafkaLogOptions
from connectors.kafka.progress import KafkaProgress
from connectors.kafka.topics import EXCEPTIONS, HANDOVERS, STITCHED, deployment_topics
from connectors.stitched import StitchedLog, StitchedOptions, StitchedProgress
from flows.moving import moved_state
from flows.runtime.deployment import Deployment, DeploymentRefused
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Place
from schemas.stitched import StitchedBatch

CHECK_SECONDS = 10.0
BROKER_POLL_SECONDS = 0.001  # the client itself waits while there is nothing
OF_THE_CLUSTER = "__"


def check_input(source: Path | KafkaInput) -> Cluster | None:
    """Refuse an input that cannot be read, before anything is changed; give the cluster if there is one.

    Raises:
        LogNotUsable: nothing there, not readable, no log files in it.
        KafkaUnusable: no broker answers, or it does not let us in.

    """
    if isinstance(source, Path):
        find_partitions(source)
        return None
    cluster = Cluster(source.properties)
    try:
        _check_cluster(cluster, source)
    except BaseException:
        cluster.close()
        raise
    return cluster


def _check_cluster(cluster: Cluster, source: KafkaInput) -> None:
    cluster.check(CHECK_SECONDS)
    missing = cluster.missing(source.topics)
    if missing is not None:
        raise KafkaUnusable(missing)
    if isinstance(source.start, Mapping):
        _check_start(cluster, source.start)


def _check_start(cluster: Cluster, start: Mapping[Place, int]) -> None:
    counts = cluster.partitions({place.topic for place in start})
    strangers = [str(place) for place in sorted(start) if place.partition >= counts.get(place.topic, 0)]
    if strangers:
        raise KafkaUnusable(f"--from: there is no partition {', '.join(strangers)}")
    ends = cluster.end_offsets(start)
    beyond = [f"{place} ends at {ends[place]}" for place in sorted(start) if start[place] > ends[place]]
    if beyond:
        raise KafkaUnusable(f"--from: {', '.join(beyond)}; name an offset up to there")


def input_topics(cluster: Cluster, source: KafkaInput, prefix: str) -> tuple[str, ...]:
    """Give the topics to read: those that were named, or all that are neither the cluster's nor the deployment's.

    Raises:
        LogNotUsable: there are none.

    """
    if source.topics:
        return tuple(sorted(set(source.topics)))
    found = [name for name in cluster.names() if not name.startswith((OF_THE_CLUSTER, f"{prefix}."))]
    if not found:
        raise LogNotUsable(f"no topic on {cluster.bootstrap} that could be read; name them with --topics, make them "
                           "with `balanza topics`, or grant DESCRIBE and READ on them")
    return tuple(found)


def prepare_topics(run: Run) -> None:
    """Make what is missing of the topics that this process reads and writes beside its input and its records.

    Raises:
        KafkaUnusable: they are missing and may not be made.
        DeploymentRefused: the number of partitions between the processes is not what it was.

    """
    cluster, request = run.cluster, run.request
    if cluster is None or request.replay:
        return
    settings = request.settings
    ours = {f"{settings.prefix}.{name}" for name in (STITCHED, HANDOVERS)} if request.role != Role.RUN else set()
    ours |= {f"{settings.prefix}.{EXCEPTIONS}"} if request.role != Role.MEMBERS else set()
    specs = deployment_topics(settings.prefix, (), partitions=settings.topic_partitions, workers=True)
    have = cluster.partitions(ours)
    wanted = [spec for spec in specs if spec.name in ours - have.keys()]
    if wanted:
        cluster.create_topics(wanted)
        have = cluster.partitions(ours)
    if request.role != Role.RUN:
        run.wiring.partitions = _partitions_between(run.deployment, settings.prefix, have)


def _partitions_between(deployment: Deployment, prefix: str, have: dict[str, int]) -> int:
    stitched, handovers = have[f"{prefix}.{STITCHED}"], have[f"{prefix}.{HANDOVERS}"]
    if stitched != handovers:
        raise DeploymentRefused(f"{prefix}.{STITCHED} has {stitched} partitions, {prefix}.{HANDOVERS} {handovers}; "
                                "both need the same number, which never changes: make them anew under another --prefix")
    deployment.check_made_as({"partitions": str(stitched)})
    return stitched


def batches(
    run: Run,
) -> LogSource[LogBatch, Progress] | LogSource[LogBatch, LaterProgress] | LogSource[LogBatch, KafkaProgress]:
    """The source of a process that reads the channels' events."""
    stop, seconds = run.stop, run.request.settings.poll_seconds
    if isinstance(run.request.input, Path):
        if run.request.span.from_us is not None:
            return LogSource(lambda progress: _open_later_files(run, progress), LaterProgress, _nothing,
                             lambda: stop.requested, stop.fail, seconds)
        return LogSource(lambda progress: _open_files(run, progress), Progress, _nothing, lambda: stop.requested,
                         stop.fail, seconds)
    beat = _nothing if run.request.follow else None  # else each wait for the broker would have documents made
    return LogSource(lambda progress: _open_kafka(run, progress), KafkaProgress, beat, lambda: stop.requested,
                     stop.fail, BROKER_POLL_SECONDS)


def stitched_batches(run: Run) -> LogSource[StitchedBatch, StitchedProgress]:
    """The source of a member worker."""
    stop = run.stop
    return LogSource(lambda progress: _open_stitched(run, progress), StitchedProgress, _nothing_stitched,
                     lambda: stop.requested, stop.fail, BROKER_POLL_SECONDS)


def _nothing(now: float) -> LogBatch:
    return LogBatch([], None, 0, now)


def _nothing_stitched(now: float) -> StitchedBatch:
    return StitchedBatch([], -1, {}, [], [], now)


def _decoder(run: Run) -> EventDecoder:
    program = run.request.program
    decoder = EventDecoder(
        activities=frozenset(program.activities), event_bytes_max=program.limits.event_bytes_max
    )  # fmt: skip
    run.dropped = decoder.dropped
    return decoder


def _open_later_files(run: Run, progress: LaterProgress | None) -> LaterLog:
    """The files from a log time on."""
    from_us = run.request.span.from_us
    assert from_us is not None
    log = _open_files(run, None if progress is None else progress.log)
    later = LaterLog(log, from_us, 0 if progress is None else progress.skipped)
    run.skipped = lambda: later.skipped
    return later


def _open_files(run: Run, progress: Progress | None) -> FileLog:
    request = run.request
    assert isinstance(request.input, Path)
    if progress is None:
        _take_journal(run)
        if request.span.offsets is not None:
            progress = start_at(request.input, request.span.offsets)
    options = LogOptions(
        batch_lines=request.settings.batch_lines, follow=request.follow, until_us=request.until_us,
        future_skew_us=request.program.limits.future_skew, journal=run.deployment.journal,
        next_due_us=run.wiring.next_due_us,
    )  # fmt: skip
    log = FileLog(request.input, _decoder(run), options, progress)
    run.log, run.turns_counted = log, log.turns
    return log


def _take_journal(run: Run) -> None:
    """Begin with a copy of the live deployment's exceptions to the order; what is read beyond them is our own."""
    live, own = run.request.journal, run.deployment.journal
    if live is not None and not own.exists():
        draft = own.with_suffix(".new")
        shutil.copyfile(live, draft)
        draft.replace(own)


def _open_kafka(run: Run, progress: KafkaProgress | None) -> KafkaLog:
    request, settings, cluster = run.request, run.request.settings, run.cluster
    assert isinstance(request.input, KafkaInput)
    assert cluster is not None
    live = not request.replay
    options = KafkaLogOptions(
        batch_lines=settings.batch_lines, follow=request.follow, start=request.input.start, until_us=request.until_us,
        future_skew_us=request.program.limits.future_skew, prefix=settings.prefix, deployment=settings.prefix,
        write_exceptions=live, group=settings.prefix if live else None, skip_gaps=request.input.skip_gaps,
        hold_ms=settings.fence_hold_ms, refresh_seconds=settings.topics_refresh_seconds,
        outage_seconds_max=settings.outage_seconds_max, beat_clock=request.role == Role.STITCH,
        next_due_us=run.wiring.next_due_us,
    )  # fmt: skip
    log = KafkaLog(cluster, run.topics, _decoder(run), options, progress)
    run.log = run.broker_log = log
    return log


def _open_stitched(run: Run, progress: StitchedProgress | None) -> StitchedLog:
    request, cluster, wiring = run.request, run.cluster, run.wiring
    assert cluster is not None
    assert wiring.ours is not None
    options = StitchedOptions(
        request.settings.prefix, wiring.ours, wiring.groups, request.follow, run.waiting,
        request.settings.topics_refresh_seconds, request.settings.outage_seconds_max,
    )  # fmt: skip
    moved = moved_state(run.deployment)
    if moved is not None and moved.progress.moves > (0 if progress is None else progress.moves):
        progress = moved.progress
    log = StitchedLog(cluster, options, progress)
    run.log = run.broker_log = log
    return log
