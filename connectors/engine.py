"""The engine's side of a log: one source partition that gives batches, notes offsets, and stops cleanly."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

import msgspec
from bytewax.inputs import AbortExecution, FixedPartitionedSource, StatefulSourcePartition

from schemas.log import LogTrouble

THE_ONE_PART = "log"
BEAT_SECONDS = 0.2
STOP_POLL_SECONDS = 0.01

Item_co = TypeVar("Item_co", covariant=True)
Progress_co = TypeVar("Progress_co", covariant=True)
Item = TypeVar("Item")
Progressed = TypeVar("Progressed")

_encode = msgspec.msgpack.Encoder().encode


class OrderedLog(Protocol[Item_co, Progress_co]):
    """What a log must be able to do; `read` waits a few milliseconds at most, and raises LogTrouble."""

    ended: bool

    def read(self) -> Item_co | None:
        """Give the next item; None when there is nothing now."""

    def progress(self) -> Progress_co:
        """Give what to go on from; what it gave the time before is committed by then."""

    def close(self) -> None:
        """Let go of everything."""


class LogPartition(StatefulSourcePartition[Item, bytes], Generic[Item, Progressed]):
    """Items of the log in order; when idle a beat now and then, so that sinks show what they hold (None: no beats)."""

    def __init__(
        self, log: OrderedLog[Item, Progressed], should_stop: Callable[[], bool], fail: Callable[[Exception], None],
        poll_seconds: float, beat: Callable[[float], Item] | None,
    ) -> None:  # fmt: skip
        self._log = log
        self._should_stop = should_stop
        self._fail = fail
        self._poll_seconds = poll_seconds
        self._beat = beat
        self._awake: datetime | None = None
        self._beat_at = 0.0
        self._saved_since_stop = False
        self._stopping = False

    def next_batch(self) -> Iterable[Item]:
        """Give the next item, nothing when there is none now, StopIteration at the end of a bounded log."""
        if self._stopping or self._should_stop():
            return self._stop()
        try:
            item = self._log.read()
        except LogTrouble as failure:  # handed to whoever runs the flow; what was read before is kept
            self._fail(failure)
            return self._stop()
        if item is not None:
            self._awake = None
            return [item]
        if self._log.ended:
            raise StopIteration
        return self._idle()

    def _stop(self) -> list[Item]:
        if not self._stopping:
            self._stopping, self._saved_since_stop = True, False
        if self._saved_since_stop:
            raise AbortExecution
        self._sleep(STOP_POLL_SECONDS)
        return []

    def _idle(self) -> list[Item]:
        self._sleep(self._poll_seconds)
        now = time.time()
        if self._beat is None or now - self._beat_at < BEAT_SECONDS:
            return []
        self._beat_at = now
        return [self._beat(now)]

    def _sleep(self, seconds: float) -> None:
        self._awake = datetime.now(UTC) + timedelta(seconds=seconds)

    def next_awake(self) -> datetime | None:
        """Say when to ask again."""
        return self._awake

    def snapshot(self) -> bytes:
        """Give the log's progress."""
        self._saved_since_stop = True
        return _encode(self._log.progress())

    def close(self) -> None:
        """Close the log."""
        self._log.close()


class LogSource(FixedPartitionedSource[Item, bytes], Generic[Item, Progressed]):
    """All partitions of a log as the one ordered input of the flow.

    `progressed` is the type of the log's progress; `beat` makes, of the wall clock in seconds, the item that is sent
    while the log is idle; None sends nothing, as when only the end of a bounded run is of interest.
    """

    def __init__(
        self, open_log: Callable[[Progressed | None], OrderedLog[Item, Progressed]], progressed: type[Progressed],
        beat: Callable[[float], Item] | None, should_stop: Callable[[], bool], fail: Callable[[Exception], None],
        poll_seconds: float,
    ) -> None:  # fmt: skip
        self._open_log = open_log
        self._should_stop, self._fail, self._poll_seconds, self._beat = should_stop, fail, poll_seconds, beat
        self._decode = msgspec.msgpack.Decoder(progressed).decode

    def list_parts(self) -> list[str]:
        """There is one: order is made inside it."""
        return [THE_ONE_PART]

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> LogPartition[Item, Progressed]:
        """Open the log where the last committed epoch left it."""
        log = self._open_log(None if resume_state is None else self._decode(resume_state))
        return LogPartition(log, self._should_stop, self._fail, self._poll_seconds, self._beat)
