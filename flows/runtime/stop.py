"""How a run ends before its input does: cleanly, at an epoch's end, so that nothing is repeated.

The engine's own SIGTERM loses the open epoch. Here a signal, or a condition that a station finds, only sets a flag; the
source gives nothing more, and after the next snapshot it ends the run.
"""

import signal
from types import FrameType


class Stop:
    """A request to stop; `failure` is why, when it is not what the user asked for."""

    def __init__(self) -> None:
        self.requested = False
        self.by_signal: int | None = None
        self.failure: Exception | None = None

    def request(self, number: int, frame: FrameType | None = None) -> None:
        """Handle SIGINT and SIGTERM; a second one ends the process at once (the next start mends what it cut off)."""
        if self.requested:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.requested = True
        self.by_signal = number

    def fail(self, failure: Exception) -> None:
        """Stop because of this; the first one counts."""
        self.failure = self.failure or failure
        self.requested = True

    def listen(self) -> None:
        """Take over SIGINT and SIGTERM."""
        signal.signal(signal.SIGINT, self.request)
        signal.signal(signal.SIGTERM, self.request)
