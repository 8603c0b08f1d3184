"""The outbox, the dead letters and the raw record files."""

import json
from pathlib import Path

import pytest

from schemas.records import TABLES
from sinks.destination import DestinationError
from sinks.lines import LineFile, RecordFiles
from tests.sinks.examples import action, dead_letter, event, packet


def sealed(folder: Path, epochs: int) -> tuple[LineFile, dict[str, int]]:
    """An outbox with epochs of one action each, none published, and the last mark."""
    outbox = LineFile(folder / "outbox.jsonl", "actions")
    outbox.recover(0, {})
    mark: dict[str, int] = {}
    for epoch in range(1, epochs + 1):
        outbox.write(packet(action(epoch), event(epoch)))
        mark = outbox.seal(epoch)
    return outbox, mark


def ids(folder: Path) -> list[str]:
    """Action ids in the outbox."""
    return [json.loads(line)["action_id"] for line in (folder / "outbox.jsonl").read_text().splitlines()]


def test_times_are_rfc_3339_and_the_rest_is_kept(tmp_path: Path) -> None:
    """A person reads `at` and `expires_at` as times; other fields stay as they are, in their order."""
    outbox, _ = sealed(tmp_path, 1)
    outbox.publish(1)
    assert json.loads((tmp_path / "outbox.jsonl").read_text()) == {
        "action_id": "ac1",
        "decision_id": "de1",
        "member_id": "ada",
        "channel": "email",
        "purpose": "marketing",
        "template": "hello",
        "at": "2026-01-01T12:00:00Z",
        "expires_at": "2026-01-02T12:00:00Z",
        "body": {"subject": "Ciao, così è", "count": 1, "offers": [{"id": "a"}]},
    }


def test_fractions_of_a_second_are_kept(tmp_path: Path) -> None:
    """A dead letter's log time shows its microseconds."""
    letters = LineFile(tmp_path / "dead_letters.jsonl", "dead_letters")
    letters.recover(0, {})
    letters.write(packet(dead_letter(7)))
    letters.seal(1)
    letters.publish(1)
    letter = json.loads((tmp_path / "dead_letters.jsonl").read_text())
    assert (letter["offset"], letter["log_time"]) == (7, "2026-01-01T12:00:00.250000Z")


def test_a_sealed_epoch_is_not_seen_before_it_is_published(tmp_path: Path) -> None:
    """The main file has the published epochs only."""
    outbox, _ = sealed(tmp_path, 3)
    assert ids(tmp_path) == []
    outbox.publish(2)
    assert ids(tmp_path) == ["ac1", "ac2"]


def test_an_append_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    """Half a pending file in the main file is cut off at the start, and the whole is appended once."""
    outbox, mark = sealed(tmp_path, 2)
    outbox.publish(1)
    pending = (tmp_path / "outbox.jsonl.2.pending").read_bytes()
    for length in range(len(pending) + 1):
        (tmp_path / "outbox.jsonl.2.pending").write_bytes(pending)
        main = (tmp_path / "outbox.jsonl").read_bytes()[: len(pending)]
        (tmp_path / "outbox.jsonl").write_bytes(main + pending[:length])
        LineFile(tmp_path / "outbox.jsonl", "actions").recover(2, mark)
        assert ids(tmp_path) == ["ac1", "ac2"]


def test_an_epoch_that_was_not_committed_leaves_no_trace(tmp_path: Path) -> None:
    """What was sealed after the last commit is deleted, and so is the open epoch."""
    outbox, mark = sealed(tmp_path, 1)
    outbox.write(packet(action(2)))
    outbox.seal(2)
    outbox.write(packet(action(3)))
    outbox.close()
    LineFile(tmp_path / "outbox.jsonl", "actions").recover(1, mark)
    assert ids(tmp_path) == ["ac1"]
    assert [path.name for path in tmp_path.iterdir()] == ["outbox.jsonl"]


@pytest.mark.parametrize("changed", [b"", b'{"added": "by hand"}\n' * 100], ids=["shortened", "lengthened"])
def test_a_file_that_somebody_changed_is_refused(tmp_path: Path, changed: bytes) -> None:
    """A main file that no crash can have left stops the start with its name and lengths."""
    outbox, mark = sealed(tmp_path, 1)
    outbox.publish(1)
    (tmp_path / "outbox.jsonl").write_bytes(changed)
    with pytest.raises(DestinationError, match=rf"outbox.jsonl has {len(changed)} bytes"):
        LineFile(tmp_path / "outbox.jsonl", "actions").recover(1, mark)


def test_a_file_that_is_changed_while_it_runs_is_refused(tmp_path: Path) -> None:
    """The same is noticed before the next append."""
    outbox, _ = sealed(tmp_path, 2)
    outbox.publish(1)
    (tmp_path / "outbox.jsonl").write_bytes(b"")
    with pytest.raises(DestinationError, match="changed by someone else"):
        outbox.publish(2)


def test_it_may_join_a_running_deployment(tmp_path: Path) -> None:
    """Without a mark it starts empty, whatever epoch the others are at."""
    outbox = LineFile(tmp_path / "outbox.jsonl", "actions")
    outbox.recover(41, {})
    outbox.write(packet(action(1)))
    outbox.seal(42)
    outbox.publish(42)
    assert ids(tmp_path) == ["ac1"]


def test_record_files_hold_the_bytes_of_the_packets(tmp_path: Path) -> None:
    """Each table has a file with its lines as they were encoded."""
    files = RecordFiles(tmp_path)
    files.recover(0, {})
    first, second = packet(event(1), action(1)), packet(event(2))
    files.write(first)
    files.write(second)
    files.seal(1)
    files.publish(1)
    assert {path.stem for path in tmp_path.iterdir()} == set(TABLES)
    assert (tmp_path / "events.jsonl").read_bytes() == first.lines["events"] + second.lines["events"]
    assert (tmp_path / "actions.jsonl").read_bytes() == first.lines["actions"]
