"""How far a rule goes: caps, budgets, and rules that stack or exclude each other."""

import pytest

from flows.runtime.table import Table
from schemas.earning_states import Spent, decode_spent
from schemas.groups import group_number, share_of
from schemas.states import encode_state
from tests.ledger.earn_tables import GROUPS, earn

VISIT = "on: store_visit, currency: points, points: 5"
SPEND = "- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}"


def test_a_cap_of_points_cuts_off_what_is_beyond() -> None:
    """In a calendar month of the member's clock; a late event counts in its own month."""
    earn(f"{SPEND}, caps: [{{points: 25, period: month}}]}}", """
        purchase  2026-01-10T10:00  20.00 GBP  -> spend +20
        purchase  2026-01-31T22:30  20.00 GBP  -> spend +5
        purchase  2026-01-31T22:59  20.00 GBP  -> nothing
        purchase  2026-01-31T23:00  20.00 GBP  -> spend +20
        purchase  2026-01-01T10:00  20.00 GBP  -> nothing
        purchase  2025-12-31T22:00  30.00 GBP  -> spend +25
        purchase  2026-02-28T10:00  20.00 GBP  -> spend +5
        """, zone="Europe/Madrid")


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ("day",   "2026-03-04T23:59", "2026-03-05T00:00"),
        ("week",  "2026-03-08T23:59", "2026-03-09T00:00"),
        ("month", "2026-03-31T23:59", "2026-04-01T00:00"),
        ("year",  "2026-12-31T23:59", "2027-01-01T00:00"),
    ],
)  # fmt: skip
def test_a_calendar_period_ends_at_local_midnight(period: str, inside: str, outside: str) -> None:
    """A week ends with Sunday."""
    earn(f"- {{id: visit, {VISIT}, caps: [{{times: 1, period: {period}}}]}}", f"""
        store_visit  2026-03-04T00:00  store=a  -> visit +5
        store_visit  {inside}          store=a  -> nothing
        store_visit  {outside}         store=a  -> visit +5
        """)


def test_a_cap_may_be_for_ever() -> None:
    """Times and points together: both must have room."""
    earn(f"- {{id: visit, {VISIT}, caps: [{{points: 12, period: ever}}, {{times: 1, period: day}}]}}", """
        store_visit  2026-01-01T10:00  store=a  -> visit +5
        store_visit  2026-01-01T11:00  store=a  -> nothing
        store_visit  2027-01-02T10:00  store=a  -> visit +5
        store_visit  2028-01-03T10:00  store=a  -> visit +2
        store_visit  2029-01-04T10:00  store=a  -> nothing
        """)


def test_a_rolling_cap_holds_in_every_window() -> None:
    """A late event needs room in the windows after it as well as before it."""
    earn(f"{SPEND}, caps: [{{points: 10, rolling: 1d}}]}}", """
        purchase  2026-01-10T10:00  8.00 GBP  -> spend +8
        purchase  2026-01-11T09:59  8.00 GBP  -> spend +2
        purchase  2026-01-11T10:00  9.00 GBP  -> spend +8
        purchase  2026-01-09T12:00  9.00 GBP  -> spend +2
        purchase  2026-01-12T12:00  9.00 GBP  -> spend +9
        purchase  2026-01-11T12:00  9.00 GBP  -> nothing
        """)
    earn(f"- {{id: visit, {VISIT}, caps: [{{times: 1, rolling: 1h}}]}}", """
        store_visit  2026-01-01T10:00  store=a  -> visit +5
        store_visit  2026-01-01T10:59  store=a  -> nothing
        store_visit  2026-01-01T11:00  store=a  -> visit +5
        store_visit  2026-01-01T09:30  store=a  -> nothing
        """)


def rows() -> Table[Spent]:
    """What budgets are counted in, for several members."""
    return Table(b"b", encode_state, decode_spent)


def test_a_budget_is_for_all_members() -> None:
    """Kept together it is one count."""
    rules, spent = f"- {{id: visit, {VISIT}, budget: {{points: 12, period: month}}}}", rows()
    earn(rules, "store_visit  2026-01-01T10:00  store=a  -> visit +5", rows=spent)
    earn(rules, """
        store_visit  2026-01-02T10:00  store=a  -> visit +5
        store_visit  2026-01-03T10:00  store=a  -> visit +2
        store_visit  2026-01-04T10:00  store=a  -> nothing
        store_visit  2026-02-01T10:00  store=a  -> visit +5
        """, member_id="bob", rows=spent)


def test_a_key_group_has_its_own_share_of_a_budget() -> None:
    """Shares are whole points and together the budget; members of one group draw on the same one."""
    assert [share_of(10, group, GROUPS) for group in range(GROUPS)] == [3, 3, 2, 2]
    by_group: dict[int, list[str]] = {}
    for number in range(40):
        by_group.setdefault(group_number(f"m{number}", GROUPS), []).append(f"m{number}")
    rules, spent = f"- {{id: visit, {VISIT}, budget: {{points: 10, kept: by_group}}}}", rows()
    for group, share in enumerate([3, 3, 2, 2]):
        first, second = by_group[group][:2]
        earn(rules, f"store_visit  2026-01-01T10:00  store=a  -> visit +{share}", member_id=first, rows=spent)
        earn(rules, "store_visit  2026-01-01T10:00  store=a  -> nothing", member_id=second, rows=spent)


def test_bonuses_are_percentages_of_the_plain_points() -> None:
    """They add up and do not multiply each other; a capped rule gives them less to go by."""
    earn(f"""
{SPEND}, caps: [{{points: 15, period: ever}}]}}
- {{id: double, on: purchase, currency: points, bonus: {{percent: 100}}, when: weekday == "thursday"}}
- {{id: half, on: purchase, currency: points, bonus: {{percent: 50, of: [spend]}}, rounding: up}}
""", """
        purchase  2026-01-01T10:00  9.00 GBP  -> spend +9, double +9, half +5
        purchase  2026-01-02T10:00  4.00 GBP  -> spend +4, half +2
        purchase  2026-01-03T10:00  4.00 GBP  -> spend +2, half +1
        purchase  2026-01-04T10:00  4.00 GBP  -> nothing
        """)


def test_a_bonus_multiplies_only_what_it_names() -> None:
    """Without names every rule of its event and currency."""
    earn(f"""
{SPEND}}}
- {{id: app, on: purchase, currency: points, points: 3, when: channel == "app", minimum: {{amount: 1, currency: GBP}}}}
- {{id: fly, on: purchase, currency: miles, points: 7, per: {{amount: 100, currency: GBP}}}}
- {{id: one, on: purchase, currency: points, bonus: {{percent: 100, of: [app]}}}}
- {{id: all, on: purchase, currency: points, bonus: {{percent: 100}}}}
""", """
        purchase  2026-01-01T10:00  9.00 GBP  channel=app  -> spend +9, app +3, fly +63, one +3, all +12
        purchase  2026-01-01T10:01  9.00 GBP               -> spend +9, fly +63, all +9
        """)


GROUP = """
- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
- {id: ten, on: purchase, currency: points, points: 10, minimum: {amount: 100, currency: GBP}, stacking: best, group: a}
- {id: double, on: purchase, currency: points, bonus: {percent: 100, of: [spend]}, stacking: best, group: a,
   caps: [{points: 30, period: day}]}
- {id: third, on: purchase, currency: points, bonus: {percent: 30, of: [spend]}, stacking: best, group: b}
"""


def test_of_a_group_only_the_best_counts() -> None:
    """A fixed bonus against a double one: the first wins a tie, and one whose cap is used up loses."""
    earn(GROUP, """
        purchase  2026-01-01T10:00   5.00 GBP  -> spend +5, ten +10, third +1
        purchase  2026-01-01T10:01  10.00 GBP  -> spend +10, ten +10, third +3
        purchase  2026-01-01T10:02  20.00 GBP  -> spend +20, double +20, third +6
        purchase  2026-01-01T10:03  20.00 GBP  -> spend +20, ten +10, third +6
        """)


def test_best_without_a_group_is_the_best_of_its_currency() -> None:
    """Rules that add stand beside it."""
    earn("""
- {id: low, on: store_visit, currency: points, points: 2, stacking: best}
- {id: high, on: store_visit, currency: points, points: 5, when: store == "soho", stacking: best}
- {id: plus, on: store_visit, currency: points, points: 1}
- {id: fly, on: store_visit, currency: miles, points: 1, stacking: best}
""", """
        store_visit  2026-01-01T10:00  store=soho   -> high +5, plus +1, fly +1
        store_visit  2026-01-01T10:01  store=leith  -> low +2, plus +1, fly +1
        """)
