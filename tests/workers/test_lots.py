"""V4 for lots and holds: they expire, are released and move the same in any number of workers, however they die."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from config.program import Program
from connectors.file_log import FileLog, LogOptions
from schemas.decode import EventDecoder
from schemas.log import Row
from schemas.records import EntryPosted, SignalChanged
from tests.config.samples import plain
from tests.flow.conftest import simulated
from tests.flow.lives import CORNER_SHOP
from tests.workers.test_earning import BATCH_ROWS, one_process, several
from tests.workers.told import Told

LOTS = """
currencies:
  points: {name: Points, expiry: {policy: days, days: 2}, warn_before: 1d, returns: within_balance}
  stars: {name: Stars, expiry: {policy: activity_extends, days: 3}, late_cancel: renew}
earn:
  - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
  - {id: later, on: purchase, currency: points, points: 1, per: {amount: 500, currency: GBP}, hold: {delay: 1d}}
  - {id: shine, on: purchase, currency: stars, points: 1, per: {amount: 200, currency: GBP}}
  - {id: seen, on: page_view, currency: stars, points: 1, hold: {event: purchase}}
"""


def rows_of(folder: Path) -> list[Row]:
    """Two thousand events of a made-up shop in which many people turn out to be one."""
    log = FileLog(simulated(folder / "log", 2_000, 100, 6), EventDecoder(), LogOptions(), None)
    found: list[Row] = []
    while (batch := log.read()) is not None:
        found += batch.rows
    log.close()
    return found


def happened(told: Told) -> Counter[str]:
    """How often each thing happened: entries by the first word of their rule, signals by what they say."""
    counts: Counter[str] = Counter()
    for (table, _), lines in told.sorted_records().items():
        if table == "entries":
            counts.update(msgspec.json.decode(line, type=EntryPosted).rule.partition(".")[0] for line in lines)
        if table == "signals":
            counts.update(msgspec.json.decode(line, type=SignalChanged).signal for line in lines)
    return counts


@pytest.mark.parametrize("seed", range(2))
def test_lots_say_the_same_in_any_number_of_workers(tmp_path: Path, seed: int) -> None:
    """Through merges, moves and kills; everything that can happen to a lot does happen."""
    program = Program.model_validate({**plain(CORNER_SHOP.read_text(encoding="utf-8")), **plain(LOTS)})
    rows = rows_of(tmp_path)
    whole, single = one_process(program, rows, BATCH_ROWS), one_process(program, rows, 1)
    divided = several(program, rows, tmp_path, seed)

    assert whole.sorted_records() == single.sorted_records() == divided.sorted_records()
    assert whole.states == single.states == divided.states
    counts = happened(whole)
    assert {"expired", "release", "return", "merge", "points_expiring"} <= counts.keys(), counts
