"""Holds in parts against plain reckoning: whatever is returned and released, nothing is released or voided twice."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.desk import Desk
from tests.ledger.test_holds import courier

ORDERS = ("o1", "o2", "o3")
BOUGHT = st.tuples(st.just("purchase"), st.sampled_from(ORDERS), st.integers(1, 40))
RETURNED = st.tuples(st.just("return"), st.sampled_from(ORDERS), st.integers(1, 60))
DELIVERED = st.tuples(st.just("activity"), st.just("delivered"), st.integers(0, 50))


class Plain:
    """The slow way: what each order earned, has pending and gave back, the oldest first."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, int]] = {}
        self.balance = 0

    @property
    def pending(self) -> int:
        """What waits."""
        return sum(order["held"] for order in self.orders.values())

    def purchase(self, name: str, pounds: int) -> None:
        """A pound is a point, which waits."""
        self.orders[name] = {"total": pounds, "returned": 0, "taken": 0, "held": pounds}

    def take_return(self, name: str, pounds: int) -> None:
        """Its part of the order: from what waits, else from the balance, which may fall below zero."""
        order = self.orders[name]
        order["returned"] = min(order["total"], order["returned"] + pounds)
        due = order["returned"] - order["taken"]
        order["taken"] += due
        voided = min(due, order["held"])
        order["held"] -= voided
        self.balance -= due - voided

    def delivered(self, points: int) -> None:
        """So many points, the oldest first."""
        for order in self.orders.values():
            part = min(points, order["held"])
            order["held"] -= part
            points -= part
            self.balance += part


@settings(max_examples=150)
@given(st.lists(BOUGHT | RETURNED | DELIVERED | DELIVERED, max_size=25))
def test_parts_that_are_released_and_voided_are_what_plain_reckoning_says(happened: list[tuple[str, str, int]]) -> None:
    """After every event; and in the end, when all the rest is released."""
    desk, plain = Desk(courier()), Plain()
    for number, (kind, name, count) in enumerate([*happened, ("activity", "delivered", 1000)]):
        if kind != "activity" and (kind == "purchase") == (name in plain.orders):
            continue        # an order is bought once, and returned after that
        words = [name, str(count)] if kind == "activity" else [name, f"{count}.00", "EUR"]
        desk.do(kind, "m1/ada", f"2026-01-01T10:{number:02}", words, f"e{number}")
        match kind:
            case "purchase":
                plain.purchase(name, count)
            case "return":
                plain.take_return(name, count)
            case _:
                plain.delivered(count)
        account = desk.books("m1").accounts.get("points")
        found = (0, 0) if account is None else (account.available - account.receivable, account.pending)
        assert (plain.balance, plain.pending) == found
    held = {number: hold.points for number, hold in desk.books("m1").holds.items()}
    assert sum(held.values()) == 0
