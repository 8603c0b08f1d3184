"""Epochs of records as JSON lines, one file an epoch and table, until they are Parquet.

While an epoch is open its files are `open-<table>.jsonl`; `seal` renames them to `<epoch>-<table>.jsonl`. Lines go
through to the file, so that memory holds no epoch; a thread of its own copies them there, for the kernel's part of it
would otherwise cost the worker as much as decoding does. The worker hands over and seals (which waits for the thread),
the publisher's thread takes and deletes; a lock stands around the list they share.
"""

import threading
from pathlib import Path
from queue import Queue
from typing import BinaryIO, NamedTuple

from sinks.destination import DestinationError

OPEN = "open"
BUFFER_BYTES = 1 << 17
PACKETS_AHEAD_MAX = 16


class Sealed(NamedTuple):
    """A file of one epoch and table that waits."""

    epoch: int
    table: str
    path: Path


class PendingFiles:
    """The folder of files that wait, as the two threads see it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is touched before `recover`."""
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}
        self._lock = threading.Lock()
        self._sealed: list[Sealed] = []
        self._queue: Queue[dict[str, bytes] | None] = Queue(PACKETS_AHEAD_MAX)
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None

    def recover(self, published: int, committed: int) -> None:
        """Keep the epochs after `published` up to `committed`; what is older is Parquet, what is younger never was."""
        self._folder.mkdir(parents=True, exist_ok=True)
        kept: list[Sealed] = []
        for path in self._folder.glob("*.jsonl"):
            epoch, _, table = path.stem.partition("-")
            if epoch == OPEN or not published < int(epoch) <= committed:
                path.unlink()
            else:
                kept.append(Sealed(int(epoch), table, path))
        self._sealed = sorted(kept)

    def write(self, lines_of: dict[str, bytes]) -> None:
        """Append JSON lines, by table, to the open epoch; DestinationError if an earlier append failed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._append_all, name="pending", daemon=True)
            self._thread.start()
        self._raise_failure()
        self._queue.put(lines_of)

    def _append_all(self) -> None:
        while (lines_of := self._queue.get()) is not None:
            try:
                if self._failure is None:
                    self._append(lines_of)
            except Exception as failure:  # noqa: BLE001  handed to the worker; the queue must go on being emptied
                self._failure = failure
            self._queue.task_done()

    def _append(self, lines_of: dict[str, bytes]) -> None:
        for table, lines in lines_of.items():
            if lines:
                file = self._open.get(table)
                if file is None:
                    file = self._open[table] = self._open_path(table).open("wb", BUFFER_BYTES)
                file.write(lines)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise DestinationError(
                f"{self._folder} could not be written: {self._failure}. Nothing committed is lost; mend it (free "
                "space, permissions) and run again."
            ) from self._failure

    def _end_thread(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def seal(self, epoch: int) -> None:
        """End the open epoch as number `epoch`; its files survive the process from now on."""
        self._queue.join()
        self._raise_failure()
        sealed: list[Sealed] = []
        for table, file in self._open.items():
            file.close()
            path = self._folder / f"{epoch:010}-{table}.jsonl"
            self._open_path(table).replace(path)
            sealed.append(Sealed(epoch, table, path))
        self._open.clear()
        with self._lock:
            self._sealed += sealed

    def discard_open(self) -> None:
        """Let go of the open epoch's files; they are deleted at the next start."""
        self._end_thread()
        for file in self._open.values():
            file.close()
        self._open.clear()

    def waiting(self, committed: int) -> bool:
        """Whether any epoch up to `committed` waits."""
        with self._lock:
            return bool(self._sealed) and self._sealed[0].epoch <= committed

    def committed(self, committed: int) -> dict[str, list[tuple[int, Path]]]:
        """(epoch, file) of the epochs up to `committed`, by table, oldest first."""
        with self._lock:
            taken = [sealed for sealed in self._sealed if sealed.epoch <= committed]
        by_table: dict[str, list[tuple[int, Path]]] = {}
        for sealed in taken:
            by_table.setdefault(sealed.table, []).append((sealed.epoch, sealed.path))
        return by_table

    def delete(self, committed: int) -> None:
        """Delete the files of the epochs up to `committed`: they are Parquet now."""
        with self._lock:
            done = [sealed for sealed in self._sealed if sealed.epoch <= committed]
            self._sealed = [sealed for sealed in self._sealed if sealed.epoch > committed]
        for sealed in done:
            sealed.path.unlink()

    def _open_path(self, table: str) -> Path:
        return self._folder / f"{OPEN}-{table}.jsonl"
