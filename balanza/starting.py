"""Starts what a command asked for: errors in words, progress, summary, exit status."""

from collections.abc import Callable

import typer

from balanza.options import WrongUsage
from balanza.progress import Progressing
from balanza.running import Request, Run, execute, prepared
from balanza.summary import Summary, print_summary, summarise
from config.groups import GroupsError
from config.loader import ProgramError
from config.settings import SettingsError
from connectors.file_log import LogDamaged, LogNotUsable
from connectors.kafka.cluster import KafkaUnusable
from connectors.stitched import StitchedLogBroken
from flows.runtime.deployment import DeploymentRefused
from flows.runtime.metrics import CannotServe
from flows.runtime.store import CheckpointMissing
from sinks.destination import DestinationError

FAILED, WRONG_USAGE = 1, 2
REFUSED = (
    SettingsError, ProgramError, LogNotUsable, DeploymentRefused, CannotServe, WrongUsage, GroupsError, KafkaUnusable,
)  # fmt: skip
OF_THE_WORLD = (DestinationError, CheckpointMissing, LogDamaged, KafkaUnusable, StitchedLogBroken)


def start(
    make: Callable[[], Request], *, quiet: bool, as_json: bool, tell: Callable[[Run, Summary], None] | None = None
) -> Summary:
    """Run what `make` asks for; ends the process with 2 for a request that cannot be met, 1 for a run that failed.

    `tell` prints the summary and whatever else there is to say; None: the summary alone.
    """
    try:
        with prepared(make()) as started:
            return _execute(started, tell or _summary_only(as_json=as_json), quiet=quiet)
    except REFUSED as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error


def _summary_only(*, as_json: bool) -> Callable[[Run, Summary], None]:
    def tell(_: Run, summary: Summary) -> None:
        print_summary(summary, as_json=as_json)

    return tell


def _execute(started: Run, tell: Callable[[Run, Summary], None], *, quiet: bool) -> Summary:
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
    tell(started, summary)
    problems = summary.problems
    for problem in problems:
        typer.echo(f"Error: {problem}", err=True)
    if problems:
        raise typer.Exit(FAILED)
    return summary


def _of_the_world(error: BaseException | None) -> Exception | None:
    """What the engine wrapped, if it is the world's failure and no bug of ours: its message says what to do."""
    while error is not None:
        if isinstance(error, OF_THE_WORLD):
            return error
        error = error.__cause__ or error.__context__
    return None
