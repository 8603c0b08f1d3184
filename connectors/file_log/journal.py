"""The written-down exceptions to the order of a file log: DIR/journal.jsonl.

Files have no broker's clock, so three things that the wall clock had a say in are written down before they are used,
and every later reading of the same log reads them: where a round of reading ended in each partition, how far an idle
clock was moved, and which lines were refused because they were dated in the future when they were read.
"""

from pathlib import Path

import msgspec
from msgspec import Struct


class Round(Struct, frozen=True, tag="round"):
    """The log was read up to these offsets, by `topic/partition` (-1: a zipped file, to its end), merged by time."""

    upto: dict[str, int]


class Tick(Struct, frozen=True, tag="tick"):
    """Nothing came, and the clock went on to this log time."""

    clock_us: int


class Future(Struct, frozen=True, tag="future"):
    """The line at this offset was dated beyond the wall clock when it was read."""

    place: str
    offset: int


Entry = Round | Tick | Future


class Journal:
    """An append-only file; a last line cut short by a crash is dropped, for it was never used."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.turns: list[Round | Tick] = []
        self.future: set[tuple[str, int]] = set()
        self._encode = msgspec.json.Encoder().encode
        if path is not None and path.exists():
            self._load(path)

    def _load(self, path: Path) -> None:
        decode = msgspec.json.Decoder(Entry).decode
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            self._remember(decode(line))
        if whole < len(data):
            with path.open("r+b") as file:
                file.truncate(whole)

    def _remember(self, entry: Entry) -> None:
        match entry:
            case Round() | Tick():
                self.turns.append(entry)
            case Future(place, offset):
                self.future.add((place, offset))

    def append(self, entry: Entry) -> None:
        """Write the entry to the file, then remember it; after this it may be used."""
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(self._encode(entry) + b"\n")
        self._remember(entry)
