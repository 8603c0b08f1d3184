"""Reading alone: the file log, the client without us, and the Kafka log, over the same lines."""

from tests.benchmarks.kafka.figures import Rounds, in_turn
from tests.benchmarks.kafka.tasks import SourceKind, SourceResult, SourceTask, source_run
from tests.benchmarks.kafka.world import World
from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged

NAMES: dict[str, SourceKind] = {"file log": "files", "client alone": "consume", "Kafka log": "kafka"}


def run(world: World, rounds: int, tables: list[Table], figures: list[Judged]) -> None:
    """Read in turn; add what was found."""
    topics = world.history()
    print("source", flush=True)
    measured: Rounds[SourceResult] = Rounds()
    for turn in range(rounds):
        for name in in_turn(list(NAMES), turn):
            task = SourceTask(what=NAMES[name], log=str(world.log), bootstrap=world.bootstrap, topics=topics)
            result = source_run(task)
            measured.add(name, result)
            print(f"  round {turn + 1} of {rounds}  {name:<14} {_us(result):6.2f} us/event", flush=True)
        assert len({results[-1].rows for results in measured.results.values()}) == 1, "not the same lines"
    tables.append(_table(measured))
    share = measured.ratio("Kafka log", "file log")
    cpu_share = measured.ratio("Kafka log", "file log", lambda one: one.thread_cpu_seconds)
    figures.append(Judged("source: share of the file log's speed, by the clock and by CPU",
                          f"{share:.2f}, {cpu_share:.2f}"))


def _table(measured: Rounds[SourceResult]) -> Table:
    rows = measured.results["file log"][0].rows
    head = ["", "events/s", "us/event", "CPU us/event", "of it the reader's", "start s", "ratio", "CPU ratio"]
    table = Table(f"Source alone, {rows:,} lines", head)
    for name in NAMES:
        table.add(
            name, f"{measured.median(name, lambda one: one.rows / one.seconds):,.0f}",
            f"{measured.median(name, _us):.2f}",
            f"{measured.median(name, lambda one: 1e6 * one.cpu_seconds / one.rows):.2f}",
            f"{measured.median(name, lambda one: 1e6 * one.thread_cpu_seconds / one.rows):.2f}",
            f"{measured.median(name, lambda one: one.start_seconds):.2f}",
            f"{measured.ratio(name, 'file log'):.2f}",
            f"{measured.ratio(name, 'file log', lambda one: one.thread_cpu_seconds):.2f}",
        )  # fmt: skip
    return table


def _us(result: SourceResult) -> float:
    return 1e6 * result.seconds / result.rows
