"""The surfaces: one JSON document a member, in SQLite, the same for the till, the app and the call centre.

The worker notes who changed; a flush makes the documents from the live states, in the worker's thread, for nobody else
may look at them. From there a file carries them to SQLite (`sinks/surface_rows.py`, `sinks/surface_writer.py`).

A document costs far more than an event. Where the states can be loaded again (`load`), the end of an epoch therefore
writes only names, and a member that changes in every epoch of a long catch-up gets one document at its end. A flush
happens when the input pauses, at the close, when `flush_seconds` have passed (and at least `REST` times as long as the
last flush took, so that showing never eats the work), and when names would fill the memory. Without `load` every end
of an epoch flushes.

The surfaces may run ahead of the commit: what comes again after a crash has the same versions and ends in the same
documents. So there is no mark. A power cut may take the last documents; the member's next change brings them back.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from schemas.records import IdentifierMoved, Packet
from sinks.destination import Mark
from sinks.surface_rows import Document, SurfaceFiles, blocks, load_blocks
from sinks.surface_writer import SurfaceWriter

STATES_MAX = 20_000  # held live until the epoch ends; more are flushed before, so that they can leave memory
NAMES_MAX = 100_000  # the same for names of members that can be loaded
MOVED_MAX = 40_000  # moved identifiers of sealed epochs held before they are shown on their own
REST = 9  # the flow works at least that many times as long as it shows


class Surfaces:
    """`surfaces.db` in a folder; what it does not have yet is in `surfaces.pending` beside it."""

    name = "surfaces"

    def __init__(
        self,
        folder: Path,
        document: Callable[[str, object], tuple[int, bytes]],
        flush_seconds: float | None = None,
        load: Callable[[str], object | None] | None = None,
        shown: Callable[[float], None] | None = None,
        *,
        adopted: bool = False,
    ) -> None:
        """`document` turns (member_id, live state) into (version, JSON in UTF-8).

        `flush_seconds`: while live, how old what is shown may be; None while it does not matter.
        `load` gives a member's state by its id, None if there is none (or none yet: it is asked again at the next
        flush, also after a start); called by write, idle and close.
        `adopted`: the database holds documents from before the first commit, of members that were moved here.
        `shown` is told, from another thread, the `read_at` of the oldest packet in a flush that readers now see.
        """
        self._shown = shown
        self._adopted = adopted
        self._oldest = 0.0
        self._database = folder / "surfaces.db"
        self._files = SurfaceFiles(folder / "surfaces.pending")
        self._document = document
        self._load = load
        self._flush_seconds = float("inf") if flush_seconds is None else flush_seconds
        self._next_flush = time.monotonic() + self._flush_seconds
        self._sealed = Changes()  # in no flush yet: of sealed epochs
        self._epoch = Changes()  # of the open epoch
        self._writer: SurfaceWriter | None = None

    def recover(self, committed: int, mark: Mark) -> None:
        """Bring the flushes that a crash left into SQLite, remember whose documents were not made, start the writer."""
        self._database.parent.mkdir(parents=True, exist_ok=True)
        self._files.recover(committed)
        anew = committed == 0 and not self._adopted
        self._writer = SurfaceWriter(self._database, self._files.flushes(), anew=anew, shown=self._shown)
        for note in self._files.notes():
            for block in load_blocks(note):
                self._sealed.add(dict.fromkeys(block.touched), block.gone, block.moved, erased=block.erased)

    def write(self, packet: Packet) -> None:
        """Note who was touched, who is gone, which identifiers moved; flush if it is time."""
        self._oldest = self._oldest or packet.read_at
        touched = packet.touched if self._load is None else dict.fromkeys(packet.touched)
        self._epoch.add(touched, packet.gone, packet.moved, erased=bool(packet.erased))
        waiting = len(self._sealed.touched) + len(self._epoch.touched)
        if len(self._sealed.moved) >= MOVED_MAX:
            self._flush_moved()
        if waiting >= (STATES_MAX if self._load is None else NAMES_MAX) or time.monotonic() >= self._next_flush:
            self._flush()

    def seal(self, epoch: int) -> Mark:
        """When this returns, what the epoch changed survives the process: as documents or as names."""
        if self._load is None:
            self._flush()
        elif self._epoch:
            noted = self._epoch
            rows = blocks(noted.gone, noted.touched, (), noted.moved.values(), erased=noted.erased)
            self._files.save_note(epoch, rows)
            self._end_epoch()
        return {}

    def publish(self, epoch: int) -> None:
        """Nothing to show that is not shown: say it if SQLite has failed meanwhile."""
        self._started().raise_failure()

    def idle(self) -> None:
        """Flush, so that what came last is shown without waiting for more to come."""
        self._flush()

    def close(self) -> None:
        """Make the documents that are left, and wait until SQLite has them. The states must still be there."""
        if self._writer is not None:
            if self._load is not None:
                self._flush()
            writer, self._writer = self._writer, None
            writer.close()

    def _end_epoch(self) -> None:
        """What the open epoch changed so far joins what waits for a flush."""
        self._sealed.add(
            self._epoch.touched, self._epoch.gone, self._epoch.moved.values(), erased=self._epoch.erased
        )  # fmt: skip
        self._epoch = Changes()

    def _flush_moved(self) -> None:
        """Show the moved identifiers of sealed epochs; their notes keep them, and coming again changes nothing."""
        rows = blocks((), (), (), self._sealed.moved.values())
        self._sealed.moved = {}
        self._started().put(self._files.save_flush(rows), 0.0)

    def _flush(self) -> None:
        started = time.monotonic()
        writer = self._started()
        writer.raise_failure()
        self._end_epoch()
        changes = self._sealed
        if changes:
            left: list[str] = []
            rows = blocks(
                sorted(changes.gone), (), self._documents(left), changes.moved.values(), erased=changes.erased
            )  # fmt: skip
            flush = self._files.save_flush(rows)
            self._files.settle_notes(left)
            self._sealed = Changes()
            self._oldest = 0.0
            self._epoch.add(dict.fromkeys(left), (), ())
            writer.put(flush, self._oldest)
        now = time.monotonic()
        self._next_flush = now + max(self._flush_seconds, REST * (now - started))

    def _documents(self, left: list[str]) -> Iterator[Document]:
        """In order of the ids, so that neighbours in the database are written together.

        Who cannot be loaded is `left`: the store is not open yet, or the packet that says they are gone comes later.
        """
        touched = self._sealed.touched
        for member_id in sorted(touched):
            state = touched[member_id] if self._load is None else self._load(member_id)
            if state is None:
                left.append(member_id)
            else:
                version, text = self._document(member_id, state)
                yield member_id, version, text.decode()

    def _started(self) -> SurfaceWriter:
        assert self._writer is not None, "recover comes first, nothing comes after close"
        return self._writer


class Changes:
    """Who and what changed, the latest only."""

    def __init__(self) -> None:
        self.touched: dict[str, object] = {}
        self.gone: set[str] = set()
        self.moved: dict[tuple[str, str, str], IdentifierMoved] = {}
        self.erased = False

    def __bool__(self) -> bool:
        return bool(self.touched or self.gone or self.moved)

    def add(
        self,
        touched: dict[str, object],
        gone: Iterable[str],
        moved: Iterable[IdentifierMoved],
        *,
        erased: bool = False,
    ) -> None:
        """Take later changes; within them who is gone stays gone. `erased`: somebody among them was erased."""
        self.erased = self.erased or erased
        if self.gone:
            self.gone.difference_update(touched)
        self.touched.update(touched)
        for member_id in gone:
            self.touched.pop(member_id, None)
            self.gone.add(member_id)
        for row in moved:
            self.moved[row.space, row.type, row.value] = row
