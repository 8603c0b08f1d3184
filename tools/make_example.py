"""Makes examples/online_retail/: real orders of the Online Retail data in a simulated life around them.

python -m tools.make_example                     rebuild from examples/online_retail/purchases.jsonl.gz
python -m tools.make_example --parquet FILE      cut the slice anew first
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connectors.simulate import (
    BaseOrder,
    Rates,
    SimulateOptions,
    SimulationSummary,
    read_orders,
    write_log,
    write_orders,
)
from tools.online_retail import read_slice

EXAMPLE = Path(__file__).parent.parent / "examples" / "online_retail"
PURCHASES = "purchases.jsonl.gz"
BESIDE_LOG = ("truth.csv.gz", "summary.json")
EVENTS = 26_000
SEED = 20_101_201
START = datetime(2010, 12, 1, tzinfo=UTC)
SPAN_DAYS = 374.0
RATES = Rates(
    duplicate=0.012, reserialised=0.006, conflict=0.001, malformed=0.004, late=0.03, unknown_field=0.003,
    two_identities=0.05,
)  # fmt: skip


def example_options(base: tuple[BaseOrder, ...]) -> SimulateOptions:
    """The simulation around the orders; everything but the orders stands here."""
    return SimulateOptions(
        events=EVENTS, seed=SEED, start=START, span_days=SPAN_DAYS, layout="topics", compress=True, rates=RATES,
        base=base,
    )  # fmt: skip


def build(purchases: Path, folder: Path) -> SimulationSummary:
    """Write `<folder>/log/<topic>/<partition>.jsonl.gz`, truth and summary; the same bytes for the same orders."""
    summary = write_log(example_options(read_orders(purchases)), folder / "log")
    for name in BESIDE_LOG:
        (folder / "log" / name).replace(folder / name)
    return summary


def main(
    parquet: Annotated[Path | None, typer.Option(help="The Online Retail data; cut the slice anew from it.")] = None,
    out: Annotated[Path, typer.Option(help="Where the example stands.")] = EXAMPLE,
) -> None:
    """Rebuild the example, from its own slice of real orders or, with --parquet, from the whole data."""
    out.mkdir(parents=True, exist_ok=True)
    if parquet is not None:
        write_orders(read_slice(parquet), out / PURCHASES)
    summary = build(out / PURCHASES, out)
    typer.echo(f"{summary.events} events of {summary.people} people in {summary.lines} lines")


if __name__ == "__main__":
    typer.run(main)
