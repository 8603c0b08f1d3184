"""What returned lines take back: the part of the articles that come back, in whatever order and parts they do."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.ledger.grants import Grant, LineWorth
from flows.ledger.line_returns import taken_back
from schemas.facts import Facts
from tests.ledger.earn_tables import Member, earning_program, event_of

RULES = """
- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP},
   rates: [{points: 3, categories: [coffee]}], exclude: {categories: [card]}}
- {id: cups, on: purchase, currency: points, points: 5, per_quantity: 1, when: line.category == "coffee"}
- {id: double, on: purchase, currency: points, bonus: {percent: 100, of: [spend]}}
- {id: plain, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
"""
TOTAL = 6000


def grants(total: int = TOTAL) -> dict[str, Grant]:
    """What an order of coffee for 10.00 (two cups), tea for 20.00 and a gift card for 30.00 earns, by rule."""
    lines = [
        {"sku": "c1", "category": "coffee", "quantity": 2, "amount": 1000},
        {"sku": "t1", "category": "tea", "quantity": 1, "amount": 2000},
        {"sku": "g1", "category": "card", "quantity": 1, "amount": 3000},
    ]
    data = {"order_id": "o1", "total": {"amount": total, "currency": "GBP"}, "lines": lines}
    member = Member(earning_program(RULES))
    return {grant.rule: grant for grant in member.does(event_of("purchase", "e1", "2026-01-01T10:00", data), Facts())}


def back(rule: str, returned: int, lines: dict[str, int] | None = None, total: int = TOTAL) -> int:
    """What a return takes back of a rule's points."""
    grant = grants(total)[rule]
    return taken_back(grant.points, grant.lines, grant.weight, total, returned, lines or {})


@pytest.mark.parametrize(
    ("returned", "lines", "spend", "cups", "double", "plain"),
    [
        (1000, {"c1": 1000},             30, 10, 30, 10),
        (2000, {"t1": 2000},             20,  0, 20, 20),
        (3000, {"g1": 3000},              0,  0,  0, 30),
        ( 500, {"c1": 500},              15,  5, 15,  5),
        (3000, {"c1": 1000, "t1": 2000}, 50, 10, 50, 30),
        (6000, {},                       50, 10, 50, 60),
        (3000, {},                       25,  5, 25, 30),
        (   0, {},                        0,  0,  0,  0),
        (2000, {"c1": 1000},             38, 10, 38, 20),
    ],
)  # fmt: skip
def test_a_return_takes_back_what_its_lines_earned(
    returned: int, lines: dict[str, int], spend: int, cups: int, double: int, plain: int
) -> None:  # fmt: skip
    """A gift card takes nothing back, a bonus follows its rule, and without lines it is in proportion."""
    rules = ("spend", "cups", "double", "plain")
    assert [spend, cups, double, plain] == [back(rule, returned, lines) for rule in rules]


def test_a_discounted_order_gives_back_by_its_lines_too() -> None:
    """Lines are told as they were bought: what half an order earned goes back with half of its article."""
    assert [grants(3000)["spend"].points, back("spend", 500, {"c1": 500}, total=3000)] == [25, 7]


def test_an_article_that_was_not_bought_takes_nothing() -> None:
    """Nor does more of one than was bought."""
    assert [back("spend", 500, {"x": 500}), back("spend", 2500, {"c1": 2500})] == [0, 30]


WORTHS = st.lists(
    st.builds(LineWorth, st.sampled_from(["a", "b", "c"]), st.integers(1, 3000), st.integers(0, 9000)), max_size=3,
    unique_by=lambda line: line.sku,
)  # fmt: skip
PARTS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", ""]), st.integers(0, 1500)), max_size=4)


@given(WORTHS, PARTS, st.integers(0, 500), st.integers(0, 2000))
def test_returns_never_take_more_than_was_given(
    worths: list[LineWorth], parts: list[tuple[str, int]], points: int, more: int
) -> None:  # fmt: skip
    """What they take only grows, ends at everything, and does not depend on their order."""
    weight, total = sum(line.weight for line in worths), sum(line.amount for line in worths) + more
    ends = set()
    for way in permutations(parts):
        returned, lines, last = 0, dict[str, int](), 0
        for sku, amount in way:
            returned += amount
            if sku:
                lines[sku] = lines.get(sku, 0) + amount
            now = taken_back(points, worths, weight, total, returned, lines)
            assert 0 <= last <= now <= points
            last = now
        ends.add(last)
    assert len(ends) == 1
    assert taken_back(points, worths, weight, total, total + 1, {}) == points
