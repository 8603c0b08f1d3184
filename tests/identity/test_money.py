"""Money through merges and splits: nothing is made, nothing lost, and each side gets what its own events did."""

from collections import Counter
from typing import Any, Final

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from config.program import Program
from flows.fold import Folded, fold
from schemas.records import EntryPosted, IdentityChanged
from tests.config.samples import program
from tests.identity.compared import fold_change, partition_of
from tests.ledger.tables import entries_of, event_of, kiosk, rows_of

OWN: Final = ("available", "pending", "receivable")
PEOPLE: Final = ("crm:ada", "crm:bob", "email:ada@x.de", "email:bob@x.de", "cookie:web")
JOINED: Final = frozenset({"alias", "activity", "split"})
WHO = st.sampled_from(PEOPLE)
SEVERAL = st.lists(WHO, min_size=1, max_size=3, unique=True)
ORDERS = st.sampled_from(["o1", "o2", "o3"])
REDEMPTIONS = st.sampled_from(["r1", "r2"])
_changes = msgspec.json.Decoder(IdentityChanged)

Data = dict[str, Any]
Happened = tuple[str, Data]


def ids_of(names: list[str]) -> dict[str, list[str]]:
    """Identifiers as an event states them."""
    ids: dict[str, list[str]] = {}
    for name in names:
        kind, _, value = name.partition(":")
        ids.setdefault(kind, []).append(value)
    return ids


def pounds(amount: int) -> Data:
    """An amount in pence."""
    return {"amount": amount, "currency": "GBP"}


def purchase(who: str, order: str, amount: int) -> Happened:
    """Somebody buys."""
    return "purchase", {"ids": ids_of([who]), "order_id": order, "total": pounds(amount)}


def take_back(who: str, order: str, amount: int) -> Happened:
    """Somebody returns some of an order."""
    return "return", {"ids": ids_of([who]), "return_id": "x", "order_id": order, "total": pounds(amount)}


def redeem(who: str, redemption: str, points: int) -> Happened:
    """Somebody spends points."""
    return "redeem", {"ids": ids_of([who]), "redemption_id": redemption, "points": points, "currency": "points"}


def cancel(who: str, redemption: str) -> Happened:
    """Somebody changes their mind."""
    return "redeem_cancel", {"ids": ids_of([who]), "redemption_id": redemption}


def adjust(who: str, points: int) -> Happened:
    """The desk corrects a balance."""
    said = {"points": points, "currency": "points", "reason": "goodwill", "actor": "desk"}
    return "points_adjust", {"ids": ids_of([who]), **said}


def join(names: list[str], kind: str) -> Happened:
    """An event that names several identifiers and moves no points by itself."""
    return kind, {"ids": ids_of(names), **({"kind": "visit"} if kind == "activity" else {})}


def split(keep: list[str], part: list[str]) -> Happened:
    """A steward takes a member apart."""
    return "split", {"keep": ids_of(keep), "part": ids_of(part), "actor": "desk", "reason": "wrong"}


AMOUNTS = st.integers(0, 3000)
JOINS = st.builds(join, SEVERAL, st.sampled_from(["alias", "activity"]))
SPLITS = st.builds(split, SEVERAL, SEVERAL)
MONEY = (
    st.builds(purchase, WHO, ORDERS, AMOUNTS)
    | st.builds(take_back, WHO, ORDERS, AMOUNTS)
    | st.builds(redeem, WHO, REDEMPTIONS, st.integers(1, 20))
    | st.builds(cancel, WHO, REDEMPTIONS)
    | st.builds(adjust, WHO, st.integers(-20, 20))
)
ANYTHING = st.lists(MONEY | JOINS | SPLITS, max_size=30)


def events_of(happened: list[Happened]) -> list[Data]:
    """Wire events, a minute apart."""
    return [event_of(kind, f"e{at}", f"2026-01-01T10:{at:02}", data) for at, (kind, data) in enumerate(happened)]


def holding() -> Program:
    """A program whose points are pending for a while, and expire: both in the minutes that these stories take."""
    return program("""
        identity: {identifiers: {cookie: {shared: null}}}
        currencies: {points: {name: Points}}
        earn:
          - {id: held, on: purchase, currency: points, points: 3, per: {amount: 100, currency: GBP},
             hold: {delay: 4m}, expires_after: 12m}
          - {id: more, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
        """)


PLAIN, HOLDING = kiosk(points=3), holding()
BY = st.sampled_from([PLAIN, HOLDING])


def folded(happened: list[Happened], by: Program = PLAIN) -> Folded:
    """What the oracle makes of them, without any time passing afterwards."""
    return fold(by, rows_of(events_of(happened)))


def nets(said: Folded) -> dict[str, int]:
    """What each member has less what it owes, by its last entry."""
    return {entry.member_id: entry.available + entry.pending - entry.receivable for entry in entries_of(said)}


def owners_of(said: Folded) -> dict[str, list[str]]:
    """The identifiers of each member at the end, by the rows of identity."""
    owners: dict[tuple[str, str], str] = {}
    for change in _changes.decode_lines(said.lines.get("identity", b"")):
        fold_change(owners, change)
    return partition_of(owners)


def net_by_identifier(said: Folded) -> dict[str, int]:
    """What the member of each identifier has less what it owes."""
    net = nets(said)
    return {one: net.get(member_id, 0) for member_id, ids in owners_of(said).items() for one in ids}


def moved(entry: EntryPosted) -> int:
    """What an entry changed of its member's points."""
    return sum(points for account, points in entry.legs if account in OWN)


@given(ANYTHING, BY)
def test_books_balance_at_every_step(happened: list[Happened], by: Program) -> None:
    """V1: legs sum to zero, nothing available is negative, and a member's balance is the sum of its postings."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for entry in entries_of(folded(happened, by)):
        assert sum(points for _, points in entry.legs) == 0
        for account, points in entry.legs:
            sums[entry.member_id, entry.currency, account] += points
        held = {name: sums[entry.member_id, entry.currency, name] for name in OWN}
        assert held == {"available": entry.available, "pending": entry.pending, "receivable": -entry.receivable}
        assert min(entry.available, entry.pending, entry.receivable) >= 0


@given(ANYTHING, BY)
def test_merges_and_splits_make_no_points_and_lose_none(happened: list[Happened], by: Program) -> None:
    """What one member gives the other gets, with every event; the program's accounts do not notice."""
    sums: Counter[tuple[str, str]] = Counter()
    for entry in entries_of(folded(happened, by)):
        if entry.rule.partition(".")[0] in {"merge", "split"}:
            sums[entry.cause_id, "own"] += moved(entry)
            for account, points in entry.legs:
                if account not in OWN:
                    sums[entry.cause_id, account] += points
    assert (+sums, -sums) == (Counter(), Counter())


@given(ANYTHING, BY)
def test_ids_of_entries_are_unique_and_versions_have_no_gap(happened: list[Happened], by: Program) -> None:
    """So that a sink may drop what it has, and see what it lacks."""
    entries = entries_of(folded(happened, by))
    assert len({entry.entry_id for entry in entries}) == len(entries)
    count: Counter[str] = Counter()
    for entry in entries:
        count[entry.member_id] += 1
        assert entry.version == count[entry.member_id]


@given(ANYTHING, BY)
def test_a_merged_member_holds_nothing(happened: list[Happened], by: Program) -> None:
    """All points are with members that have identifiers."""
    said = folded(happened, by)
    assert {member_id for member_id, net in nets(said).items() if net} <= owners_of(said).keys()


@given(ANYTHING)
def test_each_side_has_what_its_own_events_did(happened: list[Happened]) -> None:
    """Whoever was joined and parted meanwhile: a member's points are those of the events that name its identifiers.

    An order is its buyer's alone here, a redemption its spender's, so that each event has one side.
    """
    happened = sided(happened)
    said = folded(happened)
    did: Counter[str] = Counter()
    for entry in entries_of(said):
        kind, data = happened[int(entry.cause_id.removeprefix("e"))]
        if kind not in JOINED:
            ((name, (value,)),) = data["ids"].items()
            did[f"{name}:{value}"] += moved(entry)
    net = nets(said)
    expected = {member_id: sum(did[one] for one in ids) for member_id, ids in owners_of(said).items()}
    assert {member_id: net.get(member_id, 0) for member_id in expected} == expected


def sided(happened: list[Happened]) -> list[Happened]:
    """The events with orders and redemptions that only one identifier names."""
    named = {"purchase": "order_id", "return": "order_id", "redeem": "redemption_id", "redeem_cancel": "redemption_id"}
    return [
        (kind, {**data, named[kind]: f"{data[named[kind]]} of {data['ids']}"} if kind in named else data)
        for kind, data in happened
    ]


@given(st.lists(MONEY, max_size=15), st.sampled_from(PEOPLE[:2]), st.lists(MONEY, max_size=5))
def test_a_split_after_a_merge_gives_back_what_each_had(
    before: list[Happened], keep: str, between: list[Happened]
) -> None:
    """Undone at once, it is as if it had never been; what happened in between belongs to the side that it names."""
    part = next(name for name in PEOPLE[:2] if name != keep)
    both = sided([adjust("crm:ada", 1), adjust("crm:bob", 2), *before])
    apart = net_by_identifier(folded(both))
    again = folded([*both, join([keep, part], "alias"), split([keep], [part])])
    assert net_by_identifier(again) == apart
    later = folded([*both, join([keep, part], "alias"), *sided(between), split([keep], [part])])
    owners = owners_of(later)
    assert sum(keep in ids and part in ids for ids in owners.values()) == 0


def test_points_that_the_other_side_spent_are_owed() -> None:
    """A redemption follows who redeemed: the side that is left short owes, the other has all its own again."""
    said = folded([
        purchase("crm:ada", "o1", 1000), purchase("crm:bob", "o2", 500), join(["crm:ada", "crm:bob"], "alias"),
        redeem("crm:bob", "r1", 40), split(["crm:ada"], ["crm:bob"]),
    ])  # fmt: skip
    assert net_by_identifier(said) == {"crm:ada": 30, "crm:bob": -25}
    last = {entry.member_id: (entry.available, entry.receivable) for entry in entries_of(said)}
    assert sorted(last[member_id] for member_id in owners_of(said)) == [(0, 25), (30, 0)]
