"""What must always hold of tiers and offers, against plain reckoning from the events."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.program import Program
from flows.fold import Folded, fold
from schemas.decode import time_us
from schemas.states import Member
from tests.config.samples import program
from tests.ledger.tables import event_of, ids_of, rows_of
from tests.standing.tables import records

START = datetime(2026, 1, 1, tzinfo=UTC)
LEVELS = (("silver", 100), ("gold", 200))
GOAL, LASTS_DAYS = 100, 7


def club(period: str, keeps: int = 1) -> Program:
    """Tiers by spend, in universal time."""
    return program(f"""
time_zone: Etc/UTC
tiers:
  period: {period}
  rolling_days: 200
  keeps_periods: {keeps}
  measures: {{spend: {{of: spend, money: EUR}}}}
  levels:
    - {{id: silver, name: Silver, needs: {{spend: 100}}}}
    - {{id: gold, name: Gold, needs: {{spend: 200}}}}
""")


DEAL = program(f"""
currencies: {{points: {{name: Points}}}}
retention: {{events: 3000d}}
offers:
  deal:
    name: Deal
    lasts: {LASTS_DAYS}d
    late: 3000d
    goal: {{kind: amount, at_least: {GOAL}, money: EUR}}
    reward: {{currency: points, points: 5}}
""")

BOUGHT = st.tuples(
    st.sampled_from(["purchase", "purchase", "return"]), st.integers(0, 900), st.sampled_from(["o1", "o2", "o3"]),
    st.integers(0, 150),
)  # fmt: skip
FEWER = settings(max_examples=40)  # each folds some dozen events through stitcher and members
WHO = st.sampled_from(["ada", "bob"])


def at(day: int) -> str:
    """Noon of a day, counted from the start."""
    return (START + timedelta(days=day, hours=12)).strftime("%Y-%m-%dT%H:%M")


def us(day: int) -> int:
    """The first moment of a day, counted from the start."""
    return time_us(START + timedelta(days=day))


def shopping(bought: list[Any], who: list[str] | None = None) -> list[dict[str, Any]]:
    """Wire events of purchases and returns, in the order given."""
    events = []
    for number, (kind, day, order, amount) in enumerate(bought):
        data: dict[str, Any] = {"order_id": order, "total": {"amount": amount, "currency": "EUR"}}
        if kind == "return":
            data["return_id"] = f"t{number}"
        name = who[number] if who else "ada"
        events.append(event_of(kind, f"e{number}", at(day), {"ids": ids_of(name), **data}))
    return events


def tier_of(folded: Folded) -> str | None:
    """The tier of the only member."""
    members = list(folded.members.values())
    assert len(members) <= 1
    standing = members[0].standing if members and isinstance(members[0], Member) else None
    return None if standing is None else standing.tier


def spent(bought: list[Any], low: int, high: int) -> int:
    """What was bought from one day to before another, every order counted by the days of its purchases."""
    return sum(amount for kind, day, _, amount in bought if kind == "purchase" and low <= day < high)


def highest(sums: list[int]) -> str | None:
    """The highest tier that one of the sums reaches."""
    return next((name for name, least in reversed(LEVELS) if any(total >= least for total in sums)), None)


def year_start(year: int) -> int:
    """The day on which a year begins, counted from the start."""
    return (datetime(year, 1, 1, tzinfo=UTC) - START).days


@FEWER
@given(st.lists(BOUGHT, max_size=12), st.integers(0, 2), st.integers(0, 3))
def test_at_the_turn_of_a_year_the_tier_is_what_the_years_give(bought: list[Any], keeps: int, later: int) -> None:
    """Whatever came in whatever order: the best of the years that still count."""
    bought = sorted((one for one in bought if one[0] == "purchase"), key=lambda one: one[1])
    last = bought[-1][1] if bought else 0
    year = (START + timedelta(days=last)).year + 1 + later
    folded = fold(club("calendar_year", keeps), rows_of(shopping(bought)), us(year_start(year)))
    years = [spent(bought, year_start(one), year_start(one + 1)) for one in range(year - keeps, year)]
    assert highest(years) == tier_of(folded)


@FEWER
@given(st.lists(BOUGHT, max_size=12), st.integers(1, 300))
def test_on_any_morning_a_rolling_tier_is_what_the_days_give(bought: list[Any], later: int) -> None:
    """Not a day longer, and not a day less."""
    bought = sorted((one for one in bought if one[0] == "purchase"), key=lambda one: one[1])
    morning = (bought[-1][1] if bought else 0) + later
    folded = fold(club("rolling"), rows_of(shopping(bought)), us(morning))
    assert highest([spent(bought, morning - 199, morning + 1)]) == tier_of(folded)


@FEWER
@given(st.lists(BOUGHT, max_size=10), st.sampled_from(["calendar_year", "lifetime", "rolling"]), st.data())
def test_the_order_of_events_does_not_matter_for_the_tier(
    bought: list[Any], period: str, data: st.DataObject
) -> None:  # fmt: skip
    """In the end, when all reviews were made; purchases may come late by any time that is not too old."""
    events = shopping([one for one in bought if one[0] == "purchase"])
    shuffled = data.draw(st.permutations(events))
    until_us = us(1200)
    by = club(period, 2).model_copy(update={"retention": DEAL.retention})
    assert tier_of(fold(by, rows_of(events), until_us)) == tier_of(fold(by, rows_of(shuffled), until_us))


@FEWER
@given(st.lists(BOUGHT, min_size=1, max_size=10), st.data())
def test_two_halves_of_a_person_have_the_tier_of_the_whole(bought: list[Any], data: st.DataObject) -> None:
    """What was bought as two members and merged is worth what it is as one."""
    bought = sorted((one for one in bought if one[0] == "purchase"), key=lambda one: one[1])
    who = data.draw(st.lists(WHO, min_size=len(bought), max_size=len(bought)))
    until_us = us(year_start(2029))
    alias = event_of("alias", "both", at(900), {"ids": ids_of("ada+bob")})
    whole = fold(club("calendar_year", 2), rows_of([*shopping(bought), alias]), until_us)
    halves = fold(club("calendar_year", 2), rows_of([*shopping(bought, who), alias]), until_us)
    assert tier_of(whole) == tier_of(halves)


@FEWER
@given(st.lists(BOUGHT, max_size=12))
def test_measures_are_what_orders_are_worth(bought: list[Any]) -> None:
    """All buckets together: purchases less returns, no order below nothing, as long as orders are remembered."""
    bought = [(kind, day // 3, order, amount) for kind, day, order, amount in bought]
    total: Counter[str] = Counter()
    returned: Counter[str] = Counter()
    for kind, _, order, amount in bought:
        (total if kind == "purchase" else returned)[order] += amount
    worth = sum(total[order] - min(total[order], returned[order]) for order in total)
    folded = fold(club("lifetime"), rows_of(shopping(sorted(bought, key=lambda one: one[1]))))
    found = 0
    for member in folded.members.values():
        for share in member.standing.shares.values() if member.standing is not None else ():
            found += share.totals.get("spend", 0)
            assert share.totals.get("spend", 0) == sum(share.sums.get("spend", {}).values())
    assert worth == found


@FEWER
@given(
    st.lists(st.integers(0, 30), max_size=4, unique=True),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 120)), max_size=10), st.data(),
)  # fmt: skip
def test_every_grant_is_completed_by_what_lies_in_its_window(
    grants: list[int], bought: list[tuple[int, int]], data: st.DataObject
) -> None:  # fmt: skip
    """In whatever order grants and purchases come, the same instances are completed, and each gives its points once."""
    events = [event_of("offer_grant", f"g{day}", at(day), {"ids": ids_of("ada"), "offer": "deal"}) for day in grants]
    for number, (day, amount) in enumerate(bought):
        total = {"amount": amount, "currency": "EUR"}
        events.append(event_of("purchase", f"p{number}", at(day),
                               {"ids": ids_of("ada"), "order_id": f"o{number}", "total": total}))  # fmt: skip
    folded = fold(DEAL, rows_of(data.draw(st.permutations(events))))
    expected = sum(
        sum(amount for day, amount in bought if granted <= day <= granted + LASTS_DAYS) >= GOAL for granted in grants
    )
    completed = [change for change in records(folded, "offers") if change.state == "completed"]
    points = sum(entry.available for entry in records(folded, "entries")[-1:])
    assert (len(completed), points) == (expected, 5 * expected)
