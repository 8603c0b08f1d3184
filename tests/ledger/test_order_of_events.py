"""D9 with lots: late and out-of-order events end in the same balances."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flows.fold import Folded, fold
from schemas.log import Row
from tests.ledger.desk import micros
from tests.ledger.tables import event_of, ids_of, row_of
from tests.ledger.test_lots import shop

DAYS = st.integers(1, 20)
ORDERS = st.sampled_from(["o1", "o2"])
POUNDS = st.builds(lambda amount: {"amount": amount, "currency": "GBP"}, st.integers(0, 2000))
DONE = st.tuples(st.just("purchase"), st.fixed_dictionaries({"order_id": ORDERS, "total": POUNDS})) | st.tuples(
    st.just("return"), st.fixed_dictionaries({"return_id": st.just("x"), "order_id": ORDERS, "total": POUNDS})
)
NAMES = st.sampled_from(["ada", "bob", "ada+bob"])
POLICIES = st.sampled_from([
    "expiry: {policy: days, days: 4}", "expiry: {policy: end_of_month, months: 0}, returns: unlimited",
    "expiry: {policy: yearly, date: 01-10}, warn_before: 2d",
])  # fmt: skip


def told(events: list[dict[str, Any]], terms: str) -> Folded:
    """What the oracle makes of events in this order; log time never goes back. Then a day passes."""
    rows: list[Row] = []
    for offset, event in enumerate(events):
        rows.append(row_of(event, rows[-1][0] if rows else 0, offset))
    return fold(shop(terms), rows, micros("2026-01-22T00:00"))


def holdings(folded: Folded) -> list[tuple[object, ...]]:
    """What each member has, owes, ever had, and what of it expires when."""
    found: list[tuple[object, ...]] = []
    for member in folded.members.values():
        for account in member.books.accounts.values():
            sums: dict[int, int] = {}
            for lot in account.lots:
                sums[lot.expires_us] = sums.get(lot.expires_us, 0) + lot.left
            found.append(
                (account.available, account.receivable, account.earned, account.expired,
                 sorted(sums.items()))
            )  # fmt: skip
    return sorted(found, key=repr)


@given(st.lists(st.tuples(NAMES, DAYS, DONE), max_size=10), POLICIES, st.data())
def test_the_order_of_events_does_not_matter(happened: list[Any], terms: str, data: st.DataObject) -> None:
    """However late a purchase or a return is, also after points expired, and through merges."""
    events = [
        event_of(kind, f"e{at}", f"2026-01-{day:02}T10:{at:02}", {"ids": ids_of(who), **said})
        for at, (who, day, (kind, said)) in enumerate(happened)
    ]
    in_time = sorted(events, key=lambda event: str(event["time"]))
    one, other = told(in_time, terms), told(data.draw(st.permutations(events)), terms)
    assert holdings(one) == holdings(other)
