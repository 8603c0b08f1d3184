"""What is returned takes back what it had earned, where the rule looked at lines."""

from itertools import permutations
from typing import Any

import pytest

from tests.ledger.desk import Desk
from tests.ledger.earn_tables import earning_program

BY_CATEGORY = """
- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP},
   rates: [{points: 3, categories: [coffee]}, {points: 0, categories: [news]}]}
"""
COFFEE, TEA, NEWS = ("coffee", 1000), ("tea", 500), ("news", 500)


def data_of(order_id: str, lines: tuple[tuple[str, int], ...], *, returned: bool = False) -> dict[str, Any]:
    """An order, or a return, of these lines; the article is its category."""
    listed = [{"sku": sku, "category": sku, "quantity": 1, "amount": amount} for sku, amount in lines]
    total = {"amount": sum(amount for _, amount in lines), "currency": "GBP"}
    return {"order_id": order_id, "total": total, "lines": listed, **({"return_id": "x"} if returned else {})}


def told(*events: tuple[str, dict[str, Any]]) -> list[str]:
    """What each event did; all are ada's, a minute apart."""
    desk, said = Desk(earning_program(BY_CATEGORY)), []
    for at, (kind, data) in enumerate(events):
        desk.event("m1/ada", f"2026-01-01T10:{at:02}", kind, data, f"e{at}")
        said.append(", ".join(desk.said()))
    return said


def test_a_returned_line_takes_back_its_own() -> None:
    """At the rate at which it earned, nothing for what earned nothing."""
    assert told(
        ("purchase", data_of("o1", (COFFEE, TEA, NEWS))),
        ("return", data_of("o1", (NEWS,), returned=True)),
        ("return", data_of("o1", (COFFEE,), returned=True)),
        ("return", data_of("o1", (TEA,), returned=True)),
    ) == ["+35 = 35", "", "-30 = 5", "-5 = 0"]


def test_a_return_without_lines_takes_in_proportion() -> None:
    """To the money; all together take exactly what was given."""
    half = {"order_id": "o1", "return_id": "x", "total": {"amount": 1000, "currency": "GBP"}}
    assert told(("purchase", data_of("o1", (COFFEE, TEA, NEWS))), ("return", half), ("return", half)) == [
        "+35 = 35", "-17 = 18", "-18 = 0",
    ]  # fmt: skip


def test_an_article_of_two_shipments_is_taken_back_once() -> None:
    """From the first shipment, then from the second."""
    assert told(
        ("purchase", data_of("o1", (COFFEE,))),
        ("purchase", data_of("o1", (COFFEE, TEA))),
        ("return", data_of("o1", (COFFEE,), returned=True)),
        ("return", data_of("o1", (COFFEE,), returned=True)),
    ) == ["+30 = 30", "+35 = 65", "-30 = 35", "-30 = 5"]


EVENTS = (
    ("purchase", data_of("o1", (COFFEE, NEWS))), ("return", data_of("o1", (COFFEE,), returned=True)),
    ("purchase", data_of("o1", (TEA,))),
)  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_shipments_and_returns_does_not_matter(order: tuple[int, ...]) -> None:
    """The coffee is gone, the tea's points are left."""
    assert told(*(EVENTS[at] for at in order))[-1].endswith("= 5")


def test_a_merge_knows_the_returned_lines_of_both() -> None:
    """One bought, the other returned."""
    desk = Desk(earning_program(BY_CATEGORY))
    desk.event("m1/ada", "2026-01-01T10:00", "purchase", data_of("o1", (COFFEE, TEA)), "e1")
    desk.event("m2/bob", "2026-01-01T10:01", "return", data_of("o1", (TEA,), returned=True), "e2")
    desk.said()
    desk.merge("m1+m2", "2026-01-01T10:02", "e3")
    assert desk.said() == ["-5 = 30"]
