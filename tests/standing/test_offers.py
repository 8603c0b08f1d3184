"""Offers and challenges by examples: grants, windows, goals, completion (see `tests.standing.tables`)."""

import pytest

from config.program import Program
from tests.config.samples import program
from tests.standing.tables import check


def shop(offer: str, more: str = "") -> Program:
    """A program with one offer, called `deal`."""
    return program(f"""
currencies: {{stars: {{name: Stars}}}}
offers:
  deal: {offer}
{more}
""")


REWARD = "reward: {currency: stars, points: 5}"
DISCOUNT = f"{{name: Deal, lasts: 7d, goal: {{kind: amount, at_least: 1000, money: USD}}, {REWARD}}}"
BOGO = f"{{name: Deal, lasts: 7d, goal: {{kind: single, at_least: 1000, money: USD}}, {REWARD}}}"


def test_amounts_add_up_inside_the_window() -> None:
    """What came before the grant or after the end does not count."""
    check("""
        purchase     ada  2026-03-01T09:00  o1  9.00 USD  -> nothing
        offer_grant  ada  2026-03-01T10:00  deal          -> deal granted
        purchase     ada  2026-03-02T10:00  o2  6.00 USD  -> nothing
        purchase     ada  2026-03-03T10:00  o3  4.00 USD  -> +5 stars, deal completed 1000
        purchase     ada  2026-03-04T10:00  o4  9.99 USD  -> nothing
        """, shop(DISCOUNT))  # fmt: skip


def test_a_single_purchase_must_reach_the_goal_alone() -> None:
    """Two halves are not enough."""
    check("""
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        purchase     ada  2026-03-02T10:00  o1   6.00 USD  -> nothing
        purchase     ada  2026-03-03T10:00  o2   6.00 USD  -> nothing
        purchase     ada  2026-03-04T10:00  o3  10.00 USD  -> +5 stars, deal completed 1000
        """, shop(BOGO))  # fmt: skip


@pytest.mark.parametrize(
    ("edges", "first", "last"),
    [
        ("", "+5 stars, deal completed 1000", "+5 stars, deal completed 1000"),
        ("at_start: exclusive, at_end: exclusive, ", "nothing", "nothing"),
    ],
)
def test_both_ends_of_a_window_are_stated(edges: str, first: str, last: str) -> None:
    """The very moment of the grant, and of the end, count or not as the program says."""
    by = shop(BOGO.replace("lasts", f"{edges}lasts"))
    check(f"""
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        purchase     ada  2026-03-01T10:00  o1  10.00 USD  -> {first}
        """, by)  # fmt: skip
    check(f"""
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        purchase     ada  2026-03-08T10:00  o1  10.00 USD  -> {last}
        """, by)  # fmt: skip
    check("""
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        purchase     ada  2026-03-08T10:01  o1  10.00 USD  -> deal expired 0
        """, by)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "at_once", "then"),
    [
        ("", "+10 stars, deal completed 1000, deal completed 1000", "nothing"),
        ("completes: one, ", "+5 stars, deal completed 1000", "+5 stars, deal completed 2000"),
        ("counts_for: oldest, ", "+5 stars, deal completed 1000", "+5 stars, deal completed 1000"),
        ("counts_for: newest, ", "+5 stars, deal completed 1000", "+5 stars, deal completed 1000"),
    ],
)
def test_several_grants_of_an_offer_are_instances_of_their_own(rule: str, at_once: str, then: str) -> None:
    """An event counts for every open one or for one of them, and completes all that are reached or one."""
    check(f"""
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        offer_grant  ada  2026-03-02T10:00  deal           -> deal granted
        purchase     ada  2026-03-03T10:00  o1  10.00 USD  -> {at_once}
        purchase     ada  2026-03-04T10:00  o2  10.00 USD  -> {then}
        """, shop(DISCOUNT.replace("lasts", f"{rule}lasts")))  # fmt: skip


def test_a_grant_with_an_id_is_made_once() -> None:
    """Another id is another grant; an unknown offer and one that is over are refused."""
    by = shop(DISCOUNT.replace("lasts", "to: 2026-03-05, lasts"))
    check("""
        offer_grant  ada  2026-03-01T10:00  deal g1   -> deal granted
        offer_grant  ada  2026-03-01T11:00  deal g1   -> refused ALREADY_GRANTED
        offer_grant  ada  2026-03-01T12:00  deal g2   -> deal granted
        offer_grant  ada  2026-03-01T13:00  meal      -> refused UNKNOWN_OFFER
        offer_grant  ada  2026-03-06T10:00  deal g3   -> deal expired 0, deal expired 0, refused OFFER_ENDED
        """, by)  # fmt: skip


def test_the_id_of_a_grant_is_used_up_when_its_window_is_over() -> None:
    """Completed or not, also after a merge and on both sides of a split; another offer has ids of its own."""
    by = shop(DISCOUNT, f"  other: {DISCOUNT}")
    check("""
        offer_grant  ada      2026-03-01T10:00  deal g1        -> deal granted
        offer_grant  bob      2026-03-01T10:01  deal g2        -> deal granted
        purchase     bob      2026-03-02T10:00  o1  10.00 USD  -> +5 stars, deal completed 1000
        later        -        2026-03-20T10:00                 -> deal expired 0
        offer_grant  ada      2026-03-20T11:00  deal g1        -> refused ALREADY_GRANTED
        offer_grant  bob      2026-03-20T11:01  deal g2        -> refused ALREADY_GRANTED
        alias        ada+bob  2026-03-20T12:00                 -> -5 stars, +5 stars
        offer_grant  ada      2026-03-20T13:00  deal g2        -> refused ALREADY_GRANTED
        split        ada      2026-03-20T14:00  bob            -> -5 stars, +5 stars
        offer_grant  bob      2026-03-20T15:00  deal g1        -> refused ALREADY_GRANTED
        offer_grant  ada      2026-03-20T15:01  deal g2        -> refused ALREADY_GRANTED
        offer_grant  ada      2026-03-20T16:00  other g1       -> other granted
        """, by)  # fmt: skip


def test_grants_are_forgotten_with_orders() -> None:
    """An id may be used again after `retention.orders`."""
    by = shop(DISCOUNT, "retention: {events: 30d, orders: 30d}")
    check("""
        offer_grant  ada  2026-03-01T10:00  deal g1  -> deal granted
        offer_grant  ada  2026-03-31T10:00  deal g1  -> deal expired 0, deal granted
        """, by)  # fmt: skip


@pytest.mark.parametrize("rule", ["counts_for: oldest, ", "counts_for: newest, ", "completes: one, "])
def test_where_the_log_decides_what_it_decided_stays(rule: str) -> None:
    """An older grant that comes after the completion does not get it, and counts from then on; nor does a return."""
    by = shop(DISCOUNT.replace("lasts", f"{rule}late: 3d, lasts"))
    check("""
        offer_grant  ada  2026-03-03T10:00  deal young        -> deal granted
        purchase     ada  2026-03-03T11:00  o1  10.00 USD     -> +5 stars, deal completed 1000
        offer_grant  ada  2026-03-01T10:00  deal old          -> deal granted
        return       ada  2026-03-03T12:00  o1  10.00 USD     -> nothing
        purchase     ada  2026-03-04T10:00  o2  10.00 USD     -> +5 stars, deal completed 1000
        purchase     ada  2026-03-05T10:00  o3  10.00 USD     -> nothing
        """, by)  # fmt: skip


def test_where_every_instance_counts_an_older_grant_finds_what_came_before() -> None:
    """The same story with the default: in its own order, or with the grant late."""
    by = shop(DISCOUNT.replace("lasts", "late: 3d, lasts"))
    check("""
        offer_grant  ada  2026-03-03T10:00  deal young        -> deal granted
        purchase     ada  2026-03-03T11:00  o1  10.00 USD     -> +5 stars, deal completed 1000
        offer_grant  ada  2026-03-01T10:00  deal old          -> +5 stars, deal granted, deal completed 1000
        """, by)  # fmt: skip
    check("""
        offer_grant  ada  2026-03-01T10:00  deal old          -> deal granted
        offer_grant  ada  2026-03-03T10:00  deal young        -> deal granted
        purchase     ada  2026-03-03T11:00  o1  10.00 USD     -> +10 stars, deal completed 1000, deal completed 1000
        """, by)  # fmt: skip


def test_what_comes_late_counts_by_its_own_time() -> None:
    """A grant finds purchases that came before it, a purchase the instance whose window is over."""
    by = shop(DISCOUNT.replace("lasts", "late: 2d, lasts"))
    check("""
        purchase     ada  2026-03-02T10:00  o1   6.00 USD  -> nothing
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        later        -    2026-03-09T10:00                 -> nothing
        purchase     bob  2026-03-09T11:00  o2   9.00 USD  -> nothing
        purchase     ada  2026-03-08T09:00  o3   4.00 USD  -> +5 stars, deal completed 1000
        """, by)  # fmt: skip
    check("""
        purchase     ada  2026-03-02T10:00  o1  16.00 USD  -> nothing
        offer_grant  ada  2026-03-01T10:00  deal           -> +5 stars, deal granted, deal completed 1600
        """, by)  # fmt: skip


def test_returns_lower_what_was_counted() -> None:
    """Before completion; afterwards the reward stays."""
    check("""
        offer_grant  ada  2026-03-01T10:00  deal          -> deal granted
        purchase     ada  2026-03-02T10:00  o1  9.00 USD  -> nothing
        return       ada  2026-03-02T11:00  o1  5.00 USD  -> nothing
        purchase     ada  2026-03-03T10:00  o2  5.99 USD  -> nothing
        purchase     ada  2026-03-03T11:00  o3  0.01 USD  -> +5 stars, deal completed 1000
        return       ada  2026-03-03T12:00  o2  5.99 USD  -> nothing
        """, shop(DISCOUNT))  # fmt: skip


def test_a_reward_may_go_back_with_the_order_that_completed() -> None:
    """In proportion, if the program says so."""
    check("""
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        purchase     ada  2026-03-02T10:00  o1  10.00 USD  -> +5 stars, deal completed 1000
        return       ada  2026-03-02T11:00  o1   4.00 USD  -> -2 stars
        return       ada  2026-03-02T12:00  o1   6.00 USD  -> -3 stars
        """, shop(DISCOUNT.replace("points: 5", "points: 5, returns: with_order")))  # fmt: skip


def challenge(goal: str, more: str = "") -> Program:
    """A program with a challenge for everybody in March, local time of Madrid."""
    return shop(f"{{name: Deal, shown_as: challenge, granted: automatically, from: 2026-03-01, to: 2026-04-01, "
                f"goal: {goal}, {REWARD}}}", more)  # fmt: skip


def test_a_challenge_for_everybody_opens_with_its_first_event() -> None:
    """Nobody has to be granted it; outside its window nothing is opened."""
    check("""
        activity  ada  2026-02-28T22:59  workout  -> nothing
        activity  ada  2026-02-28T23:00  workout  -> deal granted
        activity  ada  2026-03-02T10:00  workout  -> nothing
        activity  ada  2026-03-02T11:00  login    -> nothing
        activity  ada  2026-03-02T12:00  workout  -> +5 stars, deal completed 3
        activity  ada  2026-03-02T13:00  workout  -> nothing
        activity  bob  2026-04-01T13:00  workout  -> nothing
        """, challenge("{kind: count, at_least: 3, events: [workout]}"))  # fmt: skip


def test_quantities_add_up_to_the_thousandth() -> None:
    """Ten kilometres in two runs."""
    check("""
        activity  ada  2026-03-01T10:00  run 4.2     -> deal granted
        activity  ada  2026-03-02T10:00  run 5.799   -> nothing
        activity  ada  2026-03-02T11:00  run 0.001   -> +5 stars, deal completed 10000
        """, challenge("{kind: quantity, at_least: 10, events: [run]}"))  # fmt: skip


def test_a_streak_is_days_in_a_row() -> None:
    """Local days; two events of a day are one, and a late event may close a gap."""
    check("""
        activity  ada  2026-03-01T22:30  workout  -> deal granted
        activity  ada  2026-03-01T23:30  workout  -> nothing
        activity  ada  2026-03-04T10:00  workout  -> nothing
        activity  ada  2026-03-03T10:00  workout  -> +5 stars, deal completed 4
        """, challenge("{kind: streak, at_least: 4, events: [workout]}"))  # fmt: skip


def test_distinct_categories_are_counted_over_orders() -> None:
    """The same one twice is one."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  5.00 USD skin=2.00 hair=3.00  -> deal granted
        purchase  ada  2026-03-02T10:00  o2  5.00 USD skin=5.00            -> nothing
        purchase  ada  2026-03-03T10:00  o3  5.00 USD lips=5.00            -> +5 stars, deal completed 3
        """, challenge("{kind: categories, at_least: 3}"))  # fmt: skip


def test_an_event_that_does_not_count_opens_no_challenge() -> None:
    """An order without any line of the goal leaves nothing behind."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  5.00 USD hair=5.00  -> nothing
        purchase  ada  2026-03-02T10:00  o2  5.00 USD skin=5.00  -> deal granted
        purchase  ada  2026-03-03T10:00  o3  5.00 USD skin=5.00  -> +5 stars, deal completed 2
        """, challenge("{kind: streak, at_least: 2, categories: [skin]}"))  # fmt: skip


def test_only_some_lines_shops_and_channels_count() -> None:
    """What the goal names narrows what is counted."""
    goal = "{kind: amount, at_least: 1000, money: USD, categories: [skin], stores: [north], channels: [app]}"
    check("""
        purchase  ada  2026-03-01T10:00  o1  20.00 USD skin=20.00 at=north by=web  -> nothing
        purchase  ada  2026-03-01T11:00  o2  20.00 USD skin=20.00 at=south by=app  -> nothing
        purchase  ada  2026-03-01T12:00  o3  20.00 USD hair=20.00 at=north by=app  -> nothing
        purchase  ada  2026-03-01T13:00  o4  20.00 USD skin=9.99 hair=10.01 at=north by=app  -> deal granted
        purchase  ada  2026-03-01T14:00  o5   0.01 USD skin=0.01 at=north by=app  -> +5 stars, deal completed 1000
        """, challenge(goal))  # fmt: skip


def test_a_challenge_may_come_anew_each_week() -> None:
    """From Monday, local time; what was done in one week does not count in the next."""
    by = shop(f"{{name: Deal, granted: automatically, every: week, "
              f"goal: {{kind: count, at_least: 2, events: [workout]}}, {REWARD}}}")  # fmt: skip
    check("""
        activity  ada  2026-03-08T10:00  workout  -> deal granted
        activity  ada  2026-03-08T23:00  workout  -> deal expired 1, deal granted
        activity  ada  2026-03-09T10:00  workout  -> +5 stars, deal completed 2
        later     -    2026-03-17T10:00           -> nothing
        """, by)  # fmt: skip


def test_an_event_may_grant_an_offer() -> None:
    """And count for it, as the window begins with it."""
    by = shop(f"{{name: Deal, granted: on_event, on: store_visit, lasts: 1d, "
              f"goal: {{kind: amount, at_least: 1000, money: USD}}, {REWARD}}}")  # fmt: skip
    check("""
        purchase     ada  2026-03-01T10:00  o1  10.00 USD  -> nothing
        store_visit  ada  2026-03-01T11:00  north          -> deal granted
        purchase     ada  2026-03-01T12:00  o2  10.00 USD  -> +5 stars, deal completed 1000
        """, by)  # fmt: skip


def test_a_merge_unites_what_was_counted() -> None:
    """Halves of one challenge are whole together; instances of different grants stay apart."""
    check("""
        activity  ada      2026-03-01T10:00  workout  -> deal granted
        activity  bob      2026-03-01T11:00  workout  -> deal granted
        activity  bob      2026-03-01T12:00  workout  -> nothing
        alias     ada+bob  2026-03-01T13:00           -> +5 stars, deal completed 3
        activity  bob      2026-03-01T14:00  workout  -> nothing
        """, challenge("{kind: count, at_least: 3, events: [workout]}"))  # fmt: skip
    check("""
        offer_grant  ada      2026-03-01T10:00  deal           -> deal granted
        offer_grant  bob      2026-03-01T11:00  deal           -> deal granted
        alias        ada+bob  2026-03-01T12:00                 -> nothing
        purchase     bob      2026-03-02T10:00  o1  10.00 USD  -> +10 stars, deal completed 1000, deal completed 1000
        """, shop(DISCOUNT))  # fmt: skip


def test_a_merge_completes_nothing_twice() -> None:
    """Who had completed it has; the other's part adds nothing."""
    check("""
        activity  ada      2026-03-01T10:00  workout  -> +5 stars, deal granted, deal completed 1
        activity  bob      2026-03-01T11:00  workout  -> +5 stars, deal granted, deal completed 1
        alias     ada+bob  2026-03-01T13:00           -> -5 stars, +5 stars
        activity  bob      2026-03-01T14:00  workout  -> nothing
        """, challenge("{kind: count, at_least: 1, events: [workout]}"))  # fmt: skip


def test_only_members_of_a_tier_may_get_it() -> None:
    """A grant to another is refused."""
    tiers = """
tiers:
  period: calendar_year
  measures: {spend: {of: spend, money: USD}}
  levels: [{id: gold, name: Gold, needs: {spend: 1000}}]
"""
    by = shop(DISCOUNT.replace("lasts", "tiers: [gold], lasts"), tiers)
    check("""
        offer_grant  ada  2026-03-01T10:00  deal           -> refused NOT_ELIGIBLE
        purchase     ada  2026-03-01T11:00  o1  10.00 USD  -> tier gold QUALIFIED until 2027-12-31T23:00
        offer_grant  ada  2026-03-01T12:00  deal           -> deal granted
        """, by)  # fmt: skip


def test_a_condition_narrows_what_counts() -> None:
    """It is asked when the event comes, also for a grant that comes later."""
    goal = 'goal: {kind: count, at_least: 2, when: "total >= 500 and attribute.plan != \\"staff\\""}'
    by = shop(f"{{name: Deal, lasts: 7d, late: 2d, {goal}, {REWARD}}}")
    check("""
        purchase     ada  2026-03-02T10:00  o1   6.00 USD  -> nothing
        purchase     ada  2026-03-02T11:00  o2   4.00 USD  -> nothing
        offer_grant  ada  2026-03-01T10:00  deal           -> deal granted
        purchase     ada  2026-03-03T10:00  o3   4.99 USD  -> nothing
        purchase     ada  2026-03-03T11:00  o4   5.00 USD  -> +5 stars, deal completed 2
        """, by)  # fmt: skip
