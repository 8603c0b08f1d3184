"""The order in which a log of files is read, and the offsets of its lines."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.log import Place
from tests.connectors.logs import at_us, batches, event_line, expected_order, names, open_log, rows_of, told, write

NO_EVENT = b"no event"
Seconds = list[int | None]
FILES = st.dictionaries(
    st.sampled_from(["app/0", "web/0", "web/1", "web/10", "web/2"]),
    st.lists(st.one_of(st.integers(0, 20), st.none()), min_size=1, max_size=12),
    min_size=1,
    max_size=4,
)


def content(name: str, seconds: Seconds) -> bytes:
    """A file whose lines are named after it and their number."""
    lines = [
        NO_EVENT if second is None else event_line(f"{name}:{number}", second) for number, second in enumerate(seconds)
    ]
    return b"".join(line + b"\n" for line in lines)


def write_all(folder: Path, files: dict[str, Seconds], ending: str) -> None:
    """Write the files of a log."""
    for name, seconds in files.items():
        write(folder / f"{name}{ending}", content(name, seconds))


@given(files=FILES, batch_lines=st.integers(1, 7), ending=st.sampled_from([".jsonl", ".jsonl.gz"]))
def test_lines_come_by_log_time_topic_partition_and_offset(
    files: dict[str, Seconds], batch_lines: int, ending: str
) -> None:
    """Log time is the running maximum of a file's event times; ties go by topic, then number, then offset."""
    with tempfile.TemporaryDirectory() as name:
        write_all(Path(name), files, ending)
        rows = rows_of(open_log(Path(name), batch_lines=batch_lines))
    expected = [f"{file}:{number}" for file, number in expected_order(files) if files[file][number] is not None]
    assert expected == [name for name in names(rows) if not name.startswith("!")]
    assert [file for file, _ in expected_order(files)] == [str(place) for _, _, place, *_ in rows]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


@given(files=FILES, ending=st.sampled_from([".jsonl", ".jsonl.gz"]))
def test_an_offset_is_the_byte_at_which_the_line_begins(files: dict[str, Seconds], ending: str) -> None:
    """The raw bytes of every row stand at its offset in the uncompressed text."""
    with tempfile.TemporaryDirectory() as name:
        write_all(Path(name), files, ending)
        rows = rows_of(open_log(Path(name)))
    for _, _, place, offset, raw, _ in rows:
        text = content(str(place), files[str(place)])
        assert raw + b"\n" == text[offset : offset + len(raw) + 1]
        assert offset == 0 or text[offset - 1 : offset] == b"\n"


def test_partitions_are_numbers_not_words(tmp_path: Path) -> None:
    """At one time partition 2 comes before partition 10."""
    write_all(tmp_path, {"web/10": [5], "web/2": [5]}, ".jsonl")
    assert names(rows_of(open_log(tmp_path))) == ["web/2:0", "web/10:0"]


def test_one_file_is_topic_and_partition_in_one(tmp_path: Path) -> None:
    """A plain file is a log of its own, named after itself."""
    path = write(tmp_path / "shop.jsonl", event_line("a", 1) + b"\n")
    assert [Place("shop", 0)] == [row[2] for row in rows_of(open_log(path))]


def test_files_beside_topics_are_topics_too(tmp_path: Path) -> None:
    """A folder may hold plain files and topics; what ends otherwise is left alone."""
    write(tmp_path / "web" / "0.jsonl", event_line("a", 2) + b"\n")
    write(tmp_path / "till.jsonl", event_line("b", 1) + b"\n")
    write(tmp_path / "README.md", b"not a log")
    write(tmp_path / "web" / "notes.txt", b"not a log")
    assert names(rows_of(open_log(tmp_path))) == ["b", "a"]


def test_a_late_event_keeps_its_own_time(tmp_path: Path) -> None:
    """What happened before what was already read gets the log time reached, and its own event time stays."""
    path = write(tmp_path / "a.jsonl", b"".join(event_line(str(at), at) + b"\n" for at in (1, 9, 4)))
    rows = rows_of(open_log(path))
    assert [at_us(1), at_us(9), at_us(9)] == [row[0] for row in rows]
    assert [at_us(1), at_us(9), at_us(4)] == [row[1] for row in rows]


@pytest.mark.parametrize("batch_lines", [1, 3, 1000])
def test_until_stops_before_a_log_time_and_goes_on_later(tmp_path: Path, batch_lines: int) -> None:
    """Only lines below the time are read; a later reader with the progress and a later time reads the rest."""
    files: dict[str, Seconds] = {"web/0": [1, 5, 2, 9], "web/1": [3, 5, 6]}
    write_all(tmp_path, files, ".jsonl")
    whole = told(rows_of(open_log(tmp_path)))
    with closing(open_log(tmp_path, until_us=at_us(5), batch_lines=batch_lines)) as first:
        begun = [row for batch in batches(first) for row in batch.rows]
        assert first.ended
        progress = first.progress()
    assert names(begun) == ["web/0:0", "web/1:0"]
    rest = rows_of(open_log(tmp_path, progress, batch_lines=batch_lines))
    assert whole == told(begun) + told(rest)


def test_the_last_batch_of_a_bounded_log_says_the_time(tmp_path: Path) -> None:
    """At the end, once, comes the log's last time, up to which timers fire, and then nothing."""
    path = write(tmp_path / "a.jsonl", event_line("a", 7) + b"\n")
    with closing(open_log(path)) as log:
        assert [None, at_us(7)] == [batch.clock_us for batch in batches(log)]
        assert log.ended
        assert log.read() is None
