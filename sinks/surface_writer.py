"""The one thread that writes `surfaces.db`: a flush is a transaction, so readers see all of it or nothing."""

import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Queue
from threading import Thread

from schemas.records import MEMBER_ID
from sinks.destination import DestinationError
from sinks.surface_rows import Block, load_blocks

WAITING_MAX = 8  # flushes; the worker waits when SQLite falls that far behind
BUSY_MILLISECONDS = 30_000

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -16384;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 67108864;
CREATE TABLE IF NOT EXISTS surfaces (
    member_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS identifiers (
    space TEXT NOT NULL,
    type TEXT NOT NULL,
    value TEXT NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (space, type, value)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS merged (
    former_id TEXT NOT NULL PRIMARY KEY,
    member_id TEXT NOT NULL
) WITHOUT ROWID;
"""
# What was shown before a crash comes again in the same versions: an older one must not replace a younger.
SHOW = """
INSERT INTO surfaces VALUES (?, ?, ?)
ON CONFLICT (member_id) DO UPDATE SET version = excluded.version, document = excluded.document
WHERE excluded.version >= version
"""
ANEW = "BEGIN IMMEDIATE; DELETE FROM surfaces; DELETE FROM identifiers; DELETE FROM merged; COMMIT"
HIDE = "DELETE FROM surfaces WHERE member_id = ?"
NAME = "INSERT OR REPLACE INTO identifiers VALUES (?, ?, ?, ?)"
CLEAR_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"  # what a reader holds back for too long goes with a later one
FORGET = "DELETE FROM identifiers WHERE space = ? AND type = ? AND value = ?"
LEAD = "INSERT OR REPLACE INTO merged VALUES (?, ?)"
STOP_LEADING = "DELETE FROM merged WHERE former_id = ?"


class SurfaceWriter:
    """Applies flushes in the order they are handed over."""

    def __init__(
        self, database: Path, waiting: Iterable[Path], *, anew: bool, shown: Callable[[float], None] | None = None
    ) -> None:
        """Start the thread, which begins with the flushes `waiting` from before the start: nobody waits for them.

        `shown` is called, in the thread, with what `put` was given once a flush can be read.
        `anew`: nothing was ever committed, so whatever stands in the database is not of this deployment's past.
        """
        self._database = database
        waiting = list(waiting)
        self._queue: Queue[tuple[Path, float] | None] = Queue(WAITING_MAX + len(waiting))
        self._shown = shown
        self._failure: BaseException | None = None
        self._connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        self._connection.executescript(SCHEMA)
        if anew:
            self._connection.executescript(ANEW)
        for path in waiting:
            self._queue.put((path, 0.0))
        self._thread = Thread(target=self._run, name="surfaces", daemon=True)
        self._thread.start()

    def put(self, flush: Path, since: float) -> None:
        """Hand over a flush with the time of its oldest input.

        Waits while `WAITING_MAX` are ahead of it. DestinationError if SQLite failed.
        """
        self.raise_failure()
        self._queue.put((flush, since))

    def close(self) -> None:
        """Wait until all flushes are in SQLite. DestinationError if they are not."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()
        self.raise_failure()

    def raise_failure(self) -> None:
        """DestinationError if the background work failed; nothing is lost then, the flushes are still files."""
        if self._failure is not None:
            raise DestinationError(
                f"{self._database} could not be written: {self._failure}. What is missing in it is kept beside it and "
                "is taken up at the next start."
            ) from self._failure

    def _run(self) -> None:
        while (waiting := self._queue.get()) is not None:
            if self._failure is None:  # after a failure only empty the queue, so that nobody waits for room in it
                try:
                    self._apply(waiting[0])
                    if self._shown is not None and waiting[1]:
                        self._shown(waiting[1])
                except BaseException as failure:  # noqa: BLE001  handed to the worker, which stops the flow with it
                    self._failure = failure

    def _apply(self, flush: Path) -> None:
        erased = False
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for block in load_blocks(flush):
                self._change(block)
                erased = erased or block.erased
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        if erased:
            self._connection.execute(CLEAR_LOG)
        flush.unlink()

    def _change(self, block: Block) -> None:
        connection = self._connection
        connection.executemany(HIDE, [(member_id,) for member_id in block.gone])
        connection.executemany(SHOW, block.documents)
        identifiers = [row for row in block.moved if row.type != MEMBER_ID]
        named = [(row.space, row.type, row.value, row.member_id) for row in identifiers if row.member_id is not None]
        connection.executemany(NAME, named)
        freed = [(row.space, row.type, row.value) for row in identifiers if row.member_id is None]
        connection.executemany(FORGET, freed)
        merged = [row for row in block.moved if row.type == MEMBER_ID]
        connection.executemany(LEAD, [(row.value, row.member_id) for row in merged if row.member_id is not None])
        connection.executemany(STOP_LEADING, [(row.value,) for row in merged if row.member_id is None])
