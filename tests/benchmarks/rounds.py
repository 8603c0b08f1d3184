"""Runs in rounds: the yardstick, then each of the product's variants, then again, so that ratios are fair.

A machine shared with others is fast now and slow then. What is compared is therefore measured side by side, a ratio is
taken within a round, and the median of the rounds counts.
"""

import statistics
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from tests.benchmarks.results import RunResult
from tests.benchmarks.tasks import plain_run, product_run, product_task


class Variant(Struct, frozen=True):
    """A way to run the product."""

    name: str
    program: Path
    settings: dict[str, int | float] = {}


class Measured(Struct):
    """Runs by round, the yardstick's beside each variant's."""

    log: Path
    plain: list[RunResult]
    products: dict[str, list[RunResult]]

    def ratio(self, name: str) -> float:
        """The variant's throughput as a share of the plain loop's, by the clock on the wall."""
        return self._ratio(name, lambda plain, product: plain.seconds / product.seconds)

    def cpu_ratio(self, name: str) -> float:
        """The same by the processor time of the one thread that each of them runs in."""
        return self._ratio(name, lambda plain, product: plain.flow_cpu_seconds / product.flow_cpu_seconds)

    def relative(self, name: str, other: str) -> float:
        """The throughput of a variant over that of another."""
        pairs = zip(self.products[name], self.products[other], strict=True)
        return statistics.median(two.seconds / one.seconds for one, two in pairs)

    def _ratio(self, name: str, compare: Callable[[RunResult, RunResult], float]) -> float:
        return statistics.median(map(compare, self.plain, self.products[name]))


def measure(log: Path, variants: list[Variant], runs: int) -> Measured:
    """Run everything `runs` times, in turn; assert every time that the product does what the yardstick does."""
    measured = Measured(log, [], {variant.name: [] for variant in variants})
    for turn in range(1, runs + 1):
        plain = plain_run(log)
        measured.plain.append(plain)
        say(turn, runs, "plain loop", plain)
        for variant in variants:
            result = product_run(product_task(variant.name, log, variant.program, variant.settings))
            assert plain.outcome == result.outcome, f"{variant.name}: {plain.outcome} != {result.outcome}"
            measured.products[variant.name].append(result)
            say(turn, runs, variant.name, result, f", {plain.seconds / result.seconds:.3f} of the plain loop")
    return measured


def say(turn: int, runs: int, name: str, result: RunResult, more: str = "") -> None:
    """Print progress."""
    print(f"  round {turn} of {runs}  {name:<14} {result.seconds:7.2f} s  {result.events_per_second:9,.0f} events/s"
          f"  {result.peak_mb:6,.0f} MB{more}", flush=True)
