"""`python -m tests.benchmarks [--quick] [--only NAME]`: speed and memory beside a plain loop (docs/performance.md)."""

import argparse
import os
import shutil
from dataclasses import dataclass, field, replace

from tests.benchmarks import bad_feed, follow, identity, ledger, million, restart, throughput
from tests.benchmarks.logs import log_of
from tests.benchmarks.report import Table, targets
from tests.benchmarks.results import Judged
from tests.benchmarks.tasks import CACHE

NAMES = ("baseline", "stitch_ledger", "everything", "stations", "million", "restart", "follow", "identity", "bad_feed",
         "ledger")  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    runs: int
    standard_events: int
    million_runs: int
    million_events: int
    follow_seconds: int
    identity_runs: int
    identifiers: tuple[int, int]
    ledger_events: int


FULL = Sizes(runs=5, standard_events=500_000, million_runs=3, million_events=1_000_000, follow_seconds=30,
             identity_runs=3, identifiers=(100_000, 1_000_000), ledger_events=1_000_000)  # fmt: skip
QUICK = Sizes(runs=1, standard_events=100_000, million_runs=1, million_events=100_000, follow_seconds=8,
              identity_runs=1, identifiers=(20_000, 100_000), ledger_events=50_000)  # fmt: skip


@dataclass
class Report:
    """Tables and figures as they come."""

    tables: list[Table] = field(default_factory=list)
    figures: list[Judged] = field(default_factory=list)


def main() -> None:
    """Run the chosen benchmarks, then print what they found."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small logs, one run: to try it, not to judge by it")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--runs", type=int, help="rounds of every benchmark, instead of 5 and of 3 for the million")
    options = parser.parse_args()
    chosen = set(options.only or NAMES)
    sizes = QUICK if options.quick else FULL
    if options.runs:
        sizes = replace(sizes, runs=options.runs, million_runs=options.runs, identity_runs=options.runs)
    report = Report()
    _throughput(chosen, sizes, report)
    if "million" in chosen:
        million.run(log_of(sizes.million_events), sizes.million_runs, report.tables, report.figures)
    if "restart" in chosen:
        restart.run(log_of(sizes.million_events), sizes.runs, report.figures)
    if "follow" in chosen:
        follow.run(log_of(sizes.standard_events), sizes.follow_seconds, report.figures)
    if "identity" in chosen:
        identity.run(sizes.identifiers, sizes.identity_runs, report.tables, report.figures)
    if "bad_feed" in chosen:
        bad_feed.run(sizes.identifiers[0], sizes.identity_runs, report.tables, report.figures)
    if "ledger" in chosen:
        log = log_of(sizes.standard_events)
        ledger.run(log, sizes.ledger_events, sizes.identity_runs, report.tables, report.figures)
    shutil.rmtree(CACHE / "out", ignore_errors=True)
    _show(report, quick=options.quick)


def _throughput(chosen: set[str], sizes: Sizes, report: Report) -> None:
    names = [name for name in throughput.VARIANTS if name in chosen or "stations" in chosen]
    if not names and "baseline" not in chosen:
        return
    measured = throughput.throughput(log_of(sizes.standard_events), names, sizes.runs)
    report.tables += [throughput.speeds(measured), *throughput.stations(measured)]
    report.figures += throughput.judged(measured)


def _show(report: Report, *, quick: bool) -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n{os.cpu_count()} processors, load {load} (1, 5, 15 minutes)\n")
    tables = [*report.tables, *([targets(report.figures)] if report.figures else [])]
    print("\n\n".join(table.text() for table in tables))
    if quick:
        print("\nQuick: small logs and single runs. Targets are meant for the full run.")


if __name__ == "__main__":
    main()
