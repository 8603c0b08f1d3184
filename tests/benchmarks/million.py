"""A million events of two hundred thousand members: memory, the price of a small cache, speed that does not sink."""

from pathlib import Path

from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged, RunResult, last_to_first_tenth, median_of
from tests.benchmarks.rounds import Variant, measure
from tests.benchmarks.tasks import CORNER_SHOP

DEFAULT, SMALL = "default cache", "64 MB cache"
SMALL_CACHE_MB = 64
PEAK_MB_MAX, SMALL_PEAK_MB_MAX = 900, 450
SMALL_SPEED_MIN = 0.4
LAST_TENTH_MIN = 0.8


def run(log: Path, runs: int, tables: list[Table], figures: list[Judged]) -> None:
    """Run with the default cache and with a small one; add what was found."""
    print("million: default cache and 64 MB", flush=True)
    variants = [Variant(DEFAULT, CORNER_SHOP), Variant(SMALL, CORNER_SHOP, {"cache_mb": SMALL_CACHE_MB})]
    measured = measure(log, variants, runs)
    table = Table("A million events", ["", "events/s", "peak MB", "members", "last/first tenth", "ratio", "CPU ratio"])
    for name, results in measured.products.items():
        table.add(name, f"{median_of(results, _speed):,.0f}", f"{median_of(results, _peak):,.0f}",
                  f"{results[0].members:,}", f"{median_of(results, last_to_first_tenth):.2f}",
                  f"{measured.ratio(name):.3f}", f"{measured.cpu_ratio(name):.3f}")
    tables.append(table)
    peak, small_peak = (median_of(measured.products[name], _peak) for name in (DEFAULT, SMALL))
    small_speed = measured.relative(SMALL, DEFAULT)
    tenth = median_of(measured.products[DEFAULT], last_to_first_tenth)
    figures += [
        Judged("million: peak memory, MB", f"{peak:,.0f}", f"< {PEAK_MB_MAX}", peak < PEAK_MB_MAX),
        Judged("million: peak memory with a cache of 64 MB, MB", f"{small_peak:,.0f}", f"< {SMALL_PEAK_MB_MAX}",
               small_peak < SMALL_PEAK_MB_MAX),
        Judged("million: speed with a cache of 64 MB over the default's", f"{small_speed:.2f}",
               f">= {SMALL_SPEED_MIN}", small_speed >= SMALL_SPEED_MIN),
        Judged("million: speed in the last tenth over the first's", f"{tenth:.2f}", f">= {LAST_TENTH_MIN}",
               tenth >= LAST_TENTH_MIN),
    ]  # fmt: skip


def _speed(result: RunResult) -> float:
    return result.events_per_second


def _peak(result: RunResult) -> float:
    return result.peak_mb
