"""A stitcher alone, a member worker of all members alone, and two of a half each at the same time."""

import shutil
import statistics
from contextlib import ExitStack

import msgspec

from tests.benchmarks.kafka.figures import Rounds
from tests.benchmarks.kafka.pipeline import KAFKA, finished, one_run, say, speeds
from tests.benchmarks.kafka.tasks import WorkerResult, WorkerTask, started, worker_result
from tests.benchmarks.kafka.world import World
from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged

ONE, STITCH, ALL, SLOWER = "one process", "stitcher", "one member worker", "slower of two member workers"
NAMES = (ONE, STITCH, ALL, SLOWER)


def run(world: World, rounds: int, tables: list[Table], figures: list[Judged]) -> None:
    """Run the parts one after the other; add what was found."""
    world.history()
    print("workers", flush=True)
    measured: Rounds[WorkerResult] = Rounds()
    together: list[float] = []
    for turn in range(rounds):
        measured.add(ONE, one_run(world, KAFKA))
        with world.deployment(workers=True) as prefix:
            measured.add(STITCH, finished(_part(world, prefix, "stitch")))
            (alone,) = _together([_part(world, prefix, "members", "0/1")])
            measured.add(ALL, alone)
        with world.deployment(workers=True) as prefix:
            finished(_part(world, prefix, "stitch"))
            halves = _together([_part(world, prefix, "members", groups) for groups in ("0/2", "1/2")])
            measured.add(SLOWER, max(halves, key=lambda one: one.seconds))
        for name in NAMES:
            say(turn, rounds, name, measured.results[name][-1])
        _assert_same([measured.results[name][-1] for name in (ONE, STITCH, ALL)], halves)
        together.append(alone.steps / max(one.seconds for one in halves))
    tables.append(speeds(measured, NAMES, ONE, "Parts of a deployment (each of its own lines)"))
    figures.append(Judged("workers: events/s of two member workers together, on these processors",
                          f"{statistics.median(together):,.0f}"))


def _part(world: World, prefix: str, role: str, groups: str = "") -> WorkerTask:
    name = f"{role}-{groups.replace('/', '-of-')}"
    task = world.task(name, world.history() if role == "stitch" else [])
    return msgspec.convert({**msgspec.to_builtins(task), "prefix": prefix, "role": role, "groups": groups}, WorkerTask)


def _together(tasks: list[WorkerTask]) -> list[WorkerResult]:
    with ExitStack() as stack:
        children = [stack.enter_context(started(task)) for task in tasks]
        results = [worker_result(child) for child in children]
    for task in tasks:
        shutil.rmtree(task.out)
    return results


def _assert_same(whole: list[WorkerResult], halves: list[WorkerResult]) -> None:
    one, stitch, alone = whole
    assert (one.outcome.read, one.merges) == (stitch.outcome.read, stitch.merges), "not the same lines"
    assert one.entries == alone.entries == sum(half.entries for half in halves), "not the same entries"
    assert alone.steps <= sum(half.steps for half in halves), "steps are missing"  # some concern members of both
