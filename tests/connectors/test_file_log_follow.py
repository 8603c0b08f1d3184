"""Following files that grow, and the journal that lets every later reading see what the first one saw."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from connectors.file_log import LogDamaged
from connectors.file_log.journal import Future, Journal, Round, Tick
from schemas.log import LogBatch
from tests.connectors.logs import (
    BEGIN_S,
    Told,
    append,
    at_us,
    batches,
    event_line,
    names,
    open_log,
    rows_of,
    told,
    write,
)

A, B, C = (event_line(name, second) + b"\n" for name, second in (("a", 1), ("b", 3), ("c", 2)))


class Wall:
    """A wall clock that a test moves."""

    def __init__(self, seconds: float) -> None:
        self.seconds = float(seconds)

    def __call__(self) -> float:
        return self.seconds


def seen(found: Iterable[LogBatch]) -> list[Told | int]:
    """Rows and clocks in their order, whatever the batches were."""
    flat: list[Told | int] = []
    for batch in found:
        flat += told(batch.rows)
        if batch.clock_us is not None:
            flat.append(batch.clock_us)
    return flat


def test_a_half_line_is_waited_for(tmp_path: Path) -> None:
    """A line is read when its end has come, whatever piece it came in; nothing is ever half read."""
    path = write(tmp_path / "a.jsonl", b"")
    got: list[Told | int] = []
    with closing(open_log(path, follow=True)) as log:
        for at in range(0, len(A + B), 7):
            append(path, (A + B)[at : at + 7])
            whole = path.read_bytes().count(b"\n")
            got += seen(batches(log))
            assert whole == len(got)
        assert not log.ended
    assert told(rows_of(open_log(path))) == got


def test_a_whole_object_without_line_end_is_waited_for_too(tmp_path: Path) -> None:
    """While following, only a line end ends a line: more digits could still come."""
    path = write(tmp_path / "a.jsonl", A + B.rstrip())
    with closing(open_log(path, follow=True)) as log:
        assert names([row for batch in batches(log) for row in batch.rows]) == ["a"]
        append(path, b"\r\n")
        assert names([row for batch in batches(log) for row in batch.rows]) == ["b"]


def test_new_partitions_and_topics_are_found(tmp_path: Path) -> None:
    """Files that appear while following are read within about a second of the clock."""
    wall = Wall(BEGIN_S + 100)
    write(tmp_path / "web" / "0.jsonl", A)
    with closing(open_log(tmp_path, follow=True, wall=wall)) as log:
        assert names([row for batch in batches(log) for row in batch.rows]) == ["a"]
        write(tmp_path / "app" / "3.jsonl", B)
        wall.seconds += 2
        assert names([row for batch in batches(log) for row in batch.rows]) == ["b"]


def test_a_zipped_file_that_was_replaced_by_a_longer_one_is_read_on(tmp_path: Path) -> None:
    """A zipped file grows by being written anew with the same beginning."""
    path = write(tmp_path / "a.jsonl.gz", A)
    with closing(open_log(path, follow=True)) as log:
        assert names([row for batch in batches(log) for row in batch.rows]) == ["a"]
        write(path, A + B)
        assert names([row for batch in batches(log) for row in batch.rows]) == ["b"]


def test_the_clock_goes_on_when_nothing_comes(tmp_path: Path) -> None:
    """With a timer waiting, time passes from the log's last time at the pace of the wall, and only as far as needed."""
    wall, due_us = Wall(BEGIN_S + 100), at_us(31)
    path = write(tmp_path / "a.jsonl", b"")
    append(path, A, wall.seconds)
    with closing(open_log(path, follow=True, wall=wall, next_due_us=lambda: due_us)) as log:
        assert len(told([row for batch in batches(log) for row in batch.rows])) == 1
        wall.seconds += 29
        assert log.read() is None
        wall.seconds += 1
        assert seen([one for one in [log.read()] if one]) == [at_us(31)]


def test_without_a_timer_no_tick_is_written(tmp_path: Path) -> None:
    """An idle log without timers leaves its journal alone."""
    wall, journal = Wall(BEGIN_S + 100), tmp_path / "journal"
    path = write(tmp_path / "a.jsonl", A)
    with closing(open_log(path, follow=True, wall=wall, journal=journal)) as log:
        assert len(list(batches(log))) == 1
        size = journal.stat().st_size
        wall.seconds += 10_000
        assert log.read() is None
    assert size == journal.stat().st_size


def live(path: Path, journal: Path, wall: Wall) -> list[Told | int]:
    """A life: lines come in pieces to two partitions, time passes, a line is dated in the future."""
    first, second = path / "web" / "0.jsonl", path / "web" / "1.jsonl"
    append(write(first, b""), B, wall.seconds)
    append(write(second, b""), A + C[:20], wall.seconds)
    got: list[Told | int] = []
    due_us = [at_us(20)]
    with closing(open_log(path, follow=True, wall=wall, journal=journal, next_due_us=lambda: due_us[0])) as log:
        got += seen(batches(log))
        wall.seconds += 40
        tick = log.read()
        assert tick is not None
        got += seen([tick])
        due_us[0] = at_us(10**6)
        append(second, C[20:] + event_line("future", 9000) + b"\n" + event_line("d", 50) + b"\n", wall.seconds)
        got += seen(batches(log))
        append(first, event_line("e", 45) + b"\n", wall.seconds)
        got += seen(batches(log))
    return got


@pytest.mark.parametrize("batch_lines", [1, 2, 1000])
@pytest.mark.parametrize("follow", [True, False])
def test_a_second_reading_with_the_journal_sees_the_same(tmp_path: Path, batch_lines: int, follow: bool) -> None:
    """Rounds, ticks and refusals for the future are the same years later, following or not, in other batches."""
    log, journal = tmp_path / "log", tmp_path / "journal.jsonl"
    got = live(log, journal, Wall(BEGIN_S + 100))
    written = journal.read_bytes()
    assert [type(turn) for turn in Journal(journal).turns] == [Round, Tick, Round, Round]
    assert Journal(journal).future == {("web/1", len(A + C))}
    later = Wall(BEGIN_S + 10**8)
    with closing(open_log(log, follow=follow, batch_lines=batch_lines, wall=later, journal=journal)) as again:
        found = seen(batches(again))
    assert got == found[: len(got)]
    assert (found[len(got) :] == []) == follow
    assert follow == (written == journal.read_bytes())


def test_without_the_journal_the_order_is_that_of_one_round(tmp_path: Path) -> None:
    """The journal matters: the same files read at once come in another, also well-defined, order."""
    log, journal = tmp_path / "log", tmp_path / "journal.jsonl"
    got = [one for one in live(log, journal, Wall(BEGIN_S + 100)) if not isinstance(one, int)]
    once = told(rows_of(open_log(log)))
    assert got != once
    assert sorted(row[1:] for row in got) == sorted(row[1:] for row in once)


def test_a_turn_is_written_down_before_it_is_used(tmp_path: Path) -> None:
    """When the first row of a round is given, the journal already holds the round."""
    journal = tmp_path / "deep" / "journal.jsonl"
    path = write(tmp_path / "a.jsonl", A + B)
    with closing(open_log(path, batch_lines=1, journal=journal)) as log:
        assert log.read() is not None
        assert Journal(journal).turns == [Round({"a/0": len(A + B)})]


def test_a_future_line_is_written_down_before_it_is_refused(tmp_path: Path) -> None:
    """A line beyond wall clock and skew is refused, now and when its time has long come; the skew itself is allowed."""
    journal, wall = tmp_path / "journal.jsonl", Wall(BEGIN_S)
    path = write(tmp_path / "a.jsonl", event_line("skewed", 300) + b"\n" + event_line("future", 301) + b"\n")
    assert names(rows_of(open_log(path, wall=wall, journal=journal))) == ["skewed", "!IN_THE_FUTURE"]
    assert Journal(journal).future == {("a/0", len(event_line("skewed", 300)) + 1)}
    wall.seconds += 10**6
    assert names(rows_of(open_log(path, wall=wall, journal=journal))) == ["skewed", "!IN_THE_FUTURE"]
    assert names(rows_of(open_log(path, wall=wall))) == ["skewed", "future"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_journal_cut_short_drops_its_last_entry(tmp_path: Path, cut: int) -> None:
    """An entry that a crash cut short was never used, so it is removed and the next one stands on a line of its own."""
    path = tmp_path / "journal.jsonl"
    for entry in (Round({"a/0": 5}), Tick(7), Future("a/0", 3)):
        Journal(path).append(entry)
    path.write_bytes(path.read_bytes()[:-cut])
    journal = Journal(path)
    assert journal.turns == [Round({"a/0": 5}), Tick(7)]
    assert journal.future == set()
    journal.append(Tick(9))
    assert Journal(path).turns == [Round({"a/0": 5}), Tick(7), Tick(9)]


def test_a_partition_that_the_journal_names_must_be_there(tmp_path: Path) -> None:
    """A replay without one of the files would be another history: it is refused and the partition named."""
    journal = tmp_path / "journal.jsonl"
    one = write(tmp_path / "log" / "web" / "0.jsonl", A)
    write(tmp_path / "log" / "web" / "1.jsonl", B)
    rows_of(open_log(tmp_path / "log", journal=journal))
    one.unlink()
    with closing(open_log(tmp_path / "log", journal=journal)) as log, pytest.raises(LogDamaged, match="web/0"):
        log.read()
