"""A child process: the airline's program over its members' events, and members with few and with many lots.

Both stations run without engine, log and sinks, on a folder, with an epoch's end every so many batches. Times are the
processor's in this thread, so that what else the machine does counts as little as may be.
"""

import time
from pathlib import Path

from config.loader import load_program
from config.program import Program
from flows.runtime.collector import tamed
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Row
from tests.benchmarks.answers import answer, peak_mb, task
from tests.benchmarks.flyers import FIRST_SECOND, Data, Flyers, row_of, usd
from tests.benchmarks.results import LedgerMeasured, LotsMeasured
from tests.benchmarks.tasks import Task

EPOCH_BATCHES = 60
TIMERS = "timers"
FEW_LOTS, MANY_LOTS = 5, 5_000
LOT_MEMBERS = 10
LOT_ROUNDS = 300


class Stations:
    """Both stations on a folder (None: in memory), with the processor's clock around them."""

    def __init__(self, program: Program, folder: Path | None) -> None:
        wiring = Wiring(program, folder)
        self.stitch, self.members = StitchHost(wiring, 0), MemberHost(wiring, 0)
        self.totals = wiring.totals

    def timers(self, clock_us: int) -> float:
        """Fire what is due before a batch; gives the seconds."""
        stitched = self.stitch.work(LogBatch([], clock_us, 0, 0.0))
        began = time.thread_time()
        self.members.work(stitched)
        return time.thread_time() - began

    def work(self, rows: list[Row]) -> tuple[float, float]:
        """Apply a batch; gives the seconds of stitching and of the members."""
        began = time.thread_time()
        stitched = self.stitch.work(LogBatch(rows, None, 0, 0.0))
        between = time.thread_time()
        self.members.work(stitched)
        return between - began, time.thread_time() - between

    def close(self) -> float:
        """End the epoch of both; gives the seconds."""
        began = time.thread_time()
        self.stitch.save()
        self.members.save()
        return time.thread_time() - began


def flown(given: Task) -> LedgerMeasured:
    """Apply a year of the airline's events, batch by batch."""
    program = load_program(Path(given.program))
    flyers, stations = Flyers(program, given.events), Stations(program, Path(given.out))
    measured = LedgerMeasured(flyers.events, flyers.members)
    with tamed():
        for number, (kind, rows) in enumerate(flyers.batches(), 1):
            measured.timers_us.append(1e6 * stations.timers(rows[0][0]) / len(rows))
            stitch, members = stations.work(rows)
            measured.stitch_us.append(1e6 * stitch / len(rows))
            measured.kinds_us.setdefault(kind, []).append(1e6 * members / len(rows))
            if number % EPOCH_BATCHES == 0:
                measured.close_ms.append(1e3 * stations.close())
    measured.peak_mb = peak_mb()
    return measured


def lots(given: Task) -> LotsMeasured:
    """Let members with few and with many lots buy, spend and bring back in turn, in memory; then an epoch's end."""
    program = load_program(Path(given.program))
    few, many = _Shop(program, FEW_LOTS, Path(given.out) / "few"), _Shop(program, MANY_LOTS, Path(given.out) / "many")
    found = LotsMeasured([], [], 0.0, 0.0)
    with tamed():
        for _ in range(LOT_ROUNDS):
            found.few_us.append(few.round())
            found.many_us.append(many.round())
    found.few_close_ms, found.many_close_ms = (1e3 * shop.stations.close() for shop in (few, many))
    return found


class _Shop:
    """Ten members of the coffee chain with so many lots each, who go on: an order, a redemption, a return, an order."""

    def __init__(self, program: Program, lots_each: int, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.stations = Stations(program, folder)
        self._decoder, self._number = EventDecoder(), 0
        for _ in range(lots_each):
            self.stations.work([self._bought(who) for who in range(LOT_MEMBERS)])
        self.stations.close()

    def round(self) -> float:
        """Four events of each member; gives microseconds of the member station an event."""
        rows = []
        for who in range(LOT_MEMBERS):
            rows.append(self._bought(who))
            name = str(self._number)
            spent: Data = {"redemption_id": name, "currency": "stars", "points": 1}
            back: Data = {"return_id": name, "order_id": f"o{name}", "total": usd(100)}
            rows += [self._row(who, "redeem", spent), self._row(who, "return", back), self._bought(who)]
        return 1e6 * self.stations.work(rows)[1] / len(rows)

    def _bought(self, who: int) -> Row:
        order = f"o{self._number + 1}"
        return self._row(who, "purchase", {"order_id": order, "total": usd(500)})

    def _row(self, who: int, event_type: str, data: Data) -> Row:
        self._number += 1
        return row_of(
            self._decoder, event_type, f"e{self._number}", who, FIRST_SECOND + self._number, self._number, data
        )  # fmt: skip


def main() -> None:
    """Measure what the task asks for."""
    given = task()
    answer(flown(given) if given.events else lots(given))


if __name__ == "__main__":
    main()
