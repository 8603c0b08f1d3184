"""The warehouse's background work: committed epochs become Parquet files, views name them, small files become few.

One thread, woken by `publish`, takes all epochs that wait, at most one pass a second while live. The order of a pass
makes every crash harmless: Parquet files in their place, the manifest that counts them, the views, and only then are
the JSON lines deleted. What persons asked for (`sinks/requests.py`) is done before the manifest. A file that
no manifest counts and lines that the manifest already has are deleted at the next start. Superseded files stay
`GRACE_SECONDS` for readers that opened the warehouse before.
"""

import atexit
import threading
import time
from collections import deque
from pathlib import Path

import duckdb

from schemas.records import TABLES
from sinks import parquet
from sinks.catalog import Manifest, connect, parquet_path, save_manifest, save_views
from sinks.destination import DestinationError
from sinks.pending import PendingFiles
from sinks.requests import Files, Requests

PASS_SECONDS = 1.0
GRACE_SECONDS = 600.0


class Publisher:
    """Turns the pending files of committed epochs into what readers see. Start it once, then `publish` and `close`."""

    def __init__(
        self,
        folder: Path,
        pending: PendingFiles,
        manifest: Manifest,
        grace_seconds: float,
        requests: Requests | None = None,
    ) -> None:
        """Own the manifest from here on; `pending` is shared with the worker, which only adds to it."""
        self._folder = folder
        self._requests = requests
        self._with_erased: list[Path] = []
        self._pending = pending
        self._manifest = manifest
        self._grace_seconds = grace_seconds
        self._superseded: deque[tuple[float, Path]] = deque()
        self._woken = threading.Condition()
        self._committed = manifest.epoch
        self._closing = False
        self._last_pass = float("-inf")
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="warehouse", daemon=True)
        self._thread.start()
        atexit.register(self._halt)

    def publish(self, epoch: int) -> None:
        """Epochs up to `epoch` are committed: convert them soon."""
        with self._woken:
            self._committed = max(self._committed, epoch)
            self._woken.notify()

    def close(self) -> None:
        """Wait until every committed epoch is converted. DestinationError if it could not be.

        Superseded files that hold erased people go at once: nobody knows when the next start will be.
        """
        self._stop()
        atexit.unregister(self._halt)
        self.raise_failure()
        for path in self._with_erased:
            path.unlink(missing_ok=True)
        self._with_erased.clear()

    def raise_failure(self) -> None:
        """DestinationError if the background work failed; nothing is lost then, the lines are still pending."""
        if self._failure is not None:
            raise DestinationError(
                f"the warehouse in {self._folder} could not be written: {self._failure}. The epochs after "
                f"{self._manifest.epoch} are kept as JSON lines; they are taken up at the next start."
            ) from self._failure

    def _halt(self) -> None:
        """The process ends without a close: leave what waits to the next start, but no thread inside DuckDB."""
        self._committed = -1
        self._stop()

    def _stop(self) -> None:
        with self._woken:
            self._closing = True
            self._woken.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._wait():
                self._pass(self._committed)
        except BaseException as failure:  # noqa: BLE001  handed to the worker, which stops the flow with it
            self._failure = failure

    def _wait(self) -> bool:
        """Wait for committed epochs, then until a pass is due; False when there is nothing more to come."""
        with self._woken:
            self._woken.wait_for(lambda: self._closing or self._pending.waiting(self._committed))
            if not self._closing:
                due = self._last_pass + PASS_SECONDS - time.monotonic()
                self._woken.wait_for(lambda: self._closing, timeout=max(0.0, due))
            return self._pending.waiting(self._committed)

    def _pass(self, committed: int) -> None:
        self._last_pass = time.monotonic()
        with connect(self._folder) as connection:
            self._convert(connection, committed)
            if self._compact(connection):
                self._show(connection)
        self._delete_superseded()

    def _convert(self, connection: duckdb.DuckDBPyConnection, committed: int) -> None:
        taken = self._pending.committed(committed)
        for table, epochs in taken.items():
            if table in TABLES:
                file = parquet.convert(connection, self._folder, table, epochs)
                if file.rows:
                    self._manifest.tables[table].append(file)
        if not taken.keys() <= TABLES.keys():
            self._carry_out(connection, taken, committed)
        self._manifest.epoch = committed
        self._show(connection)
        self._pending.delete(committed)

    def _carry_out(self, connection: duckdb.DuckDBPyConnection, taken: Files, committed: int) -> None:
        """Do what persons asked for in these epochs, before anybody sees them."""
        assert self._requests is not None, "a packet with requests was taken by a warehouse that carries out none"
        paths = self._requests.carry_out(connection, self._folder, self._manifest, taken, committed)
        now = time.monotonic()
        self._superseded += [(now, path) for path in paths]
        self._with_erased += paths

    def _compact(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Join what has become many, a table at a time; True if there was anything."""
        joined = False
        for table in TABLES:
            files = self._manifest.tables[table]
            first = parquet.tail_to_compact(files)
            if first is not None:
                tail = files[first:]
                files[first:] = [parquet.compact(connection, self._folder, table, tail)]
                now = time.monotonic()
                self._superseded += [(now, parquet_path(self._folder, table, file.name)) for file in tail]
                joined = True
        return joined

    def _show(self, connection: duckdb.DuckDBPyConnection) -> None:
        save_manifest(self._folder, self._manifest)
        save_views(connection, self._folder, self._manifest)

    def _delete_superseded(self) -> None:
        long_ago = time.monotonic() - self._grace_seconds
        while self._superseded and self._superseded[0][0] <= long_ago:
            self._superseded.popleft()[1].unlink(missing_ok=True)
