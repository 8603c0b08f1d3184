"""`balanza topics`: the topics of a deployment, made before it runs, or compared with those that are there."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from msgspec import Struct

from balanza.options import Bootstrap, KafkaConfig, Prefix, RecordTopics, WrongUsage, settings_of, topics_of
from balanza.output import FAILED, WRONG_USAGE, AsJson, console, fail, print_json, table
from config.kafka import BOOTSTRAP, kafka_properties, variable_of
from config.settings import RecordTopicsMode, Settings, SettingsError
from connectors.kafka.cluster import Cluster, KafkaNotPermitted, KafkaUnusable
from connectors.kafka.topics import EXCEPTIONS, RECORDS, SURFACES, TopicSpec, deployment_topics, differences
from schemas.records import TABLES

CHECK_SECONDS: Final = 10.0
MADE, THERE, MISSING, UNKNOWN = "made", "was there", "missing", "not looked at"

Inputs = Annotated[
    str | None,
    typer.Option("--topics", "-t", show_default=False, help="The inputs to make, with commas; stamped by the broker."),
]
Partitions = Annotated[
    int | None,
    typer.Option("--partitions", min=1, show_default=False, help="Partitions of the deployment's own. [default: 16]"),
]
InputPartitions = Annotated[
    int | None,
    typer.Option("--input-partitions", min=1, show_default=False, help="Partitions of the inputs. [default: the same]"),
]
RetentionDays = Annotated[
    float | None,
    typer.Option("--retention-days", min=0, show_default=False,
                 help="For how long inputs and records are kept; 0: for ever. [default: the broker's]"),
]  # fmt: skip
Workers = Annotated[
    bool, typer.Option("--workers/--no-workers", help="Also those between `balanza stitch` and `balanza members`.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show them and make none; works without a cluster, too.")]


class Shown(Struct, frozen=True):
    """A topic and what became of it; `differs` are sentences about settings that are not as Balanza makes them."""

    topic: str
    partitions: int
    settings: dict[str, str]
    state: str
    differs: list[str] = []


def topics(
    kafka: Bootstrap = None,
    topics: Inputs = None,
    kafka_config: KafkaConfig = None,
    prefix: Prefix = None,
    partitions: Partitions = None,
    input_partitions: InputPartitions = None,
    retention_days: RetentionDays = None,
    record_topics: RecordTopics = None,
    workers: Workers = True,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Make the topics of a deployment on Kafka; those that are there stay as they are, what differs is said.

    A worker makes what it misses by itself if it may. This is for inputs, for retention and partitions of your choice,
    and for clusters where only an administrator makes topics (docs/kafka.md).

    Example: balanza topics --kafka localhost:9092 --topics web,till --partitions 6 --retention-days 30
    """
    overrides = {"prefix": prefix, "record_topics": record_topics, "topic_partitions": partitions}
    try:
        settings = settings_of(overrides, None, follow=False)
        specs = wanted(settings, topics_of(topics), input_partitions, retention_days, workers=workers)
        cluster = _cluster(kafka, kafka_config, dry_run=dry_run)
    except (SettingsError, WrongUsage, KafkaUnusable) as error:
        fail(str(error), WRONG_USAGE)
    try:
        counted = {name for name in topics_of(topics) if input_partitions} | {f"{settings.prefix}.{EXCEPTIONS}"}
        counted |= {spec.name for spec in specs if partitions and spec.name.startswith(f"{settings.prefix}.")}
        found = _found(cluster, specs, counted, dry_run=dry_run)
    except KafkaUnusable as error:
        fail(str(error), FAILED)
    _print(found, as_json=as_json)


def wanted(
    settings: Settings, inputs: tuple[str, ...], input_partitions: int | None, retention_days: float | None, *,
    workers: bool,
) -> list[TopicSpec]:  # fmt: skip
    """Give the topics as they are made; WrongUsage for an input that has a name of the deployment's own."""
    taken = [name for name in inputs if name.startswith(f"{settings.prefix}.")]
    if taken:
        raise WrongUsage(f"--topics: {', '.join(taken)} begins as the deployment's own topics do; choose another name "
                         f"or another --prefix (now {settings.prefix})")
    mode = settings.record_topics
    specs = deployment_topics(
        settings.prefix, dict.fromkeys(inputs), partitions=settings.topic_partitions, retention_days=retention_days,
        one_record_topic=mode == RecordTopicsMode.ONE, workers=workers,
    )  # fmt: skip
    if mode == RecordTopicsMode.NONE:
        out = {f"{settings.prefix}.{name}" for name in (*TABLES, RECORDS, SURFACES)}
        specs = [spec for spec in specs if spec.name not in out]
    count = input_partitions or settings.topic_partitions
    return [msgspec.structs.replace(spec, partitions=count) if spec.name in inputs else spec for spec in specs]


def _cluster(bootstrap: str | None, config: Path | None, *, dry_run: bool) -> Cluster | None:
    """Give the cluster, which answers; None if only the plan is asked for and no cluster is named."""
    named = bootstrap is not None or config is not None or variable_of(BOOTSTRAP) in os.environ
    if dry_run and not named:
        return None
    if not named:
        raise WrongUsage(f"no cluster; expected --kafka HOST:PORT, or --kafka-config with {BOOTSTRAP}")
    cluster = Cluster(kafka_properties(bootstrap, config, os.environ))
    cluster.check(CHECK_SECONDS)
    return cluster


def _found(cluster: Cluster | None, specs: list[TopicSpec], counted: Collection[str], *, dry_run: bool) -> list[Shown]:
    """Make what is missing, unless it is a dry run; compare the rest, the partitions only of those in `counted`."""
    if cluster is None:
        return [_shown(spec, UNKNOWN) for spec in specs]
    known = cluster.partitions([spec.name for spec in specs])
    new = [spec for spec in specs if spec.name not in known]
    if not dry_run:
        cluster.create_topics(new)
    found = []
    for spec in specs:
        if spec.name not in known:
            found.append(_shown(spec, MISSING if dry_run else MADE))
            continue
        count = known[spec.name]
        asked = spec if spec.name in counted else msgspec.structs.replace(spec, partitions=count)
        found.append(_shown(spec, THERE, count, _differs(cluster, asked, count)))
    return found


def _differs(cluster: Cluster, spec: TopicSpec, count: int) -> list[str]:
    try:
        return differences(spec, count, cluster.topic_settings(spec.name))
    except KafkaNotPermitted as error:
        return [str(error)]


def _shown(spec: TopicSpec, state: str, partitions: int | None = None, differs: list[str] | None = None) -> Shown:
    return Shown(spec.name, partitions or spec.partitions, dict(spec.settings), state, differs or [])


def _print(found: list[Shown], *, as_json: bool) -> None:
    if as_json:
        print_json([msgspec.to_builtins(one) for one in found])
    else:
        rows = [
            (one.topic, one.partitions, " ".join(f"{name}={value}" for name, value in one.settings.items()), one.state)
            for one in found
        ]
        console().print(table(("topic", "partitions", "settings", "state"), rows, right=["partitions"]))
    for one in found:
        for sentence in one.differs:
            typer.echo(f"Warning: {sentence}", err=True)
