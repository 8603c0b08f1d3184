"""What holds for every member whatever the rules are and in whatever order events come."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from config.program import Program
from flows.ledger.earning import absorb, part
from flows.ledger.grants import Grant
from flows.runtime.table import Table
from schemas.earning_states import Earning, Spent, decode_spent
from schemas.facts import Facts
from schemas.states import encode_state
from tests.ledger.earn_tables import Member, earning_program, event_of

DAYS, MINUTES = 20, 24 * 60
START = datetime(2026, 1, 25, tzinfo=UTC)
CAP_POINTS, DAY_TIMES, ROLLING_POINTS, BUDGET = 30, 2, 25, 60
ROLLING = timedelta(days=2)

RULES = f"""
- {{id: spend, on: purchase, currency: points, points: 3, per: {{amount: 200, currency: GBP}}, rounding: half_even,
   rates: [{{points: 7, categories: [coffee]}}], exclude: {{categories: [card]}}}}
- {{id: capped, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: GBP}},
   caps: [{{points: {CAP_POINTS}, period: month}}, {{times: {DAY_TIMES}, period: day}}]}}
- {{id: rolling, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: GBP}},
   caps: [{{points: {ROLLING_POINTS}, rolling: 2d}}]}}
- {{id: shared, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: GBP}},
   budget: {{points: {BUDGET}}}}}
- {{id: divided, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: GBP}},
   budget: {{points: {BUDGET}, kept: by_group}}}}
- {{id: best_a, on: purchase, currency: points, points: 6, minimum: {{amount: 1, currency: GBP}},
   stacking: best, group: g}}
- {{id: best_b, on: purchase, currency: points, bonus: {{percent: 40, of: [spend]}}, stacking: best, group: g}}
- {{id: double, on: purchase, currency: points, bonus: {{percent: 100, of: [spend, capped]}}}}
"""
PROGRAM = earning_program(RULES)
STATELESS = ("spend", "best_a", "best_b")


class Order(NamedTuple):
    """An order: minutes after the start, lines as category and amount, and what its total is beyond them."""

    minute: int
    lines: list[tuple[str, int]]
    more: int

    def when(self) -> datetime:
        """When it was."""
        return START + timedelta(minutes=self.minute)


LINES = st.lists(st.tuples(st.sampled_from(["coffee", "tea", "card"]), st.integers(-300, 2500)), max_size=3)
ORDERS = st.lists(
    st.builds(Order, st.integers(0, DAYS * MINUTES), LINES, st.integers(-500, 3000)), max_size=12,
    unique_by=lambda order: order.minute,
)  # fmt: skip


def buys(member: Member, order: Order) -> list[Grant]:
    """What an order earns."""
    total = max(0, sum(amount for _, amount in order.lines) + order.more)
    lines = [{"sku": name, "category": name, "quantity": 1, "amount": amount} for name, amount in order.lines]
    name = f"o{order.minute}"
    data = {"order_id": name, "total": {"amount": total, "currency": "GBP"}, **({"lines": lines} if lines else {})}
    return member.does(event_of("purchase", name, f"{order.when():%Y-%m-%dT%H:%M}", data), Facts())


def earned(orders: list[Order], program: Program = PROGRAM) -> dict[Order, dict[str, int]]:
    """Points by rule of each order, in the order in which they come."""
    member = Member(program)
    return {order: {grant.rule: grant.points for grant in buys(member, order)} for order in map(_hashable, orders)}


def _hashable(order: Order) -> Order:
    return order._replace(lines=tuple(order.lines))  # type: ignore[arg-type]  # a tuple is as good to iterate


@given(ORDERS)
def test_a_rule_never_takes_points_and_never_gives_none(orders: list[Order]) -> None:
    """A grant is at least one point, and each rule gives once an event."""
    for by_rule in earned(orders).values():
        assert all(points > 0 for points in by_rule.values())


@given(ORDERS)
def test_a_calendar_cap_is_never_exceeded(orders: list[Order]) -> None:
    """In no month the points, on no day the times, in whatever order the events come."""
    months: Counter[tuple[int, int]] = Counter()
    days: Counter[int] = Counter()
    for order, by_rule in earned(orders).items():
        months[order.when().year, order.when().month] += by_rule.get("capped", 0)
        days[order.when().toordinal()] += "capped" in by_rule
    assert all(points <= CAP_POINTS for points in months.values())
    assert all(times <= DAY_TIMES for times in days.values())


@given(ORDERS)
def test_a_rolling_cap_is_never_exceeded(orders: list[Order]) -> None:
    """In no window, wherever it begins."""
    given_at = [(order.when(), by_rule.get("rolling", 0)) for order, by_rule in earned(orders).items()]
    for start, _ in given_at:
        assert sum(points for at, points in given_at if start <= at < start + ROLLING) <= ROLLING_POINTS


@given(ORDERS)
def test_a_cap_is_not_stingy(orders: list[Order]) -> None:
    """What is cut off would have exceeded it: an order gets all it is worth, or its month is full afterwards."""
    months: Counter[tuple[int, int]] = Counter()
    plain = earning_program("- {id: capped, on: purchase, currency: points, points: 1,"
                            f" per: {{amount: 100, currency: GBP}}, caps: [{{points: {CAP_POINTS}, period: month}}]}}")
    for order, by_rule in earned(orders, plain).items():
        worth = max(0, sum(amount for _, amount in order.lines) + order.more) // 100
        month = order.when().year, order.when().month
        points = by_rule.get("capped", 0)
        months[month] += points
        assert points == worth or months[month] == CAP_POINTS


@given(st.lists(st.tuples(st.sampled_from(["ada", "bob", "cem"]), ORDERS), max_size=4))
def test_a_budget_is_never_exceeded(happened: list[tuple[str, list[Order]]]) -> None:
    """By all members together, kept together or in shares."""
    given_by: Counter[str] = Counter()
    spent: Table[Spent] = Table(b"b", encode_state, decode_spent)
    for name, orders in happened:
        member = Member(PROGRAM, name, spent)
        for order in orders:
            given_by.update({grant.rule: grant.points for grant in buys(member, order)})
    assert given_by["shared"] <= BUDGET
    assert given_by["divided"] <= BUDGET


@given(ORDERS)
def test_of_a_group_one_rule_gives(orders: list[Order]) -> None:
    """And a bonus is a percentage of what its rules gave."""
    for by_rule in earned(orders).values():
        assert not {"best_a", "best_b"} <= by_rule.keys()
        assert by_rule.get("double", 0) == by_rule.get("spend", 0) + by_rule.get("capped", 0)


@given(ORDERS, st.randoms(use_true_random=False))
def test_rules_without_counters_do_not_depend_on_the_order_of_events(orders: list[Order], random: Random) -> None:
    """The same order earns the same by them whenever it comes."""
    shuffled = list(orders)
    random.shuffle(shuffled)
    one, other = earned(orders), earned(shuffled)
    for order in one:
        assert [one[order].get(rule) for rule in STATELESS] == [other[order].get(rule) for rule in STATELESS]


@given(st.lists(st.builds(Order, st.integers(0, 40 * MINUTES), st.just([]), st.integers(0, 3000)), max_size=4,
                unique_by=lambda order: order.minute))
def test_a_capped_sum_does_not_depend_on_the_order_of_events(orders: list[Order]) -> None:
    """Which order is cut off does, the month's points by a calendar cap do not."""
    program = earning_program("- {id: a, on: purchase, currency: points, points: 1,"
                              " per: {amount: 100, currency: GBP}, caps: [{points: 40, period: month}]}")
    sums = set()
    for way in permutations(orders):
        months: dict[int, int] = defaultdict(int)
        for order, by_rule in earned(list(way), program).items():
            months[order.when().month] += by_rule.get("a", 0)
        sums.add(tuple(sorted(months.items())))
    assert len(sums) == 1


@given(ORDERS, ORDERS)
def test_a_merged_member_has_counted_what_both_had(ada: list[Order], bob: list[Order]) -> None:
    """Counters add up; a part that is split off has all of them, in copies of its own."""
    one, other = Member(PROGRAM), Member(PROGRAM)
    for member, orders in ((one, ada), (other, bob)):
        for order in orders:
            buys(member, order)
    both = part(one.state)
    absorb(both, other.state)

    assert both.purchases == one.state.purchases + other.state.purchases == len(ada) + len(bob)
    for key in one.state.counted.keys() | other.state.counted.keys():
        sums = Counter(one.state.counted.get(key, {})) + Counter(other.state.counted.get(key, {}))
        assert sums == Counter(both.counted[key])
    parted = part(both)
    assert parted == both
    absorb(both, Earning(1, {"x/day": {1: 1}}, {"rolling": [(0, 1)]}))
    assert "x/day" not in parted.counted
    assert (0, 1) not in (parted.recent or {}).get("rolling", [])
