"""Progress of a run on stderr: one line that is renewed on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from balanza.running import Run
from schemas.states import Totals, read_lines

TERMINAL_SECONDS, PLAIN_SECONDS = 0.5, 5.0


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
        totals = self._run.wiring.totals.get("stitch")
        if self._quiet or not isinstance(totals, Totals):
            return
        read, first = read_lines(totals), self._run.wiring.read_before
        elapsed = time.perf_counter() - self._run.began
        since, before = (0.0, first) if last else self._before
        rate = (read - before) / max(1e-6, elapsed - since)
        self._before = (elapsed, read)
        at = datetime.fromtimestamp(totals.log_us / 1e6, UTC)
        unread = 0 if self._run.log is None else self._run.log.unread_bytes()
        behind = f", {unread / 1e6:,.1f} MB unread" if unread else ""
        stopping = ", stopping at the end of this epoch" if self._run.stop.requested and not last else ""
        line = (
            f"{elapsed:6.1f} s  {read:,} events read, {rate:,.0f}/s, {totals.members:,} members, "
            f"log at {at:%Y-%m-%d %H:%M}{behind}{stopping}"
        )
        _say(f"\r\x1b[K{line}" + ("\n" if last else "") if self._terminal else f"{line}\n")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
