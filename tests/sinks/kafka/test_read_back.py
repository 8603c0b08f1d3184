"""What a start finds in the topics behind the last commit, and what it makes of it."""

import json
import logging
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from connectors.kafka.cluster import Cluster
from schemas.records import Packet
from sinks.destination import DestinationError, Mark
from sinks.kafka import ahead
from sinks.kafka.records import RecordTopics
from sinks.kafka.surfaces import SurfaceTopic
from tests.kafka.topics import Sent, Topics
from tests.sinks.examples import event, packet
from tests.sinks.kafka.kinds import options, surface_topic
from tests.sinks.kafka.lives import live
from tests.sinks.kinds import document
from tests.sinks.little_engine import Store
from tests.sinks.test_contract import PROCESSES

PER_EPOCH = 4000
EVENTS = ("events",)
FOUR = [event(number, member) for number, member in enumerate(("ada", "bob", "cleo", "dan"))]


def records(topics: Topics, at: Path, committed: int = 0, mark: Mark | None = None) -> RecordTopics:
    """A destination for events that has recovered; leaving it unclosed is a crash."""
    destination = RecordTopics(Cluster({"bootstrap.servers": topics.bootstrap}), at, options(at), EVENTS)
    destination.recover(committed, mark or {})
    return destination


def written(destination: RecordTopics | SurfaceTopic, what: Packet, epoch: int) -> Mark:
    """The mark after an epoch of one packet."""
    destination.write(what)
    return destination.seal(epoch)


def ids(topics: Topics, at: Path) -> list[str]:
    """The ids of the events in the topic."""
    return sorted(json.loads(kept.value or b"{}")["id"] for kept in topics.read(f"{at.name}.events"))


def test_a_second_crash_forgets_nothing(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """While a part of what was found has not come again, the mark stays before it: so it is found once more."""
    at = tmp_path / prefix
    written(records(topics, at), packet(*FOUR), 1)
    mark = written(records(topics, at), packet(*FOUR[:2]), 1)

    last = records(topics, at, 1, mark)
    written(last, packet(*FOUR[2:]), 2)
    last.publish(2)
    last.close()

    assert ids(topics, at) == ["0", "1", "2", "3"]


def test_what_is_never_made_again_is_given_up_and_said(
    topics: Topics, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a number of epochs the mark goes on past records that another run must have written, with a warning."""
    monkeypatch.setattr(ahead, "EPOCHS", 2)
    at = tmp_path / prefix
    written(records(topics, at), packet(*FOUR[:3]), 1)
    other = records(topics, at)
    with caplog.at_level(logging.WARNING, "balanza.kafka"):
        held = written(other, packet(FOUR[3]), 1)
        freed = written(other, packet(FOUR[0]), 2)

    assert (sum(held.values()) < 4, sum(freed.values())) == (True, 4)
    assert [record.getMessage().partition(" that")[0] for record in caplog.records] == ["2 records"]


def test_records_of_before_the_deployment_are_not_ours(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """A new deployment on topics that hold the same records sends its own, and finds those again after a crash."""
    before, at = tmp_path / "before" / prefix, tmp_path / "now" / prefix
    written(records(topics, before), packet(FOUR[0]), 1)
    written(records(topics, at), packet(FOUR[0]), 1)
    again = records(topics, at)
    written(again, packet(FOUR[0]), 1)
    again.close()

    assert ids(topics, at) == ["0", "0"]


def test_a_clean_end_leaves_nothing_to_read(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """After a clean end a start neither reads nor waits, even if the mark is older; after another commit it reads."""
    at = tmp_path / prefix
    first = records(topics, at)
    mark = written(first, packet(*FOUR), 1)
    first.publish(1)
    first.close()
    topics.produce(f"{prefix}.events", [Sent(b"{}", b"ada", (("record", b"events"),))])

    second = records(topics, at, 1, mark)
    assert sum(written(second, packet(event(9)), 2).values()) >= sum(mark.values())
    assert len(ids_of_all(topics, f"{prefix}.events")) == 6


def ids_of_all(topics: Topics, topic: str) -> list[bytes | None]:
    """Every value of a topic."""
    return [kept.value for kept in topics.read(topic)]


def test_new_partitions_are_read_from_their_beginning(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """A partition that the mark does not know is younger than it: what lies there is found."""
    at = tmp_path / prefix
    mark = written(records(topics, at), packet(*FOUR), 1)
    topics.grow(f"{prefix}.events", 3)
    line = packet(event(9)).lines["events"].strip()
    topics.produce(f"{prefix}.events", [Sent(line, b"ada", (("record", b"events"), ("process", b"run")), partition=2)])

    destination = records(topics, at, 1, mark)
    mark = written(destination, packet(event(9)), 2)

    assert (ids(topics, at), mark[f"{prefix}.events/2"]) == (["0", "1", "2", "3", "9"], 1)


def test_what_retention_removed_is_not_missed(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """Records that were deleted behind the mark do not hinder a start."""
    at = tmp_path / prefix
    mark = written(records(topics, at), packet(*FOUR), 1)
    destination = records(topics, at, 1, mark)
    destination.write(packet(event(8), event(9)))
    destination.seal(2)
    ends = Counter(kept.partition for kept in topics.read(f"{prefix}.events"))
    for partition, end in ends.items():
        topics.forget_below(f"{prefix}.events", partition, end)

    written(records(topics, at, 1, mark), packet(event(8), event(9), event(10)), 2)

    assert {"8", "9", "10"} == set(ids(topics, at))


def test_a_topic_that_was_made_again_is_refused(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """A partition that is shorter than the state knows belongs to another past."""
    at = tmp_path / prefix
    mark = written(records(topics, at), packet(*FOUR), 1)
    topics.delete(f"{prefix}.events")

    with pytest.raises(DestinationError, match=rf"{prefix}.events: partition . ends at 0, .*deleted and made again"):
        records(topics, at, 1, mark)


def test_workers_on_the_same_topics_know_their_own(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """A worker leaves out only what it wrote itself, whoever's it is: that of another does not hold its mark back."""
    at = tmp_path / prefix
    cluster = Cluster({"bootstrap.servers": topics.bootstrap})
    written(records(topics, at), packet(*FOUR), 1)
    other = RecordTopics(cluster, at, options(at), EVENTS, "members 0-127")
    other.recover(0, {})
    mark = written(other, packet(FOUR[0]), 1)

    assert (ids(topics, at), sum(mark.values())) == (["0", "0", "1", "2", "3"], 5)


def test_a_member_who_is_gone_does_not_come_back_for_a_moment(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """What a crash takes back and makes again shows no older version, and nobody who is gone already."""
    at = tmp_path / prefix
    cluster = Cluster({"bootstrap.servers": topics.bootstrap})
    store: Store = {"ada": (1, 5), "bob": (1, 7)}
    first = surface_topic(cluster, at, store, 0.0)
    first.recover(0, {})
    mark = written(first, packet(touched=dict(store)), 1)
    store["ada"] = (2, 6)
    first.write(packet(touched={"ada": (2, 6)}))
    store["ada"] = (3, 12)
    del store["bob"]
    first.write(packet(touched={"ada": (3, 12)}, gone=["bob"]))
    first.idle()
    first._started().flush()  # noqa: SLF001  what a crash may find delivered

    store = {"ada": (1, 5), "bob": (1, 7)}
    second = surface_topic(cluster, at, store, 0.0)
    second.recover(1, mark)
    store["ada"] = (2, 6)
    second.write(packet(touched={"ada": (2, 6), "bob": (1, 7)}))
    store["ada"] = (3, 12)
    second.write(packet(touched={"ada": (3, 12)}, gone=["bob"]))
    second.seal(2)
    second.publish(2)
    second.close()

    shown = [(kept.key, kept.value) for kept in sorted(topics.read(f"{prefix}.surfaces"), key=lambda kept: kept.offset)]
    assert [value for key, value in shown if key == b"bob"] == [document("bob", (1, 7))[1], None]
    assert [value for key, value in shown if key == b"ada"][-1] == document("ada", (3, 12))[1]
    assert Counter(shown).most_common(1)[0][1] == 1


class Killed(RecordTopics):
    """Is ended by SIGKILL a while after it has recovered; it takes its time, so that this is while it sends."""

    seconds = 0.0

    def recover(self, committed: int, mark: Mark) -> None:
        super().recover(committed, mark)
        if self.seconds:
            threading.Timer(self.seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()

    def write(self, packet: Packet) -> None:
        super().write(packet)
        time.sleep(0.01)


def is_killed_at_random(bootstrap: str, folder: Path) -> None:
    """Judge of lives that end by SIGKILL while thousands of records are under way, the last one undisturbed."""
    epochs = [
        [packet(*(event(number, f"m{number % 50}") for number in range(start, start + PER_EPOCH // 8)))
         for start in range(epoch * PER_EPOCH, (epoch + 1) * PER_EPOCH, PER_EPOCH // 8)]
        for epoch in range(3)
    ]  # fmt: skip

    def make(cluster: Cluster, at: Path, _: Store) -> RecordTopics:
        return Killed(cluster, at, options(at), EVENTS)

    for seconds in (0.03, 0.07, 0.09, 0.05, 0.12, 0.0):
        Killed.seconds = seconds
        assert live(make, bootstrap, folder, epochs) == (-signal.SIGKILL if seconds else 0)


@pytest.mark.crash
def test_a_kill_at_any_moment_doubles_and_loses_nothing(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """Killed five times with its queue full and requests under way, each record is there once."""
    at = tmp_path / prefix
    process = PROCESSES.Process(target=is_killed_at_random, args=(topics.bootstrap, at))
    process.start()
    process.join()
    assert process.exitcode == 0

    found = Counter(json.loads(kept.value or b"{}")["id"] for kept in topics.read(f"{prefix}.events"))
    assert (len(found), max(found.values())) == (3 * PER_EPOCH, 1)
