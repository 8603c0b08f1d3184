"""V4 for earn rules: counters and budgets are the same whatever the number of workers, crashes and moves."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from config.program import Program
from connectors.file_log import FileLog, LogOptions
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Row
from tests.config.samples import plain
from tests.flow.conftest import simulated
from tests.flow.lives import CORNER_SHOP
from tests.workers.cluster import GROUPS, Stitcher, Topics, Worker, move, ranges, run_all, run_some
from tests.workers.told import Told

BATCH_ROWS = 40
BUDGET = 2000
SPEND = "on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}"
RULES = f"""
- {{id: spend, {SPEND}, rates: [{{points: 2, categories: [garden]}}], caps: [{{points: 90, period: day}}]}}
- {{id: rolling, {SPEND}, caps: [{{points: 60, rolling: 1d}}, {{times: 3, period: week}}]}}
- {{id: welcome, on: purchase, currency: points, points: 50, first: 1, minimum: {{amount: 1000, currency: GBP}}}}
- {{id: evening, on: purchase, currency: points, bonus: {{percent: 50, of: [spend]}},
   hours: [{{from: "17:00", to: "23:00"}}], stacking: best}}
- {{id: plan, on: purchase, currency: points, bonus: {{percent: 20}}, when: attribute.language == "en", stacking: best}}
- {{id: visit, on: store_visit, currency: points, points: 5, every: 2, once_a: day}}
- {{id: answer, on: survey_answer, currency: points, points: 3, when: survey == "nps" and score >= 6}}
"""
BUDGETED = f"- {{id: shared, {SPEND}, budget: {{points: {BUDGET}, kept: by_group}}}}\n"


STOCKED = """
offers:
  daily:
    name: A mug a day
    granted: automatically
    every: day
    goal: {kind: count, at_least: 1, events: [purchase, page_view]}
    reward: {voucher: mug}
rewards:
  mug: {name: Mug, stock: 150, stock_kept: by_group}
"""


def shop(rules: str, more: str = "") -> Program:
    """The corner shop with other earn rules."""
    corner = plain(CORNER_SHOP.read_text(encoding="utf-8"))
    return Program.model_validate({**corner, **plain(f"earn:\n{rules}{more}")})


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Two thousand events of a made-up shop in which many people turn out to be one."""
    log = FileLog(simulated(tmp_path_factory.mktemp("log") / "log", 2_000, 100, 6), EventDecoder(), LogOptions(), None)
    found: list[Row] = []
    while (batch := log.read()) is not None:
        found += batch.rows
    log.close()
    return found


def one_process(program: Program, rows: list[Row], batch_rows: int) -> Told:
    """What the stations say in one process."""
    wiring = Wiring(program, groups=GROUPS)
    stitch, members, told = StitchHost(wiring, 0), MemberHost(wiring, 0), Told()
    for at in range(0, len(rows), batch_rows):
        told.take(members.work(stitch.work(LogBatch(rows[at : at + batch_rows], None, 0, 0.0))))
    told.take(members.work(stitch.work(LogBatch([], rows[-1][0], 0, 0.0))))
    return told


def several(program: Program, rows: list[Row], tmp_path: Path, seed: int) -> Told:
    """What two workers say that become three, lose a group or two to each other, and are killed now and then."""
    draw, topics = random.Random(seed), Topics()
    stitcher = Stitcher(program, topics, 4)
    for at in range(0, len(rows), BATCH_ROWS):
        stitcher.work(rows[at : at + BATCH_ROWS])
    stitcher.work([], rows[-1][0])
    first, second = (Worker(program, topics, ours, 4, tmp_path / str(ours.start)) for ours in ranges(2))
    run_some(draw, [first, second], messages=60, kills=0.03)
    third = Worker(program, topics, (), 4, tmp_path / "third")
    move(second, third, range(11, GROUPS))
    run_all(draw, [first, second, third], kills=0.03)
    told = Told()
    for worker in (first, second, third):
        told.add(worker.told)
    return told


def earned_by(told: Told) -> Counter[str]:
    """The points that each rule gave."""
    sums: Counter[str] = Counter()
    for (table, _), lines in told.sorted_records().items():
        for entry in map(json.loads, lines if table == "entries" else ()):
            sums[entry["rule"]] += sum(-points for account, points in entry["legs"] if account == "issued")
    return sums


def test_rules_say_the_same_in_any_number_of_workers(tmp_path: Path, rows: list[Row]) -> None:
    """Caps, counts and bonuses go with their member, through merges, moves and kills; every rule gives something."""
    program = shop(RULES)
    whole, single = one_process(program, rows, BATCH_ROWS), one_process(program, rows, 1)
    divided = several(program, rows, tmp_path, 1)

    assert whole.sorted_records() == single.sorted_records() == divided.sorted_records()
    assert whole.states == single.states == divided.states
    assert all(earned_by(whole)[rule.id] > 0 for rule in program.earn)


def shared_out(told: Told) -> None:
    """Assert that budget and stock ran short and were not exceeded."""
    vouchers = [line for (table, _), lines in told.sorted_records().items() if table == "vouchers" for line in lines]
    refused = [line for (table, _), lines in told.sorted_records().items() if table == "refusals" for line in lines]
    assert 0.5 * BUDGET < earned_by(told)["shared"] <= BUDGET
    assert 75 < len(vouchers) <= 150
    assert any("OUT_OF_STOCK" in line for line in refused)


@pytest.mark.parametrize("seed", range(2))
def test_budgets_and_stock_are_shared_out_alike_while_groups_move(tmp_path: Path, rows: list[Row], seed: int) -> None:
    """Who gets the last of a share is the same, through merges, moves and kills; it is never exceeded."""
    program = shop(BUDGETED, STOCKED)
    whole, divided = one_process(program, rows, BATCH_ROWS), several(program, rows, tmp_path, seed)

    assert whole.sorted_records() == divided.sorted_records()
    assert whole.states == divided.states
    shared_out(divided)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_budgets_and_stock_are_shared_out_alike_by_any_number_of_workers(
    tmp_path: Path, rows: list[Row], count: int
) -> None:  # fmt: skip
    """However quick or slow each of them is."""
    program, topics, draw, told = shop(BUDGETED, STOCKED), Topics(), random.Random(count), Told()
    stitcher = Stitcher(program, topics, 4)
    for at in range(0, len(rows), BATCH_ROWS):
        stitcher.work(rows[at : at + BATCH_ROWS])
    stitcher.work([], rows[-1][0])
    workers = [Worker(program, topics, ours, 4, tmp_path / str(ours.start)) for ours in ranges(count)]
    run_all(draw, workers, kills=0.02)
    for worker in workers:
        told.add(worker.told)

    whole = one_process(program, rows, BATCH_ROWS)
    assert whole.sorted_records() == told.sorted_records()
    assert whole.states == told.states


@pytest.mark.parametrize("seed", range(2))
def test_a_budget_may_come_and_go_while_members_wait(tmp_path: Path, rows: list[Row], seed: int) -> None:
    """Who waits alone, or with its group, goes on so when the program changes; nothing is lost or done twice."""
    plain_rules = f"- {{id: shared, {SPEND}}}\n"
    programs = [shop(plain_rules), shop(BUDGETED.replace(str(BUDGET), "1000000000"))]
    topics, draw, told = Topics(), random.Random(seed), Told()
    stitcher = Stitcher(programs[0], topics, 4)
    for at in range(0, len(rows), BATCH_ROWS):
        stitcher.work(rows[at : at + BATCH_ROWS])
    stitcher.work([], rows[-1][0])
    workers = [Worker(programs[0], topics, ours, 4, tmp_path / str(ours.start)) for ours in ranges(3)]
    waited = 0
    for turn in range(40):
        run_some(draw, workers, messages=20)
        worker = draw.choice(workers)
        worker.epoch()
        waited += worker.waiting
        worker.restart(programs[(turn + 1) % 2])
    run_all(draw, workers)
    for worker in workers:
        told.add(worker.told)

    assert waited > 0
    whole = one_process(programs[0], rows, BATCH_ROWS)
    assert whole.sorted_records() == told.sorted_records()
    assert whole.states == told.states
