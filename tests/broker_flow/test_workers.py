"""A stitcher and member workers on a real broker: any number, killed, moved; each record is out once."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from balanza.cli import app
from balanza.running import Role
from balanza.sending import MEMBERS_TABLES, STITCHERS_TABLES
from config.groups import parse_groups, show_groups
from config.settings import Settings
from tests.broker_flow.lives import KILLED, Life, Part, live
from tests.broker_flow.world import World, topic_lines, world, written_lines
from tests.conftest import IN_CI
from tests.flow.lives import settings
from tests.flow.outcomes import lines, records
from tests.kafka.broker import Broker
from tests.kafka.topics import Topics

GROUPS = 256
KILLS = 8
SECONDS_LIVED_MAX = 1.5
BY_VERSION = ("entries",)  # a merge is posted by the worker that absorbs, for both members

ByMember = dict[tuple[str, str], list[str]]


@pytest.fixture(scope="module")
def shop(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twenty thousand events of a made-up shop, in topics."""
    return world(kafka.bootstrap, tmp_path_factory.mktemp("shop"), 20_000, 800, 22)


class Parts:
    """The processes of a deployment."""

    def __init__(self, shop: World, folder: Path) -> None:
        self.shop, self.folder, self.prefix = shop, folder, folder.name
        self.stitcher = Part(shop.bootstrap, self.prefix, folder / "stitch", shop.topics, Role.STITCH)

    def member(self, name: str, groups: str) -> Part:
        """A member worker with a folder of that name."""
        ours = parse_groups(groups, GROUPS)
        return Part(self.shop.bootstrap, self.prefix, self.folder / name, (), Role.MEMBERS, ours)


def run_together(parts: Iterable[Part], chosen: Settings | None = None) -> None:
    """Bounded lives at the same time, since members wait for each other's copies."""
    lives = [Life(part, chosen) for part in parts]
    assert [life.end() for life in lives] == [0] * len(lives)


def by_member(tables: Mapping[str, list[str]]) -> ByMember:
    """Lines by table and member, in their order."""
    found: ByMember = defaultdict(list)
    for table, told in tables.items():
        for line in told:
            found[table, json.loads(line)["member_id"]].append(line)
    for (table, _), told in found.items():
        if table in BY_VERSION:
            told.sort(key=lambda line: int(json.loads(line)["version"]))
    return dict(found)


def assert_same(parts: Parts, members: Iterable[Part], topics: Topics) -> None:
    """For every member the records of one process, in their order, in one of the workers; in the topics each once."""
    members, expected = list(members), parts.shop.expected
    for table in STITCHERS_TABLES:
        assert written_lines(parts.stitcher.out, table) == topic_lines(topics, parts.prefix, table), table
        if table != "dead_letters":
            assert expected[f"records {table}"] == lines(records(parts.stitcher.out, table)), table
    together = {
        table: [line for part in members for line in lines(records(part.out, table))] for table in MEMBERS_TABLES
    }
    assert by_member({table: expected[f"records {table}"] for table in MEMBERS_TABLES}) == by_member(together)
    for table in MEMBERS_TABLES:
        written: Counter[bytes] = sum((written_lines(part.out, table) for part in members), start=Counter())
        assert written == topic_lines(topics, parts.prefix, table), table


@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_workers_gives_what_one_process_gives(
    topics: Topics, shop: World, tmp_path: Path, count: int
) -> None:
    """Stitched first, then by one worker or three at the same time."""
    parts = Parts(shop, tmp_path)
    live(parts.stitcher)
    members = [parts.member(f"m{at}", f"{at}/{count}") for at in range(count)]
    run_together(members)
    assert_same(parts, members, topics)
    for part in members:
        assert_found(part)


def test_killed_processes_leave_no_trace(topics: Topics, shop: World, tmp_path: Path) -> None:
    """Stitcher and two workers at the same time, each killed again and again wherever it is."""
    seed = 6 if IN_CI else random.SystemRandom().randrange(10**6)
    draw, landed = random.Random(seed), 0
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    parts = Parts(shop, tmp_path)
    members = [parts.member("m0", "0/2"), parts.member("m1", "1/2")]
    for _ in range(KILLS):
        chosen = settings(epoch_seconds=0.1, batch_lines=draw.choice([17, 100, 400]))
        doomed = [Life(part, chosen) for part in draw.sample([parts.stitcher, *members], 2)]
        ends = [life.end(draw.uniform(0.4, SECONDS_LIVED_MAX)) for life in doomed]
        print(f"ended with {ends}")  # noqa: T201  the same
        landed += ends.count(KILLED)
    assert Life(parts.stitcher).end() == 0
    run_together(members)
    assert landed
    assert_same(parts, members, topics)


def move(giver: Part, receiver: Part, groups: str) -> None:
    """Move groups with the command."""
    command = ["state", "move", "--from", str(giver.out), "--to", str(receiver.out), "--groups", groups]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output


def test_two_workers_become_three(topics: Topics, shop: World, tmp_path: Path) -> None:
    """With the state of half the log, each stopped where it was, some members waiting for others."""
    parts = Parts(shop, tmp_path)
    live(parts.stitcher)
    old = [parts.member("m0", "0/2"), parts.member("m1", "1/2")]
    for part, seconds in zip(old, (1.6, 2.2), strict=True):
        stopped_early(part, seconds)
    third = parts.member("m2", "170-255")
    move(old[1], third, "170-255")
    move(old[0], old[1], show_groups(range(85, 128)))
    new = [parts.member(f"m{at}", f"{at}/3") for at in range(3)]
    run_together(new)
    assert_same(parts, new, topics)


def assert_found(part: Part) -> None:
    """The looking commands work in a worker's folder, by an identifier as well."""
    with duckdb.connect(str(part.out / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        row = warehouse.execute(
            "SELECT type || ':' || value, member_id FROM identifiers JOIN balances USING (member_id) "
            "WHERE type = 'email' ORDER BY 1 LIMIT 1"
        ).fetchone()
    assert row is not None
    result = CliRunner().invoke(app, ["member", row[0], "--out", str(part.out), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["member_id"] == row[1]


def stopped_early(part: Part, seconds: float) -> None:
    """Let a worker run for a moment and ask it to stop, in small epochs."""
    life = Life(part, settings(epoch_seconds=0.05))
    life.join(seconds)
    life.stop()
    assert life.end() == 0
