"""Going on from a snapshot: wherever a reader was stopped, the next one gives exactly the rest."""

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.file_log import Progress
from tests.connectors.logs import Told, append, batches, event_line, open_log, rows_of, stored, told, write

ANY_LINE = st.one_of(st.integers(0, 9), st.sampled_from(["no event", "", "  "]))
FILES = st.dictionaries(
    st.sampled_from(["app/0", "web/0", "web/1"]), st.lists(ANY_LINE, min_size=1, max_size=5), min_size=1
)
Lines = list[int | str]


def content(name: str, lines: Lines) -> bytes:
    """The text of a file: events at seconds, and other lines as they are."""
    return b"".join(
        (event_line(f"{name}:{number}", line) if isinstance(line, int) else line.encode()) + b"\n"
        for number, line in enumerate(lines)
    )


def read_some(folder: Path, progress: Progress | None, count: int, batch_lines: int) -> tuple[list[Told], Progress]:
    """Read `count` batches after a snapshot; give their rows and the next snapshot."""
    rows: list[Told] = []
    with closing(open_log(folder, progress, batch_lines=batch_lines)) as log:
        for _ in range(count):
            batch = log.read()
            if batch is None:
                break
            rows += told(batch.rows)
        return rows, stored(log.progress())


@settings(max_examples=40)
@given(files=FILES, batch_lines=st.integers(1, 5), ending=st.sampled_from([".jsonl", ".jsonl.gz"]))
def test_a_reader_goes_on_from_every_batch(files: dict[str, Lines], batch_lines: int, ending: str) -> None:
    """Stopped behind any batch, what was read and what a second reader gives are together one reading."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, lines in files.items():
            write(folder / f"{place}{ending}", content(place, lines))
        whole = told(rows_of(open_log(folder)))
        for count in range(len(whole) // batch_lines + 2):
            begun, progress = read_some(folder, None, count, batch_lines)
            assert whole == begun + told(rows_of(open_log(folder, progress)))


@settings(max_examples=40)
@given(files=FILES, sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_readers_may_change_their_batches(files: dict[str, Lines], sizes: list[int]) -> None:
    """A reader after another, each with batches of its own size and one batch only, read the log once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, lines in files.items():
            write(folder / f"{place}.jsonl", content(place, lines))
        whole = told(rows_of(open_log(folder)))
        rows: list[Told] = []
        progress: Progress | None = None
        for size in [*sizes, 1000, 1000]:
            more, progress = read_some(folder, progress, 1, size)
            rows += more
        assert whole == rows


@settings(max_examples=40)
@given(files=FILES, batch_lines=st.integers(1, 5), count=st.integers(0, 10))
def test_blank_lines_are_counted_once(files: dict[str, Lines], batch_lines: int, count: int) -> None:
    """Empty lines are passed over and counted, by one of two readers only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, lines in files.items():
            write(folder / f"{place}.jsonl", content(place, lines))
        blank = 0
        with closing(open_log(folder, batch_lines=batch_lines)) as log:
            for _ in range(count):
                batch = log.read()
                blank += 0 if batch is None else batch.blank
            progress = stored(log.progress())
        with closing(open_log(folder, progress)) as log:
            blank += sum(batch.blank for batch in batches(log))
    assert blank == sum(line in {"", "  "} for lines in files.values() for line in lines)


def test_a_longer_input_goes_on_behind_what_was_read(tmp_path: Path) -> None:
    """After the end, more lines and new partitions are a further round: nothing again, and time never goes back."""
    first = write(tmp_path / "web" / "0.jsonl", event_line("a", 5) + b"\n")
    rows, progress = read_some(tmp_path, None, 9, 1000)
    append(first, event_line("c", 6) + b"\n")
    write(tmp_path / "app" / "0.jsonl", event_line("b", 1) + b"\n")
    rest, progress = read_some(tmp_path, progress, 9, 1000)
    assert [event_line(name, at) for name, at in (("a", 5), ("b", 1), ("c", 6))] == [row[3] for row in rows + rest]
    assert [rows[0][0], rows[0][0]] == [rows[0][0], rest[0][0]]
    assert read_some(tmp_path, progress, 9, 1000)[0] == []


def test_progress_does_not_change_behind_a_snapshot(tmp_path: Path) -> None:
    """What was handed to the engine stays as it was while reading goes on."""
    path = write(tmp_path / "a.jsonl", b"".join(event_line(str(at), at) + b"\n" for at in range(9)))
    with closing(open_log(path, batch_lines=2)) as log:
        log.read()
        progress = log.progress()
        kept = stored(progress)
        for _ in batches(log):
            pass
        log.progress()
    assert kept == progress
