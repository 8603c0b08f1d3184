"""Several destinations as one."""

from pathlib import Path

import pytest

from sinks.destination import DestinationError, Mark
from sinks.group import Destinations
from sinks.lines import LineFile
from tests.sinks.examples import action, dead_letter, packet


class Closing(LineFile):
    """A line file whose close fails after it has let go."""

    closed = False

    def close(self) -> None:
        super().close()
        self.closed = True
        raise DestinationError(f"{self.name} is stuck")


def test_marks_are_told_apart_by_name(tmp_path: Path) -> None:
    """Each destination gets its own mark back, though all have the same keys."""
    outbox, dead = LineFile(tmp_path / "outbox.jsonl", "actions"), LineFile(tmp_path / "dead.jsonl", "dead_letters")
    group = Destinations([outbox, dead])
    group.recover(0, {})
    group.write(packet(action(1), dead_letter(1), dead_letter(2)))
    mark: Mark = group.seal(1)
    assert set(mark) == {"outbox/end", "dead/end"}
    assert mark["outbox/end"] != mark["dead/end"]
    group.publish(1)
    group.recover(1, mark)
    assert (tmp_path / "dead.jsonl").stat().st_size == mark["dead/end"]


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    """Their marks would mix."""
    with pytest.raises(ValueError, match="names of their own, got outbox, outbox"):
        Destinations([LineFile(tmp_path / folder / "outbox.jsonl", "actions") for folder in ("a", "b")])


def test_every_one_is_closed_though_some_fail(tmp_path: Path) -> None:
    """One failure comes as it is, several come together."""
    first, second = Closing(tmp_path / "a.jsonl", "actions"), Closing(tmp_path / "b.jsonl", "actions")
    with pytest.raises(ExceptionGroup) as caught:
        Destinations([first, second]).close()
    assert [str(each) for each in caught.value.exceptions] == ["a is stuck", "b is stuck"]
    with pytest.raises(DestinationError, match="a is stuck"):
        Destinations([first, LineFile(tmp_path / "c.jsonl", "actions")]).close()
    assert first.closed
    assert second.closed
