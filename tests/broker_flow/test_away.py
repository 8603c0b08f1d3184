"""A broker that goes away for twenty seconds and comes back: everybody waits, goes on, and nothing is lost or twice."""

import threading
import time
from pathlib import Path

import pytest

from balanza.running import Role
from balanza.sending import MEMBERS_TABLES
from tests.broker_flow.lives import Life, Part, live
from tests.broker_flow.test_live import EVENTS_EACH, produce, produce_last, read_so_far
from tests.broker_flow.test_live_workers import FAST, last_member, members_seen
from tests.broker_flow.test_workers import by_member
from tests.broker_flow.world import topic_lines, written_lines
from tests.flow.commands import wait_until
from tests.flow.outcomes import lines, records
from tests.flow.test_follow import quick_program
from tests.kafka.fixtures import BrokerMaker
from tests.kafka.topics import Topics

AWAY_SECONDS = 20.0


@pytest.mark.timeout(500)
def test_everybody_waits_for_the_broker(brokers: BrokerMaker, tmp_path: Path) -> None:
    """One process, and a stitcher with a worker, on the same topics; a sender that keeps its events meanwhile."""
    broker = brokers()
    topics = Topics(broker.bootstrap)
    names = (topics.make(2, stem="app"),)
    program = quick_program(tmp_path)
    one = Part(broker.bootstrap, "one", tmp_path / "one", names, follow=True, program=program)
    stitcher = Part(broker.bootstrap, "two", tmp_path / "stitch", names, Role.STITCH, follow=True, program=program)
    worker = Part(broker.bootstrap, "two", tmp_path / "m", (), Role.MEMBERS, tuple(range(256)), follow=True,
                  program=program)  # fmt: skip
    lives = [Life(part, FAST) for part in (one, stitcher, worker)]
    sender = threading.Thread(target=produce, args=(broker.bootstrap, list(names), 3))
    sender.start()
    wait_until(lambda: min(read_so_far(one.out), read_so_far(stitcher.out)) > 10, 150)
    wait_until((worker.out / "records" / "receipts.jsonl").exists, 150)  # all are past their start, which needs it
    broker.stop()
    time.sleep(AWAY_SECONDS)
    broker.start()
    sender.join()
    produce_last(broker.bootstrap, names[0])
    wait_until(lambda: read_so_far(one.out) == EVENTS_EACH + 1)
    wait_until(lambda: last_member(stitcher.out) is not None)
    wait_until(lambda: members_seen([worker], last_member(stitcher.out) or ""))
    for life in lives:
        life.stop()
    assert [life.end() for life in lives] == [0, 0, 0]

    alone = Part(broker.bootstrap, "one", tmp_path / "alone", names, program=program, replay=True)
    live(alone)
    for table in MEMBERS_TABLES:
        assert written_lines(one.out, table) == topic_lines(topics, "one", table), table
        assert written_lines(worker.out, table) == topic_lines(topics, "two", table), table
    assert lines(records(alone.out, "events")) == lines(records(one.out, "events"))
    told = by_member({table: lines(records(one.out, table)) for table in MEMBERS_TABLES})
    assert by_member({table: lines(records(alone.out, table)) for table in MEMBERS_TABLES}) == told
    topics.close()
