"""`balanza reconcile`: every balance once more from the raw log, and what differs."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import duckdb
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from balanza.look.places import program_of, warehouse
from balanza.look.who import find
from balanza.options import Bootstrap, Input, KafkaConfig, Prefix, Quiet, SkipGaps, Topics, WrongUsage, input_of
from balanza.output import FAILED, WRONG_USAGE, AsJson, fail, print_json
from balanza.reconcile.coverage import coverage_of
from balanza.reconcile.drift import compare
from balanza.reconcile.opening import database, ordered_log
from balanza.reconcile.prepared import prepare
from balanza.reconcile.reading import read_lines
from balanza.reconcile.rules import earning_types
from balanza.reconcile.tiers import compare_tiers, prepare_tiers, recompute_tiers
from balanza.reconcile.told import Told, as_plain, print_told
from balanza.reconcile.totals import TotalsError, TotalsFile, read_totals, totals_of
from balanza.reconcile.waves import believed_too, recompute
from balanza.request import KafkaInput
from config.program import Program
from config.settings import SettingsError
from connectors.file_log import LogDamaged, LogNotUsable
from connectors.kafka.cluster import KafkaUnusable
from flows.runtime.deployment import made_as
from sinks.destination import DestinationError

LISTED: Final = 10
DEFAULT_PREFIX: Final = "balanza"

Out = Annotated[
    list[Path],
    typer.Option("--out", "-o", help="Folder that `balanza run` wrote into; again for each process of a deployment."),
]  # fmt: skip
Member = Annotated[
    str | None,
    typer.Option("--member", "-m", show_default=False, help="List this member alone: a member id, or type:value."),
]  # fmt: skip
Currency = Annotated[
    list[str] | None,
    typer.Option("--currency", show_default=False, help="Compare this points currency alone; may be given again."),
]  # fmt: skip
TillTotals = Annotated[
    Path | None,
    typer.Option("--till-totals", metavar="FILE.csv", show_default=False,
                 help="Compare purchases by store and day too: columns store,day,receipts,amount."),
]  # fmt: skip
Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="Rows of each list.")]


def reconcile(
    out: Out,
    input: Input = None,
    kafka: Bootstrap = None,
    topics: Topics = None,
    kafka_config: KafkaConfig = None,
    prefix: Prefix = None,
    skip_gaps: SkipGaps = False,
    member: Member = None,
    currency: Currency = None,
    till_totals: TillTotals = None,
    limit: Limit = LISTED,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Recompute every balance, lot and tier from the raw log, independently, and compare with what was streamed.

    Of the run only its identity is believed: which member an event was of, who was merged, split or forgotten. Exit
    status 0 when all is equal, 1 when something drifts or a currency cannot be recomputed, 2 for wrong usage.

    Example: balanza reconcile --out out/example --input examples/online_retail/log
    """
    for folder in out:
        if not folder.is_dir():
            fail(f"there is no folder {folder}; say --out with one that `balanza run` wrote into.", WRONG_USAGE)
    program = program_of(out[0])
    try:
        source = input_of(input, kafka, topics, kafka_config, skip_gaps=skip_gaps)
        currencies = _chosen(program, currency)
        totals = None if till_totals is None else read_totals(till_totals)
        members = [] if member is None else _family(out[0], member)
        told = _reconciled(source, program, out, _prefix(out[0], prefix), currencies, members, totals, limit, quiet)
    except (WrongUsage, SettingsError, LogNotUsable, KafkaUnusable, DestinationError, TotalsError) as error:
        fail(str(error), WRONG_USAGE)
    except (LogDamaged, duckdb.Error, OSError) as error:
        fail(f"cannot be recomputed: {error}", FAILED)
    if as_json:
        print_json(as_plain(told))
    else:
        print_told(told, member)
    if not told.equal:
        raise typer.Exit(FAILED)


def _chosen(program: Program, asked: Sequence[str] | None) -> list[str]:
    strangers = [name for name in asked or () if name not in program.currencies]
    if strangers:
        raise WrongUsage(f"--currency: found {', '.join(strangers)}; accepted: {', '.join(program.currencies)}")
    return list(asked or program.currencies)


def _family(folder: Path, member: str) -> list[str]:
    with warehouse(folder) as connection:
        return find(connection, folder, member, None).family


def _prefix(folder: Path, asked: str | None) -> str:
    return asked or made_as(folder).get("prefix") or os.environ.get("BALANZA_PREFIX") or DEFAULT_PREFIX


def _reconciled(
    source: Path | KafkaInput, program: Program, out: Sequence[Path], prefix: str, currencies: list[str],
    members: list[str], totals: TotalsFile | None, limit: int, quiet: bool,
) -> Told:  # fmt: skip
    coverage = coverage_of(program)
    missing = {name: coverage.missing[name] for name in currencies if coverage.missing[name]}
    known = [name for name in currencies if name not in missing]
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    shown = Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet)
    with (
        TemporaryDirectory(prefix="balanza-reconcile-") as scratch, shown as progress,
        database(out, Path(scratch)) as connection,
    ):  # fmt: skip
        prepare(connection, program, coverage)
        prepare_tiers(connection, program)
        task = progress.add_task("reading the log", total=None, unit="lines")
        with ordered_log(source, program, out[0], prefix, Path(scratch)) as log:
            bytes_max = program.limits.event_bytes_max
            read = read_lines(
                connection, log, Path(scratch), bytes_max, earning_types(program),
                lambda done: progress.update(task, completed=done),
            )  # fmt: skip
        progress.update(task, total=read, completed=read)
        waves = progress.add_task("recomputing", total=None, unit="waves")
        recompute(connection, program, lambda done, total: progress.update(waves, completed=done, total=total))
        found = compare(connection, known, members, limit)
        tiers = None
        if program.tiers is not None and not coverage.tiers:
            recompute_tiers(connection, program)
            tiers = compare_tiers(connection, members, limit)
        stores = None if totals is None else totals_of(connection, totals, program.time_zone, limit)
        believed = {name: [*coverage.said[name], *believed_too(connection, name)] for name in known}
    return Told([str(folder) for folder in out], str(source), read, found, missing,
                {name: rules for name, rules in believed.items() if rules}, stores, tiers,
                coverage.tiers if program.tiers is not None else [])  # fmt: skip
