"""`balanza load`: a log of files into topics, with the times of its events."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from balanza.options import Bootstrap, KafkaConfig
from balanza.output import FAILED, WRONG_USAGE, AsJson, console, fail, print_json, table
from config.kafka import kafka_properties
from config.settings import SettingsError
from connectors.file_log import LogDamaged, LogNotUsable
from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.load import Loaded, LoadFailed, load_log

CHECK_SECONDS: Final = 10.0

Log = Annotated[
    Path, typer.Argument(metavar="PATH", help="FILE.jsonl[.gz], or a folder of <topic>/<partition>.jsonl[.gz].")
]
Topic = Annotated[
    str | None,
    typer.Option("--topic", show_default=False, help="The topic of a single FILE. [default: the file's name]"),
]


def load(
    path: Log, kafka: Bootstrap = None, kafka_config: KafkaConfig = None, topic: Topic = None, as_json: AsJson = False
) -> None:
    """Write a log of files to topics of the same names, with the events' times: history, or something to try.

    Topics that are missing are made with the senders' times (CreateTime) and kept for ever. Call it again and it goes
    on where it stopped. Load before a worker follows the topics: what comes behind its clock is late to it.

    Example: balanza load examples/online_retail/log --kafka localhost:9092
    """
    try:
        cluster = Cluster(kafka_properties(kafka, kafka_config, os.environ))
        cluster.check(CHECK_SECONDS)
        loaded = _loaded(cluster, path, topic)
    except (SettingsError, KafkaUnusable, LogNotUsable) as error:
        fail(str(error), WRONG_USAGE)
    except (LoadFailed, LogDamaged) as error:
        fail(str(error), FAILED)
    _print(loaded, as_json=as_json)


def _loaded(cluster: Cluster, path: Path, topic: str | None) -> Loaded:
    columns = (TextColumn("loading {task.completed:,.0f} lines"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("lines", total=None)
        return load_log(cluster, path, topic, lambda lines: progress.advance(task, lines))


def _print(loaded: Loaded, *, as_json: bool) -> None:
    places = sorted(loaded.loaded.keys() | loaded.there.keys())
    if as_json:
        print_json([
            {"topic": place.topic, "partition": place.partition, "loaded": loaded.loaded[place],
             "there": loaded.there.get(place, 0), "made": place.topic in loaded.made}
            for place in places
        ])  # fmt: skip
    else:
        rows = [(str(place), loaded.loaded[place], loaded.there.get(place, 0)) for place in places]
        console().print(table(("partition", "loaded", "was there"), rows, right=["loaded", "was there"]))
    for note in loaded.notes:
        typer.echo(f"Note: {note}", err=True)
