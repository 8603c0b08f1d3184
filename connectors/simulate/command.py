"""The command `balanza simulate`: a log of any size to try a program, a size or a failure with."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from connectors.simulate.options import Rates, SimulateOptions
from connectors.simulate.summary import SimulationSummary
from connectors.simulate.writer import LOG_PATTERNS, write_log

WRONG_USAGE = 2
DEFAULTS = Rates()

Out = Annotated[Path, typer.Option(help="Folder for log, truth.csv.gz and summary.json.", file_okay=False)]
Events = Annotated[int, typer.Option(min=0, help="Distinct well-formed events; what is wrong on purpose is extra.")]
Members = Annotated[int, typer.Option(min=1, help="People who shop. Twenty or more events a person read well.")]
Seed = Annotated[int, typer.Option(help="The same seed and options give the same bytes, on every machine.")]
Start = Annotated[str, typer.Option(help="First moment, RFC 3339 with offset.")]
Days = Annotated[float, typer.Option(help="Days over which the events spread.")]
Topics = Annotated[bool, typer.Option("--topics", help="<topic>/<partition>.jsonl: web, app, till, crm; not one file.")]
Partitions = Annotated[int, typer.Option(min=1, help="Partitions of the topic web (with --topics).")]
Gzip = Annotated[bool, typer.Option("--gzip", help="Write .jsonl.gz.")]
RateOptions = Annotated[
    list[str],
    typer.Option(
        "--rate", metavar="NAME=SHARE", help=f"Change a share (0..1), repeatable: {', '.join(Rates.__struct_fields__)}."
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Remove an earlier simulation in the folder first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


def simulate(  # noqa: PLR0913, PLR0917  an option of a command is an argument of its function
    out: Out,
    events: Events = 10_000,
    members: Members = 500,
    seed: Seed = 7,
    start: Start = "2026-01-05T08:00:00Z",
    days: Days = 60.0,
    topics: Topics = False,
    partitions: Partitions = 2,
    gzip: Gzip = False,
    rate: RateOptions = [],  # noqa: B006  typer copies it
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Write a made-up log of a shop whose people browse, log in, buy, return, redeem and change their minds.

    Lines also arrive twice, late, or broken, at rates you choose. Beside the log are truth.csv.gz (source, id, person:
    who really did each event, to judge identity stitching) and summary.json (exact counts, to compare a run with).

    Example: balanza simulate --out shop --events 100000 --members 5000 --rate late=0.1 --rate shared_device=0.05
    """
    try:
        options = SimulateOptions(
            events=events, members=members, seed=seed, start=datetime.fromisoformat(start), span_days=days,
            layout="topics" if topics else "single", web_partitions=partitions, compress=gzip,
            rates=rates_of(rate),
        )  # fmt: skip
        make_room(out, replace)
    except (ValueError, FileExistsError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(WRONG_USAGE) from error
    summary = _write(options, out)
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
    else:
        Console().print(table_of(summary))


def rates_of(texts: list[str]) -> Rates:
    """Read `name=share` texts; raises ValueError that names the text."""
    changed: dict[str, float] = {}
    for text in texts:
        name, equals, share = text.partition("=")
        if not equals or name not in Rates.__struct_fields__:
            raise ValueError(f"--rate {text}: expected NAME=SHARE with one of {', '.join(Rates.__struct_fields__)}")
        try:
            changed[name] = float(share)
        except ValueError as error:
            raise ValueError(f"--rate {text}: {share!r} is not a number") from error
    return msgspec.structs.replace(DEFAULTS, **changed)


def make_room(out: Path, replace: bool) -> None:
    """Make sure that no lines of another simulation stand in the folder; raises FileExistsError."""
    stale = sorted(path for pattern in LOG_PATTERNS for path in out.glob(pattern))
    if stale and not replace:
        raise FileExistsError(f"{out} holds a log already ({stale[0].name}, …); --replace removes it")
    for path in stale:
        path.unlink()
        if path.parent != out and not any(path.parent.iterdir()):
            shutil.rmtree(path.parent)


def table_of(summary: SimulationSummary) -> Table:
    """The counts as a person reads them."""
    table = Table("what", "count", title=f"Simulated with seed {summary.seed}", title_justify="left")
    table.columns[1].justify = "right"
    for name in ("lines", "events", "people", "two_identities", "late_merges", "duplicates", "reserialised", "late"):
        table.add_row(name.replace("_", " "), f"{getattr(summary, name):,}")
    table.add_section()
    for kind, count in summary.by_type.items():
        table.add_row(kind, f"{count:,}")
    table.add_section()
    for reason, count in summary.dead_letters.items():
        table.add_row(f"dead letter {reason}", f"{count:,}")
    return table


def _write(options: SimulateOptions, out: Path) -> SimulationSummary:
    columns = (TextColumn("simulating"), BarColumn(), TextColumn("{task.completed:,.0f} lines"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("lines", total=options.events)
        return write_log(options, out, progress=lambda lines: progress.advance(task, lines))
