"""`balanza run`, `stitch` and `members`: the pipeline, or its halves, over a log to its end or following it."""

from typing import Annotated

import typer

from balanza.options import (
    AsJson,
    BatchLines,
    Bootstrap,
    CacheMb,
    EpochSeconds,
    Follow,
    Fresh,
    Input,
    KafkaConfig,
    KeepRecords,
    MetricsPort,
    Out,
    Prefix,
    ProgramPath,
    Quiet,
    RecordTopics,
    SkipGaps,
    Topics,
    Until,
    input_of,
    kafka_of,
    only_end,
    settings_of,
    until_us,
)
from balanza.request import Request, Role
from balanza.starting import FAILED, WRONG_USAGE, start
from config.groups import parse_groups
from config.loader import load_program

__all__ = ["FAILED", "WRONG_USAGE", "members", "run", "stitch"]

Groups = Annotated[
    str, typer.Option("--groups", "-g", help="Key groups of this worker: 0-127, or 1/3 for the second of three parts.")
]
UntilEnd = Annotated[
    str | None, typer.Option("--until", metavar="end", help="Stop where the stitcher's topic ended at the start.")
]


def run(
    program: ProgramPath,
    out: Out,
    input: Input = None,
    kafka: Bootstrap = None,
    topics: Topics = None,
    kafka_config: KafkaConfig = None,
    prefix: Prefix = None,
    record_topics: RecordTopics = None,
    skip_gaps: SkipGaps = False,
    follow: Follow = False,
    fresh: Fresh = False,
    until: Until = None,
    metrics_port: MetricsPort = None,
    cache_mb: CacheMb = None,
    batch_lines: BatchLines = None,
    epoch_seconds: EpochSeconds = None,
    keep_records: KeepRecords = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Read events, recognise members, keep points, decide, and write warehouse, surfaces, outbox and dead letters.

    Run it again on the same --out and it goes on where it stopped, also after a crash or with a longer input. Progress
    goes to stderr, the summary to stdout. Every setting can also come from the environment (BALANZA_CACHE_MB=512).
    With --kafka it reads topics of a cluster and writes its records to topics, too (docs/kafka.md).

    Example: balanza run --program config/programs/corner_shop.yaml --input examples/online_retail/log --out out/example
    """
    overrides = {
        "metrics_port": metrics_port, "cache_mb": cache_mb, "batch_lines": batch_lines, "prefix": prefix,
        "record_topics": record_topics, "keep_records": keep_records or None,
    }  # fmt: skip

    def request() -> Request:
        settings = settings_of(overrides, epoch_seconds, follow=follow)
        source = input_of(input, kafka, topics, kafka_config, skip_gaps=skip_gaps)
        return Request(load_program(program), source, out, settings, follow, fresh, until_us(until))

    start(request, quiet=quiet, as_json=as_json)


def stitch(
    program: ProgramPath,
    out: Out,
    kafka: Bootstrap = None,
    topics: Topics = None,
    kafka_config: KafkaConfig = None,
    prefix: Prefix = None,
    record_topics: RecordTopics = None,
    skip_gaps: SkipGaps = False,
    follow: Follow = False,
    fresh: Fresh = False,
    until: Until = None,
    metrics_port: MetricsPort = None,
    cache_mb: CacheMb = None,
    batch_lines: BatchLines = None,
    epoch_seconds: EpochSeconds = None,
    keep_records: KeepRecords = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Read events from Kafka, recognise members, and hand their events to member workers.

    The first half of `balanza run` as a process of its own: there is one a deployment. What it hands on goes to the
    topic PREFIX.stitched, which `balanza members` reads; the records of events and identities are its own.

    Example: balanza stitch -p config/programs/corner_shop.yaml --kafka localhost:9092 --follow -o out/stitch
    """
    overrides = {
        "metrics_port": metrics_port, "cache_mb": cache_mb, "batch_lines": batch_lines, "prefix": prefix,
        "record_topics": record_topics, "keep_records": keep_records or None,
    }  # fmt: skip

    def request() -> Request:
        settings = settings_of(overrides, epoch_seconds, follow=follow)
        source = kafka_of(kafka, topics, kafka_config, skip_gaps=skip_gaps)
        return Request(load_program(program), source, out, settings, follow, fresh, until_us(until), Role.STITCH)

    start(request, quiet=quiet, as_json=as_json)


def members(
    program: ProgramPath,
    out: Out,
    groups: Groups,
    kafka: Bootstrap = None,
    kafka_config: KafkaConfig = None,
    prefix: Prefix = None,
    record_topics: RecordTopics = None,
    follow: Follow = False,
    fresh: Fresh = False,
    until: UntilEnd = None,
    metrics_port: MetricsPort = None,
    cache_mb: CacheMb = None,
    epoch_seconds: EpochSeconds = None,
    keep_records: KeepRecords = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Keep points, signals and decisions for the members of some key groups, from what `balanza stitch` hands on.

    Every worker has its own part of the groups and its own --out; together they have all of them. To change the number
    of workers, move groups with `balanza state move`. In a StatefulSet of three: --groups ${ORDINAL}/3.

    Example: balanza members -p config/programs/corner_shop.yaml --kafka localhost:9092 --groups 0/2 -f -o out/members-0
    """
    overrides = {
        "metrics_port": metrics_port, "cache_mb": cache_mb, "prefix": prefix, "record_topics": record_topics,
        "keep_records": keep_records or None,
    }  # fmt: skip

    def request() -> Request:
        settings = settings_of(overrides, epoch_seconds, follow=follow)
        source = kafka_of(kafka, None, kafka_config, skip_gaps=False)
        only_end(until)
        ours = parse_groups(groups, settings.key_groups)
        return Request(load_program(program), source, out, settings, follow, fresh, None, Role.MEMBERS, ours)

    start(request, quiet=quiet, as_json=as_json)
