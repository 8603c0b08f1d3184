"""How long an appended event takes to show in its member's surface, while a worker follows the log.

Three processes, as in a shop: a till appends purchases, each of another member whom the worker knows; the worker
follows the file; a reader looks into surfaces.db, as an app would, until the members' documents have changed. The
reader looks every few milliseconds, so that its figures are that much too large at most.
"""

import shutil
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path

import msgspec

from tests.benchmarks.results import Judged, RunResult
from tests.benchmarks.tasks import CORNER_SHOP, RunFailed, Task, finished, product_task, started
from tests.benchmarks.writing import Plan, append_one, last_time

EVENTS_PER_SECOND = 500
LOOK_SECONDS = 0.005
LOOKED_FOR_MAX = 500
PATIENCE_SECONDS = 60.0
IN_ORDER_SHARE_MIN = 0.99
P99_SECONDS_MAX = 1.0
KNOWN = """
SELECT value, member_id, version FROM identifiers JOIN surfaces USING (member_id)
WHERE type = 'loyalty' GROUP BY member_id ORDER BY member_id LIMIT ?
"""

Known = tuple[str, str, int]    # loyalty number, member id, version of the document


def run(log: Path, seconds: int, figures: list[Judged]) -> None:
    """Warm a worker up on the log, let it follow, append and look; add what was found."""
    print("follow: reading the log first", flush=True)
    count = EVENTS_PER_SECOND * seconds
    first = product_task("follow", log, CORNER_SHOP)
    copy = Path(first.out) / "input.jsonl"
    shutil.copy(log, copy)
    warm = msgspec.structs.replace(first, log=str(copy), out=str(Path(first.out) / "out"))
    finished(warm)
    database = Path(warm.out) / "surfaces.db"
    known = known_members(database, count + 1)
    assert len(known) == count + 1, "the log has too few members with a loyalty number"
    worker = started(msgspec.structs.replace(warm, fresh=False, follow=True))
    try:
        latencies = measured(copy, database, known)
        worker.terminate()
        result = finished_worker(worker)
    finally:
        worker.kill()
        worker.wait()
    _note(latencies, result, figures)


def known_members(database: Path, count: int) -> list[Known]:
    """Members with a loyalty number, and the version that their surfaces show now."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return list(connection.execute(KNOWN, (count,)))
    finally:
        connection.close()


def measured(log: Path, database: Path, known: list[Known]) -> list[float]:
    """Append a purchase of every member at a steady pace; give the seconds until each was to be seen."""
    (loyalty, *_), *others = known
    after = last_time(log)
    append_one(log, loyalty, after)
    eyes = Eyes(database)
    eyes.see_all(known[:1], time.monotonic(), 0)
    print(f"  following; {len(others):,} purchases, {EVENTS_PER_SECOND} a second", flush=True)
    plan = log.with_name("plan.json")
    plan.write_bytes(msgspec.json.encode(Plan([one[0] for one in others], after, EVENTS_PER_SECOND)))
    writer = started(Task(kind="writer", log=str(log), plan=str(plan)))
    eyes.see_all(others, time.monotonic(), EVENTS_PER_SECOND)
    answers, _ = writer.communicate()
    appended = msgspec.json.decode(answers, type=list[float])
    latencies = [eyes.seen[one[1]] - at for one, at in zip(others, appended, strict=True)]
    return without_timers(latencies)


def without_timers(latencies: list[float]) -> list[float]:
    """Leave out the rare member whose surface a timer had changed before the purchase was there."""
    real = [seconds for seconds in latencies if seconds > 0]
    assert len(real) > IN_ORDER_SHARE_MIN * len(latencies), f"only {len(real)} of {len(latencies)} were seen in order"
    return real


class Eyes:
    """A reader of the surfaces."""

    def __init__(self, database: Path) -> None:
        """`seen` are the moments, by member id, at which a new version was first seen."""
        self.seen: dict[str, float] = {}
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)

    def see_all(self, members: list[Known], began: float, per_second: int) -> None:
        """Look until all members show a new version; look for one from when it may have been appended (0: at once)."""
        waiting = {member_id: version for _, member_id, version in members}
        until = began + len(members) / (per_second or 1) + PATIENCE_SECONDS
        while waiting:
            now = time.monotonic()
            if now > until:
                raise RunFailed(f"{len(waiting)} of {len(members)} events did not show in {PATIENCE_SECONDS:g} s")
            expected = int((now - began) * per_second) + 1 - (len(members) - len(waiting))
            self._look(waiting, min(max(1, expected), LOOKED_FOR_MAX))
            time.sleep(LOOK_SECONDS)

    def _look(self, waiting: dict[str, int], count: int) -> None:
        names = [name for name, _ in zip(waiting, range(count), strict=False)]
        marks = ",".join("?" * len(names))
        query = f"SELECT member_id, version FROM surfaces WHERE member_id IN ({marks})"
        rows = list(self._connection.execute(query, names))
        now = time.monotonic()
        for member_id, version in rows:
            if version > waiting[member_id]:
                del waiting[member_id]
                self.seen[member_id] = now


def finished_worker(worker: subprocess.Popen[bytes]) -> RunResult:
    """What the worker answers when it was told to stop."""
    answers, _ = worker.communicate(timeout=PATIENCE_SECONDS)
    if worker.returncode:
        raise RunFailed(f"the worker ended with status {worker.returncode}")
    return msgspec.json.decode(answers.strip().rpartition(b"\n")[2], type=RunResult)


def _note(latencies: list[float], result: RunResult, figures: list[Judged]) -> None:
    percent = statistics.quantiles(latencies, n=100)
    p50, p99, most = percent[49], percent[98], max(latencies)
    share = result.cpu_seconds / result.seconds
    print(f"  p50 {p50:.3f} s, p99 {p99:.3f} s, max {most:.3f} s; worker: {share:.0%} of a processor", flush=True)
    figures += [
        Judged("follow: appended to visible, s, p99", f"{p99:.3f}", f"< {P99_SECONDS_MAX:g}", p99 < P99_SECONDS_MAX),
        Judged("follow: appended to visible, s, p50 and max", f"{p50:.3f}, {most:.3f}"),
        Judged(f"follow: share of a processor at {EVENTS_PER_SECOND} events/s", f"{share:.0%}"),
    ]
