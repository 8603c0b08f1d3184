"""`balanza run`: the pipeline over a log of files, to its end or following it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from balanza.progress import Progressing
from balanza.running import Request, Run, execute, prepared
from balanza.summary import print_summary, summarise
from config.loader import ProgramError, load_program
from config.settings import Settings, SettingsError
from connectors.file_log import LogNotUsable
from flows.runtime.deployment import DeploymentRefused
from flows.runtime.metrics import CannotServe
from flows.runtime.store import CheckpointMissing
from schemas.decode import time_us
from sinks.destination import DestinationError

FAILED, WRONG_USAGE = 1, 2

ProgramPath = Annotated[Path, typer.Option("--program", "-p", help="The program, a YAML file (docs/program.md).")]
Input = Annotated[
    Path, typer.Option("--input", "-i", help="FILE.jsonl[.gz], or a folder of <topic>/<partition>.jsonl[.gz].")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of state and outputs; run again to go on from it.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Wait for lines to come; stop with Ctrl-C or SIGTERM.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start anew: what an earlier run left in --out is removed.")]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="TIME|end", help="Stop before this log time (RFC 3339), or at the input's end."),
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


def run(
    program: ProgramPath,
    input: Input,
    out: Out,
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

    Example: balanza run --program config/programs/corner_shop.yaml --input examples/online_retail/log --out out/example
    """
    overrides = {
        "metrics_port": metrics_port, "cache_mb": cache_mb, "batch_lines": batch_lines,
        "epoch_seconds": None if follow else epoch_seconds, "follow_epoch_seconds": epoch_seconds if follow else None,
        "keep_records": keep_records or None,
    }  # fmt: skip
    try:
        settings = Settings.from_environment(os.environ, overrides)
        request = Request(load_program(program), input, out, settings, follow, fresh, _until_us(until))
        with prepared(request) as started:
            _execute(started, quiet=quiet, as_json=as_json)
    except (SettingsError, ProgramError, LogNotUsable, DeploymentRefused, CannotServe, WrongTime) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error


def _execute(started: Run, *, quiet: bool, as_json: bool) -> None:
    """Run with progress, print the summary, and fail loudly where something went wrong."""
    started.stop.listen()
    try:
        with Progressing(started, quiet=quiet):
            execute(started)
    except Exception as error:
        told = _of_the_world(error)
        if told is None:
            raise
        typer.echo(f"Error: {told}", err=True)
        raise typer.Exit(FAILED) from None
    summary = summarise(started)
    print_summary(summary, as_json=as_json)
    problems = summary.problems
    for problem in problems:
        typer.echo(f"Error: {problem}", err=True)
    if problems:
        raise typer.Exit(FAILED)


def _of_the_world(error: BaseException | None) -> Exception | None:
    """What the engine wrapped, if it is the world's failure and no bug of ours: its message says what to do."""
    while error is not None:
        if isinstance(error, DestinationError | CheckpointMissing):
            return error
        error = error.__cause__ or error.__context__
    return None


class WrongTime(Exception):
    """--until is no time."""


def _until_us(text: str | None) -> int | None:
    if text is None or text == "end":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongTime(f"--until: found {text!r}; accepted: end, or a time such as 2026-03-01T00:00:00Z") from error
    return time_us(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
