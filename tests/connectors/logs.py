"""Small logs for the tests of this folder: how they are written, how they are read, and in which order they stand."""

import gzip
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from connectors.file_log import FileLog, LogOptions, Progress
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Row

BEGIN_S = 1_700_000_000
SECOND_US = 1_000_000
Told = tuple[int, str, int, bytes]


def event_line(name: str, second: int, extra: str = "") -> bytes:
    """A line with a page view so many seconds after the beginning; no line end."""
    time = datetime.fromtimestamp(BEGIN_S + second, UTC).isoformat()
    text = (
        f'{{"specversion":"1.0","id":"{name}","source":"test","type":"page_view","time":"{time}",'
        f'"data":{{"ids":{{"cookie":"{name}"}}{extra}}}}}'
    )
    return text.encode()


def at_us(second: int) -> int:
    """Log time of an event so many seconds after the beginning."""
    return (BEGIN_S + second) * SECOND_US


def write(path: Path, content: bytes) -> Path:
    """Write a file of the log, zipped if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def append(path: Path, content: bytes, wall: float | None = None) -> None:
    """Append to a plain file of the log; it was then written at `wall`."""
    with path.open("ab") as file:
        file.write(content)
    if wall is not None:
        os.utime(path, (wall, wall))


def open_log(
    path: Path,
    progress: Progress | None = None,
    *,
    follow: bool = False,
    batch_lines: int = 1000,
    journal: Path | None = None,
    until_us: int | None = None,
    wall: Callable[[], float] = lambda: 2_000_000_000.0,
    next_due_us: Callable[[], int | None] = lambda: None,
) -> FileLog:
    """Open a log with a clock of the test's own."""
    options = LogOptions(
        batch_lines=batch_lines, follow=follow, until_us=until_us, journal=journal, wall=wall, next_due_us=next_due_us
    )
    return FileLog(path, EventDecoder(), options, progress)


def batches(log: FileLog) -> Iterator[LogBatch]:
    """Give what there is now, to the end or until the log waits."""
    while (batch := log.read()) is not None:
        yield batch


def rows_of(log: FileLog) -> list[Row]:
    """Read all there is now, then close."""
    rows = [row for batch in batches(log) for row in batch.rows]
    log.close()
    return rows


def told(rows: Sequence[Row]) -> list[Told]:
    """What of a row must be the same on every reading: log time, place, offset, bytes."""
    return [(log_us, str(place), offset, raw) for log_us, _, place, offset, raw, _ in rows]


def names(rows: Sequence[Row]) -> list[str]:
    """The events' ids, `!REASON` for what was refused."""
    return [event.id if hasattr(event, "id") else f"!{event.reason}" for *_, event in rows]


def stored(progress: Progress) -> Progress:
    """The progress as it comes back out of a snapshot."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(progress), type=Progress)


def expected_order(files: Mapping[str, Sequence[int | None]]) -> list[tuple[str, int]]:
    """Independent of the reader: (file, number of the line) by (running maximum, topic, partition, line).

    A file is the seconds of its events; None is a line that is no event.
    """
    keyed = []
    for name, seconds in files.items():
        topic, _, partition = name.partition("/")
        running = 0
        for number, second in enumerate(seconds):
            running = running if second is None else max(running, at_us(second))
            keyed.append((running, topic, int(partition), number))
    return [(f"{topic}/{partition}", number) for _, topic, partition, number in sorted(keyed)]
