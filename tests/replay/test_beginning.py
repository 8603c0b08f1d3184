"""Where files are begun at, and what --from means."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from balanza.options import WrongUsage
from balanza.request import Span
from balanza.span import span_of
from connectors.file_log import FileLog, LogNotUsable, LogOptions
from connectors.file_log.beginning import LaterLog, LaterProgress, start_at
from schemas.decode import EventDecoder
from schemas.log import Place, Row
from tests.connectors.logs import at_us, event_line, open_log, rows_of, write

LINES = [event_line(f"e{second}", second) for second in (1, 2, 3, 5, 4, 6, 7, 8)]
FIRST = Place("a", 0)


@pytest.fixture(params=["0.jsonl", "0.jsonl.gz"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two partitions, the first plain or zipped, with the same lines."""
    write(tmp_path / "log" / "a" / request.param, b"\n".join(LINES) + b"\n")
    write(tmp_path / "log" / "b" / "0.jsonl", b"\n".join(LINES) + b"\n")
    return tmp_path / "log"


def test_a_partition_begins_at_the_line_of_its_offset(log: Path) -> None:
    """The lines before it are not read, other partitions are read whole."""
    offset = len(b"\n".join(LINES[:3])) + 1
    rows = rows_of(open_log(log, start_at(log, {FIRST: offset})))
    assert [row[4] for row in rows if row[2] == FIRST] == LINES[3:]
    assert [row[4] for row in rows if row[2] != FIRST] == LINES


def test_a_partition_may_begin_at_its_end(log: Path) -> None:
    """Then nothing of it is left."""
    size = len(b"\n".join(LINES)) + 1
    assert {row[2] for row in rows_of(open_log(log, start_at(log, {FIRST: size})))} == {Place("b", 0)}


@pytest.mark.parametrize("offset", [1, len(LINES[0]), len(LINES[0]) + 2, 1_000_000])
def test_an_offset_inside_a_line_is_refused(log: Path, offset: int) -> None:
    """Half a line would be a dead letter that nobody sent."""
    with pytest.raises(LogNotUsable, match=rf"a/0\.jsonl.* begins at byte {offset}"):
        start_at(log, {FIRST: offset})


def test_a_damaged_zipped_file_is_refused(tmp_path: Path) -> None:
    """An offset behind the damage cannot be looked at."""
    whole = gzip.compress(b"\n".join(LINES * 1000) + b"\n", mtime=0)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LogNotUsable, match="no line of"):
        start_at(path, {FIRST: len(LINES[0]) * 7000})


def test_an_unknown_partition_is_refused(log: Path) -> None:
    """The message names those that are there."""
    with pytest.raises(LogNotUsable, match=r"no partition c/3 in .* a/0, b/0"):
        start_at(log, {Place("c", 3): 0})


def later(log: Path, from_us: int, batch_lines: int, progress: LaterProgress | None = None) -> LaterLog:
    """The log from a time on."""
    options = LogOptions(batch_lines=batch_lines, wall=lambda: 2_000_000_000.0)
    inner = FileLog(log, EventDecoder(), options, None if progress is None else progress.log)
    return LaterLog(inner, from_us, 0 if progress is None else progress.skipped)


def stopping(log: Path, from_us: int, batch_lines: int) -> Iterator[tuple[list[Row], LaterProgress]]:
    """Every batch with the progress after it, each read by a reader of its own that goes on from the one before."""
    progress: LaterProgress | None = None
    while True:
        reader = later(log, from_us, batch_lines, progress)
        batch = reader.read()
        if batch is None or reader.ended:
            return
        packed = msgspec.msgpack.encode(reader.progress())
        progress = msgspec.msgpack.decode(packed, type=LaterProgress)
        reader.close()
        yield batch.rows, progress


@pytest.mark.parametrize("batch_lines", [1, 3, 1000])
def test_what_is_earlier_is_passed_over_once(log: Path, batch_lines: int) -> None:
    """By log time, the running maximum: a late event that follows a later one stays. Stops change neither."""
    from_us = at_us(5)
    expected = [row for row in rows_of(open_log(log)) if row[0] >= from_us]
    found = list(stopping(log, from_us, batch_lines))
    assert [row for rows, _ in found for row in rows] == expected
    assert LINES[4] in {row[4] for row in expected}
    assert found[-1][1].skipped == 2 * len(LINES) - len(expected) == 6


def test_a_time_beyond_the_log_leaves_nothing(log: Path) -> None:
    """Not even the clock of its end, which would be before the beginning."""
    reader = later(log, at_us(100), 1000)
    batches = []
    while (batch := reader.read()) is not None:
        batches.append(batch)
    assert [(batch.rows, batch.clock_us) for batch in batches] == [([], None), ([], None)]
    assert (reader.ended, reader.skipped) == (True, 2 * len(LINES))
    reader.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beginning",                 Span()),
        ("shop/0=12",                 Span({Place("shop", 0): 12})),
        ("web/1=0, a/b/10=7",         Span({Place("web", 1): 0, Place("a/b", 10): 7})),
        ("2023-11-14T22:13:21Z",      Span(from_us=at_us(1))),
        ("2023-11-15T00:13:21+02:00", Span(from_us=at_us(1))),
        ("2023-11-14T22:13:21",       Span(from_us=at_us(1))),
        ("1969-12-31T23:59:59Z",      Span(from_us=0)),
    ],
)  # fmt: skip
def test_from_is_a_word_offsets_or_a_time(text: str, expected: Span) -> None:
    """What is written in another way but means the same is the same."""
    span = span_of(text, None)
    assert span == expected
    assert span_of(str(span), None) == span


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "=", "shop=3", "/0=3", "shop/0=", "shop/x=3", "shop/0=-1", "shop/0=1,", "shop/0=1,shop/0=2",
     "shop/0=99999999999999999999", "shop/0=٣"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    """With what would be accepted."""
    with pytest.raises(WrongUsage, match=r"--from: .*(accepted: beginning, offsets such as|named twice)"):
        span_of(text, None)


def test_a_beginning_is_before_the_end() -> None:
    """Else nothing is left."""
    with pytest.raises(WrongUsage, match="--from 2023-11-14T22:13:21Z is not before --until 2023-11-14T22:13:21Z"):
        span_of("2023-11-14T22:13:21Z", at_us(1))
