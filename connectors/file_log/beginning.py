"""Where a replay of files begins: at given lines, or at a log time before which everything is passed over."""

import gzip
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from connectors.file_log.lines import LineReader
from connectors.file_log.log import FileLog, PartitionProgress, Progress
from connectors.file_log.partitions import LogNotUsable, Partition, find_partitions
from schemas.log import LogBatch, Place, Row


def start_at(path: Path, offsets: Mapping[Place, int]) -> Progress:
    """Give the progress of who has read each of these partitions up to its offset, and nothing of the others.

    Raises:
        LogNotUsable: there is no such partition, or no line begins at the offset.

    """
    partitions = {partition.place: partition for partition in find_partitions(path)}
    for place, offset in offsets.items():
        if place not in partitions:
            raise LogNotUsable(f"there is no partition {place} in {path}; it has {', '.join(map(str, partitions))}")
        if not _begins_a_line(partitions[place], offset):
            raise LogNotUsable(f"no line of {partitions[place].path} begins at byte {offset}")
    return Progress(partitions={str(place): PartitionProgress(offset) for place, offset in offsets.items()})


def _begins_a_line(partition: Partition, offset: int) -> bool:
    if offset == 0:
        return True
    try:
        with LineReader(partition, offset - 1).file as file:
            return file.read(1) == b"\n"
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False


class LaterProgress(Struct):
    """The log's progress, and how many rows were passed over."""

    log: Progress
    skipped: int = 0


class LaterLog:
    """A file log without the rows before a log time; what it leaves out depends on nothing else."""

    def __init__(self, log: FileLog, from_us: int, skipped: int) -> None:
        """Pass over what stands before `from_us`; `skipped` rows were, by who read before."""
        self.skipped = skipped
        self.ended = False
        self._log = log
        self._from_us = from_us

    def read(self) -> LogBatch | None:
        """Give the log's next batch, what is too early left out; it may be empty then."""
        batch = self._log.read()
        self.ended = self._log.ended
        if batch is None:
            return None
        if batch.rows and batch.rows[0][0] < self._from_us:
            at = bisect_left(batch.rows, self._from_us, key=_log_us)
            self.skipped += at
            batch.rows = batch.rows[at:]
        if batch.clock_us is not None and batch.clock_us < self._from_us:
            batch.clock_us = None
        return batch

    def progress(self) -> LaterProgress:
        """Give what to go on from."""
        return LaterProgress(self._log.progress(), self.skipped)

    def close(self) -> None:
        """Close all files."""
        self._log.close()


def _log_us(row: Row) -> int:
    return row[0]
