"""Input that cannot be a log, and files that are not what was read before."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from connectors.file_log import LogDamaged, LogNotUsable, Progress
from tests.connectors.logs import batches, event_line, open_log, stored, write

LINES = b"".join(event_line(f"e{number}", number) + b"\n" for number in range(30))


def read_to_the_end(path: Path) -> Progress:
    """The snapshot at the end of a log."""
    with closing(open_log(path)) as log:
        for _ in batches(log):
            pass
        return stored(log.progress())


CHANGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("shrunk",       lambda path: os.truncate(path, 500),                           "has 500 bytes, but reached to"),
    ("emptied",      lambda path: os.truncate(path, 0),                             "has 0 bytes, but reached to"),
    ("replaced",     lambda path: path.write_bytes(b" " + LINES),                   "beginning changed"),
    ("removed",      lambda path: path.unlink(),                                    "is gone"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "message"), CHANGES)
def test_a_file_that_is_not_what_was_read_is_refused(
    tmp_path: Path, what: str, change: Callable[[Path], object], message: str
) -> None:
    """Offsets into a file that shrank, was replaced or removed mean nothing: nothing is read, the file is named."""
    path = write(tmp_path / "web" / "0.jsonl", LINES)
    write(tmp_path / "web" / "1.jsonl", LINES)
    progress = read_to_the_end(tmp_path)
    change(path)
    with pytest.raises(LogDamaged, match=message) as refused, closing(open_log(tmp_path, progress)) as log:
        log.read()
    assert progress == log.progress()
    assert "web/0" in str(refused.value), what
    assert "--fresh" in str(refused.value)


def test_a_replaced_zipped_file_is_refused(tmp_path: Path) -> None:
    """A zipped file is known by the beginning of its text."""
    path = write(tmp_path / "a.jsonl.gz", LINES)
    progress = read_to_the_end(path)
    write(path, b" " + LINES)
    with pytest.raises(LogDamaged, match="beginning changed"), closing(open_log(path, progress)) as log:
        log.read()


def test_a_followed_file_that_shrinks_is_refused(tmp_path: Path) -> None:
    """Also while it is followed."""
    path = write(tmp_path / "a.jsonl", LINES)
    with closing(open_log(path, follow=True)) as log:
        assert log.read() is not None
        assert log.read() is None
        os.truncate(path, 10)
        with pytest.raises(LogDamaged, match="has 10 bytes"):
            log.read()


def test_a_followed_file_that_vanishes_is_refused(tmp_path: Path) -> None:
    """When the folder is looked through again; a snapshot in between is as good as one before."""
    path = write(tmp_path / "web" / "0.jsonl", LINES)
    write(tmp_path / "web" / "1.jsonl", LINES)
    walls = iter(range(10, 1000, 10))
    with closing(open_log(tmp_path, follow=True, wall=lambda: float(next(walls)))) as log:
        assert log.read() is not None
        path.unlink()
        log.progress()
        with pytest.raises(LogDamaged, match="web/0 was read up to offset"):
            log.read()


def test_a_file_that_shrank_within_its_round_loses_nothing_in_silence(tmp_path: Path) -> None:
    """A round that was begun and cannot be finished is refused by the next reader, or the missing part is told."""
    path = write(tmp_path / "a.jsonl", LINES)
    with closing(open_log(path, batch_lines=5)) as log:
        assert log.read() is not None
        progress = stored(log.progress())
    os.truncate(path, len(LINES) // 2)
    with pytest.raises(LogDamaged, match="it was cut or replaced"), closing(open_log(path, progress)) as log:
        for _ in batches(log):
            pass


UNUSABLE: list[tuple[str, list[str], str]] = [
    ("nothing",    [],                                     "holds no log files; expected FILE.jsonl"),
    ("other",      ["notes.txt", "web/notes.txt"],         "holds no log files; expected FILE.jsonl"),
    ("twins",      ["web/0.jsonl", "web/0.jsonl.gz"],      "are both partition web/0; keep one of them"),
    ("zeros",      ["web/0.jsonl", "web/00.jsonl"],        "are both partition web/0; keep one of them"),
    ("two ways",   ["web.jsonl", "web/0.jsonl"],           "are both partition web/0; keep one of them"),
    ("a word",     ["web/0.jsonl", "web/first.jsonl"],     "a partition's name is a number, found 'first'"),
    ("negative",   ["web/-1.jsonl"],                       "a partition's name is a number, found '-1'"),
    ("superscript", ["web/².jsonl"],                       "a partition's name is a number, found '²'"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "files", "message"), UNUSABLE)
def test_a_folder_that_is_no_log_is_refused(tmp_path: Path, what: str, files: list[str], message: str) -> None:
    """What was found and what is accepted stands in the message."""
    for name in files:
        write(tmp_path / name, LINES)
    with pytest.raises(LogNotUsable, match=message) as refused:
        open_log(tmp_path)
    assert str(tmp_path) in str(refused.value), what


def test_an_input_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """The path and the accepted layout stand in the message."""
    with pytest.raises(LogNotUsable, match="nowhere does not exist; expected FILE"):
        open_log(tmp_path / "nowhere")
