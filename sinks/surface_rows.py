"""What is on its way to the surfaces, and survives a crash there: flushes with documents, notes with names only.

A flush is written beside its place and renamed to `<number>.rows`; SQLite's writer applies the flushes in order of
their numbers, one transaction each, and deletes them. Applying one twice changes nothing. A note, `<epoch>.names`,
says who changed in an epoch whose documents are not made yet. Inside both are blocks (length, then msgpack) of a
bounded number of rows, so that nobody holds a whole flush in memory.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from schemas.records import IdentifierMoved

BLOCK_ROWS = 500
LENGTH_BYTES = 4

Document = tuple[str, int, str]  # member_id, version, JSON


class Block(msgspec.Struct, gc=False):
    """Some rows. `gone` members lose their document, `documents` are those of living ones, of `touched` they come.

    `erased`: some who are gone were erased, so that nothing of them may be left in SQLite's log either.
    """

    gone: list[str] = msgspec.field(default_factory=list)
    touched: list[str] = msgspec.field(default_factory=list)
    documents: list[Document] = msgspec.field(default_factory=list)
    moved: list[IdentifierMoved] = msgspec.field(default_factory=list)
    erased: bool = False


ENCODER = msgspec.msgpack.Encoder()
DECODER = msgspec.msgpack.Decoder(Block)


class SurfaceFiles:
    """The folder of flushes and notes."""

    def __init__(self, folder: Path) -> None:
        """Nothing is touched before `recover`."""
        self._folder = folder
        self._last = 0

    def recover(self, committed: int) -> None:
        """Delete what was cut short, and the notes of epochs after `committed`; at 0 everything, for nothing was."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.iterdir():
            unfinished = path.suffix == ".tmp"
            if unfinished or committed == 0 or (path.suffix == ".names" and int(path.stem) > committed):
                path.unlink()
        flushes = self.flushes()
        self._last = int(flushes[-1].stem) if flushes else 0

    def flushes(self) -> list[Path]:
        """Flushes that SQLite does not have, oldest first."""
        return sorted(self._folder.glob("*.rows"))

    def notes(self) -> list[Path]:
        """Notes whose documents are in no flush, oldest first."""
        return sorted(self._folder.glob("*.names"))

    def save_flush(self, rows: Iterable[Block]) -> Path:
        """Write the next flush; the blocks may be made while it is written."""
        self._last += 1
        return self._save(f"{self._last:010}.rows", rows)

    def save_note(self, epoch: int, rows: Iterable[Block]) -> None:
        """Write who changed in the epoch."""
        self._save(f"{epoch:010}.names", rows)

    def settle_notes(self, left: list[str]) -> None:
        """All notes so far are in the flush that was just saved, but for the names `left`: only those stay noted.

        Oldest first: what a crash leaves are the last notes, which change nothing when they come again.
        """
        notes = self.notes()
        youngest = notes.pop() if notes and left else None
        for note in notes:
            note.unlink()
        if youngest is not None:
            self._save(youngest.name, blocks(touched=left))

    def _save(self, name: str, rows: Iterable[Block]) -> Path:
        built = self._folder / f"{name}.tmp"
        with built.open("wb") as file:
            for block in rows:
                packed = ENCODER.encode(block)
                file.write(len(packed).to_bytes(LENGTH_BYTES, "little"))
                file.write(packed)
        return built.replace(self._folder / name)


def load_blocks(path: Path) -> Iterator[Block]:
    """The blocks of a flush or a note in the order they were written."""
    with path.open("rb") as file:
        while length := file.read(LENGTH_BYTES):
            yield DECODER.decode(file.read(int.from_bytes(length, "little")))


def blocks(
    gone: Iterable[str] = (),
    touched: Iterable[str] = (),
    documents: Iterable[Document] = (),
    moved: Iterable[IdentifierMoved] = (),
    *,
    erased: bool = False,
) -> Iterator[Block]:
    """Rows in bounded blocks: who is gone, who changed, the documents, then the identifiers."""
    rest_gone, rest_touched, rest_documents, rest_moved = iter(gone), iter(touched), iter(documents), iter(moved)
    while some_gone := list(islice(rest_gone, BLOCK_ROWS)):
        yield Block(gone=some_gone)
    while some_touched := list(islice(rest_touched, BLOCK_ROWS)):
        yield Block(touched=some_touched)
    while some_documents := list(islice(rest_documents, BLOCK_ROWS)):
        yield Block(documents=some_documents)
    while some_moved := list(islice(rest_moved, BLOCK_ROWS)):
        yield Block(moved=some_moved)
    if erased:
        yield Block(erased=True)
