"""The yardstick does the same work as the product, or ratios to it would mean nothing."""

from pathlib import Path

import pytest

from config.loader import load_program
from connectors.file_log import FileLog, LogOptions
from connectors.simulate import Rates, SimulateOptions, simulate
from flows.fold import Folded, fold
from schemas.decode import EventDecoder
from schemas.log import Row
from schemas.states import MemberTotals, Totals, read_lines
from tests.benchmarks.logs import START
from tests.benchmarks.plain import run_plain
from tests.benchmarks.results import Outcome
from tests.benchmarks.tasks import CORNER_SHOP, STITCH_LEDGER

UNTIDY = Rates(malformed=0.0, reserialised=0.0, duplicate=0.05, conflict=0.02, late=0.1, two_identities=0.3)


def rows_of(log: Path) -> list[Row]:
    """All rows of a log."""
    reading = FileLog(log, EventDecoder(), LogOptions(), None)
    rows: list[Row] = []
    while (batch := reading.read()) is not None:
        rows += batch.rows
    return rows


def outcome_of(folded: Folded) -> Outcome:
    """What the product's machines made of a log."""
    stitch, members = folded.totals["stitch"], folded.totals["members"]
    assert isinstance(stitch, Totals)
    assert isinstance(members, MemberTotals)
    points = sum(members.outstanding.values()) - sum(members.receivable.values())
    return Outcome(read_lines(stitch), stitch.applied, stitch.duplicate, sum(stitch.rejected.values()), points)


@pytest.mark.parametrize("program", [STITCH_LEDGER, CORNER_SHOP], ids=["stitch_ledger", "everything"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_plain_loop_ends_where_the_product_ends(program: Path, seed: int, tmp_path: Path) -> None:
    """Lines by outcome and the sum of all points agree on a log with duplicates, conflicts, late lines and merges."""
    log = tmp_path / "events.jsonl"
    options = SimulateOptions(events=5_000, members=150, seed=seed, start=START, rates=UNTIDY)
    log.write_bytes(b"".join(line.raw + b"\n" for line in simulate(options)))
    outcome, _ = run_plain(log)
    assert outcome_of(fold(load_program(program), rows_of(log))) == outcome
