"""The whole way, bounded: files in and out, Kafka in and files out, Kafka in and both out."""

import shutil
from contextlib import AbstractContextManager, nullcontext

import msgspec

from tests.benchmarks.kafka.figures import Rounds, in_turn
from tests.benchmarks.kafka.tasks import WorkerResult, WorkerTask, worker_run
from tests.benchmarks.kafka.world import World
from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged

FILES, KAFKA_TO_FILES, KAFKA = "files to files", "Kafka to files", "Kafka to files and topics"
NAMES = (FILES, KAFKA_TO_FILES, KAFKA)
SHARE_MIN = 0.8


def run(world: World, rounds: int, tables: list[Table], figures: list[Judged]) -> None:
    """Run in turn; add what was found."""
    world.history()
    print("pipeline", flush=True)
    measured: Rounds[WorkerResult] = Rounds()
    for turn in range(rounds):
        for name in in_turn(NAMES, turn):
            result = one_run(world, name)
            measured.add(name, result)
            say(turn, rounds, name, result)
        done = {name: work_done(results[-1]) for name, results in measured.results.items()}
        assert len(set(done.values())) == 1, f"not the same work: {done}"
    tables += [speeds(measured, NAMES, FILES, "Whole pipeline"), places(measured)]
    for name in NAMES[1:]:
        share, cpu_share = measured.ratio(name, FILES), measured.ratio(name, FILES, flow_cpu)
        figures += [
            Judged(f"pipeline, {name}: share of the file log's speed", f"{share:.2f}", f">= {SHARE_MIN}",
                   share >= SHARE_MIN),
            Judged(f"pipeline, {name}: the same by the flow's CPU", f"{cpu_share:.2f}"),
        ]  # fmt: skip


def one_run(world: World, name: str) -> WorkerResult:
    """Run once, with topics of its own."""
    context: AbstractContextManager[str] = nullcontext("none") if name == FILES else world.deployment()
    with context as prefix:
        record_topics = "by_record" if name == KAFKA else "none"
        task = msgspec.structs.replace(
            world.task("pipeline", world.history()), prefix=prefix, log=str(world.log) if name == FILES else "",
            settings={"record_topics": record_topics},
        )  # fmt: skip
        return finished(task)


def finished(task: WorkerTask) -> WorkerResult:
    """Run to the end; what it wrote is removed."""
    result = worker_run(task)
    shutil.rmtree(task.out)
    return result


def work_done(result: WorkerResult) -> tuple[object, ...]:
    """What equal work is equal in."""
    return result.outcome, result.members, result.merges, result.entries


def flow_cpu(result: WorkerResult) -> float:
    """Processor seconds of the thread that the flow runs in."""
    return result.flow_cpu_seconds


def say(turn: int, rounds: int, name: str, result: WorkerResult) -> None:
    """Print progress."""
    print(f"  round {turn + 1} of {rounds}  {name:<26} {result.seconds:7.2f} s  {events(result) / result.seconds:9,.0f}"
          f" events/s  {result.peak_mb:6,.0f} MB", flush=True)


def events(result: WorkerResult) -> int:
    """Lines read, or steps applied by a worker that reads none."""
    return result.outcome.read or result.steps


def speeds(measured: Rounds[WorkerResult], names: tuple[str, ...], to: str, title: str) -> Table:
    """One row a way."""
    head = ["", "events/s", "us/event", "CPU us/event", "of it the flow's", "peak MB", "ratio", "CPU ratio"]
    table = Table(f"{title}, {events(measured.results[to][0]):,} lines", head)
    for name in names:
        table.add(
            name, f"{measured.median(name, lambda one: events(one) / one.seconds):,.0f}",
            f"{measured.median(name, lambda one: 1e6 * one.seconds / events(one)):.2f}",
            f"{measured.median(name, lambda one: 1e6 * one.cpu_seconds / events(one)):.2f}",
            f"{measured.median(name, lambda one: 1e6 * one.flow_cpu_seconds / events(one)):.2f}",
            f"{measured.median(name, lambda one: one.peak_mb):,.0f}",
            f"{measured.ratio(name, to):.2f}",
            f"{measured.ratio(name, to, flow_cpu):.2f}",
        )  # fmt: skip
    return table


def places(measured: Rounds[WorkerResult]) -> Table:
    """Microseconds an event by place: on the clock, and of the flow's processor time."""
    table = Table("Where it goes, us/event on the clock (of the flow's CPU)", ["", *NAMES])
    for place in measured.results[FILES][0].spent:
        table.add(place, *(_spent(measured, name, place) for name in NAMES))
    table.add("engine and start", *(_rest(measured, name) for name in NAMES))
    return table


def _spent(measured: Rounds[WorkerResult], name: str, place: str) -> str:
    wall = measured.median(name, lambda one: 1e6 * one.spent[place].wall / events(one))
    cpu = measured.median(name, lambda one: 1e6 * one.spent[place].cpu / events(one))
    return f"{wall:.2f} ({cpu:.2f})"


def _rest(measured: Rounds[WorkerResult], name: str) -> str:
    def wall(one: WorkerResult) -> float:
        return one.seconds - sum(spent.wall for spent in one.spent.values())

    def cpu(one: WorkerResult) -> float:
        return one.flow_cpu_seconds - sum(spent.cpu for spent in one.spent.values())

    return (f"{measured.median(name, lambda one: 1e6 * wall(one) / events(one)):.2f} "
            f"({measured.median(name, lambda one: 1e6 * cpu(one) / events(one)):.2f})")
