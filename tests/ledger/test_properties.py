"""V1: whatever happens, in whatever order, the ledger's books are balanced."""

from collections import Counter, defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flows.fold import Folded, fold
from schemas.records import EntryPosted
from schemas.states import Member
from tests.ledger.tables import change, entries_of, event_of, ids_of, kiosk, refusals_of, rows_of

NAMES = ("ada", "bob", "cem", "~web", "~app")
ORDERS = st.sampled_from(["o1", "o2", "o3"])
REDEMPTIONS = st.sampled_from(["r1", "r2", "r3"])
AMOUNTS = st.integers(0, 3000)
POUNDS = st.builds(lambda amount: {"amount": amount, "currency": "GBP"}, AMOUNTS)
MONEYS = st.builds(
    lambda amount, money: {"amount": amount, "currency": money}, AMOUNTS, st.sampled_from(["GBP", "GBP", "EUR"])
)
WHO = st.sampled_from(NAMES) | st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True).map("+".join)

def bought(total: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Purchases and returns."""
    return st.tuples(st.just("purchase"), st.fixed_dictionaries({"order_id": ORDERS, "total": total})) | st.tuples(
        st.just("return"), st.fixed_dictionaries({"return_id": st.just("x"), "order_id": ORDERS, "total": total})
    )


SPENT = (
    st.tuples(
        st.just("redeem"),
        st.fixed_dictionaries(
            {"redemption_id": REDEMPTIONS, "points": st.integers(1, 20), "currency": st.sampled_from(["points", "no"])}
        ),
    )
    | st.tuples(st.just("redeem_cancel"), st.fixed_dictionaries({"redemption_id": REDEMPTIONS}))
    | st.tuples(
        st.just("points_adjust"),
        st.fixed_dictionaries(
            {
                "points": st.integers(-20, 20), "currency": st.sampled_from(["points", "miles"]),
                "reason": st.just("goodwill"), "actor": st.just("desk"),
            }
        ),
    )
)  # fmt: skip
NOTHING_MORE: dict[str, Any] = {}
ALIAS = st.tuples(st.just("alias"), st.just(NOTHING_MORE))
ANYTHING = st.lists(st.tuples(WHO, bought(MONEYS) | SPENT | ALIAS), max_size=25)
PURCHASES_AND_RETURNS = st.lists(st.tuples(WHO, bought(POUNDS)), max_size=12)
ROUNDINGS = st.sampled_from(["down", "up", "half_up", "half_even"])


def events_of(happened: list[tuple[str, tuple[str, dict[str, Any]]]]) -> list[dict[str, Any]]:
    """Wire events, a minute apart."""
    return [
        event_of(kind, f"e{at}", f"2026-01-01T10:{at:02}", {"ids": ids_of(who), **data})
        for at, (who, (kind, data)) in enumerate(happened)
    ]


def folded(events: list[dict[str, Any]], rounding: str = "down") -> Folded:
    """What the oracle makes of them, without any time passing afterwards."""
    return fold(kiosk(rounding, points=3), rows_of(events))


def by_member(entries: list[EntryPosted]) -> dict[str, list[EntryPosted]]:
    """Entries of each member, in order."""
    members: dict[str, list[EntryPosted]] = defaultdict(list)
    for entry in entries:
        members[entry.member_id].append(entry)
    return members


def balances(said: Folded) -> dict[tuple[frozenset[str], str], int]:
    """Available less owed, by the member's identifiers and the currency; the ones at zero left out."""
    return {
        (frozenset(f"{kind}:{value}" for kind, values in member.ids.items() for value in values), currency):
        account.available - account.receivable
        for member in said.members.values()
        for currency, account in member.books.accounts.items()
        if account.available != account.receivable
    }  # fmt: skip


@given(ANYTHING, ROUNDINGS)
def test_the_legs_of_every_entry_sum_to_zero(happened: list[Any], rounding: str) -> None:
    """Points come from somewhere and go somewhere."""
    for entry in entries_of(folded(events_of(happened), rounding)):
        assert sum(points for _, points in entry.legs) == 0


@given(ANYTHING, ROUNDINGS)
def test_running_sums_are_the_balances_and_never_negative(happened: list[Any], rounding: str) -> None:
    """Summing legs gives the balance that each entry states; nothing available is below zero, no debt above it."""
    for entries in by_member(entries_of(folded(events_of(happened), rounding))).values():
        sums: Counter[tuple[str, str]] = Counter()
        for entry in entries:
            for account, points in entry.legs:
                sums[entry.currency, account] += points
            assert sums[entry.currency, "available"] == entry.available >= 0
            assert -sums[entry.currency, "receivable"] == entry.receivable >= 0
            assert not (entry.available and entry.receivable)


@given(ANYTHING)
def test_the_lifetime_sums_explain_the_balance(happened: list[Any]) -> None:
    """Whatever a living member has or owes was earned, less what it redeemed and lost."""
    for member in folded(events_of(happened)).members.values():
        for account in member.books.accounts.values():
            left = account.earned - account.redeemed - account.expired
            assert left == account.available - account.receivable


@given(ANYTHING)
def test_versions_count_a_members_entries_without_a_gap(happened: list[Any]) -> None:
    """From one, in the order of the entries, also for members that were merged."""
    for entries in by_member(entries_of(folded(events_of(happened)))).values():
        assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))


@given(ANYTHING)
def test_ids_of_entries_and_refusals_are_unique(happened: list[Any]) -> None:
    """So that a sink may drop what it has already."""
    said = folded(events_of(happened))
    names = [entry.entry_id for entry in entries_of(said)] + [refusal.refusal_id for refusal in refusals_of(said)]
    assert len(names) == len(set(names))


@given(ANYTHING)
def test_merges_create_no_points(happened: list[Any]) -> None:
    """What one member hands over the other gets: transfers of a currency sum to zero."""
    transfers: Counter[str] = Counter()
    for entry in entries_of(folded(events_of(happened))):
        transfers[entry.currency] += sum(points for account, points in entry.legs if account == "transfer")
    assert not any(transfers.values())


@given(ANYTHING, st.data())
def test_sending_events_again_changes_nothing(happened: list[Any], data: st.DataObject) -> None:
    """Every entry is as if each event had come once."""
    events = events_of(happened)
    again = data.draw(st.lists(st.sampled_from(events), max_size=10)) if events else []
    assert folded(events).lines.get("entries") == folded(events + again).lines.get("entries")


@given(PURCHASES_AND_RETURNS, ROUNDINGS, st.data())
def test_the_order_of_purchases_and_returns_does_not_matter(
    happened: list[Any], rounding: str, data: st.DataObject
) -> None:  # fmt: skip
    """Members end with the same balance (available less owed), also through merges and split shipments."""
    events = events_of(happened)
    assert balances(folded(events, rounding)) == balances(folded(data.draw(st.permutations(events)), rounding))


@given(st.lists(bought(POUNDS), max_size=12))
def test_a_balance_is_what_its_orders_are_worth(happened: list[Any]) -> None:
    """For each order: what its purchases earned, less the part of it that its returns are of the total."""
    earned: Counter[str] = Counter()
    total: Counter[str] = Counter()
    returned: Counter[str] = Counter()
    for kind, data in happened:
        amount = data["total"]["amount"]
        (total if kind == "purchase" else returned)[data["order_id"]] += amount
        earned[data["order_id"]] += amount * 3 // 100 if kind == "purchase" else 0
    worth = sum(
        earned[order] - earned[order] * min(returned[order], total[order]) // total[order]
        for order in total
        if total[order]
    )
    said = folded(events_of([("ada", one) for one in happened]))
    assert sum(balances(said).values()) == worth
    assert sum(change(entry) for entry in entries_of(said)) == worth


def test_a_merged_member_holds_nothing() -> None:
    """Its points and debts are the other's; what is left of it forwards only."""
    events = events_of([
        ("ada", ("points_adjust", {"points": 5, "currency": "points", "reason": "goodwill", "actor": "desk"})),
        ("bob", ("points_adjust", {"points": 7, "currency": "points", "reason": "goodwill", "actor": "desk"})),
        ("ada+bob", ("alias", {})),
    ])  # fmt: skip
    said = folded(events)
    (member,) = said.members.values()
    assert isinstance(member, Member)
    assert member.books.accounts["points"].available == 12
    gone = [entries for name, entries in by_member(entries_of(said)).items() if name != member.member_id]
    assert [entries[-1].available for entries in gone] == [0]
