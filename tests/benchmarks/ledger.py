"""The ledger in full: the airline's program by kind of event beside the plain loop, and the price of many lots."""

import shutil
import statistics
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.benchmarks.flyers import WHAT
from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged, LedgerMeasured, LotsMeasured
from tests.benchmarks.tasks import ROOT, Task, finished, new_folder, plain_run

AIRLINE = ROOT / "config" / "programs" / "airline.yaml"
COFFEE = ROOT / "config" / "programs" / "coffee.yaml"
STATION_US_MAX = 12.0
LOTS_RATIO_MAX = 3.0
TITLE = "The airline's program: CPU us/event of the member station by kind; ratio to an event of the plain loop"


class Round(NamedTuple):
    """The plain loop, and the airline beside it."""

    plain_us: float
    flown: LedgerMeasured
    lots: LotsMeasured


def run(log: Path, events: int, runs: int, tables: list[Table], figures: list[Judged]) -> None:
    """Measure in rounds; add what was found."""
    print(f"ledger: {events:,} events of the airline's members", flush=True)
    rounds = [_round(log, events) for _ in range(runs)]
    table = Table(TITLE, ["", "events", "us/event", "worst tenth", "plain loops", "what it does"])
    for kind, what in WHAT.items():
        batches = [us for one in rounds for us in one.flown.kinds_us[kind]]
        loops = statistics.median(statistics.median(one.flown.kinds_us[kind]) / one.plain_us for one in rounds)
        table.add(kind, f"{len(batches) * 1000 // len(rounds):,}", f"{statistics.median(batches):.2f}",
                  f"{statistics.quantiles(batches, n=10)[-1]:.2f}", f"{loops:.1f}", what)  # fmt: skip
    whole = [_whole(one.flown) for one in rounds]
    first = rounds[0].flown
    table.add("all kinds", f"{first.events:,}", f"{statistics.median(_station(one.flown) for one in rounds):.2f}", "",
              f"{statistics.median(_station(one.flown) / one.plain_us for one in rounds):.1f}",
              f"{first.members:,} members")  # fmt: skip
    for name, us in (
        ("timers", [statistics.fmean(one.flown.timers_us) for one in rounds]),
        ("stitching", [statistics.fmean(one.flown.stitch_us) for one in rounds]),
        ("epochs' ends", [_closing(one.flown) for one in rounds]),
        ("all together", whole),
    ):
        loops = statistics.median(one / two.plain_us for one, two in zip(us, rounds, strict=True))
        table.add(name, "", f"{statistics.median(us):.2f}", "", f"{loops:.1f}", "")
    table.add("plain loop", "", f"{statistics.median(one.plain_us for one in rounds):.2f}", "", "1",
              "its own log of a shop, read and parsed")  # fmt: skip
    tables.append(table)
    figures += judged(rounds)


def judged(rounds: list[Round]) -> list[Judged]:
    """Figures beside their targets."""
    station = statistics.median(us for one in rounds for batches in one.flown.kinds_us.values() for us in batches)
    few, many = (
        statistics.median(us for one in rounds for us in chosen) for chosen in (
            [us for one in rounds for us in one.lots.few_us], [us for one in rounds for us in one.lots.many_us]
        )
    )
    ratio = statistics.median(
        statistics.median(one.lots.many_us) / statistics.median(one.lots.few_us) for one in rounds
    )
    close = [statistics.median(getattr(one.lots, name) for one in rounds) for name in ("few_close_ms", "many_close_ms")]
    return [
        Judged("ledger: member station, CPU us/event, median batch", f"{station:.2f}", f"< {STATION_US_MAX:.0f}",
               station < STATION_US_MAX),
        Judged("ledger: an event of a member with 5,000 lots over one with 5", f"{ratio:.2f}",
               f"< {LOTS_RATIO_MAX:.0f}", ratio < LOTS_RATIO_MAX),
        Judged("ledger: the same, CPU us/event", f"{many:.2f} and {few:.2f}"),
        Judged("ledger: ending an epoch of ten such members, CPU ms", f"{close[1]:.1f} and {close[0]:.1f}"),
        Judged("ledger: peak memory, MB", f"{max(one.flown.peak_mb for one in rounds):,.0f}"),
    ]  # fmt: skip


def _station(flown: LedgerMeasured) -> float:
    """Microseconds an event of the member station over all kinds, as often as each comes."""
    return statistics.fmean(us for batches in flown.kinds_us.values() for us in batches)


def _closing(flown: LedgerMeasured) -> float:
    return 1e3 * sum(flown.close_ms) / flown.events


def _whole(flown: LedgerMeasured) -> float:
    return _station(flown) + statistics.fmean(flown.timers_us) + statistics.fmean(flown.stitch_us) + _closing(flown)


def _round(log: Path, events: int) -> Round:
    plain = plain_run(log)
    out = new_folder("ledger")
    flown = Task(kind="ledger", log="flyers", events=events, program=str(AIRLINE), out=str(out))
    measured = msgspec.json.decode(finished(flown), type=LedgerMeasured)
    shutil.rmtree(out)
    out = new_folder("lots")
    lots = msgspec.json.decode(
        finished(Task(kind="ledger", log="lots", program=str(COFFEE), out=str(out))), type=LotsMeasured
    )
    shutil.rmtree(out)
    plain_us = 1e6 * plain.flow_cpu_seconds / plain.outcome.read
    print(f"  plain loop {plain_us:.2f} us, airline {_whole(measured):.2f} us an event", flush=True)
    return Round(plain_us, measured, lots)
