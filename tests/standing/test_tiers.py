"""Tiers by examples: how they are reached, kept and lost (see `tests.standing.tables`)."""

import pytest

from config.program import Program
from tests.config.samples import program
from tests.standing.tables import check

LEVELS = """
  - {id: silver, name: Silver, needs: {spend: 10000}}
  - {id: gold, name: Gold, needs: {spend: 50000}}
"""


def club(settings: str = "period: calendar_year", levels: str = LEVELS, extra: str = "") -> Program:
    """A program with tiers by spend in euros, in Madrid's time."""
    return program(f"""
currencies: {{points: {{name: Points}}}}
tiers:
  {settings.strip()}
  measures:
    spend: {{of: spend, money: EUR}}
    points: {{of: points, currency: points}}
    visits: {{of: visits, events: [purchase, store_visit]}}
  levels: {levels}
{extra}
""")


EARN = """
earn:
  - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: EUR}}
"""


def test_a_member_rises_at_once_and_stays_to_the_end_of_the_next_year() -> None:
    """The tier is reached with the order that completes it, and ends when no year gives it any more."""
    check("""
        purchase  ada  2026-03-01T10:00  o1   60.00 EUR  -> nothing
        purchase  ada  2026-04-01T10:00  o2   40.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        purchase  ada  2026-05-01T10:00  o3  400.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        later     -    2027-12-31T22:59                  -> nothing
        later     -    2027-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club())  # fmt: skip


def test_reaching_it_again_keeps_a_tier() -> None:
    """The review finds the later year, and comes again at its end."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        purchase  ada  2027-03-01T10:00  o2  100.00 EUR  -> nothing
        later     -    2028-12-31T22:59                  -> nothing
        later     -    2028-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club())  # fmt: skip


def test_without_kept_periods_a_tier_ends_with_its_year_and_grace() -> None:
    """A late event of the old year does not help; one of the new year in the grace does."""
    table = """
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2027-01-30T23:00
        later     -    2027-01-30T22:59                  -> nothing
        later     -    2027-01-30T23:00                  -> tier None PERIOD_ENDED
        """
    settings = "{period: calendar_year, keeps_periods: 0, grace: 30d}".strip("{}").replace(", ", "\n  ")
    check(table, club(settings))
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2027-01-30T23:00
        purchase  ada  2027-01-20T10:00  o2  100.00 EUR  -> nothing
        later     -    2028-01-30T22:59                  -> nothing
        later     -    2028-01-30T23:00                  -> tier None PERIOD_ENDED
        """, club(settings))  # fmt: skip


def test_a_late_event_counts_in_its_own_year() -> None:
    """It may raise a member after the year's end."""
    check("""
        purchase  ada  2026-12-30T10:00  o1   60.00 EUR  -> nothing
        purchase  ada  2027-01-02T10:00  o2   40.00 EUR  -> nothing
        purchase  ada  2026-12-31T10:00  o3   40.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        """, club())  # fmt: skip


def test_a_year_is_the_members_own() -> None:
    """The first hour of Madrid's year is still the old one in New York."""
    table = """
        preference  ada  2026-01-01T10:00  {zone}           -> nothing
        purchase    ada  2026-12-31T23:30  o1   60.00 EUR   -> nothing
        purchase    ada  2027-01-02T10:00  o2   40.00 EUR   -> {outcome}
        """
    check(table.format(zone="America/New_York", outcome="nothing"), club())
    check(table.format(zone="Europe/Rome", outcome="tier silver QUALIFIED until 2028-12-31T23:00"), club())


def test_one_down_falls_a_tier_a_period() -> None:
    """Each landing holds to the end of the next period."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  500.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        later     -    2027-12-31T23:00                  -> tier silver ONE_DOWN until 2028-12-31T23:00
        later     -    2028-12-31T22:59                  -> nothing
        later     -    2028-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club("period: calendar_year\n  downgrade: one_down"))  # fmt: skip


def test_who_came_near_lands_softly() -> None:
    """With nine tenths of it a member falls one tier, with less to what was reached."""
    settings = "period: calendar_year\n  soft_landing_percent: 90"
    levels = """
  - {id: silver, name: Silver, needs: {spend: 48000}}
  - {id: gold, name: Gold, needs: {spend: 50000}}
"""
    check("""
        purchase  ada  2026-03-01T10:00  o1  500.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        purchase  ada  2027-03-01T10:00  o2  450.00 EUR  -> nothing
        later     -    2027-12-31T23:00                  -> tier silver SOFT_LANDING until 2028-12-31T23:00
        """, club(settings, levels))  # fmt: skip
    check("""
        purchase  ada  2026-03-01T10:00  o1  500.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        purchase  ada  2027-03-01T10:00  o2  449.99 EUR  -> nothing
        later     -    2027-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club(settings, levels))  # fmt: skip


def test_a_rolling_tier_ends_when_its_first_orders_leave_the_window() -> None:
    """The day is known from the start, and moves with what comes."""
    settings = "period: rolling\n  rolling_days: 10"
    check("""
        purchase  ada  2026-03-01T10:00  o1   60.00 EUR  -> nothing
        purchase  ada  2026-03-05T10:00  o2   40.00 EUR  -> tier silver QUALIFIED until 2026-03-10T23:00
        purchase  ada  2026-03-08T10:00  o3   60.00 EUR  -> nothing
        later     -    2026-03-14T22:59                  -> nothing
        later     -    2026-03-14T23:00                  -> tier None PERIOD_ENDED
        purchase  ada  2026-03-16T10:00  o4   40.00 EUR  -> tier silver QUALIFIED until 2026-03-17T23:00
        """, club(settings))  # fmt: skip


def test_a_period_may_begin_with_joining() -> None:
    """Years count from the member's first event."""
    check("""
        purchase  ada  2026-03-10T10:00  o1   60.00 EUR  -> nothing
        purchase  ada  2027-03-09T10:00  o2   30.00 EUR  -> nothing
        purchase  ada  2027-03-10T10:00  o3   40.00 EUR  -> nothing
        purchase  ada  2027-03-11T10:00  o4   60.00 EUR  -> tier silver QUALIFIED until 2029-03-09T23:00
        """, club("period: join_date"))  # fmt: skip


def test_a_lifetime_period_never_ends() -> None:
    """What was ever spent counts."""
    check("""
        purchase  ada  2026-03-10T10:00  o1   60.00 EUR  -> nothing
        purchase  ada  2031-03-11T10:00  o4   60.00 EUR  -> tier silver QUALIFIED
        """, club("period: lifetime"))  # fmt: skip


def test_a_tier_for_ever_is_reached_over_all_time() -> None:
    """It does not end with the year, though the year alone would not give it."""
    levels = """
  - {id: silver, name: Silver, needs: {spend: 10000}, lifetime: {spend: 15000}}
  - {id: gold, name: Gold, needs: {spend: 50000}}
"""
    check("""
        purchase  ada  2026-03-01T10:00  o1   60.00 EUR  -> nothing
        purchase  ada  2027-03-01T10:00  o2   60.00 EUR  -> nothing
        purchase  ada  2028-03-01T10:00  o3   60.00 EUR  -> tier silver LIFETIME
        later     -    2040-01-01T00:00                  -> nothing
        """, club(levels=levels))  # fmt: skip


@pytest.mark.parametrize(
    ("match", "first", "second"),
    [
        ("all", "nothing", "tier silver QUALIFIED until 2027-12-31T23:00"),
        ("any", "tier silver QUALIFIED until 2027-12-31T23:00", "nothing"),
    ],
)
def test_several_measures_together(match: str, first: str, second: str) -> None:
    """All of them are needed, or any is enough."""
    levels = f"""
  - {{id: silver, name: Silver, needs: {{spend: 10000, visits: 2}}, match: {match}}}
"""
    check(f"""
        purchase     ada  2026-03-01T10:00  o1  100.00 EUR  -> {first}
        store_visit  ada  2026-03-02T10:00  north           -> {second}
        """, club(levels=levels))  # fmt: skip


def test_points_qualify_and_returns_lower_them() -> None:
    """What is taken back counts no more; the tier itself is looked at again at the review."""
    levels = """
  - {id: silver, name: Silver, needs: {points: 100}}
  - {id: gold, name: Gold, needs: {points: 150}}
"""
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> +100 points, tier silver QUALIFIED until 2027-12-31T23:00
        return    ada  2026-03-02T10:00  o1   60.00 EUR  -> -60 points
        purchase  ada  2026-03-03T10:00  o2  100.00 EUR  -> +100 points
        purchase  ada  2026-03-04T10:00  o3   10.00 EUR  -> +10 points, tier gold QUALIFIED until 2027-12-31T23:00
        """, club(levels=levels, extra=EARN))  # fmt: skip


def test_a_tier_whose_ground_was_returned_ends_with_the_period() -> None:
    """By default the review at the period's end takes it."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        return    ada  2026-03-02T10:00  o1  100.00 EUR  -> nothing
        later     -    2026-12-31T22:59                  -> nothing
        later     -    2026-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club())  # fmt: skip


def test_a_tier_whose_ground_was_returned_may_end_at_once() -> None:
    """If the program says so."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        return    ada  2026-03-02T10:00  o1    1.00 EUR  -> tier None RETURNED
        purchase  ada  2026-03-03T10:00  o2    1.00 EUR  -> tier silver QUALIFIED until 2027-12-31T23:00
        """, club("period: calendar_year\n  returns: at_once"))  # fmt: skip


def test_the_first_tier_may_be_everybodys() -> None:
    """A member has it from its first event."""
    levels = """
  - {id: member, name: Member}
  - {id: gold, name: Gold, needs: {spend: 10000}}
"""
    check("""
        activity  ada  2026-03-01T10:00  login           -> tier member JOINED
        purchase  ada  2026-03-02T10:00  o1  100.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        later     -    2027-12-31T23:00                  -> tier member PERIOD_ENDED
        """, club(levels=levels))  # fmt: skip


PAID = """
  - {id: free, name: Free}
  - {id: plus, name: Plus, plan: plus}
"""


def test_a_paid_plan_gives_a_tier_for_the_paid_time() -> None:
    """Renewal moves its end; a day is paid to its end."""
    check("""
        activity      ada  2026-02-01T10:00  login                    -> tier free JOINED
        subscription  ada  2026-03-01T10:00  plus started 2026-03-31  -> tier plus SUBSCRIBED until 2026-03-31T22:00
        subscription  ada  2026-03-31T10:00  plus renewed 2026-04-30  -> nothing
        later         -    2026-04-30T21:59                           -> nothing
        later         -    2026-04-30T22:00                           -> tier free SUBSCRIPTION_ENDED
        """, club(levels=PAID))  # fmt: skip


def test_a_cancelled_plan_runs_out_and_a_lapsed_one_ends() -> None:
    """Cancelling keeps the paid time, lapsing does not; an older event does not undo a later one."""
    check("""
        activity      ada  2026-02-01T10:00  login                    -> tier free JOINED
        subscription  ada  2026-03-01T10:00  plus started 2026-03-31  -> tier plus SUBSCRIBED until 2026-03-31T22:00
        subscription  ada  2026-03-10T10:00  plus cancelled           -> nothing
        subscription  ada  2026-03-09T10:00  plus lapsed              -> nothing
        later         -    2026-03-31T22:00                           -> tier free SUBSCRIPTION_ENDED
        """, club(levels=PAID))  # fmt: skip
    check("""
        activity      ada  2026-02-01T10:00  login                    -> tier free JOINED
        subscription  ada  2026-03-01T10:00  plus started 2026-03-31  -> tier plus SUBSCRIBED until 2026-03-31T22:00
        subscription  ada  2026-03-10T10:00  plus lapsed              -> tier free SUBSCRIPTION_ENDED
        """, club(levels=PAID))  # fmt: skip


def test_a_plan_without_an_end_runs_until_it_is_said_to_end() -> None:
    """Nothing ends it by itself."""
    check("""
        activity      ada  2026-02-01T10:00  login           -> tier free JOINED
        subscription  ada  2026-03-01T10:00  plus started    -> tier plus SUBSCRIBED
        later         -    2030-03-31T22:00                  -> nothing
        subscription  ada  2030-04-01T10:00  plus cancelled  -> tier free SUBSCRIPTION_ENDED
        """, club(levels=PAID))  # fmt: skip


def test_a_tier_earns_more_and_its_bonus_does_not_qualify() -> None:
    """The bonus is of the tier that the member had before the order, and goes back with it."""
    levels = """
  - {id: member, name: Member}
  - {id: gold, name: Gold, needs: {points: 100}, earn_percent: 150}
  - {id: black, name: Black, needs: {points: 220}, earn_percent: 200}
"""
    check("""
        activity  ada  2026-02-01T10:00  login           -> tier member JOINED
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> +100 points, tier gold QUALIFIED until 2027-12-31T23:00
        purchase  ada  2026-03-02T10:00  o2  101.00 EUR  -> +101 points, +50 points
        return    ada  2026-03-03T10:00  o2  101.00 EUR  -> -50 points, -101 points
        purchase  ada  2026-03-04T10:00  o3  119.00 EUR  -> +119 points, +59 points
        purchase  ada  2026-03-04T10:00  o4    1.00 EUR  -> +1 points, tier black QUALIFIED until 2027-12-31T23:00
        """, club(levels=levels, extra=EARN))  # fmt: skip


def test_perks_are_used_so_many_times_a_period() -> None:
    """Beyond that, and without the tier, a use is refused; a new month has new ones."""
    levels = """
  - {id: member, name: Member}
  - {id: gold, name: Gold, needs: {spend: 10000}, perks: [
      {id: lounge, activity: lounge_visit, quantity: 2, per: month}]}
"""
    check("""
        activity  ada  2026-03-01T09:00  lounge_visit    -> tier member JOINED, refused NOT_ELIGIBLE
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        activity  ada  2026-03-02T10:00  lounge_visit    -> nothing
        activity  ada  2026-03-03T10:00  lounge_visit 2  -> refused PERK_USED_UP
        activity  ada  2026-03-03T11:00  lounge_visit    -> nothing
        activity  ada  2026-03-04T10:00  lounge_visit    -> refused PERK_USED_UP
        activity  ada  2026-04-01T10:00  lounge_visit    -> nothing
        """, club(levels=levels))  # fmt: skip


def test_a_tier_may_come_with_a_voucher_once_a_year() -> None:
    """It is given on reaching the tier, and not again when the tier is left and reached in the same year."""
    levels = """
  - {id: gold, name: Gold, needs: {spend: 10000}, rewards: [cake]}
"""
    extra = "rewards: {cake: {name: Cake}}"
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00, cake issued
        return    ada  2026-03-02T10:00  o1    1.00 EUR  -> tier None RETURNED
        purchase  ada  2026-03-03T10:00  o2    1.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        """, club("period: calendar_year\n  returns: at_once", levels, extra))  # fmt: skip


def test_a_merge_joins_histories_and_the_better_tier_stands() -> None:
    """Two halves may be enough together; what one had reached, both have."""
    check("""
        purchase  ada      2026-03-01T10:00  o1   60.00 EUR  -> nothing
        purchase  bob      2026-03-02T10:00  o2   40.00 EUR  -> nothing
        alias     ada+bob  2026-03-03T10:00                  -> tier silver MERGED until 2027-12-31T23:00
        purchase  bob      2026-03-04T10:00  o3  400.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        """, club())  # fmt: skip
    check("""
        purchase  ada      2026-03-01T10:00  o1   10.00 EUR  -> nothing
        purchase  bob      2026-03-02T10:00  o2  500.00 EUR  -> tier gold QUALIFIED until 2027-12-31T23:00
        alias     ada+bob  2026-03-03T10:00                  -> tier gold MERGED until 2027-12-31T23:00
        later     -        2027-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club())  # fmt: skip


def test_a_rule_may_give_points_that_do_not_qualify() -> None:
    """They count for measures that take all points only, and a return of them takes nothing from the others."""
    earn = """
earn:
  - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: EUR}}
  - {id: gift, on: purchase, currency: points, points: 1, per: {amount: 100, currency: EUR}, qualifying: false}
"""
    levels = """
  - {id: silver, name: Silver, needs: {points: 20}}
"""
    check("""
        purchase  ada  2026-03-01T10:00  o1  10.00 EUR  -> +10 points, +10 points
        return    ada  2026-03-02T10:00  o1   5.00 EUR  -> -5 points, -5 points
        purchase  ada  2026-03-03T10:00  o2  14.00 EUR  -> +14 points, +14 points
        purchase  ada  2026-03-04T10:00  o3   1.00 EUR  -> +1 points, +1 points, tier silver QUALIFIED
        """, club("period: lifetime", levels, earn))  # fmt: skip


def test_a_merge_in_the_grace_does_not_make_it_longer() -> None:
    """What the year before last gave ends when it would have ended."""
    check("""
        purchase  ada      2026-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2027-01-30T23:00
        purchase  bob      2026-03-02T10:00  o2    1.00 EUR  -> nothing
        alias     ada+bob  2027-01-10T10:00                  -> nothing
        later     -        2027-01-30T22:59                  -> nothing
        later     -        2027-01-30T23:00                  -> tier None PERIOD_ENDED
        """, club("period: calendar_year\n  keeps_periods: 0\n  grace: 30d"))  # fmt: skip


def test_an_order_of_an_old_name_is_another_order() -> None:
    """Once forgotten, it takes nothing from one that the other half of a person bought under the same id."""
    check("""
        purchase  ada      2026-03-01T10:00  o1    1.00 EUR  -> nothing
        purchase  bob      2028-03-01T10:00  o1  100.00 EUR  -> tier silver QUALIFIED until 2029-12-31T23:00
        alias     ada+bob  2028-04-01T10:00                  -> tier silver MERGED until 2029-12-31T23:00
        later     -        2029-12-31T22:59                  -> nothing
        later     -        2029-12-31T23:00                  -> tier None PERIOD_ENDED
        """, club())  # fmt: skip


def test_what_an_anonymous_member_does_may_not_count() -> None:
    """If the program does not let it earn either: it counts from when the member is known."""
    table = """
        purchase  ~web      2026-03-01T10:00  o1  100.00 EUR  -> {first}
        alias     ada+~web  2026-03-02T10:00                  -> nothing
        purchase  ada       2026-03-03T10:00  o2  100.00 EUR  -> {second}
        """
    silver = "tier silver QUALIFIED until 2027-12-31T23:00"
    check(table.format(first=silver, second="nothing"), club())
    by = club(extra="identity: {retroactive_earn: false}")
    check(table.format(first="nothing", second=silver), by)
