"""How fast the product is beside the plain loop, and where its time goes."""

from pathlib import Path

from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged, RunResult, median_of
from tests.benchmarks.rounds import Measured, Variant, measure
from tests.benchmarks.tasks import CORNER_SHOP, STITCH_LEDGER

TARGETS = {"stitch_ledger": 0.30, "everything": 0.15}
VARIANTS = {
    "stitch_ledger": Variant("stitch_ledger", STITCH_LEDGER),
    "everything": Variant("everything", CORNER_SHOP),
}


def throughput(log: Path, names: list[str], runs: int) -> Measured:
    """Measure the variants of these names beside the plain loop."""
    print(f"throughput: {', '.join(['baseline', *names])}", flush=True)
    return measure(log, [VARIANTS[name] for name in names], runs)


def speeds(measured: Measured) -> Table:
    """One row a variant: time, memory, ratios."""
    head = ["", "events/s", "us/event", "CPU us/event", "peak MB", "members", "ratio", "CPU ratio"]
    table = Table("Throughput", head)
    table.add("plain loop", *_speed(measured.plain), "", "1", "1")
    for name, results in measured.products.items():
        table.add(name, *_speed(results), f"{results[0].members:,}", f"{measured.ratio(name):.3f}",
                  f"{measured.cpu_ratio(name):.3f}")
    return table


def _speed(results: list[RunResult]) -> list[str]:
    return [
        f"{median_of(results, lambda one: one.events_per_second):,.0f}",
        f"{median_of(results, lambda one: 1e6 * one.seconds / one.outcome.read):.2f}",
        f"{median_of(results, lambda one: 1e6 * one.cpu_seconds / one.outcome.read):.2f}",
        f"{median_of(results, lambda one: one.peak_mb):,.0f}",
    ]


def judged(measured: Measured) -> list[Judged]:
    """Ratios beside their targets."""
    return [
        Judged(f"{name}: share of the plain loop's speed", f"{measured.ratio(name):.3f}", f">= {TARGETS[name]:.2f}",
               measured.ratio(name) >= TARGETS[name])
        for name in measured.products
    ]  # fmt: skip


def stations(measured: Measured) -> list[Table]:
    """A table a variant: microseconds an event on the wall and of the processor, by place."""
    return [_stations(name, results) for name, results in measured.products.items()]


def _stations(name: str, results: list[RunResult]) -> Table:
    table = Table(f"Where {name} spends its time", ["", "us/event", "CPU s/million", "of CPU"])
    total = median_of(results, _cpu_us)
    rows = [(place, *_spent(results, place)) for place in results[0].spent]
    flow = median_of(results, lambda one: 1e6 * one.flow_cpu_seconds / one.outcome.read)
    wall = median_of(results, lambda one: 1e6 * one.seconds / one.outcome.read)
    rows.append(("engine and start", wall - sum(row[1] for row in rows), flow - sum(row[2] for row in rows)))
    for place, wall_us, cpu_us in rows:
        table.add(place, f"{wall_us:.2f}", f"{cpu_us:.2f}", f"{cpu_us / total:.0%}")
    table.add("the flow's thread", f"{wall:.2f}", f"{flow:.2f}", f"{flow / total:.0%}")
    table.add("other threads", "", f"{total - flow:.2f}", f"{1 - flow / total:.0%}")
    return table


def _cpu_us(result: RunResult) -> float:
    return 1e6 * result.cpu_seconds / result.outcome.read


def _spent(results: list[RunResult], place: str) -> tuple[float, float]:
    """Microseconds an event in a place: on the wall, of the processor."""
    wall = median_of(results, lambda one: 1e6 * one.spent[place].wall / one.outcome.read)
    return wall, median_of(results, lambda one: 1e6 * one.spent[place].cpu / one.outcome.read)
