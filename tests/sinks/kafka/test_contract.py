"""The promise of every destination, kept on a real broker: each committed record once, at whatever step it dies."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.kafka.topics import Topics
from tests.sinks.kafka.kinds import KINDS, tables_of
from tests.sinks.kafka.lives import live
from tests.sinks.kinds import four_epochs, two_epochs
from tests.sinks.little_engine import KILLED, Epochs
from tests.sinks.test_contract import PROCESSES

STEPS_MIN = 20
Judge = Callable[[str, str, Path], None]
TABLES_OF_KIND = {"record topics": {"events", "entries", "actions", "dead_letters"}}


def epochs_of(kind: str, *, short: bool) -> Epochs:
    """Epochs with the tables that the kind writes."""
    epochs = two_epochs() if short else four_epochs()
    for packet in (packet for epoch in epochs for packet in epoch):
        wanted = TABLES_OF_KIND.get(kind, packet.lines)
        packet.lines = {table: lines for table, lines in packet.lines.items() if table in wanted}
    return epochs


def in_a_clean_process(judge: Judge, kind: str, bootstrap: str, folder: Path) -> None:
    """Run a judge where no client's threads are, so that forking is safe; its assertions come out on stderr."""
    process = PROCESSES.Process(target=judge, args=(kind, bootstrap, folder))
    process.start()
    process.join()
    assert process.exitcode == 0


def lives_twice(kind: str, bootstrap: str, folder: Path) -> None:
    """Judge of an undisturbed life and one more that finds nothing to do."""
    assert live(KINDS[kind].make, bootstrap, folder, epochs_of(kind, short=False)) == 0
    assert live(KINDS[kind].make, bootstrap, folder, epochs_of(kind, short=False)) == 0


def dies_often(kind: str, bootstrap: str, folder: Path) -> None:
    """Judge of life after life on the same topics, each ended a little later than the one before."""
    for step in count(3, 3):
        status = live(KINDS[kind].make, bootstrap, folder, epochs_of(kind, short=True), step)
        assert status in {0, KILLED}, f"step {step}"
        if status == 0:
            break
    assert step > STEPS_MIN


def dies_once(kind: str, bootstrap: str, folder: Path) -> None:
    """Judge of lives that end at one step each, with topics of their own, then go on to the end."""
    for step in count(1, 7):
        at = folder.with_name(f"{folder.name}-{step}")
        status = live(KINDS[kind].make, bootstrap, at, epochs_of(kind, short=True), step)
        assert status in {0, KILLED}, f"step {step}"
        if status == 0:
            break
        assert live(KINDS[kind].make, bootstrap, at, epochs_of(kind, short=True)) == 0, f"step {step}"
    assert step > STEPS_MIN


def expect(topics: Topics, kind: str, prefix: str, *, short: bool) -> None:
    """What is in the topics is what should be, no more and no less."""
    epochs = epochs_of(kind, short=short)
    assert KINDS[kind].read(topics, prefix) == KINDS[kind].expect(epochs), prefix
    assert tables_of(epochs)


@pytest.mark.parametrize("kind", KINDS)
def test_every_record_is_there_once(kind: str, topics: Topics, prefix: str, tmp_path: Path) -> None:
    """An undisturbed run puts each record into its topic once, and running again adds none."""
    in_a_clean_process(lives_twice, kind, topics.bootstrap, tmp_path / prefix)
    expect(topics, kind, prefix, short=False)


@pytest.mark.crash
@pytest.mark.parametrize("kind", KINDS)
def test_deaths_at_any_step_change_nothing(kind: str, topics: Topics, prefix: str, tmp_path: Path) -> None:
    """Killed again and again, also while it recovers, it leaves each record once."""
    in_a_clean_process(dies_often, kind, topics.bootstrap, tmp_path / prefix)
    expect(topics, kind, prefix, short=True)


@pytest.mark.crash
@pytest.mark.slow
def test_a_death_at_one_step_changes_nothing(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """Killed once, wherever it is, and started again, it leaves each record once."""
    kind = "all together"
    in_a_clean_process(dies_once, kind, topics.bootstrap, tmp_path / prefix)
    for at in sorted(path.name for path in tmp_path.glob(f"{prefix}-*")):
        expect(topics, kind, at, short=True)
