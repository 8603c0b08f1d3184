"""A wrong merge undone: each side has what its identifiers brought, and what nobody can tell stays."""

from typing import Any

from config.program import Program
from flows.ledger.ledger import Ledger
from flows.ledger.stock import Stock
from flows.runtime.table import Table
from flows.standing import Heard, StandingMachine
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.log import LogBatch
from schemas.records import TierChanged
from schemas.standing import Shelf
from schemas.states import Member, decode_shelf, encode_state
from schemas.stitched import Emit, Parted, Stitched
from tests.ledger.tables import event_of, ids_of, rows_of
from tests.standing.tables import check
from tests.standing.test_rewards import COFFEE, shop
from tests.standing.test_tiers import LEVELS, club

NOON_US = 1_790_000_000_000_000  # in September 2026
BOB = "loyalty:bob"


def member_of(happened: list[tuple[str, str, str, dict[str, Any]]], by: Program) -> Member:
    """The one member that events leave whose steps say by which identifier they came."""
    events = [
        event_of(kind, f"e{number}", time, {"ids": ids_of(who), **data})
        for number, (kind, who, time, data) in enumerate(happened)
    ]
    wiring = Wiring(by)
    stitch, members = StitchHost(wiring, 0), MemberHost(wiring, 0)
    batch = stitch.work(LogBatch(rows_of(events), None, 0, 0.0))
    for step in batch.steps:
        if isinstance(step, Stitched):
            step.by = f"loyalty:{step.event.data.ids['loyalty'][0]}"  # type: ignore[index]  # all have one
    touched = members.work(batch).touched
    (member,) = touched.values()
    assert isinstance(member, Member)
    return member


def part(kept: Member, by: Program) -> tuple[Member, list[TierChanged]]:
    """Part `bob` from a member."""
    emit = Emit(lambda *_: None)
    shelves: Table[Shelf] = Table(b"s", encode_state, decode_shelf)
    machine = StandingMachine(by, Ledger(by), Heard(), Stock(shelves, 256), b"")
    parted = Member("m_part", "default", known=True)
    step = Parted("k", "desk", "s1", NOON_US, NOON_US, kept.member_id, "m_part", [BOB], known=True, keeps_known=True)
    machine.part(kept, parted, step, emit)
    return parted, emit.tiers


def bought(order: str, amount: int) -> dict[str, Any]:
    """The data of a purchase."""
    return {"order_id": order, "total": {"amount": amount, "currency": "EUR"}}


ALIAS: tuple[str, str, str, dict[str, Any]] = ("alias", "ada+bob", "2026-03-03T10:00", {})
GIFT = {"points": 25, "currency": "stars", "reason": "goodwill", "actor": "desk"}
COFFEE_BOUGHT = {"points": 10, "currency": "stars", "reward": "coffee"}


def test_each_side_has_the_tier_that_it_reached() -> None:
    """The one keeps what its own orders give, the other gets what its own do."""
    by = club(levels=LEVELS)
    kept = member_of([
        ("purchase", "ada", "2026-03-01T10:00", bought("o1", 12_000)),
        ("purchase", "bob", "2026-03-02T10:00", bought("o2", 50_000)),
        ALIAS,
    ], by)  # fmt: skip
    parted, changes = part(kept, by)
    assert [(change.member_id, change.from_tier, change.tier, change.reason) for change in changes] == [
        (kept.member_id, "gold", "silver", "SPLIT"), (parted.member_id, None, "gold", "SPLIT"),
    ]  # fmt: skip


def test_a_voucher_goes_to_one_side() -> None:
    """The one whose identifier redeemed it."""
    by = shop(COFFEE)
    kept = member_of([
        ("points_adjust", "ada", "2026-03-01T10:00", GIFT),
        ("points_adjust", "bob", "2026-03-01T10:00", GIFT),
        ("redeem", "ada", "2026-03-01T11:00", {"redemption_id": "r1", **COFFEE_BOUGHT}),
        ("redeem", "bob", "2026-03-01T11:00", {"redemption_id": "r2", **COFFEE_BOUGHT}),
        ALIAS,
    ], by)  # fmt: skip
    parted, _ = part(kept, by)
    assert [one.redemption_id for one in kept.vouchers.values()] == ["r1"]
    assert [one.redemption_id for one in parted.vouchers.values()] == ["r2"]


def test_a_challenge_goes_to_both_with_what_each_did() -> None:
    """Each goes on with its own part."""
    by = club(extra="""
offers:
  moves: {name: Moves, granted: automatically, goal: {kind: count, at_least: 5, events: [workout]}}
""")
    kept = member_of([
        ("activity", "ada", "2026-03-01T10:00", {"kind": "workout"}),
        ("activity", "bob", "2026-03-01T11:00", {"kind": "workout"}),
        ("activity", "bob", "2026-03-01T12:00", {"kind": "workout"}),
        ALIAS,
    ], by)  # fmt: skip
    parted, _ = part(kept, by)
    counts = [len(member.offers.instances["moves:all"].parts) if member.offers else 0 for member in (kept, parted)]
    assert counts == [1, 2]


def test_a_split_event_parts_tier_challenge_and_voucher() -> None:
    """From the event on each goes its own way; what is done afterwards counts for who did it."""
    by = club(levels=LEVELS, extra="""
rewards: {cake: {name: Cake}}
offers:
  moves: {name: Moves, granted: automatically, goal: {kind: count, at_least: 2, events: [workout]},
          reward: {voucher: cake}}
""")
    check("""
        purchase  ada      2026-03-01T10:00  o1  120.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        purchase  bob      2026-03-02T10:00  o2  500.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        activity  bob      2026-03-02T11:00  workout         -> moves granted
        alias     ada+bob  2026-03-03T10:00                  -> tier gold MERGED until 2027-12-31T23:00
        split     ada      2026-03-04T10:00  bob             -> tier silver SPLIT until 2027-12-31T23:00, tier gold SPLIT until 2027-12-31T23:00
        activity  bob      2026-03-05T11:00  workout         -> moves completed 2, cake issued
        purchase  ada      2026-03-06T10:00  o3  380.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        later     -        2027-12-31T23:00                  -> tier None PERIOD_ENDED, tier None PERIOD_ENDED
        """, by)  # noqa: E501  # fmt: skip
