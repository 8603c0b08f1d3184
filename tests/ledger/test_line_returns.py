"""What returned lines take back: the part of the articles that come back, in whatever order and parts they do."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.fold import fold
from flows.ledger.grants import Grant
from flows.ledger.line_returns import note_lines
from flows.ledger.orders import dues
from schemas.earning_states import LineWorth
from schemas.events import OrderLine
from schemas.facts import Facts
from schemas.states import Earned, Order
from tests.ledger.earn_tables import Member, earning_program, event_of, read_line
from tests.ledger.tables import change, entries_of, ids_of, rows_of
from tests.ledger.tables import event_of as wire

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


def ordered(given: list[Grant], total: int, returned: int, lines: dict[str, int]) -> Order:
    """An order as the ledger remembers it."""
    earned = [
        Earned(grant.rule, "points", grant.points, lines=list(grant.lines), weight=grant.weight) for grant in given
    ]  # fmt: skip
    return Order(0, "GBP", total, returned, purchased=True, earned=earned, returned_lines=lines)


def back(rule: str, returned: int, lines: dict[str, int] | None = None, total: int = TOTAL) -> int:
    """What a return takes back of a rule's points."""
    return sum(due.points for due in dues(ordered([grants(total)[rule]], total, returned, lines or {})))


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


@given(st.lists(st.tuples(WORTHS, st.integers(0, 500)), max_size=2), PARTS, st.integers(1, 2000))
def test_returns_never_take_more_than_was_given(
    shipments: list[tuple[list[LineWorth], int]], parts: list[tuple[str, int]], more: int
) -> None:  # fmt: skip
    """What they take in all depends neither on their order nor on that of the shipments."""
    total = sum(line.amount for worths, _ in shipments for line in worths) + more
    points = sum(given for _, given in shipments)
    ends = set()
    order, earned = Order(0, "GBP", total, 0, purchased=True, earned=[]), list[Earned]()
    for way, parcels in product(permutations(parts), permutations(shipments)):
        earned = [
            Earned("a", "points", given, lines=worths, weight=sum(line.weight for line in worths))
            for worths, given in parcels
        ]  # fmt: skip
        order = Order(0, "GBP", total, 0, purchased=True, earned=earned)
        for sku, amount in way:
            order.returned += amount
            note_lines(order, [OrderLine(sku=sku, quantity=1, amount=amount)] if sku else None)
            for due in dues(order):
                due.earned.taken_back += due.points
            assert 0 <= sum(one.taken_back for one in earned) <= points
        ends.add(sum(one.taken_back for one in earned))
    assert len(ends) == 1
    order.returned = total
    assert sum(one.taken_back for one in earned) + sum(due.points for due in dues(order)) == points


def test_a_return_takes_its_lines_end_to_end() -> None:
    """The gift card takes nothing, the coffee three points a pound; a return that came first waits with its lines."""
    check_lines("""
        purchase  ada  o1  60.00  coffee:10.00  tea:20.00  card:30.00  -> +50, +60
        return    ada  o1  30.00  card:30.00                           -> -30
        return    ada  o1  10.00  coffee:10.00                         -> -30, -10
        return    ada  o1  20.00                                       -> -20, -20
        return    ada  o2  10.00  coffee:10.00                         -> nothing
        purchase  ada  o2  30.00  coffee:10.00  tea:20.00              -> +50, +30, -30, -10
        """)


def check_lines(table: str) -> None:
    """Run purchases and returns with lines through the fold, and compare what each moved, by rule."""
    rules = [line for line in RULES.splitlines() if "cups" not in line and "double" not in line]
    program = earning_program("\n".join(rules))
    happened, expected = [], []
    for number, text in enumerate(table.strip().splitlines()):
        said, _, outcome = text.partition("->")
        kind, who, order, *words = said.split()
        data, _ = read_line("purchase", order, [words[0], "GBP", *words[1:]], 0)
        extra = {"return_id": f"e{number}"} if kind == "return" else {}
        happened.append(wire(kind, f"e{number}", f"2026-01-01T10:{number:02}", {"ids": ids_of(who), **data, **extra}))
        expected.append(outcome.strip())
    moved: dict[str, list[str]] = {}
    for entry in entries_of(fold(program, rows_of(happened))):
        moved.setdefault(entry.cause_id, []).append(f"{change(entry):+}")
    assert expected == [", ".join(moved.get(f"e{number}", ["nothing"])) for number in range(len(expected))]
