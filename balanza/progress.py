"""Progress of a run on stderr: one line that is renewed on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import NamedTuple, Self

from balanza.request import Run
from schemas.states import MemberTotals, Totals, read_lines

TERMINAL_SECONDS, PLAIN_SECONDS = 0.5, 5.0


class Standing(NamedTuple):
    """How much is done, of it before this run, up to which log time, and what else is worth a word."""

    what: str
    done: int
    first: int
    log_us: int
    more: str


class Progressing:
    """Shows events, rate, members and lag while the block runs, and once at its end."""

    def __init__(self, run: Run, *, quiet: bool) -> None:
        self._run = run
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show_until_over, daemon=True)
        self._before = (0.0, 0)

    def __enter__(self) -> Self:
        if not self._quiet and self._run.request.follow:
            _say(f"Following {self._run.request.input}; Ctrl-C stops.\n")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._run.sample()
        self._show(last=True)

    def _show_until_over(self) -> None:
        shown_at = 0.0
        while not self._over.wait(TERMINAL_SECONDS):
            self._run.sample()
            if self._terminal or time.monotonic() - shown_at >= PLAIN_SECONDS:
                shown_at = time.monotonic()
                self._show(last=False)

    def _show(self, *, last: bool) -> None:
        standing = self._standing()
        if self._quiet or standing is None:
            return
        elapsed = time.perf_counter() - self._run.began
        since, before = (0.0, standing.first) if last else self._before
        rate = (standing.done - before) / max(1e-6, elapsed - since)
        self._before = (elapsed, standing.done)
        at = f"log at {datetime.fromtimestamp(standing.log_us / 1e6, UTC):%Y-%m-%d %H:%M}" if standing.log_us else ""
        stopping = ", stopping at the end of this epoch" if self._run.stop.requested and not last else ""
        line = (
            f"{elapsed:6.1f} s  {standing.done:,} events {standing.what}, {rate:,.0f}/s, {standing.more}"
            f"{at}{self._behind()}{stopping}"
        )
        _say(f"\r\x1b[K{line}" + ("\n" if last else "") if self._terminal else f"{line}\n")

    def _standing(self) -> Standing | None:
        """Where the run stands; None before its first batch."""
        wiring = self._run.wiring
        stitch, members = wiring.totals.get("stitch"), wiring.totals.get("members")
        if isinstance(stitch, Totals):
            skipped = self._run.skipped()
            more = (f"{skipped:,} skipped, " if skipped else "") + f"{stitch.members:,} members, "
            return Standing("read", read_lines(stitch), wiring.read_before, stitch.log_us, more)
        if isinstance(members, MemberTotals):
            waiting = self._run.waiting()
            more = f"{waiting:,} members wait for other workers, " if waiting else ""
            return Standing("applied", members.steps, wiring.steps_before, members.log_us, more)
        return None

    def _behind(self) -> str:
        unread = 0 if self._run.log is None else self._run.log.unread_bytes()
        records = 0 if self._run.broker_log is None else sum(self._run.broker_log.lag().values())
        return (f", {unread / 1e6:,.1f} MB unread" if unread else "") + (f", {records:,} unread" if records else "")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
