"""The file log: every partition of a folder as one ordered input, in rounds.

A bounded run is one round, up to the files' sizes at its start; when following, every look that finds new lines is a
round. Inside a round the lines of all partitions are merged by (log time, topic, partition, offset), where log time is
the running maximum of the event times in the partition, not below what the rounds before have reached. When nothing
comes, the clock goes on: from the log's last time at the pace of the wall clock since the files were last written, and
only when a timer waits for it. Rounds and ticks are written to the journal before they are used, so that reading the
same log again, after a crash or for a replay, gives the same order (docs/decisions/0003).
"""

import time
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from pathlib import Path

from msgspec import Struct

from connectors.file_log.journal import Future, Journal, Round, Tick
from connectors.file_log.lines import FINGERPRINT_BYTES, fingerprint, last_line_end, size_of
from connectors.file_log.partitions import LogNotUsable, Partition, find_partitions
from connectors.file_log.reader import TO_ITS_END, Decoding, PartitionReader
from schemas.decode import EventDecoder
from schemas.log import LogBatch, LogTrouble, Row

SECOND_US = 1_000_000
RESCAN_SECONDS = 1.0


class LogDamaged(LogTrouble):
    """A file is not what was read before: shorter, replaced, or gone."""


class PartitionProgress(Struct):
    """How far a partition is applied: the next line's offset, the log time of the last one, a hash of its beginning."""

    offset: int = 0
    reached_us: int = 0
    fingerprint: int = 0
    fingerprint_bytes: int = 0
    zipped_bytes: int = -1


class Progress(Struct):
    """The log's part of a snapshot: everything needed to go on with the next row."""

    turns: int = 0
    reached_us: int = 0
    cuts: dict[str, int] | None = None
    partitions: dict[str, PartitionProgress] = {}


def _no_timer() -> int | None:
    return None


@dataclass
class LogOptions:
    """How to read: `until_us` stops before that log time, `next_due_us` tells when the earliest timer is due."""

    batch_lines: int = 1000
    follow: bool = False
    until_us: int | None = None
    future_skew_us: int = 300 * SECOND_US
    journal: Path | None = None
    wall: Callable[[], float] = time.time
    next_due_us: Callable[[], int | None] = field(default=_no_timer)


class FileLog:
    """Read with `read()` until `ended`; `progress()` after a batch is what a later reader is handed to go on."""

    def __init__(self, path: Path, decoder: EventDecoder, options: LogOptions, progress: Progress | None) -> None:
        self.path = path
        self.options = options
        self.ended = False
        self.damages: list[str] = []
        self.unfinished: dict[str, int] = {}
        self._journal = Journal(options.journal)
        self._decoding = Decoding(decoder, self._ceiling_us, self._journal.future, self._note_future)
        self._state = progress or Progress(partitions={})
        self._partitions = {str(partition.place): partition for partition in find_partitions(path)}
        self._rescan_at = 0.0
        self._live_round_done = False
        self._said_farewell = False
        self._readers: dict[str, PartitionReader] = {}
        self._heap: list[tuple[int, int, str]] = []
        self._begun = False
        self._trouble: LogDamaged | None = None

    def read(self) -> LogBatch | None:
        """Give the next batch; None when there is nothing now (`ended` tells whether there will be).

        Raises:
            LogDamaged: a file is not what was read before; `progress` then still gives where reading stood.

        """
        if self._trouble is not None:
            raise self._trouble
        try:
            return self._read()
        except OSError as error:
            raise LogDamaged(_unreadable(self.path, error)) from error

    def _read(self) -> LogBatch | None:
        if not self._begun:
            self._begin()
        while True:
            if self._state.cuts is None and not self._next_turn():
                return self._farewell()
            if self._state.cuts is None:
                return self._batch([], self._state.reached_us)
            rows = self._merge(self.options.batch_lines)
            blank = self._take_blank()
            if rows or blank:
                return LogBatch(rows, None, blank, self.options.wall())
            if self.ended:
                return self._farewell()
            self._close_round()

    def _begin(self) -> None:
        """Go on where the progress says, if the files still are what they were."""
        self._check_unchanged()
        if self._state.cuts is not None:
            self._open_readers(self._state.cuts)
        self._begun = True

    def _farewell(self) -> LogBatch | None:
        """Give, once at the end of a bounded log, the clock: timers fire up to the log's last time."""
        if not self.ended or self._said_farewell:
            return None
        self._said_farewell = True
        return self._batch([], self._state.reached_us)

    def _batch(self, rows: list[Row], clock_us: int | None) -> LogBatch:
        return LogBatch(rows, clock_us, 0, self.options.wall())

    def progress(self) -> Progress:
        """Give what to go on from; nothing in it changes later."""
        for name, reader in self._readers.items():
            state = self._state.partitions[name]
            state.offset, state.reached_us = reader.offset, reader.taken_us
        for name, state in self._state.partitions.items():
            known_bytes = min(state.offset, FINGERPRINT_BYTES)
            if state.fingerprint_bytes < known_bytes and name in self._partitions:
                with suppress(OSError):  # gone just now: the next look at it says so
                    state.fingerprint = fingerprint(self._partitions[name], known_bytes)
                    state.fingerprint_bytes = known_bytes
        partitions = {name: copy(kept) for name, kept in self._state.partitions.items()}
        cuts = None if self._state.cuts is None else dict(self._state.cuts)
        return Progress(self._state.turns, self._state.reached_us, cuts, partitions)

    @property
    def turns(self) -> int:
        """How many rounds and ticks were begun since the deployment began."""
        return self._state.turns

    def unread_bytes(self) -> int:
        """Give how many bytes of the open round are not taken yet (zipped files left out)."""
        cuts = self._state.cuts or {}
        readers = list(self._readers.items())
        return sum(max(0, cuts.get(name, 0) - reader.offset) for name, reader in readers if cuts.get(name, 0) >= 0)

    def close(self) -> None:
        """Close all files."""
        for reader in self._readers.values():
            reader.close()

    # turns: rounds and ticks, from the journal first, then live

    def _next_turn(self) -> bool:
        """Begin the next round or tick; false when there is none now."""
        if self._state.turns < len(self._journal.turns):
            turn = self._journal.turns[self._state.turns]
        else:
            live = self._live_turn()
            if live is None:
                return False
            self._journal.append(live)
            turn = live
        self._state.turns += 1
        match turn:
            case Round(upto):
                self._begin_round(upto)
            case Tick(clock_us):
                self._state.reached_us = max(self._state.reached_us, clock_us)
        return True

    def _live_turn(self) -> Round | Tick | None:
        if self.options.follow:
            return self._followed_turn()
        if self._live_round_done:
            self.ended = True
            return None
        self._live_round_done = True
        upto = {
            name: TO_ITS_END if partition.zipped else size_of(partition)
            for name, partition in self._partitions.items()
        }
        return Round(upto)

    def _followed_turn(self) -> Round | Tick | None:
        wall = self.options.wall()
        if wall >= self._rescan_at:
            self._rescan_at = wall + RESCAN_SECONDS
            self._partitions = {str(partition.place): partition for partition in find_partitions(self.path)}
            self._check_present()
        upto = {}
        for name, partition in self._partitions.items():
            cut = self._new_cut(name, partition)
            if cut is not None:
                upto[name] = cut
        return Round(upto) if upto else self._tick(wall)

    def _new_cut(self, name: str, partition: Partition) -> int | None:
        """Give up to where a followed partition has new whole lines, None if it has none."""
        known = self._state.partitions.get(name, PartitionProgress())
        size = size_of(partition)
        if partition.zipped:
            return TO_ITS_END if size != known.zipped_bytes else None
        if size < known.offset:
            raise LogDamaged(_shorter(partition, known.offset, size))
        if size == known.offset:
            return None
        cut = last_line_end(partition, known.offset)
        return cut if cut > known.offset else None

    def _tick(self, wall: float) -> Tick | None:
        due_us = self.options.next_due_us()
        if due_us is None:
            return None
        written = max(partition.path.stat().st_mtime for partition in self._partitions.values())
        quiet_us = int((wall - written) * SECOND_US)
        clock_us = min(int(wall * SECOND_US), self._state.reached_us + quiet_us)
        return Tick(clock_us) if clock_us >= due_us and clock_us > self._state.reached_us else None

    # rounds

    def _begin_round(self, upto: dict[str, int]) -> None:
        missing = [name for name in upto if name not in self._partitions]
        if missing:
            raise LogDamaged(f"{self.path}: the journal names partitions that are gone: {', '.join(missing)}")
        for name in upto:
            state = self._state.partitions.setdefault(name, PartitionProgress())
            state.reached_us = self._state.reached_us
        self._state.cuts = dict(upto)
        self._open_readers(upto)

    def _open_readers(self, cuts: dict[str, int]) -> None:
        for name, cut in cuts.items():
            kept = self._state.partitions[name]
            partition = self._partitions[name]
            if partition.zipped:
                kept.zipped_bytes = size_of(partition)
            self._readers[name] = PartitionReader(partition, self._decoding, kept.offset, kept.reached_us, cut)
        self._heap = []
        for rank, name in enumerate(self._order()):
            reader = self._readers[name]
            if reader.fill():
                self._heap.append((reader.rows[reader.at][0], rank, name))
        heapify(self._heap)

    def _order(self) -> list[str]:
        return sorted(self._readers, key=lambda name: self._partitions[name].place)

    def _merge(self, count: int) -> list[Row]:
        """Take up to `count` rows in order: the earliest partition gives all it has before the next one's head."""
        out: list[Row] = []
        heap, until_us = self._heap, self.options.until_us
        while heap and len(out) < count:
            log_us, rank, name = heappop(heap)
            reader = self._readers[name]
            if until_us is not None and log_us >= until_us:
                heappush(heap, (log_us, rank, name))
                self.ended = True
                break
            last = self._run_end(reader, rank, count - len(out))
            out.extend(reader.take(last - reader.at))
            try:
                if reader.fill():
                    heappush(heap, (reader.rows[reader.at][0], rank, name))
            except OSError as error:  # told at the next read: what is taken already must be given first
                self._trouble = LogDamaged(_unreadable(reader.partition.path, error))
                break
        if out:
            self._state.reached_us = max(self._state.reached_us, out[-1][0])
        return out

    def _run_end(self, reader: PartitionReader, rank: int, room: int) -> int:
        """Give the index behind the rows that may be taken in one go."""
        rows, end = reader.rows, min(len(reader.rows), reader.at + room)
        until_us = self.options.until_us
        if self._heap:
            limit_us, limit_rank, _ = self._heap[0]
            bound_us = limit_us if rank > limit_rank else limit_us + 1
            bound_us = bound_us if until_us is None else min(bound_us, until_us)
        elif until_us is not None:
            bound_us = until_us
        else:
            return end
        at = reader.at
        while at < end and rows[at][0] < bound_us:
            at += 1
        return at

    def _take_blank(self) -> int:
        return sum(reader.take_blank() for reader in self._readers.values())

    def _close_round(self) -> None:
        self.unfinished = {}
        for name, reader in self._readers.items():
            state, cut = self._state.partitions[name], (self._state.cuts or {})[name]
            if reader.position < cut:
                raise LogDamaged(_shorter(reader.partition, cut, reader.position))
            state.offset = reader.offset
            state.reached_us = reader.taken_us
            if reader.unfinished_bytes:
                self.unfinished[name] = reader.unfinished_bytes
            if reader.damage is not None and not self.options.follow:
                self.damages.append(reader.damage)
            reader.close()
        self._readers = {}
        self._state.cuts = None

    # exceptions

    def _ceiling_us(self) -> int:
        return int(self.options.wall() * SECOND_US) + self.options.future_skew_us

    def _note_future(self, place: str, offset: int) -> None:
        self._journal.append(Future(place, offset))

    def _check_present(self) -> None:
        for name, kept in self._state.partitions.items():
            if name not in self._partitions:
                raise LogDamaged(f"{self.path}: {name} was read up to offset {kept.offset} and is gone; bring it back, "
                                 "or start anew with --fresh")

    def _check_unchanged(self) -> None:
        self._check_present()
        for name, kept in self._state.partitions.items():
            partition = self._partitions[name]
            if not partition.zipped and size_of(partition) < kept.offset:
                raise LogDamaged(_shorter(partition, kept.offset, size_of(partition)))
            if fingerprint(partition, kept.fingerprint_bytes) != kept.fingerprint and kept.fingerprint_bytes:
                raise LogDamaged(f"{partition.path} is not the file that was read up to offset {kept.offset}: its "
                                 "beginning changed; bring the old one back, or start anew with --fresh")


def _unreadable(path: Path, error: OSError) -> str:
    return f"{error.filename or path} cannot be read any more ({error.strerror or error}); what was read stays applied"


def _shorter(partition: Partition, offset: int, size: int) -> str:
    return (f"{partition.path} has {size} bytes, but reached to offset {offset} before: it was cut or replaced; "
            "bring it back, or start anew with --fresh")


__all__ = ["FileLog", "LogDamaged", "LogNotUsable", "LogOptions", "PartitionProgress", "Progress"]
