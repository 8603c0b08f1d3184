"""What counts as a line: ends, blanks, marks, half lines, and lines that are far too long."""

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from connectors.file_log.lines import BLOCK_BYTES, LINE_BYTES_KEPT
from schemas.decode import Rejected
from schemas.log import Row
from tests.connectors.logs import batches, event_line, names, open_log, rows_of, write

MIB = 1 << 20
ONE, TWO = event_line("one", 1), event_line("two", 2)


def rejected(row: Row) -> Rejected:
    """What a row was refused for."""
    assert isinstance(row[5], Rejected)
    return row[5]


# text of the file                                what is read       bytes that wait
ENDINGS: list[tuple[bytes, list[str], int]] = [
    (b"",                                         [],                0),
    (b"\n\n \t\n",                                [],                0),
    (ONE + b"\n",                                 ["one"],           0),
    (ONE,                                         ["one"],           0),
    (ONE + b"\n" + TWO,                           ["one", "two"],    0),
    (ONE + b"\n" + TWO + b"  ",                   ["one", "two"],    0),
    (ONE + b"\n" + TWO[:-1],                      ["one"],           len(TWO) - 1),
    (ONE + b"\n" + TWO[:1],                       ["one"],           1),
    (ONE + b"\n12",                               ["one"],           2),
    (ONE + b"\n[1]",                              ["one"],           3),
    (ONE + b"\n{}",                               ["one", "!NOT_CLOUDEVENT"], 0),
    (ONE + b"\n   ",                              ["one"],           0),
    (ONE + b"\n\n\n" + TWO + b"\n",               ["one", "two"],    0),
    (ONE + b"\r\n" + TWO + b"\r\n",               ["one", "two"],    0),
    (ONE + b"\r\n\r\n" + TWO,                     ["one", "two"],    0),
    (b"\xef\xbb\xbf" + ONE + b"\n" + TWO + b"\n", ["one", "two"],    0),
    (ONE + b"\n\xef\xbb\xbf" + TWO + b"\n",       ["one", "!NOT_JSON"], 0),
    (b"\x00\xff\xfe\n" + ONE + b"\n",             ["!NOT_JSON", "one"], 0),
    (ONE + TWO + b"\n",                           ["!NOT_JSON"],     0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read", "waiting"), ENDINGS)
@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_lines_of_a_bounded_run(
    tmp_path: Path, text: bytes, read: list[str], waiting: int, ending: str
) -> None:  # fmt: skip
    """Blank lines are nothing; an unended last line counts only as a whole object; other bytes wait and are told."""
    path = write(tmp_path / f"a{ending}", text)
    with closing(open_log(path)) as log:
        rows = [row for batch in batches(log) for row in batch.rows]
        assert read == names(rows)
        assert ({"a/0": waiting} if waiting else {}) == log.unfinished
    for *_, offset, raw, _ in rows:
        assert raw == text[offset : offset + len(raw)]


@pytest.mark.parametrize("length", [BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES])
def test_lines_across_blocks_stay_whole(tmp_path: Path, length: int) -> None:
    """A line may end at, before or behind the end of what is read at once, and be longer than that."""
    line = event_line("long", 1).ljust(length)
    path = write(tmp_path / "a.jsonl", ONE + b"\n" + line + b"\n" + TWO + b"\n")
    rows = rows_of(open_log(path))
    assert names(rows) == ["one", "long", "two"]
    assert [0, len(ONE) + 1, len(ONE) + length + 2] == [row[3] for row in rows]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_ten_megabytes_in_one_line_are_refused_and_kept(tmp_path: Path, ending: str) -> None:
    """The line is TOO_LARGE with all its bytes, and the lines around it are read."""
    long = b'{"a":"' + b"x" * (10 * MIB) + b'"}'
    rows = rows_of(open_log(write(tmp_path / f"a{ending}", ONE + b"\n" + long + b"\n" + TWO + b"\n")))
    assert names(rows) == ["one", "!TOO_LARGE", "two"]
    assert long == rows[1][4]
    assert "expected at most 1048576 bytes, found 10485768" in rejected(rows[1]).detail


def test_a_line_without_end_in_sight_does_not_fill_the_memory(tmp_path: Path) -> None:
    """Beyond the kept maximum a line's first bytes stand for it; the offsets behind it are right."""
    extra = 5 * MIB + 17
    path = write(tmp_path / "a.jsonl", b"y" * (LINE_BYTES_KEPT + extra) + b"\n" + ONE + b"\n")
    rows = rows_of(open_log(path))
    assert names(rows) == ["!TOO_LARGE", "one"]
    assert LINE_BYTES_KEPT <= len(rows[0][4]) <= LINE_BYTES_KEPT + BLOCK_BYTES
    assert [0, LINE_BYTES_KEPT + extra + 1] == [row[3] for row in rows]


def test_a_zipped_file_cut_short_gives_every_whole_line_before(tmp_path: Path) -> None:
    """All lines that the compressed bytes still hold are read, and the damage is told with the file's name."""
    lines = [event_line(f"e{number}", number) for number in range(5000)]
    zipped = gzip.compress(b"".join(line + b"\n" for line in lines))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(zipped[: len(zipped) * 3 // 4])
    with closing(open_log(path)) as log:
        rows = [row for batch in batches(log) for row in batch.rows]
        (damage,) = log.damages
    assert lines[: len(rows)] == [row[4] for row in rows]
    assert len(rows) > len(lines) * 0.7
    assert str(path) in damage
    assert "cut short" in damage


def test_a_mended_zipped_file_goes_on_behind_what_was_read(tmp_path: Path) -> None:
    """The whole file in the place of the one cut short is read from where that ended."""
    lines = [event_line(f"e{number}", number) for number in range(3000)]
    zipped = gzip.compress(b"".join(line + b"\n" for line in lines))
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(zipped[: len(zipped) // 2])
    with closing(open_log(path)) as log:
        before = [row[4] for batch in batches(log) for row in batch.rows]
        progress = log.progress()
    path.write_bytes(zipped)
    after = [row[4] for row in rows_of(open_log(path, progress))]
    assert lines == before + after


@pytest.mark.parametrize("content", [b"not gzip\n", b"\x1f\x8b", b"", gzip.compress(ONE + b"\n")[:-9] + b"x" * 9])
def test_a_file_that_only_says_it_is_zipped_is_a_damage(tmp_path: Path, content: bytes) -> None:
    """Other bytes under a zipped name, a header cut short, a wrong checksum are told; an empty file is an empty log."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(content)
    with closing(open_log(path)) as log:
        for _ in batches(log):
            pass
        log.progress()
        assert len(log.damages) == bool(content)
