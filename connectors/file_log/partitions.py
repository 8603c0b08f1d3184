"""Which files make the log: topics are folders, partitions numbered files, a plain file is both in one."""

import os
from dataclasses import dataclass
from pathlib import Path

from schemas.log import Place

PLAIN, ZIPPED = ".jsonl", ".jsonl.gz"
LAYOUT = "expected FILE.jsonl, FILE.jsonl.gz or a folder of <topic>/<partition>.jsonl[.gz] with numbered partitions"


class LogNotUsable(Exception):
    """The input named on the command line cannot be a log; the message says what was found and what would do."""


@dataclass(frozen=True)
class Partition:
    """A file of the log; a zipped one is addressed by the offsets of its uncompressed text."""

    place: Place
    path: Path
    zipped: bool


def find_partitions(folder_or_file: Path) -> list[Partition]:
    """List the partitions in order of topic and number.

    Raises:
        LogNotUsable: nothing there, not readable, no log files in it, or two files for one partition.

    """
    if not folder_or_file.exists():
        raise LogNotUsable(f"input {folder_or_file} does not exist; {LAYOUT}")
    found = [_single(folder_or_file)] if folder_or_file.is_file() else _in_folder(folder_or_file)
    if not found:
        raise LogNotUsable(f"input {folder_or_file} holds no log files; {LAYOUT}")
    _refuse_twins(found)
    for partition in found:
        if not os.access(partition.path, os.R_OK):
            raise LogNotUsable(f"no permission to read {partition.path}; give this user read access (chmod +r)")
    return sorted(found, key=lambda partition: partition.place)


def _stem(path: Path) -> str | None:
    name = path.name
    for ending in (ZIPPED, PLAIN):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return None


def _single(path: Path) -> Partition:
    stem = _stem(path) or path.stem or path.name
    return Partition(Place(stem, 0), path, zipped=path.name.endswith(".gz"))


def _in_folder(folder: Path) -> list[Partition]:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise LogNotUsable(f"no permission to read the folder {folder}; give this user access (chmod +rx)")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.is_file() and _stem(entry) is not None:
            found.append(_single(entry))
        elif entry.is_dir():
            found.extend(_of_topic(entry))
    return found


def _of_topic(folder: Path) -> list[Partition]:
    if not os.access(folder, os.R_OK | os.X_OK):
        raise LogNotUsable(f"no permission to read the folder {folder}; give this user access (chmod +rx)")
    found = []
    for path in sorted(folder.iterdir()):
        stem = _stem(path)
        if stem is None or not path.is_file():
            continue
        if not stem.isascii() or not stem.isdigit():
            raise LogNotUsable(f"{path}: a partition's name is a number, found {stem!r}; {LAYOUT}")
        found.append(Partition(Place(folder.name, int(stem)), path, zipped=path.name.endswith(".gz")))
    return found


def _refuse_twins(found: list[Partition]) -> None:
    seen: dict[Place, Path] = {}
    for partition in found:
        twin = seen.setdefault(partition.place, partition.path)
        if twin != partition.path:
            raise LogNotUsable(f"{twin} and {partition.path} are both partition {partition.place}; keep one of them")
