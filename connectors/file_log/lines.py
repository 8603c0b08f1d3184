"""Lines of one file with their offsets, from any offset on, plain or zipped, up to a cut.

A line that has no end yet is never half read: it stays in the file until its end has come. Only at the end of a
bounded run is an unended last line taken, and only when it is a whole JSON object, which nothing but white space could
still follow.
"""

import gzip
import os
import zlib
from io import BufferedReader

from xxhash import xxh3_64_intdigest

from connectors.file_log.partitions import Partition

BLOCK_BYTES = 1 << 16
LINE_BYTES_KEPT = 16 << 20
FINGERPRINT_BYTES = 1024


class CutShort(Exception):
    """A zipped file ends before its compressed stream does."""


class LineReader:
    """Reads blocks of whole lines; `offset` is where the next unread line begins."""

    def __init__(self, partition: Partition, offset: int) -> None:
        self.partition = partition
        self.offset = offset
        self.tail = b""
        self.skipped_bytes = 0
        self.file = self._open(offset)

    def _open(self, offset: int) -> BufferedReader | gzip.GzipFile:
        path = self.partition.path
        file = gzip.GzipFile(path, "rb") if self.partition.zipped else path.open("rb")
        file.seek(offset)
        return file

    @property
    def position(self) -> int:
        """Where the first byte that was not looked at stands."""
        return self.offset + len(self.tail) + self.skipped_bytes

    def block(self, end: int | None) -> list[tuple[int, bytes]] | None:
        """Give the next whole lines as (offset, bytes without line end), None at the end (of the file or at `end`).

        A block can be empty while a long line is still being gathered. A line over `LINE_BYTES_KEPT` is given with its
        first bytes only; it is far over any limit of an event.

        Raises:
            CutShort: the compressed stream ends too early; everything before has been given.

        """
        wanted = BLOCK_BYTES if end is None else min(BLOCK_BYTES, end - self.position)
        if wanted <= 0:
            return None
        try:
            data = self.file.read1(wanted)  # `read` would lose what stands before the end of a file cut short
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise CutShort(str(error)) from error
        if not data:
            return None
        return self._split(data)

    def _split(self, data: bytes) -> list[tuple[int, bytes]]:
        if b"\n" not in data:
            self._gather(data)
            return []
        pieces = (self.tail + data).split(b"\n")
        offset = self.offset
        lines = []
        first_extra, self.skipped_bytes = self.skipped_bytes, 0
        self.tail = pieces.pop()
        for piece in pieces:
            lines.append((offset, piece))
            offset += len(piece) + 1 + first_extra
            first_extra = 0
        self.offset = offset
        return lines

    def _gather(self, data: bytes) -> None:
        room = LINE_BYTES_KEPT - len(self.tail)
        self.tail += data[:room]
        self.skipped_bytes += max(0, len(data) - room)

    def unended(self) -> bytes:
        """Give the bytes after the last line end that have been read so far."""
        return self.tail

    def take_unended(self) -> tuple[int, bytes]:
        """Take the unended last line as a line."""
        line = (self.offset, self.tail)
        self.offset += len(self.tail) + self.skipped_bytes
        self.tail, self.skipped_bytes = b"", 0
        return line

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def size_of(partition: Partition) -> int:
    """Give the bytes on disk: of the text for a plain file, of the compressed stream for a zipped one."""
    return partition.path.stat().st_size


def last_line_end(partition: Partition, start: int) -> int:
    """Give the offset behind the last line end of a plain file, `start` if there is none after it."""
    with partition.path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > start:
            begin = max(start, end - BLOCK_BYTES)
            file.seek(begin)
            found = file.read(end - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            end = begin
    return start


def fingerprint(partition: Partition, length: int) -> int:
    """Hash the first `length` bytes (at most 1,024) of the text, to notice a file that was replaced."""
    with LineReader(partition, 0).file as file:
        return xxh3_64_intdigest(file.read(min(length, FINGERPRINT_BYTES)))
