"""The outbox of a replay leaves out what has expired by the wall clock."""

import json
from pathlib import Path

from sinks.lines import LineFile
from sinks.unexpired import Unexpired
from tests.sinks.examples import DAY_US, NOON_US, action, event, packet

EXPIRES_SECONDS = (NOON_US + DAY_US) / 1_000_000  # of tests.sinks.examples.action


class Clock:
    """A wall clock that a test sets."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        """The time in seconds."""
        return self.seconds


def outbox(folder: Path, clock: Clock) -> Unexpired:
    """An outbox with its guard."""
    return Unexpired(LineFile(folder / "outbox.jsonl", "actions"), clock)


def ids(folder: Path) -> list[str]:
    """The actions that left."""
    return [json.loads(line)["action_id"] for line in (folder / "outbox.jsonl").read_text().splitlines()]


def test_an_action_leaves_until_it_expires(tmp_path: Path) -> None:
    """A second before it may leave, at the very time no more; the rest of a packet is nobody's business here."""
    clock = Clock(EXPIRES_SECONDS - 1)
    guarded = outbox(tmp_path, clock)
    guarded.recover(0, {})
    guarded.write(packet(action(1), action(2), event(1)))
    clock.seconds = EXPIRES_SECONDS
    guarded.write(packet(action(3), event(2)))
    guarded.write(packet(event(3)))
    guarded.seal(1)
    guarded.publish(1)
    guarded.idle()
    guarded.close()
    assert (ids(tmp_path), guarded.expired) == (["ac1", "ac2"], 1)


def test_the_count_goes_back_with_an_epoch_that_never_happened(tmp_path: Path) -> None:
    """What was kept back before a crash is counted once, by whoever does it again; by then more has expired."""
    clock = Clock(EXPIRES_SECONDS)
    first = outbox(tmp_path, clock)
    first.recover(0, {})
    first.write(packet(action(1)))
    mark = first.seal(1)
    clock.seconds = EXPIRES_SECONDS - 1
    first.write(packet(action(2)))
    first.seal(2)
    assert first.expired == 1
    clock.seconds = EXPIRES_SECONDS
    second = outbox(tmp_path, clock)
    second.recover(1, mark)
    second.write(packet(action(2)))
    assert second.seal(2)["expired"] == second.expired == 2
    second.publish(2)
    assert ids(tmp_path) == []


def test_it_stands_under_the_outboxs_name(tmp_path: Path) -> None:
    """Marks and messages speak of the outbox."""
    assert outbox(tmp_path, Clock(0)).name == "outbox"
