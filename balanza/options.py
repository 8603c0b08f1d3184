"""Options that several commands share: each is explained once."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from balanza.request import KafkaInput
from config.kafka import kafka_properties
from config.settings import Settings
from schemas.decode import time_us

ProgramPath = Annotated[Path, typer.Option("--program", "-p", help="The program, a YAML file (docs/program.md).")]
Input = Annotated[
    Path | None, typer.Option("--input", "-i", help="FILE.jsonl[.gz], or a folder of <topic>/<partition>.jsonl[.gz].")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of state and outputs; run again to go on from it.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait for more to come; stop with Ctrl-C or SIGTERM.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start anew: what an earlier run left in --out is removed.")]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME|end", help="Stop before this log time (RFC 3339), or at the input's end."),
]
Bootstrap = Annotated[
    str | None, typer.Option("--kafka", "-k", metavar="HOST:PORT", help="Read topics of this Kafka cluster.")
]
Topics = Annotated[
    str | None,
    typer.Option("--topics", "-t", help="The topics to read, with commas. [default: all but those of --prefix]",
                 show_default=False),
]  # fmt: skip
KafkaConfig = Annotated[
    Path | None,
    typer.Option("--kafka-config", help="File of client properties (name=value): SASL, TLS and so on (docs/kafka.md)."),
]
Prefix = Annotated[
    str | None, typer.Option("--prefix", help="Begins the names of the deployment's topics. [default: balanza]",
                             show_default=False),
]  # fmt: skip
RecordTopics = Annotated[
    str | None,
    typer.Option("--record-topics", metavar="by_record|one|none", show_default=False,
                 help="On Kafka: a topic a record type, one for all, or none. [default: by_record]"),
]  # fmt: skip
SkipGaps = Annotated[
    bool, typer.Option("--skip-gaps", help="Go on where records were deleted before they were read; they are counted.")
]
MetricsPort = Annotated[
    int | None, typer.Option("--metrics-port", help="Port of /metrics; 0 for none. [default: 9108]", show_default=False)
]
CacheMb = Annotated[
    int | None, typer.Option("--cache-mb", help="Bound of the states in memory, in MiB. [default: 384]")
]
BatchLines = Annotated[int | None, typer.Option("--batch-lines", help="Events that travel together. [default: 1000]")]
EpochSeconds = Annotated[
    float | None, typer.Option("--epoch-seconds", help="Time between two snapshots. [default: 5, following 1]")
]
KeepRecords = Annotated[
    bool, typer.Option("--keep-records", help="Also keep every record as a JSON line under OUT/records.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


class WrongUsage(Exception):
    """Options that cannot be used, or not together; the message names them."""


def time_of(option: str, text: str, accepted: str = "end, or a time such as 2026-03-01T00:00:00Z") -> int:
    """Give an RFC 3339 time in microseconds; WrongUsage if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongUsage(f"{option}: found {text!r}; accepted: {accepted}") from error
    return time_us(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def until_us(text: str | None) -> int | None:
    """Give the time of --until, None for the input's end."""
    return None if text is None or text == "end" else time_of("--until", text)


def only_end(text: str | None) -> None:
    """Refuse a time where only the end is known."""
    if text not in {None, "end"}:
        raise WrongUsage(f"--until: found {text!r}; accepted: end")


def settings_of(overrides: Mapping[str, object], epoch_seconds: float | None, *, follow: bool) -> Settings:
    """Give the settings; SettingsError if there is something wrong with them."""
    name = "follow_epoch_seconds" if follow else "epoch_seconds"
    return Settings.from_environment(os.environ, {**overrides, name: epoch_seconds})


def input_of(
    files: Path | None, bootstrap: str | None, topics: str | None, config: Path | None, *, skip_gaps: bool
) -> Path | KafkaInput:
    """Give files or topics, whichever was asked for; WrongUsage if both or neither was."""
    wants_kafka = bootstrap is not None or config is not None
    if files is not None and wants_kafka:
        raise WrongUsage("--input and --kafka: expected one of them")
    if files is not None:
        if topics is not None:
            raise WrongUsage("--topics: of use with --kafka only; the topics of --input are its folders")
        return files
    if not wants_kafka:
        raise WrongUsage("no input; expected --input PATH for files, or --kafka HOST:PORT for topics")
    return kafka_of(bootstrap, topics, config, skip_gaps=skip_gaps)


def kafka_of(bootstrap: str | None, topics: str | None, config: Path | None, *, skip_gaps: bool) -> KafkaInput:
    """Give the topics of a cluster."""
    return KafkaInput(kafka_properties(bootstrap, config, os.environ), topics_of(topics), skip_gaps=skip_gaps)


def topics_of(text: str | None) -> tuple[str, ...]:
    """Give the topics of --topics."""
    return () if text is None else tuple(name for name in (part.strip() for part in text.split(",")) if name)
