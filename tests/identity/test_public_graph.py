"""ca-GrQc as aliases: the graph's components are the members, whatever the order, the batches and the restarts."""

import gc
import random
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from config.program import Program
from flows.stations import StitchHost, Wiring
from schemas.log import LogBatch, Row
from schemas.records import IdentityChanged
from tests.flow.lives import live
from tests.flow.outcomes import all_records, records
from tests.identity.public_data import Link, alias_lines, desk, links
from tests.identity.stories import rows_of

pytestmark = pytest.mark.external

PEOPLE, COMPONENTS, LARGEST = 5_242, 355, 4_158
LINKS = 14_496
ORDERS = 4
SMALL_CACHE_BYTES = 64 << 10
_changes = msgspec.json.Decoder(IdentityChanged)

Said = dict[str, bytes]


@pytest.fixture(scope="module")
def graph() -> list[Link]:
    """The links, in the file's order."""
    return links()


@pytest.fixture(scope="module")
def log(graph: list[Link]) -> list[Row]:
    """One log of them."""
    return rows_of(alias_lines(shuffled(graph, 0)))


def shuffled(graph: list[Link], seed: int) -> list[Link]:
    """The links in another order."""
    return random.Random(seed).sample(graph, len(graph))


def components(graph: list[Link]) -> set[frozenset[str]]:
    """Who is connected, by union-find."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, two in graph:
        parent[root(one)] = root(two)
    groups: dict[str, set[str]] = {}
    for node in list(parent):
        groups.setdefault(root(node), set()).add(node)
    return {frozenset(group) for group in groups.values()}


def stitched(
    rows: list[Row], batch: int, restarts: tuple[int, ...] = (), folder: Path | None = None, by: Program | None = None
) -> Said:  # fmt: skip
    """What the stitching station says of the rows: batches of a size, saved and opened anew after so many rows."""
    said: Said = {}
    number = 0
    for begin, end in pairwise((0, *restarts, len(rows))):
        wiring = Wiring(by or desk(), folder, cache_bytes=SMALL_CACHE_BYTES)
        station = StitchHost(wiring, number)
        for some in range(begin, end, batch):
            out = station.work(LogBatch(rows[some : min(some + batch, end)], None, 0, 0.0))
            for table, lines in out.lines.items():
                said[table] = said.get(table, b"") + lines
        number = station.save()
        del station, wiring
        gc.collect()  # RocksDB lets go of its folder when the last object does
    return said


def people(said: Said) -> dict[str, str]:
    """The member of each person in the end, by the identity changes."""
    owners: dict[str, str] = {}
    for change in _changes.decode_lines(said["identity"]):
        owners.update(dict.fromkeys(change.ids, change.member_id))
    return {identifier.removeprefix("person:"): member_id for identifier, member_id in owners.items()}


def groups(owners: dict[str, str]) -> set[frozenset[str]]:
    """The people of each member."""
    members: dict[str, set[str]] = {}
    for person, member_id in owners.items():
        members.setdefault(member_id, set()).add(person)
    return {frozenset(group) for group in members.values()}


def test_the_graph_is_the_published_one(graph: list[Link]) -> None:
    """People, links and components are as many as its makers say."""
    found = components(graph)
    assert (len(graph), sum(map(len, found))) == (LINKS, PEOPLE)
    assert (len(found), max(map(len, found))) == (COMPONENTS, LARGEST)


@pytest.mark.parametrize("seed", range(ORDERS))
def test_components_are_members_in_any_order(graph: list[Link], seed: int) -> None:
    """355 members, the largest of 4,158 people; the same people together each time."""
    found = groups(people(stitched(rows_of(alias_lines(shuffled(graph, seed))), 1_000)))
    assert (len(found), max(map(len, found))) == (COMPONENTS, LARGEST)
    assert found == components(graph)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(", unique: true", id="unique"),
        pytest.param(", max: {values: 1, within: ever}", id="at most one"),
        pytest.param(", shared: {members: 1, within: ever}", id="shared by one"),
    ],
)
def test_no_rule_keeps_an_alias_from_joining(graph: list[Link], rules: str) -> None:
    """A steward's word stands, whatever the limits of the type; and an alias is no sighting."""
    told = stitched(rows_of(alias_lines(shuffled(graph, ORDERS))), 1_000, by=desk(rules))
    assert groups(people(told)) == components(graph)


def test_links_in_everyday_events_make_the_same_members(graph: list[Link]) -> None:
    """Where the type has no limits; those that other types have by default do not touch it."""
    lines = [line.replace(b'"alias"', b'"page_view"') for line in alias_lines(shuffled(graph, ORDERS))]
    assert groups(people(stitched(rows_of(lines), 1_000))) == components(graph)


@pytest.mark.parametrize("batch", [1, 17, 5_000, LINKS])
def test_batches_change_no_byte(log: list[Row], batch: int) -> None:
    """One log gives one set of records, member ids included."""
    assert stitched(log, batch) == stitched(log, 1_000)


@pytest.mark.parametrize("restarts", [(LINKS // 2,), (1, 40, 5_000, LINKS - 1)])
def test_restarts_change_no_byte(log: list[Row], tmp_path: Path, restarts: tuple[int, ...]) -> None:
    """A station that is saved and opened from its store goes on as one that never stopped."""
    assert stitched(log, 500, restarts, tmp_path) == stitched(log, 1_000)


def test_the_product_stopped_in_the_middle_ends_alike(log: list[Row], tmp_path: Path) -> None:
    """Run to half of the log, then to its end: the records are those of one run, byte for byte."""
    file = tmp_path / "links.jsonl"
    file.write_bytes(b"".join(row[4] + b"\n" for row in log))
    live(file, tmp_path / "once", program=desk())
    live(file, tmp_path / "twice", program=desk(), until_us=log[LINKS // 2][0])
    live(file, tmp_path / "twice", program=desk())
    assert all_records(tmp_path / "once") == all_records(tmp_path / "twice")
    assert records(tmp_path / "once", "identity") == stitched(log, 1_000)["identity"]


def test_a_members_id_is_that_of_its_first_link(log: list[Row], graph: list[Link]) -> None:
    """The oldest wins each merge, so that who came last has no say in the name."""
    said = stitched(log, 1_000)
    oldest: dict[str, str] = {}
    for change in _changes.decode_lines(said["identity"]):
        for identifier in change.ids:
            oldest.setdefault(identifier.removeprefix("person:"), change.member_id)
    order = list(oldest)
    place = {person: at for at, person in enumerate(order)}
    owners = people(said)
    expected = {person: oldest[min(group, key=place.__getitem__)] for group in components(graph) for person in group}
    assert owners == expected
