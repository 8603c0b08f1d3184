"""Held points and tiers: they count when they are released, once, and never if they are voided."""

from config.program import Program
from tests.standing.tables import check
from tests.standing.test_tiers import club

LEVELS = """
  - {id: member, name: Member}
  - {id: silver, name: Silver, needs: {points: 100}}
"""


def holding(hold: str, settings: str = "period: calendar_year", levels: str = LEVELS) -> Program:
    """A club by points, which are held."""
    return club(settings, levels, f"""
earn:
  - {{id: spend, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: EUR}}, hold: {{{hold}}}}}
""")  # fmt: skip


def test_held_points_count_for_the_tier_when_they_are_released() -> None:
    """Here by a timer."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  100.00 EUR  -> +0 points, tier member JOINED
        later     -    2026-03-08T09:59                  -> nothing
        later     -    2026-03-08T10:00                  -> +100 points, tier silver QUALIFIED until 2027-12-31T23:00
        """, holding("delay: 7d"))  # fmt: skip


def test_an_event_that_releases_them_lets_a_member_rise() -> None:
    """Also one that means nothing to tiers itself."""
    check("""
        purchase     ada  2026-03-01T10:00  o1  100.00 EUR  -> +0 points, tier member JOINED
        store_visit  ada  2026-03-02T10:00  north           -> nothing
        activity     ada  2026-03-03T10:00  delivered       -> +100 points, tier silver QUALIFIED until 2027-12-31T23:00
        activity     ada  2026-03-04T10:00  delivered       -> nothing
        """, holding("event: activity"))  # fmt: skip


def test_what_one_event_releases_counts_together() -> None:
    """A member rises once, to where all of it leads."""
    levels = f"{LEVELS}  - {{id: gold, name: Gold, needs: {{points: 200}}}}\n"
    check("""
        purchase  ada  2026-03-01T10:00  o1  150.00 EUR  -> +0 points, tier member JOINED
        purchase  ada  2026-03-02T10:00  o2   50.00 EUR  -> +0 points
        activity ada 2026-03-03T10:00  delivered -> +150 points, +50 points, tier gold QUALIFIED until 2027-12-31T23:00
        """, holding("event: activity", levels=levels))  # fmt: skip


def test_what_a_return_voids_never_counts() -> None:
    """And what it takes back after the release does count against the tier."""
    check("""
        purchase  ada  2026-03-01T10:00  o1  150.00 EUR  -> +0 points, tier member JOINED
        return    ada  2026-03-02T10:00  o1   60.00 EUR  -> +0 points
        later     -    2026-03-08T10:00                  -> +90 points
        purchase  ada  2026-04-01T10:00  o2   19.00 EUR  -> +0 points
        later     -    2026-04-08T10:00                  -> +19 points, tier silver QUALIFIED until 2027-12-31T23:00
        return    ada  2026-04-09T10:00  o1   10.00 EUR  -> -10 points, tier member RETURNED
        """, holding("delay: 7d", "period: calendar_year\n  returns: at_once"))  # fmt: skip


def test_they_count_in_the_year_in_which_they_are_released() -> None:
    """Bought in December, released in January."""
    check("""
        purchase  ada  2026-12-30T10:00  o1  100.00 EUR  -> +0 points, tier member JOINED
        later     -    2027-01-06T10:00                  -> +100 points, tier silver QUALIFIED until 2028-12-31T23:00
        """, holding("delay: 7d"))  # fmt: skip


def test_a_split_gives_them_to_who_earned_them() -> None:
    """The tier that they gave goes along, although a timer released them."""
    silver = "tier silver SPLIT until 2027-12-31T23:00"
    check(f"""
        alias ada+bob 2026-03-01T09:00                  -> nothing
        purchase  bob  2026-03-01T10:00  o1 100.00 EUR  -> +0 points, tier member JOINED
        later     -    2026-03-08T10:00      -> +100 points, tier silver QUALIFIED until 2027-12-31T23:00
        split ada 2026-03-09T10:00 bob -> -100 points, +100 points, tier member SPLIT, {silver}
        """, holding("delay: 7d"))  # fmt: skip
