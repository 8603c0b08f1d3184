"""Which events were seen: the answer is the log's, whatever was flushed, merged or dropped when."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_128_digest

from flows.runtime import seen
from flows.runtime.seen import SeenEvents
from flows.runtime.store import Store

SECOND_US = 1_000_000
RETENTION_S = 50

Sight = tuple[int, int, int]
"""(key, body, seconds since the sight before)"""
Batch = tuple[list[Sight], bool]
"""Sights asked for at once; whether the epoch ends behind them."""

SIGHT = st.tuples(st.integers(0, 12), st.integers(0, 2), st.sampled_from([0, 0, 1, 7, 30, 60]))
BATCHES = st.lists(st.tuples(st.lists(SIGHT, max_size=6), st.booleans()), max_size=14)


def key_of(number: int) -> bytes:
    """A key; every third shares its first half with others, which must not make them one."""
    digest = xxh3_128_digest(str(number).encode())
    return (b"samehalf" if number % 3 == 0 else digest[:8]) + digest[8:]


class Model:
    """What must be answered: the body of the first sight, until that is older than the retention."""

    def __init__(self) -> None:
        self.first: dict[int, tuple[int, int]] = {}

    def first_sight(self, key: int, body: int, second: int) -> int | None:
        """None if new."""
        known = self.first.get(key)
        if known is not None and known[1] >= second - RETENTION_S:
            return known[0]
        self.first[key] = (body, second)
        return None


@pytest.fixture(autouse=True, scope="module", params=["as it is", "smallest"])
def sieves(request: pytest.FixtureRequest) -> Iterator[None]:
    """Everything as it is, then with a sieve for the smallest segment."""
    before = seen.SIEVE_ROWS_MIN
    if request.param == "smallest":
        seen.SIEVE_ROWS_MIN = 1
    yield
    seen.SIEVE_ROWS_MIN = before


def ask(events: SeenEvents, sights: list[Sight], second: int, model: Model) -> tuple[int, list[object], list[object]]:
    """Ask for a batch as the stitcher does; give the time after it, what was answered, and what should have been."""
    stored = events.probe([key_of(key) for key, _, _ in sights])
    answers: list[object] = []
    expected: list[object] = []
    new: dict[bytes, int] = {}
    for at, (key, body, later) in enumerate(sights):
        second += later
        if at in stored:
            answers.append(events.first_sight(key_of(key), body, second * SECOND_US + 999_999, stored[at]))
        else:
            answers.append(None)
            new[key_of(key)] = body << 32 | second
        expected.append(model.first_sight(key, body, second))
    events.note(list(new), list(new.values()))
    return second, answers, expected


@settings(max_examples=200)
@given(batches=BATCHES)
def test_an_event_is_remembered_exactly_for_the_retention(batches: list[Batch]) -> None:
    """By log time, to the second, in memory: flushes decide nothing."""
    events, model, second = SeenEvents(RETENTION_S * SECOND_US), Model(), 1000
    for sights, flushed in batches:
        second, answers, expected = ask(events, sights, second, model)
        assert expected == answers
        if flushed:
            events.flush(second * SECOND_US)


@settings(max_examples=15)
@given(batches=BATCHES, again=st.booleans())
def test_what_was_committed_is_seen_after_a_restart(batches: list[Batch], again: bool) -> None:
    """A new process over the last checkpoint answers as the old one would have."""
    folder = Path(tempfile.mkdtemp(prefix="seen"))
    store = Store(folder, 0)
    events, model, second = SeenEvents(RETENTION_S * SECOND_US, store), Model(), 1000
    for sights, _ in batches:
        second, answers, expected = ask(events, sights, second, model)
        assert expected == answers
        events.flush(second * SECOND_US)
        number = store.checkpoint()
        if again:
            store.close()
            store = Store(folder, number)
            events = SeenEvents(RETENTION_S * SECOND_US, store)
    store.close()
    shutil.rmtree(folder)


def test_segments_are_merged_and_dropped(tmp_path: Path) -> None:
    """Hundreds of epochs leave few segments; what is beyond the retention leaves the store."""
    store = Store(tmp_path, 0)
    events = SeenEvents(RETENTION_S * SECOND_US, store)
    for second in range(400):
        assert events.first_sight(key_of(second), 1, second * SECOND_US, None) is None
        events.flush(second * SECOND_US)
        assert len(store.scan(b"")) <= 20
    assert RETENTION_S <= len(events) <= 400
    events.flush(10_000 * SECOND_US)
    assert store.scan(b"") == []
    assert len(events) == 0
    store.close()


def test_segments_stop_growing_at_their_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the store stay below the limit: full segments are merged no more."""
    monkeypatch.setattr(seen, "SEGMENT_ROWS_MAX", 40)
    store = Store(tmp_path, 0)
    events = SeenEvents(10**6 * SECOND_US, store)
    for epoch in range(60):
        for number in range(5):
            events.first_sight(key_of(epoch * 5 + number), 1, SECOND_US, None)
        events.flush(SECOND_US)
    assert max(len(packed) // 24 for _, packed in store.scan(b"")) <= 40
    assert len(events) == 300
    found = events.probe([key_of(number) for number in range(300)])
    assert sorted(found) == list(range(300))
    store.close()


def test_a_conflict_tells_the_first_body() -> None:
    """The answer is the hash that the key was first seen with, so that the caller can compare."""
    events = SeenEvents(RETENTION_S * SECOND_US)
    biggest = (1 << 32) - 1
    assert events.first_sight(key_of(1), biggest, SECOND_US, None) is None
    assert events.first_sight(key_of(1), 5, SECOND_US, None) == biggest
    events.flush(SECOND_US)
    stored = events.probe([key_of(1)])
    assert events.first_sight(key_of(1), 5, SECOND_US, stored.get(0)) == biggest
