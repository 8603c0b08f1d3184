"""Every log, whatever it lies in: once each, in one order, the same again, on from anywhere."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from schemas.decode import Rejected
from schemas.log import LogBatch, Row
from schemas.reasons import RejectReason
from tests.connectors.contract.kinds import (
    Files,
    Kafka,
    Kind,
    Line,
    Memory,
    quiet,
    stored,
    to_the_end,
    until_read,
)
from tests.connectors.logs import event_line, told
from tests.kafka.topics import Topics

KINDS = ["files", "memory", "kafka"]
LINES: list[Line] = [(number * 7 % 3, event_line(f"e{number}", number // 4)) for number in range(40)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """An empty log of each kind."""
    makers: dict[str, Callable[[], Kind]] = {
        "files": lambda: Files(tmp_path), "memory": Memory, "kafka": lambda: Kafka(_topics(request)),
    }  # fmt: skip
    return makers[str(request.param)]()


def _topics(request: pytest.FixtureRequest) -> Topics:
    found = request.getfixturevalue("topics")
    assert isinstance(found, Topics)
    return found


def rows(batches: Sequence[LogBatch]) -> list[Row]:
    """The rows of all batches."""
    return [row for batch in batches for row in batch.rows]


def test_every_line_comes_once_with_its_bytes(kind: Kind) -> None:
    """Nothing is missing, nothing is there twice, and a partition's lines keep their order and ascend in offset."""
    kind.write(LINES)
    found = rows(to_the_end(kind.open(batch_lines=7)))
    for number in range(3):
        own = [row for row in found if row[2].partition == number]
        assert [line for partition, line in LINES if partition == number] == [row[4] for row in own]
        assert sorted({row[3] for row in own}) == [row[3] for row in own]


def test_the_order_is_by_log_time_then_place_then_offset(kind: Kind) -> None:
    """Log time never goes back, and what has the same stands by topic, partition and offset."""
    kind.write(LINES)
    found = rows(to_the_end(kind.open(batch_lines=7)))
    assert sorted((row[0], row[2], row[3]) for row in found) == [(row[0], row[2], row[3]) for row in found]


@pytest.mark.parametrize("batch_lines", [1, 3, 1000])
def test_the_order_is_the_same_on_re_reading(kind: Kind, batch_lines: int) -> None:
    """In batches of whatever size, which are never exceeded."""
    kind.write(LINES)
    again = to_the_end(kind.open(batch_lines=batch_lines))
    assert told(rows(to_the_end(kind.open()))) == told(rows(again))
    assert all(len(batch.rows) <= batch_lines for batch in again)


def test_every_progress_goes_on_with_the_rest(kind: Kind) -> None:
    """Wherever a reader is stopped, the next one gives exactly what is missing."""
    kind.write(LINES)
    whole = told(rows(to_the_end(kind.open())))
    log = kind.open(batch_lines=9)
    snapshots = [(0, stored(log))]
    read = 0
    while not log.ended:
        batch = log.read()
        read += 0 if batch is None else len(batch.rows)
        snapshots.append((read, stored(log)))
    log.close()
    for count, snapshot in dict(snapshots).items():
        assert whole[count:] == told(rows(to_the_end(kind.open(snapshot))))


def test_a_bounded_log_ends_where_it_ended_when_reading_began(kind: Kind) -> None:
    """What comes later is for the next reader; the end tells the clock once, the last row's log time."""
    kind.write(LINES)
    log = kind.open(batch_lines=5)
    batches = until_read(log, 1)
    kind.write([(0, event_line("later", 99))])
    batches += to_the_end(log)
    found = rows(batches)
    assert len(found) == len(LINES)
    assert [batch.clock_us for batch in batches if batch.clock_us is not None] == [found[-1][0]]
    assert log.read() is None
    rest = rows(to_the_end(kind.open(stored(log))))
    assert [row[4] for row in rest] == [event_line("later", 99)]


def test_a_followed_log_gives_what_comes_later(kind: Kind) -> None:
    """It never ends, and a second reader of the same log sees the same order."""
    kind.write(LINES[:10])
    log = kind.open(follow=True)
    found = rows(until_read(log, 10))
    kind.write(LINES[10:])
    found += rows(until_read(log, len(LINES) - 10))
    assert not log.ended
    again = kind.open(follow=True)
    assert told(found) == told(rows(until_read(again, len(LINES))))
    log.close()
    again.close()


def test_a_partition_without_lines_holds_nobody_back(kind: Kind) -> None:
    """Two of three partitions stand still."""
    lines = [(1, line) for _, line in LINES]
    kind.write(lines)
    log = kind.open(follow=True)
    assert [row[4] for row in rows(until_read(log, len(lines)))] == [line for _, line in lines]
    log.close()


def test_what_is_refused_keeps_its_bytes(kind: Kind) -> None:
    """A line that is no event is a row of its own, at its place, with the reason; blank ones are counted only."""
    odd = [b"no event", b'{"specversion":"1.0"}', "Grüße".encode("latin-1")]
    kind.write([(0, event_line("a", 1)), *[(0, line) for line in odd], (0, b""), (0, b"  "), (0, event_line("b", 2))])
    batches = to_the_end(kind.open(batch_lines=2))
    found = rows(batches)
    assert [event_line("a", 1), *odd, event_line("b", 2)] == [row[4] for row in found]
    refused = [row[5] for row in found[1:4]]
    reasons = [one.reason for one in refused if isinstance(one, Rejected)]
    assert reasons == [RejectReason.NOT_JSON, RejectReason.NOT_CLOUDEVENT, RejectReason.NOT_JSON]
    assert sum(batch.blank for batch in batches) == 2


def test_the_clock_goes_on_for_a_timer_and_is_not_contradicted(kind: Kind) -> None:
    """When nothing comes and a timer is due, a batch without rows moves the clock; later lines are later than it."""
    kind.write([(0, event_line("a", 1))])
    log = kind.open(follow=True, due_us=1)
    before = until_read(log, 1)
    clocks = [batch.clock_us for batch in quiet(log) if batch.clock_us is not None]
    kind.write([(1, event_line("b", 2))])
    after = [batch for batch in until_read(log, 1) if batch.rows or batch.clock_us is not None]
    if clocks:
        assert rows(before)[-1][0] <= clocks[0]
    clocks += [batch.clock_us for batch in after[:-1] if batch.clock_us is not None]
    assert clocks == sorted(clocks)
    assert all(clock_us <= rows(after)[-1][0] for clock_us in clocks)
    log.close()


def test_a_followed_log_on_a_snapshot_goes_on(kind: Kind) -> None:
    """Following is taken up where a bounded reading ended, and the other way round."""
    kind.write(LINES[:10])
    bounded = kind.open()
    to_the_end(bounded)
    kind.write(LINES[10:20])
    followed = kind.open(stored(bounded), follow=True)
    assert len(rows(until_read(followed, 10))) == 10
    snapshot = stored(followed)
    followed.close()
    kind.write(LINES[20:])
    assert len(rows(to_the_end(kind.open(snapshot)))) == 20
