"""How long a sent event takes to be in its member's surface, and its entry at a consumer of the entries' topic.

Five processes on one machine, as small as a shop's: the broker, tills that send purchases, each of another member whom
the worker knows, the worker, a consumer of the entries, and a reader of surfaces.db (this process). The clock begins
before the producer takes the event, whose `linger.ms` of 5 is in the figures. The reader asks SQLite every few
milliseconds whether anything was committed, and looks only then.
"""

import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec
import psutil

from connectors.kafka.topics import BY_LOG, TopicSpec
from tests.benchmarks.follow import Known, known_members, without_timers
from tests.benchmarks.kafka.figures import percentiles
from tests.benchmarks.kafka.run_watcher import READY
from tests.benchmarks.kafka.tasks import SenderTask, WatcherTask, answer_of, started, worker_result
from tests.benchmarks.kafka.world import PARTITIONS, World
from tests.benchmarks.report import Table
from tests.benchmarks.results import Judged
from tests.benchmarks.tasks import RunFailed

EVENTS_PER_SECOND = 2000
WARM_UP_SECONDS = 2
LOOK_SECONDS = 0.003
ASKED_FOR_MAX = 10_000
PATIENCE_SECONDS = 90.0
P99_MS_MAX = 1000
TOPIC = "tills"


def run(world: World, seconds: int, tables: list[Table], figures: list[Judged]) -> None:
    """Let the worker learn the members, then send to each once and look; add what was found."""
    count = EVENTS_PER_SECOND * (seconds + WARM_UP_SECONDS)
    print(f"latency: {seconds} s at {EVENTS_PER_SECOND:,} events/s, after {count:,} members were made", flush=True)
    world.cluster.create_topics([TopicSpec(TOPIC, PARTITIONS, BY_LOG)])
    with world.deployment() as prefix, ExitStack() as stack:
        task = msgspec.structs.replace(world.task("latency", [TOPIC]), prefix=prefix, follow=True)
        worker = stack.enter_context(started(task))
        stack.callback(worker.kill)
        loyalty = [f"LC{number:08d}" for number in range(count)]
        sender = SenderTask(bootstrap=world.bootstrap, topic=TOPIC, partitions=PARTITIONS, loyalty=loyalty, first=0,
                            per_second=0)  # fmt: skip
        answer_of(started(sender))
        database = Path(task.out) / "surfaces.db"
        known = _wait_for_members(database, count)
        print("  all are known; sending", flush=True)
        sender = msgspec.structs.replace(
            sender, loyalty=[one[0] for one in known], first=count, per_second=EVENTS_PER_SECOND
        )
        psutil.cpu_percent()
        shown, consumed = _measured(world, sender, f"{prefix}.entries", database, known)
        busy = psutil.cpu_percent()
        worker.terminate()
        share = worker_result(worker)
    warm = EVENTS_PER_SECOND * WARM_UP_SECONDS
    _note({"surface in SQLite": shown[warm:], "entry at a consumer": consumed[warm:]}, tables, figures)
    figures.append(Judged("latency: processors busy meanwhile, all processes", f"{busy:.0f}%"))
    print(f"  worker: {share.cpu_seconds:.1f} s of a processor in {share.seconds:.1f} s", flush=True)


def _wait_for_members(database: Path, count: int) -> list[Known]:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if database.exists():
            try:
                known = known_members(database, count)
            except sqlite3.OperationalError:  # it is being made
                known = []
            if len(known) == count:
                return known
        time.sleep(0.5)
    raise RunFailed(f"{count:,} members were not shown within {PATIENCE_SECONDS:g} s")


def _measured(
    world: World, sender: SenderTask, entries: str, database: Path, known: list[Known]
) -> tuple[list[float], list[float]]:
    """Send and watch; the seconds from sending to showing, and to the consumer, in order of sending."""
    task = WatcherTask(bootstrap=world.bootstrap, topic=entries, first=sender.first, count=len(known))
    with started(task) as watcher:
        assert watcher.stdout is not None
        assert msgspec.json.decode(watcher.stdout.readline()) == READY
        began = time.monotonic()
        with started(sender) as sending:
            seen = _seen(database, known, began + len(known) / EVENTS_PER_SECOND + PATIENCE_SECONDS)
            sent = msgspec.json.decode(answer_of(sending), type=list[float])
        came = msgspec.json.decode(answer_of(watcher), type=list[float])
    shown = [seen[one[1]] - at for one, at in zip(known, sent, strict=True)]
    return without_timers(shown), [here - at for here, at in zip(came, sent, strict=True)]


def _seen(database: Path, members: list[Known], until: float) -> dict[str, float]:
    """Look until all members show a new version, whenever something was committed; give when that was first seen."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    waiting = {member_id: version for _, member_id, version in members}
    seen: dict[str, float] = {}
    version_before = -1
    while waiting:
        if time.monotonic() > until:
            raise RunFailed(f"{len(waiting):,} of {len(members):,} events did not show")
        (version_now,) = connection.execute("PRAGMA data_version").fetchone()
        if version_now == version_before:
            time.sleep(LOOK_SECONDS)
            continue
        version_before = version_now
        names = [name for name, _ in zip(waiting, range(ASKED_FOR_MAX), strict=False)]
        marks = ",".join("?" * len(names))
        query = f"SELECT member_id, version FROM surfaces WHERE member_id IN ({marks})"
        now = time.monotonic()
        for member_id, version in connection.execute(query, names):
            if version > waiting[member_id]:
                del waiting[member_id]
                seen[member_id] = now
    connection.close()
    return seen


def _note(latencies: dict[str, list[float]], tables: list[Table], figures: list[Judged]) -> None:
    title = f"From sending at {EVENTS_PER_SECOND:,} events/s, ms"
    table = Table(title, ["", "p50", "p99", "max", "events"])
    for name, seconds in latencies.items():
        p50, p99, most = percentiles(seconds)
        table.add(name, f"{p50:.0f}", f"{p99:.0f}", f"{most:.0f}", f"{len(seconds):,}")
        figures.append(Judged(f"latency: sent to {name}, ms, p99", f"{p99:.0f}", f"< {P99_MS_MAX}", p99 < P99_MS_MAX))
    tables.append(table)
