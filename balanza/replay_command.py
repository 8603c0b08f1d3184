"""`balanza replay`: a log once more, into a folder of its own, and what came out of it against what lives."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from balanza.compare import Comparison, NotComparable, Replayed, compare
from balanza.compared import print_comparison
from balanza.options import (
    AsJson,
    BatchLines,
    Bootstrap,
    CacheMb,
    EpochSeconds,
    Fresh,
    Input,
    KafkaConfig,
    KeepRecords,
    Prefix,
    ProgramPath,
    Quiet,
    SkipGaps,
    Topics,
    Until,
    WrongUsage,
    input_of,
    settings_of,
    until_us,
)
from balanza.output import fail, print_json
from balanza.request import BEGINNING, KafkaInput, Request, Role, Run
from balanza.span import span_of
from balanza.starting import FAILED, start
from balanza.summary import Summary, print_summary
from config.loader import load_program
from config.settings import variable_of
from connectors.file_log.beginning import start_at
from flows.runtime.deployment import NO_REPLAY, made_as
from schemas.states import Totals
from sinks.catalog import MANIFEST

JOURNAL = "journal.jsonl"

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the replay, apart from every live deployment's.")]
From = Annotated[
    str,
    typer.Option("--from", metavar="OFFSETS|TIME|beginning",
                 help="Where to begin: TOPIC/PARTITION=OFFSET with commas, or a log time (RFC 3339)."),
]  # fmt: skip
Shadow = Annotated[
    bool, typer.Option("--shadow/--send", help="Whether actions stay decisions, or go to OUT/outbox.jsonl.")
]
Compare = Annotated[
    list[Path] | None,
    typer.Option("--compare", metavar="LIVE_OUT", show_default=False,
                 help="Compare with this live deployment's folder at the end; again for each of its processes."),
]  # fmt: skip
JournalOf = Annotated[
    Path | None,
    typer.Option("--journal", metavar="LIVE_OUT", help="Take the order of files from here. [default: --compare's]",
                 show_default=False),
]  # fmt: skip
MetricsPort = Annotated[
    int | None, typer.Option("--metrics-port", help="Port of /metrics; 0 for none. [default: 0]", show_default=False)
]


def replay(
    program: ProgramPath,
    out: Out,
    input: Input = None,
    kafka: Bootstrap = None,
    topics: Topics = None,
    kafka_config: KafkaConfig = None,
    prefix: Prefix = None,
    skip_gaps: SkipGaps = False,
    begin: From = BEGINNING,
    until: Until = None,
    shadow: Shadow = True,
    compare: Compare = None,
    journal: JournalOf = None,
    fresh: Fresh = False,
    metrics_port: MetricsPort = None,
    cache_mb: CacheMb = None,
    batch_lines: BatchLines = None,
    epoch_seconds: EpochSeconds = None,
    keep_records: KeepRecords = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Process a log once more into a folder of its own, sending nothing, and compare with what lives.

    The order is that of the live deployment: on Kafka by the topic PREFIX.exceptions, with files by the journal in
    LIVE_OUT. No topic is written. Exit status 0 when the log was replayed (and the comparison made, whatever it found),
    1 when that failed, 2 for wrong usage. What differs is also in OUT/comparison.json.

    Example: balanza replay -p new.yaml --kafka localhost:9092 --from 2026-03-01T00:00:00Z --compare out/shop -o out/new
    """
    live = list({folder.resolve(): folder for folder in compare or []}.values())
    port = 0 if metrics_port is None and variable_of("metrics_port") not in os.environ else metrics_port
    overrides = {
        "metrics_port": port, "cache_mb": cache_mb, "batch_lines": batch_lines, "prefix": prefix,
        "keep_records": keep_records or None,
    }  # fmt: skip

    def request() -> Request:
        settings = settings_of(overrides, epoch_seconds, follow=False)
        source = input_of(input, kafka, topics, kafka_config, skip_gaps=skip_gaps)
        stop_us = until_us(until)
        span = span_of(begin, stop_us)
        _check_folders(out, live, journal)
        asked = Request(
            load_program(program), source, out, settings, fresh=fresh, until_us=stop_us, replay=True, shadow=shadow,
            span=span,
        )  # fmt: skip
        if isinstance(source, KafkaInput):
            return _on_topics(asked, source, live, journal)
        return _on_files(asked, live, journal)

    start(request, quiet=quiet, as_json=as_json, tell=partial(_tell, live=live, as_json=as_json))


def _check_folders(out: Path, live: Sequence[Path], journal: Path | None) -> None:
    """Refuse folders that must not be mixed: a replay never touches what lives."""
    for option, folder in [*(("--compare", folder) for folder in live), *([("--journal", journal)] if journal else [])]:
        if out.resolve().is_relative_to(folder.resolve()):
            raise WrongUsage(f"--out {out} is {option} {folder} or lies in it; a replay needs a folder of its own")
    for folder in live:
        if not (folder / "warehouse" / MANIFEST).exists():
            raise WrongUsage(f"--compare {folder}: nothing has run there (it has no warehouse)")
    _check_parts([made_as(folder) for folder in live])
    facts = made_as(out)
    if facts and facts.get("replay", NO_REPLAY) == NO_REPLAY:
        raise WrongUsage(f"--out {out} is the folder of a deployment that is no replay; choose another")


def _check_parts(facts: Sequence[dict[str, str]]) -> None:
    """Refuse some of a deployment's processes without the others: what they lack would look like differences."""
    roles = [fact.get("role", Role.RUN) for fact in facts]
    if not roles or roles == [Role.RUN]:
        return
    if Role.RUN in roles:
        raise WrongUsage("--compare: one live deployment is one folder of `balanza run`, or those of all its processes")
    if roles.count(Role.STITCH) != 1 or Role.MEMBERS not in roles:
        raise WrongUsage("--compare: name the folders of all processes, one of `balanza stitch` and each of the "
                         "`balanza members`")


def _on_topics(asked: Request, source: KafkaInput, live: Sequence[Path], journal: Path | None) -> Request:
    if journal is not None:
        raise WrongUsage("--journal: of use with --input only; the order of topics is in the topic PREFIX.exceptions")
    for folder in live:
        prefix = made_as(folder).get("prefix", asked.settings.prefix)
        if prefix != asked.settings.prefix:
            raise WrongUsage(f"--compare {folder} has the prefix {prefix}, not {asked.settings.prefix}, so its "
                             f"exceptions to the order are elsewhere; say --prefix {prefix}")
    strangers = [str(place) for place in asked.span.offsets or () if source.topics and place.topic not in source.topics]
    if strangers:
        raise WrongUsage(f"--from: {', '.join(strangers)} is of none of the --topics {', '.join(source.topics)}")
    begin = asked.span.offsets if asked.span.offsets is not None else asked.span.from_us
    return replace(asked, input=replace(source, start=begin))


def _on_files(asked: Request, live: Sequence[Path], journal: Path | None) -> Request:
    assert isinstance(asked.input, Path)
    if journal is not None and not (journal / JOURNAL).exists():
        raise WrongUsage(f"--journal {journal}: there is no {JOURNAL} in it")
    start_at(asked.input, asked.span.offsets or {})
    found = [folder / JOURNAL for folder in ([journal] if journal else live) if (folder / JOURNAL).exists()]
    return replace(asked, journal=found[0] if found else None)


def _tell(run: Run, summary: Summary, live: Sequence[Path], *, as_json: bool) -> None:
    """Compare if that was asked for, and print both."""
    comparison = _comparison(run, summary, live)
    if as_json:
        print_json(asdict(summary) | ({} if comparison is None else {"comparison": asdict(comparison)}))
        return
    print_summary(summary, as_json=False)
    if comparison is not None:
        print_comparison(comparison)


def _comparison(run: Run, summary: Summary, live: Sequence[Path]) -> Comparison | None:
    if not live or summary.problems:
        return None
    if summary.stopped_by_signal is not None:
        typer.echo("Stopped before the end, so nothing is compared; run the same again to go on.", err=True)
        return None
    totals, span = run.wiring.totals.get("stitch"), run.request.span
    totals = totals if isinstance(totals, Totals) else Totals()
    began_us = None if span.whole else totals.first_log_us
    try:
        return compare(Replayed(run.request.out, run.request.program, totals.log_us, began_us, str(span)), live)
    except NotComparable as error:
        fail(str(error), FAILED)
