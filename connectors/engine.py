"""The engine's side of a log: one source partition that gives batches, notes offsets, and stops cleanly."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import msgspec
from bytewax.inputs import AbortExecution, FixedPartitionedSource, StatefulSourcePartition

from connectors.file_log import FileLog, Progress
from schemas.log import LogBatch

THE_ONE_PART = "log"
BEAT_SECONDS = 0.2
STOP_POLL_SECONDS = 0.01

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Progress).decode


class LogPartition(StatefulSourcePartition[LogBatch, bytes]):
    """Batches of the log in order; when idle a beat now and then, so that sinks may show what they hold."""

    def __init__(
        self, log: FileLog, should_stop: Callable[[], bool], fail: Callable[[Exception], None], poll_seconds: float
    ) -> None:
        self._log = log
        self._should_stop = should_stop
        self._fail = fail
        self._poll_seconds = poll_seconds
        self._awake: datetime | None = None
        self._beat_at = 0.0
        self._saved_since_stop = False
        self._stopping = False

    def next_batch(self) -> Iterable[LogBatch]:
        """Give the next batch, nothing when there is none now, StopIteration at the end of a bounded log."""
        if self._stopping or self._should_stop():
            return self._stop()
        try:
            batch = self._log.read()
        except Exception as failure:  # noqa: BLE001  handed to whoever runs the flow; what was read before is kept
            self._fail(failure)
            return self._stop()
        if batch is not None:
            self._awake = None
            return [batch]
        if self._log.ended:
            raise StopIteration
        return self._idle()

    def _stop(self) -> list[LogBatch]:
        if not self._stopping:
            self._stopping, self._saved_since_stop = True, False
        if self._saved_since_stop:
            raise AbortExecution
        self._sleep(STOP_POLL_SECONDS)
        return []

    def _idle(self) -> list[LogBatch]:
        self._sleep(self._poll_seconds)
        now = time.time()
        if now - self._beat_at < BEAT_SECONDS:
            return []
        self._beat_at = now
        return [LogBatch([], None, 0, now)]

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
        """Close the log's files."""
        self._log.close()


class LogSource(FixedPartitionedSource[LogBatch, bytes]):
    """All partitions of a log as the one ordered input of the flow."""

    def __init__(
        self,
        open_log: Callable[[Progress | None], FileLog],
        should_stop: Callable[[], bool],
        fail: Callable[[Exception], None],
        poll_seconds: float,
    ) -> None:
        self._open_log = open_log
        self._should_stop, self._fail, self._poll_seconds = should_stop, fail, poll_seconds

    def list_parts(self) -> list[str]:
        """There is one: order is made inside it."""
        return [THE_ONE_PART]

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> LogPartition:
        """Open the log where the last committed epoch left it."""
        log = self._open_log(None if resume_state is None else _decode(resume_state))
        return LogPartition(log, self._should_stop, self._fail, self._poll_seconds)
