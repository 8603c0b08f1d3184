"""The logs that are measured on: simulated once, kept under .cache/bench, named by what is in them.

A simulated person makes some eight events at a sitting. To have as many members as a large brand has in a log that is
still read in seconds, four of five views and consents are left out; what remains are some 4.6 events a person of 290
bytes, a tenth of them purchases, with three identifiers a person.
"""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from connectors.simulate import Rates, SimulateOptions, simulate
from tests.benchmarks.tasks import CACHE, Task, finished

VERSION = 1     # raise it when what is simulated changes, so that nobody measures on an old log
SEED = 7
START = datetime(2025, 1, 6, 8, tzinfo=UTC)
# What the plain loop cannot tell apart is left out: broken lines, and the same event written in another way.
RATES = Rates(malformed=0.0, reserialised=0.0)
THINNED = frozenset({"page_view", "product_view", "consent"})
THINNED_SHARE = 0.2
SIMULATED_PER_KEPT = 2.0    # so many events are simulated at most for one that is kept
POOL_PER_EVENT = 0.44       # people who could come; about half of them do


def write(events: int, log: Path) -> None:
    """Simulate until so many distinct events are in the log."""
    options = SimulateOptions(
        events=int(events * SIMULATED_PER_KEPT), members=max(1, int(events * POOL_PER_EVENT)), seed=SEED, start=START,
        rates=RATES,
    )  # fmt: skip
    draw = Random(SEED).random
    kept = 0
    draft = log.with_suffix(".draft")
    log.parent.mkdir(parents=True, exist_ok=True)
    with draft.open("wb") as file:
        for line in simulate(options):
            if line.type in THINNED and draw() >= THINNED_SHARE:
                continue
            kept += line.kind == "event"
            file.write(line.raw + b"\n")
            if kept >= events:
                break
    assert kept == events, f"only {kept} of {events} events were simulated"
    draft.replace(log)


def log_of(events: int) -> Path:
    """Give the log of so many events by some 0.22 times as many people, simulated if it is not there yet."""
    log = CACHE / "logs" / f"{events}-events-seed-{SEED}-v{VERSION}.jsonl"
    if not log.exists():
        print(f"simulating a log of {events:,} events, once", flush=True)
        finished(Task(kind="simulate", log=str(log), events=events))
    return log
