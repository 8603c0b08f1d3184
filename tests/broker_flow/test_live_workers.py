"""Stitcher and workers following a topic that grows, killed and started again, against one process that replays it."""

import json
import random
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from balanza.running import Role
from balanza.sending import MEMBERS_TABLES
from config.groups import parse_groups
from tests.broker_flow.lives import Life, Part, live
from tests.broker_flow.test_live import EVENTS_EACH, GAP_SECONDS, PRODUCERS, produce, produce_last
from tests.broker_flow.test_workers import by_member, run_together
from tests.broker_flow.world import topic_lines, written_lines
from tests.conftest import IN_CI
from tests.flow.commands import wait_until
from tests.flow.lives import settings
from tests.flow.outcomes import lines, records
from tests.flow.test_follow import quick_program
from tests.kafka.topics import Topics

FAST = settings(follow_epoch_seconds=0.3)


def members_seen(parts: list[Part], member_id: str) -> bool:
    """Whether a worker shows this member."""
    for part in parts:
        path = part.out / "surfaces.db"
        if path.exists():
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as surfaces:
                if surfaces.execute("SELECT 1 FROM surfaces WHERE member_id = ?", [member_id]).fetchone():
                    return True
    return False


def last_member(out: Path) -> str | None:
    """The member of the event that comes last, once the stitcher has it."""
    path = out / "records" / "events.jsonl"
    found = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return next((str(event["member_id"]) for event in found if event["id"] == "last"), None)


def test_following_processes_that_are_killed_say_what_one_says(topics: Topics, tmp_path: Path) -> None:
    """While three channels produce, processes die and come back; members are merged across workers meanwhile."""
    seed = 9 if IN_CI else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    draw = random.Random(seed)
    names = tuple(topics.make(2, stem=stem) for stem in ("app", "till"))
    prefix, program = tmp_path.name, quick_program(tmp_path)
    parts = [Part(topics.bootstrap, prefix, tmp_path / "stitch", names, Role.STITCH, follow=True, program=program)]
    for at in range(2):
        ours = parse_groups(f"{at}/2", 256)
        parts.append(Part(topics.bootstrap, prefix, tmp_path / f"m{at}", (), Role.MEMBERS, ours, follow=True,
                          program=program))
    lives = [Life(part, FAST) for part in parts]
    channels = [
        threading.Thread(target=produce, args=(topics.bootstrap, list(names), seed + at)) for at in range(PRODUCERS)
    ]
    for thread in channels:
        thread.start()
    while any(thread.is_alive() for thread in channels):
        time.sleep(draw.uniform(0.3, 1.2))
        at = draw.randrange(len(lives))
        lives[at].end(0.0)
        lives[at] = Life(parts[at], FAST)
    time.sleep(GAP_SECONDS)
    produce_last(topics.bootstrap, names[0])
    wait_until(lambda: (last_member(parts[0].out) or "") != "")
    wait_until(lambda: members_seen(parts[1:], last_member(parts[0].out) or ""))
    for life in lives:
        life.stop()
    assert [life.end() for life in lives] == [0, 0, 0]
    run_together([replace(part, follow=False) for part in parts[1:]])  # the other worker may have been behind

    alone = Part(topics.bootstrap, prefix, tmp_path / "alone", names, program=program, replay=True)
    live(alone)
    assert len(lines(records(parts[0].out, "events"))) == PRODUCERS * EVENTS_EACH + 1
    assert lines(records(alone.out, "events")) == lines(records(parts[0].out, "events"))
    expected = by_member({table: lines(records(alone.out, table)) for table in MEMBERS_TABLES})
    together = {table: [line for part in parts[1:] for line in lines(records(part.out, table))]
                for table in MEMBERS_TABLES}
    assert expected == by_member(together)
    for table in MEMBERS_TABLES:
        assert written_lines(alone.out, table) == topic_lines(topics, prefix, table), table
