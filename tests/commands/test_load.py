"""`balanza load`, on a real broker: lines byte for byte with their log times, once, and nothing over other records."""

import gzip
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.cluster import Cluster
from tests.commands.made import balanza, event
from tests.kafka.topics import Topics

NOISE = b'{"not": an event'


def page_view(number: int, time: str) -> bytes:
    """An event of no consequence."""
    return event(number, "page_view", time, {"ids": {"cookie": "c"}})


def loaded(topics: Topics, path: Path, *arguments: str) -> list[dict[str, Any]]:
    """What the command tells machines."""
    result = balanza("load", path, "--kafka", topics.bootstrap, "--json", *arguments)
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    topics.made += {one["topic"] for one in found} - set(topics.made)
    return found


@pytest.fixture
def name() -> str:
    """A topic that nobody has."""
    return f"load-{uuid.uuid4().hex[:8]}"


def test_lines_become_records_of_their_log_time(topics: Topics, tmp_path: Path, name: str) -> None:
    """Each in its partition, as it stands; a late line and a broken one have the time that was reached."""
    folder = tmp_path / name
    folder.mkdir()
    first = [page_view(1, "2011-01-01T00:00:01Z"), page_view(2, "2011-01-01T00:00:00Z"), NOISE]
    second = [page_view(3, "2012-01-01T00:00:00Z")]
    (folder / "0.jsonl").write_bytes(b"\n".join(first) + b"\n\n")
    (folder / "1.jsonl.gz").write_bytes(gzip.compress(b"\n".join(second) + b"\n"))

    told = loaded(topics, tmp_path)

    assert [(one["partition"], one["loaded"], one["there"], one["made"]) for one in told] == [
        (0, 3, 0, True), (1, 1, 0, True)
    ]  # fmt: skip
    assert [(kept.partition, kept.value, kept.time_ms) for kept in topics.read(name)] == [
        *((0, line, 1_293_840_001_000) for line in first), (1, second[0], 1_325_376_000_000)
    ]  # fmt: skip
    settings = Cluster({"bootstrap.servers": topics.bootstrap}).topic_settings(name)
    assert (settings["message.timestamp.type"], settings["retention.ms"]) == ("CreateTime", "-1")


def test_a_second_call_loads_what_is_new(topics: Topics, tmp_path: Path, name: str) -> None:
    """What is there is left out, also after the file has grown."""
    path = tmp_path / f"{name}.jsonl"
    path.write_bytes(page_view(1, "2011-01-01T00:00:00Z") + b"\n")
    counts = [loaded(topics, path), loaded(topics, path)]
    with path.open("ab") as file:
        file.write(page_view(2, "2011-01-02T00:00:00Z") + b"\n")
    counts.append(loaded(topics, path))

    assert [(one["loaded"], one["there"]) for (one,) in counts] == [(1, 0), (0, 1), (1, 1)]
    assert len(topics.read(name)) == 2


def test_other_peoples_records_are_not_loaded_over(topics: Topics, tmp_path: Path) -> None:
    """A topic that holds something else than the beginning of the file, or more, is refused and left as it is."""
    topic = topics.make()
    topics.produce(topic, [b"theirs"])
    path = tmp_path / "mine.jsonl"
    path.write_bytes(page_view(1, "2011-01-01T00:00:00Z") + b"\n")
    command = ("load", path, "--kafka", topics.bootstrap, "--topic", topic)

    other = balanza(*command)
    path.write_bytes(b"")
    more = balanza(*command)

    assert (other.exit_code, "the last of them is not line 1 of the log" in other.stderr) == (2, True), other.stderr
    assert (more.exit_code, "holds 1 records, the log has 0" in more.stderr) == (2, True), more.stderr
    assert [kept.value for kept in topics.read(topic)] == [b"theirs"]


def test_a_topic_that_the_broker_stamps_is_warned_about(topics: Topics, tmp_path: Path) -> None:
    """The lines go in, but they count as of now."""
    topic = topics.make()
    path = tmp_path / "old.jsonl"
    path.write_bytes(page_view(1, "2011-01-01T00:00:00Z") + b"\n" + b'{"cut')

    result = balanza("load", path, "--kafka", topics.bootstrap, "--topic", topic)

    assert (result.exit_code, len(topics.read(topic))) == (0, 1)
    assert f"Note: topic {topic} has the broker's times" in result.stderr
    assert "Note: old/0 ends in 5 bytes that are no whole line: left out" in result.stderr


def test_a_record_that_is_too_large_ends_the_load(topics: Topics, tmp_path: Path) -> None:
    """Status 1, with the topic and what to raise."""
    topic = topics.make(max_message_bytes="1000")
    path = tmp_path / "large.jsonl"
    path.write_bytes(event(1, "page_view", "2011-01-01T00:00:00Z", {"ids": {"cookie": uuid.uuid4().hex * 1000}}))

    result = balanza("load", path, "--kafka", topics.bootstrap, "--topic", topic, env={
        "BALANZA_KAFKA_COMPRESSION_TYPE": "none"
    })  # fmt: skip

    assert (result.exit_code, f"topic {topic}" in result.stderr) == (1, True), result.stderr
    assert "max.message.bytes" in result.stderr


def test_partitions_must_be_there(topics: Topics, tmp_path: Path, name: str) -> None:
    """A topic with fewer partitions than the log is refused."""
    topics.make(name=name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "3.jsonl").write_bytes(page_view(1, "2011-01-01T00:00:00Z"))

    result = balanza("load", tmp_path, "--kafka", topics.bootstrap)

    assert (result.exit_code, f"topic {name} has 1 partitions, the log 4" in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none", "--kafka", "127.0.0.1:1"],  "see --kafka or bootstrap.servers"),
        (["none"],                            "bootstrap.servers is missing"),
    ],
)  # fmt: skip
def test_wrong_usage_is_refused(monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str) -> None:
    """Status 2 with what to change."""
    monkeypatch.setattr("balanza.load_command.CHECK_SECONDS", 1.0)
    result = balanza("load", *arguments)
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr


def test_a_path_that_is_no_log_is_refused(topics: Topics, tmp_path: Path) -> None:
    """Nothing there, and another name for a folder."""
    missing = balanza("load", tmp_path / "none", "--kafka", topics.bootstrap)
    (tmp_path / "a.jsonl").touch()
    folder = balanza("load", tmp_path, "--kafka", topics.bootstrap, "--topic", "t")
    assert (missing.exit_code, "does not exist" in missing.stderr) == (2, True)
    assert (folder.exit_code, "of use with a single file only" in folder.stderr) == (2, True)
