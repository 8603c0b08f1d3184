"""V4 for tiers, offers and rewards: batches, processes and their number change nothing; ids are given once."""

import random
from pathlib import Path

import pytest

from config.compatibility import dump_program, parse_program
from flows.fold import Folded, fold
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.log import LogBatch, Row
from schemas.states import decode_member, encode_state
from tests.standing.happenings import everything, happened
from tests.standing.tables import RECORDS, records
from tests.workers.cluster import GROUPS, Stitcher, Topics, Worker, ranges, run_all
from tests.workers.told import Told

SEEDS = ("one", "two", "three")


def one_process(rows: list[Row], draw: random.Random, folder: Path | None = None) -> Told:
    """What one process says that reads in batches of any size."""
    wiring = Wiring(everything("by_group"), folder, GROUPS)
    stitch, members, told = StitchHost(wiring, 0), MemberHost(wiring, 0), Told()
    at = 0
    while at < len(rows):
        size = draw.randint(1, 60)
        told.take(members.work(stitch.work(LogBatch(rows[at : at + size], None, 0, 0.0))))
        at += size
    told.take(members.work(stitch.work(LogBatch([], rows[-1][0], 0, 0.0))))
    return told


def same(one: Told, *others: Told) -> bool:
    """Whether the others together said, member by member, what one did, and left the same states."""
    together = Told()
    for other in others:
        together.add(other)
    return (one.sorted_records(), one.states) == (together.sorted_records(), together.states)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_any_number_of_workers_says_the_same(tmp_path: Path, seed: str, count: int) -> None:
    """With a stock by key group, through merges between workers, and when they are killed and go on."""
    rows, draw = happened(seed, 250), random.Random(seed)
    topics = Topics()
    stitcher = Stitcher(everything("by_group"), topics, 4)
    for at in range(0, len(rows), 50):
        stitcher.work(rows[at : at + 50])
    stitcher.work([], rows[-1][0])
    workers = [
        Worker(everything("by_group"), topics, ours, 4, tmp_path / str(ours.start)) for ours in ranges(count)
    ]  # fmt: skip
    run_all(draw, workers, kills=0.02)
    assert same(one_process(rows, draw), *(worker.told for worker in workers))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_size_of_batches_and_a_store_change_nothing(tmp_path: Path, seed: str) -> None:
    """In memory or over RocksDB, one event at a time or many."""
    rows = happened(seed, 250)
    assert same(one_process(rows, random.Random(1)), one_process(rows, random.Random(2), tmp_path))


@pytest.fixture(scope="module", params=SEEDS)
def said(request: pytest.FixtureRequest) -> Folded:
    """What a fold says of many events."""
    return fold(everything(), happened(request.param, 500))


def test_every_table_says_something(said: Folded) -> None:
    """Or else the properties below would prove nothing."""
    assert RECORDS.keys() - said.lines.keys() == set()


def test_ids_are_given_once(said: Folded) -> None:
    """A sink may leave out what it has already."""
    for table in ("entries", "tiers", "offers", "refusals"):
        ids = [getattr(record, record.__struct_fields__[0]) for record in records(said, table)]
        assert len(ids) == len(set(ids)), table


def test_changes_of_vouchers_count_without_a_gap(said: Folded) -> None:
    """From issue on; nothing follows a use or a cancellation."""
    numbers: dict[str, list[int]] = {}
    states: dict[str, list[str]] = {}
    for change in records(said, "vouchers"):
        numbers.setdefault(change.voucher_id, []).append(change.number)
        states.setdefault(change.voucher_id, []).append(change.state)
    assert all(one == list(range(1, len(one) + 1)) for one in numbers.values())
    assert all(one[0] == "issued" and not {"used", "cancelled"} & set(one[1:-1]) for one in states.values())


def test_a_code_is_one_vouchers(said: Folded) -> None:
    """And no record has it whole."""
    codes = [voucher.code for member in said.members.values() for voucher in member.vouchers.values()]
    assert len(codes) == len(set(codes))
    assert not [code for code in codes for table in said.lines.values() if code.encode() in table]


def test_no_more_is_given_than_there_is(said: Folded) -> None:
    """At no moment are more vouchers out than the stock has, and some were refused for it."""
    out: dict[str, int] = {"coffee": 0, "mug": 0}
    for change in records(said, "vouchers"):
        out[change.reward] += {"issued": 1, "cancelled": -1}.get(change.state, 0)
        assert out["coffee"] <= 12
        assert out["mug"] <= 4
    assert any(refusal.reason == "OUT_OF_STOCK" for refusal in records(said, "refusals"))


def test_a_change_of_tier_begins_where_the_last_one_ended(said: Folded) -> None:
    """The rows of a member are a chain, and the last is its tier now."""
    last: dict[str, str | None] = {}
    for change in records(said, "tiers"):
        assert last.get(change.member_id) == change.from_tier != change.tier
        last[change.member_id] = change.tier
    for member_id, member in said.members.items():
        assert member.standing is not None
        assert member.standing.tier == last.get(member_id)


def test_a_members_state_survives_being_packed(said: Folded) -> None:
    """What is read again is what was kept."""
    for member in said.members.values():
        assert decode_member(encode_state(member)) == member


def test_a_program_is_the_same_after_it_was_stored() -> None:
    """As it is kept beside the state."""
    assert parse_program(dump_program(everything())) == everything()
