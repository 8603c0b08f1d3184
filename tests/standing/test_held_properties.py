"""What counts for the tier is what was earned and is not pending, through merges and splits."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.fold import fold
from tests.ledger.tables import event_of, ids_of, rows_of
from tests.standing.test_tiers import club

RULES = """
activities: [delivered]
earn:
  - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: EUR},
     hold: {event: delivered, releases: quantity}}
  - {id: days, on: purchase, currency: points, points: 1, per: {amount: 300, currency: EUR}, hold: {delay: 2d}}
  - {id: plain, on: purchase, currency: points, points: 1, per: {amount: 500, currency: EUR}}
"""
LEVELS = "[{id: silver, name: Silver, needs: {points: 20}}]"
WHO = st.sampled_from(["ada", "bob", "cem"])
ORDERS = st.sampled_from(["o1", "o2", "o3"])
HAPPENED = st.one_of(
    st.tuples(st.just("purchase"), WHO, ORDERS, st.integers(0, 3000)),
    st.tuples(st.just("return"), WHO, ORDERS, st.integers(0, 3000)),
    st.tuples(st.just("delivered"), WHO, st.just(""), st.integers(0, 20)),
    st.tuples(st.just("alias"), st.sampled_from(["ada+bob", "bob+cem"]), st.just(""), st.just(0)),
    st.tuples(st.just("split"), WHO, st.just(""), st.just(0)),
)


def event(number: int, kind: str, who: str, order: str, amount: int) -> dict[str, Any]:
    """A wire event; two a day."""
    data: dict[str, Any] = {"ids": ids_of(who)}
    if kind in {"purchase", "return"}:
        data |= {"order_id": order, "total": {"amount": amount, "currency": "EUR"}}
        data |= {"return_id": f"t{number}"} if kind == "return" else {}
    elif kind == "delivered":
        kind, data = "activity", {**data, "kind": "delivered", "quantity": amount}
    elif kind == "split":
        keeps = "ada" if who != "ada" else "bob"
        data = {"keep": ids_of(keeps), "part": ids_of(who), "actor": "desk", "reason": "wrong"}
    return event_of(kind, f"e{number}", f"2026-01-{1 + number // 2:02}T{10 + number % 2}:00", data)


@settings(max_examples=60)  # each folds some dozen events through stitcher and members
@given(st.lists(HAPPENED, max_size=30))
def test_what_counts_is_what_was_earned_and_is_not_pending(happened: list[tuple[str, str, str, int]]) -> None:
    """Points that wait never count, points that are void never did, and none counts twice."""
    by = club("period: lifetime", LEVELS, RULES)
    folded = fold(by, rows_of([event(number, *one) for number, one in enumerate(happened)]))
    earned = pending = counted = 0
    for member in folded.members.values():
        for account in member.books.accounts.values():
            earned, pending = earned + account.earned, pending + account.pending
        for share in member.standing.shares.values() if member.standing is not None else ():
            counted += share.totals.get("points", 0)
    assert counted == earned - pending
