"""Line files: the outbox, the dead letters, and the records as they are.

One main file grows. While an epoch is open its lines go to `<name>.open`; `seal` renames that to `<name>.<n>.pending`;
`publish` appends the pending file to the main file and deletes it, oldest first. The mark holds how long the main file
is once epoch n stands in it (`end`). Epochs that are not fully in it still have their pending file, for that is deleted
last and in order, so at any crash what surely stands is `end` minus the pending bytes; anything after that is an append
that was cut short. `recover` cuts it off and appends again: nothing twice, nothing missing.

Safe against the death of the process at any instant; a power cut may take what the operating system had not written.
"""

import glob
import os
import shutil
from collections import deque
from pathlib import Path
from typing import BinaryIO

from schemas.records import TABLES, Packet
from sinks.destination import DestinationError, Mark
from sinks.group import Destinations
from sinks.readable import readable

END = "end"
BUFFER_BYTES = 1 << 17


class LineFile:
    """One table's records, one JSON object a line; `pretty` turns `*_us` integers into RFC 3339 times."""

    def __init__(self, path: Path, table: str, *, pretty: bool = True) -> None:
        """Write `table` of each packet to `path`; its stem is the destination's name."""
        self.name = path.stem
        self._path = path
        self._table = table
        self._pretty = pretty
        self._open_path = path.with_name(path.name + ".open")
        self._open: BinaryIO | None = None
        self._sealed: deque[tuple[int, Path]] = deque()
        self._end = 0  # bytes of the main file once all sealed epochs stand in it
        self._length = 0  # bytes of the main file now

    def recover(self, committed: int, mark: Mark) -> None:
        """Cut the main file back to what surely stands in it, append what is committed, forget the rest.

        DestinationError: the main file is shorter or longer than any crash leaves it, so somebody else changed it.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        self._open_path.unlink(missing_ok=True)
        self._sealed = deque(self._keep(committed))
        self._end = mark.get(END, 0)
        self._length = self._end - sum(path.stat().st_size for _, path in self._sealed)
        self._refuse_length_outside(self._length, self._end)
        os.truncate(self._path, self._length)
        self.publish(committed)

    def write(self, packet: Packet) -> None:
        """Append the packet's lines to the open epoch."""
        lines = packet.lines.get(self._table)
        if not lines:
            return
        if self._open is None:
            self._open = self._open_path.open("wb", BUFFER_BYTES)
        self._open.write(readable(lines) if self._pretty else lines)

    def seal(self, epoch: int) -> Mark:
        """Close the open epoch's file under its number; an epoch without lines has none."""
        if self._open is not None:
            self._open.close()
            self._open = None
            pending = self._pending(epoch)
            self._end += self._open_path.stat().st_size
            self._open_path.replace(pending)
            self._sealed.append((epoch, pending))
        return {END: self._end}

    def publish(self, epoch: int) -> None:
        """Append the pending files up to `epoch` to the main file, each deleted once it stands there."""
        while self._sealed and self._sealed[0][0] <= epoch:
            _, pending = self._sealed[0]
            self._refuse_length_outside(self._length, self._length)
            with pending.open("rb") as lines, self._path.open("ab") as main:
                shutil.copyfileobj(lines, main, BUFFER_BYTES)
                self._length = main.tell()
            pending.unlink()
            self._sealed.popleft()

    def idle(self) -> None:
        """Nothing: what is committed is shown by `publish`."""

    def close(self) -> None:
        """Let go of the open file; its lines belong to an epoch that never happened."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _pending(self, epoch: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{epoch}.pending")

    def _keep(self, committed: int) -> list[tuple[int, Path]]:
        """Pending files of committed epochs, oldest first; younger ones are deleted."""
        found = self._path.parent.glob(f"{glob.escape(self._path.name)}.*.pending")
        numbered = sorted((int(path.name.split(".")[-2]), path) for path in found)
        for epoch, path in numbered:
            if epoch > committed:
                path.unlink()
        return [(epoch, path) for epoch, path in numbered if epoch <= committed]

    def _refuse_length_outside(self, shortest: int, longest: int) -> None:
        length = self._path.stat().st_size
        if not shortest <= length <= longest:
            raise DestinationError(
                f"{self._path} has {length} bytes, the state expects {shortest} to {longest}: it was changed by someone"
                " else, or belongs to another state. Put the file and its state back together, or start anew (--fresh)."
            )


class RecordFiles(Destinations):
    """Every table's lines as they are, `<folder>/<table>.jsonl`: what tests compare byte for byte."""

    name = "records"

    def __init__(self, folder: Path) -> None:
        """One line file a table of `schemas.records.TABLES`."""
        super().__init__([LineFile(folder / f"{table}.jsonl", table, pretty=False) for table in TABLES])
