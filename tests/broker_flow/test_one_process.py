"""`balanza run` on Kafka: the same as on files, once in every topic, whatever kills it."""

import ast
import random
from collections import Counter
from pathlib import Path

import pytest

from schemas.records import TABLES
from tests.broker_flow.lives import KILLED, Life, Part, live
from tests.broker_flow.world import World, comparable, topic_lines, world, written_lines
from tests.conftest import IN_CI
from tests.flow.dooms import Doom, When
from tests.flow.lives import settings
from tests.flow.outcomes import differences, outcome, repeated
from tests.kafka.broker import Broker
from tests.kafka.topics import Topics

KILLS = 6
SECONDS_LIVED_MAX = 4.0

PLACES: tuple[tuple[str, int], ...] = (
    ("connectors.engine:LogPartition.snapshot",        2),
    ("flows.runtime.store:Store.checkpoint",           3),
    ("sinks.group:Destinations.recover",               1),
    ("sinks.group:Destinations.seal",                  2),
    ("sinks.group:Destinations.publish",               2),
    ("sinks.kafka.writer:TopicWriter.flush",           3),
    ("sinks.kafka.surfaces:SurfaceTopic.seal",         1),
    ("sinks.group:Destinations.close",                 1),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Ten thousand events of a made-up shop, in topics."""
    return world(kafka.bootstrap, tmp_path_factory.mktemp("shop"), 10_000, 500, 21)


def assert_same(shop: World, part: Part, topics: Topics) -> None:
    """State, files and topics are those of an undisturbed run over files: nothing is missing, nothing there twice."""
    stem = shop.topics[0].split("-")[0] + "-"
    found = outcome(part.out)
    assert differences(shop.expected, comparable(found, stem)) == {}
    assert repeated(part.out) == {}
    for table in TABLES:
        assert written_lines(part.out, table) == topic_lines(topics, part.prefix, table), table
    shown = {kept.key: kept.value for kept in topics.read(f"{part.prefix}.surfaces")}
    documents = Counter(value.decode() for value in shown.values() if value is not None)
    assert documents == Counter(document_of(row) for row in found["surfaces surfaces"])


def document_of(row: str) -> str:
    """The document in a row of the surfaces, as it was printed."""
    document: str = ast.literal_eval(row)[2]
    return document


def test_kafka_gives_what_files_give(topics: Topics, shop: World, tmp_path: Path) -> None:
    """The same lines with the same log times, read from topics, leave the same records, states and documents."""
    part = Part(shop.bootstrap, f"{tmp_path.name}", tmp_path / "out", shop.topics)
    live(part)
    assert_same(shop, part, topics)


def test_kills_at_random_leave_no_trace(topics: Topics, shop: World, tmp_path: Path) -> None:
    """Killed wherever it was, with epochs that come thick, it ends as one never killed; every record is out once."""
    seed = 5 if IN_CI else random.SystemRandom().randrange(10**6)
    draw, landed = random.Random(seed), 0
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    part = Part(shop.bootstrap, tmp_path.name, tmp_path / "out", shop.topics)
    for _ in range(KILLS):
        chosen = settings(epoch_seconds=0.1, batch_lines=draw.choice([17, 100, 400]))
        landed += Life(part, chosen).end(draw.uniform(0.7, SECONDS_LIVED_MAX)) == KILLED
    assert Life(part).end() == 0
    assert landed
    assert_same(shop, part, topics)


@pytest.mark.parametrize("when", ["before", "after"])
def test_kills_at_chosen_places_leave_no_trace(topics: Topics, shop: World, tmp_path: Path, when: When) -> None:
    """One life after another dies just before or after a call; the last one ends as if there had been no other."""
    part = Part(shop.bootstrap, tmp_path.name, tmp_path / "out", shop.topics)
    for name, nth in PLACES:
        chosen = settings(epoch_seconds=0.05, batch_lines=400)
        Life(part, chosen, Doom(name, nth, when)).end()
    assert Life(part).end() == 0
    assert_same(shop, part, topics)
