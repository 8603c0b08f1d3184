"""Replays of topics on a real broker, beside the deployment that lives on them."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.kafka.cluster import Cluster
from schemas.log import Place
from schemas.records import TABLES
from sinks.readable import rfc3339
from tests.broker_flow.world import produced, rows_of
from tests.connectors.logs import BEGIN_S, event_line
from tests.flow.commands import Command, wait_until
from tests.flow.lives import CORNER_SHOP, EXAMPLE
from tests.flow.outcomes import all_records, records
from tests.kafka.broker import Broker
from tests.kafka.topics import Sent, Topics
from tests.replay.folders import asked, called, counts, other_program, refused

FROM_US = 1_306_886_400_000_000
FROM = rfc3339(FROM_US)
UNTIL_US = FROM_US + 90 * 86_400_000_000
STEM = "replayed-"
PREFIX = "lives"
Ends = dict[Place, int]


def told(tmp_path: Path, *arguments: object) -> dict[str, Any]:
    """Call a command with a summary in JSON that must succeed."""
    ended = called(tmp_path, *arguments, "--json")
    assert ended.status == 0, ended.err
    summary: dict[str, Any] = json.loads(ended.out)
    return summary


def ends(bootstrap: str) -> Ends:
    """Where every partition of every topic ends, those of the cluster itself left out."""
    cluster = Cluster({"bootstrap.servers": bootstrap})
    try:
        names = [name for name in cluster.admin.list_topics(timeout=10).topics if not name.startswith("__")]
        places = [Place(name, at) for name, count in cluster.partitions(names).items() for at in range(count)]
        return cluster.end_offsets(places)
    finally:
        cluster.close()


class Shop:
    """The bundled example in topics, and a deployment that has read them."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self.rows = rows_of(EXAMPLE / "log")
        self.topics = produced(bootstrap, STEM, self.rows)
        self.out = folder / "live"
        told(folder, "run", *self.input(), "-o", self.out, "--metrics-port", 0, "--keep-records")

    def input(self) -> list[object]:
        """The options that name program and topics."""
        return ["-p", CORNER_SHOP, "-k", self.bootstrap, "-t", ",".join(self.topics), "--prefix", PREFIX]

    def replay(self, tmp_path: Path, *more: object) -> dict[str, Any]:
        """Replay the topics into `out`; nothing may be written to the broker, nor to the folder that lives."""
        before, folder = ends(self.bootstrap), _times(self.out)
        summary = told(tmp_path, "replay", *self.input(), "-o", tmp_path / "out", "--keep-records", *more)
        assert ends(self.bootstrap) == before
        assert _times(self.out) == folder
        return summary


def _times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def shop(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One shop for all tests that only look."""
    shop = Shop(kafka.bootstrap, tmp_path_factory.mktemp("shop"))
    yield shop
    topics = Topics(kafka.bootstrap)
    topics.made = sorted({place.topic for place in ends(kafka.bootstrap) if place.topic.startswith((STEM, PREFIX))})
    topics.close()


def test_topics_again_give_what_lives(shop: Shop, tmp_path: Path) -> None:
    """In shadow: the same records byte for byte, no difference, no outbox, and not one record in any topic."""
    found = shop.replay(tmp_path, "--compare", shop.out, "--batch-lines", 333)
    assert all_records(tmp_path / "out") == all_records(shop.out)
    assert (found["comparison"]["equal"], found["comparison"]["notes"]) == (True, [])
    assert counts(found["comparison"])["decisions"][0] > 100
    assert not (tmp_path / "out" / "outbox.jsonl").exists()
    assert not (tmp_path / "out" / "journal.jsonl").exists()


def test_another_program_differs_and_writes_no_topic(shop: Shop, tmp_path: Path) -> None:
    """With --send as well, where an outbox is all that there is more; a second --program wins over the first."""
    program = other_program(tmp_path, ("points: 1\n", "points: 3\n"))
    found = shop.replay(tmp_path, "--program", program, "--send", "--compare", shop.out)
    _, only_live, only_replay, changed = counts(found["comparison"])["balances"]
    assert (only_live, only_replay, changed > 100) == (0, 0, True)
    assert found["expired_actions"] == sum(found["actions"].values())
    assert (tmp_path / "out" / "outbox.jsonl").read_bytes() == b""


def test_from_offsets(shop: Shop, tmp_path: Path) -> None:
    """Named partitions begin there, others with their oldest record; the comparison says what that means."""
    start = f"{STEM}web/0=500,{STEM}till/0=10"
    found = shop.replay(tmp_path, "--from", start, "--compare", shop.out)
    assert found["read"] == len(shop.rows) - 510
    assert records(tmp_path / "out", "events") != records(shop.out, "events")
    first = f"""SELECT min("offset") >= 500 FROM dead_letters WHERE topic = '{STEM}web' AND "partition" = 0"""
    assert (asked(tmp_path / "out", first), asked(shop.out, first)) == ([(True,)], [(False,)])
    assert f"{STEM}till/0=10,{STEM}web/0=500, without the state from before" in " ".join(found["comparison"]["notes"])


def test_from_a_time(shop: Shop, tmp_path: Path) -> None:
    """By the records' log time; each partition begins with its first record from then on."""
    found = shop.replay(tmp_path, "--from", FROM, "--until", rfc3339(UNTIL_US))
    assert found["read"] == sum(FROM_US <= row[0] < UNTIL_US for row in shop.rows)
    assert asked(tmp_path / "out", f"SELECT min(log_time_us) >= {FROM_US} FROM stored.events") == [(True,)]
    assert found["log_from"] >= FROM


def test_a_replay_of_topics_goes_on(shop: Shop, tmp_path: Path) -> None:
    """Up to a time, then to the end: the records of one go."""
    found = shop.replay(tmp_path, "--until", FROM, "--compare", shop.out)
    assert found["comparison"]["equal"], counts(found["comparison"])
    shop.replay(tmp_path, "--compare", shop.out)
    assert all_records(tmp_path / "out") == all_records(shop.out)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (f"{STEM}web/9=0",       f"there is no partition {STEM}web/9"),
        (f"{STEM}web/0=9999999", f"{STEM}web/0 ends at "),
        ("other/0=0",            "other/0 is of none of the --topics"),
    ],
)  # fmt: skip
def test_offsets_that_are_not_there_are_refused(shop: Shop, tmp_path: Path, start: str, expected: str) -> None:
    """Before anything is made."""
    assert expected in refused(tmp_path, "replay", *shop.input(), "-o", tmp_path / "out", "--from", start)
    assert not (tmp_path / "out").exists()


def test_exceptions_to_the_order_are_those_of_live(topics: Topics, tmp_path: Path) -> None:
    """Records that came too late for their own time: a replay puts them where live did, without the topic it cannot.

    Live goes on meanwhile.
    """
    topic, lives = topics.make(2, message_timestamp_type="CreateTime"), tmp_path / "live"
    prefix = f"{topic}-own"
    topics.made += [f"{prefix}.{name}" for name in (*TABLES, "surfaces", "exceptions")]
    given = ["-p", CORNER_SHOP, "-k", topics.bootstrap, "-t", topic]
    with Command(tmp_path, "run", *given, "--prefix", prefix, "-o", lives, "-q", "--follow", "--metrics-port", 0,
                 "--keep-records", "--epoch-seconds", 0.2) as live:  # fmt: skip
        for at, late_ms in enumerate((0, 60_000, 30_000, 0, 90_000)):
            now = time.time()
            line = event_line(f"e{at}", int(now) - BEGIN_S)
            topics.produce(topic, [Sent(line, partition=at % 2, time_ms=int(now * 1000) - late_ms)])
            _wait_until_applied(lives, at + 1)
        before = ends(topics.bootstrap)
        found = told(tmp_path, "replay", *given, "--prefix", prefix, "-o", tmp_path / "own", "--keep-records",
                     "--compare", lives)  # fmt: skip
        told(tmp_path, "replay", *given, "--prefix", "nobody", "-o", tmp_path / "none", "--keep-records")
        assert ends(topics.bootstrap) == before
        live.signal(signal.SIGTERM)
        assert live.ended().status == 0
    assert len(topics.read(f"{prefix}.exceptions")) >= 2
    assert found["comparison"]["equal"]
    assert all_records(tmp_path / "own") == all_records(lives)
    assert records(tmp_path / "none", "events") != records(lives, "events")


def test_a_deployment_of_several_processes_is_compared_as_one(shop: Shop, tmp_path: Path) -> None:
    """Each of its folders is named; one process that replays all has made the same."""
    stitch, workers = tmp_path / "stitch", [tmp_path / "members-0", tmp_path / "members-1"]
    given = ["-p", CORNER_SHOP, "-k", shop.bootstrap, "--prefix", f"{PREFIX}-parts", "--metrics-port", 0]
    assert called(tmp_path, "stitch", *given, "-t", ",".join(shop.topics), "-o", stitch).status == 0
    with ExitStack() as stack:
        started = [
            stack.enter_context(Command(tmp_path, "members", *given, "-g", f"{at}/2", "-o", out, "--quiet"))
            for at, out in enumerate(workers)
        ]
        assert [one.ended().status for one in started] == [0, 0]
    folders = [word for folder in (stitch, *workers) for word in ("--compare", folder)]
    found = shop.replay(tmp_path, *folders, "--prefix", f"{PREFIX}-parts")["comparison"]
    assert found["equal"], counts(found)
    assert (len(found["live"]), counts(found)["decisions"][0] > 100) == (3, True)
    elsewhere = refused(tmp_path, "replay", *shop.input(), "-o", tmp_path / "another", *folders)
    assert f"has the prefix {PREFIX}-parts, not {PREFIX}" in elsewhere
    for some in (folders[:2], folders[2:], [*folders, "--compare", shop.out]):
        said = refused(tmp_path, "replay", *shop.input(), "-o", tmp_path / "another", *some)
        assert "all its processes" in said or "folders of all processes" in said


def _wait_until_applied(out: Path, count: int) -> None:
    events = out / "records" / "events.jsonl"
    wait_until(lambda: events.exists() and len(events.read_bytes().splitlines()) >= count)
