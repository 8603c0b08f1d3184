"""Where a deployment's topics stood, in a small file of its folder: `kafka_topics.json`, by destination.

It says what the engine's snapshot cannot. Before a deployment's first commit there is no mark, so the ends of the
topics are noted before anything is sent: what lies before them is somebody else's past. And a clean end notes that
nobody is writing any more (`quiet`), with the offsets up to which everything is accounted for, so that the next start
neither waits nor reads. A standing speaks of one epoch; for another it says nothing.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

FILE_NAME = "kafka_topics.json"


class Standing(Struct, frozen=True):
    """`offsets` by `topic/partition` as they were when `epoch` was the last committed one."""

    epoch: int
    quiet: bool
    offsets: dict[str, int]


class Standings:
    """The file in `folder`; all destinations of a deployment share it."""

    def __init__(self, folder: Path) -> None:
        """Nothing is touched before the first `save`."""
        self._path = folder / FILE_NAME

    def load(self, name: str, epoch: int) -> Standing | None:
        """Give what destination `name` noted about `epoch`."""
        standing = self._load().get(name)
        return standing if standing is not None and standing.epoch == epoch else None

    def save(self, name: str, standing: Standing) -> None:
        """Note it for `name`, the others' notes stay; the file is there as a whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        built = self._path.with_name(f"{FILE_NAME}.tmp")
        built.write_bytes(msgspec.json.format(msgspec.json.encode(self._load() | {name: standing})))
        built.replace(self._path)

    def _load(self) -> dict[str, Standing]:
        if not self._path.exists():
            return {}
        return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Standing])
