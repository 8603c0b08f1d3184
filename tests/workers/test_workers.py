"""V4 over processes: any number of member workers, in any order of reading, say what one process says."""

import random
from collections import Counter
from pathlib import Path

import pytest

from config.loader import load_program
from connectors.file_log import FileLog, LogOptions
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Row
from tests.flow.conftest import simulated
from tests.flow.lives import CORNER_SHOP
from tests.workers.asking import asking
from tests.workers.cluster import GROUPS, Stitcher, Topics, Worker, move, ranges, run_all, run_some
from tests.workers.told import Told

BATCH_ROWS = 40


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Three thousand events of a made-up shop in which many people turn out to be one, and some not to be."""
    log = FileLog(simulated(tmp_path_factory.mktemp("log") / "log", 3_000, 150, 5), EventDecoder(), LogOptions(), None)
    found: list[Row] = []
    while (batch := log.read()) is not None:
        found += batch.rows
    log.close()
    return asking(found, random.Random(5))


@pytest.fixture(scope="module")
def one_process(rows: list[Row]) -> Told:
    """What the stations say in one process."""
    wiring = Wiring(load_program(CORNER_SHOP))
    stitch, members, told = StitchHost(wiring, 0), MemberHost(wiring, 0), Told()
    for at in range(0, len(rows), BATCH_ROWS):
        told.take(members.work(stitch.work(LogBatch(rows[at : at + BATCH_ROWS], None, 0, 0.0))))
    told.take(members.work(stitch.work(LogBatch([], rows[-1][0], 0, 0.0))))
    return told


def assert_same(expected: Told, *found: Told) -> None:
    """The same records in the same order for each member, and the same states."""
    together = Told()
    for one in found:
        together.add(one)
    assert expected.sorted_records() == together.sorted_records()
    assert expected.states == together.states


def assert_known(expected: Told, workers: list[Worker]) -> None:
    """Every worker's warehouse is told once of each change of its own members, and of no others."""
    for worker in workers:
        wanted = [line for line in expected.identity if worker.has(line)]
        assert Counter(wanted) == Counter(worker.told.identity)


def stitched(rows: list[Row], partitions: int, draw: random.Random) -> Topics:
    """What a stitcher writes whose batches are of random sizes."""
    topics = Topics()
    stitch(rows, topics, partitions, draw)
    return topics


def stitch(rows: list[Row], topics: Topics, partitions: int, draw: random.Random) -> None:
    """Write the steps of all rows, whatever stands in the topics already."""
    stitcher = Stitcher(load_program(CORNER_SHOP), topics, partitions)
    at = 0
    while at < len(rows):
        size = draw.randint(1, 2 * BATCH_ROWS)
        stitcher.work(rows[at : at + size])
        at += size
    stitcher.work([], rows[-1][0])


@pytest.mark.parametrize("partitions", [1, 4, 16])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_workers_says_the_same(
    tmp_path: Path, rows: list[Row], one_process: Told, count: int, partitions: int
) -> None:
    """With partitions that hold the groups of several workers, too, and copies that come early or late."""
    draw = random.Random(f"{count} {partitions}")
    topics = stitched(rows, partitions, draw)
    program = load_program(CORNER_SHOP)
    workers = [Worker(program, topics, ours, partitions, tmp_path / str(ours.start)) for ours in ranges(count)]
    run_all(draw, workers)
    assert_same(one_process, *(worker.told for worker in workers))
    assert_known(one_process, workers)
    assert (sum(worker.waited for worker in workers) > 0) == (count > 1)


def test_a_stitcher_that_begins_again_is_not_heard_twice(
    tmp_path: Path, rows: list[Row], one_process: Told
) -> None:
    """All steps are written a second time, cut into other batches, and change nothing."""
    draw = random.Random(4)
    topics = stitched(rows, 4, draw)
    stitch(rows, topics, 4, draw)
    program = load_program(CORNER_SHOP)
    workers = [Worker(program, topics, ours, 4, tmp_path / str(ours.start)) for ours in ranges(2)]
    run_all(draw, workers)
    assert_same(one_process, *(worker.told for worker in workers))


def test_killed_workers_leave_no_trace(tmp_path: Path, rows: list[Row], one_process: Told) -> None:
    """Three workers that are killed again and again; their copies travel twice."""
    draw = random.Random(3)
    topics = stitched(rows, 4, draw)
    program = load_program(CORNER_SHOP)
    workers = [Worker(program, topics, ours, 4, tmp_path / str(ours.start)) for ours in ranges(3)]
    run_all(draw, workers, kills=0.05)
    assert_same(one_process, *(worker.told for worker in workers))
    assert_known(one_process, workers)


@pytest.mark.parametrize("seed", range(4))
def test_moved_groups_take_their_members_along(tmp_path: Path, rows: list[Row], one_process: Told, seed: int) -> None:
    """From two workers to three, then to one, each as far as it happened to be, with members that wait in between."""
    draw = random.Random(seed)
    partitions = draw.choice([1, 4, 16])
    topics = stitched(rows, partitions, draw)
    program = load_program(CORNER_SHOP)
    first, second = (
        Worker(program, topics, ours, partitions, tmp_path / str(ours.start)) for ours in ranges(2)
    )  # fmt: skip
    run_some(draw, [first, second], messages=60, kills=0.03)
    third = Worker(program, topics, (), partitions, tmp_path / "third")
    move(second, third, range(11, GROUPS))
    run_some(draw, [first, second], messages=40)
    move(first, second, range(5, 8))
    run_some(draw, [first, second, third], messages=50, kills=0.03)
    move(second, first, range(5, 11))
    move(third, first, range(11, GROUPS))
    assert second.ours == []
    assert third.ours == []
    run_all(draw, [first])
    assert_same(one_process, first.told, second.told, third.told)
