"""What surfaces show of tier, rewards, vouchers, offers and challenges."""

import json
from typing import Any

from config.program import Program
from flows.shown import standing_parts
from sinks.document import surface_document
from tests.config.samples import program
from tests.standing.tables import fold_table, only_member

SHOP = program("""
time_zone: Etc/UTC
currencies: {stars: {name: Stars}}
tiers:
  period: calendar_year
  measures:
    spend: {of: spend, money: EUR}
    visits: {of: visits}
  levels:
    - {id: member, name: Member}
    - {id: silver, name: Silver, needs: {spend: 1000}, earn_percent: 110,
       perks: [{id: lounge, activity: lounge, quantity: 2, per: month}]}
    - {id: gold, name: Gold, needs: {spend: 5000, visits: 5}}
rewards:
  coffee: {name: Coffee, cost: {currency: stars, points: 10, by_tier: {silver: 8}}, expires_after: 7d}
  mug: {name: Mug, cost: {currency: stars, points: 500}}
  cake: {name: Cake, tiers: [gold], cost: {currency: stars, points: 1}}
offers:
  deal: {name: Deal, lasts: 7d, goal: {kind: amount, at_least: 5000, money: EUR}}
  runs: {name: Runs, shown_as: challenge, granted: automatically, from: 2026-03-01, to: 2026-04-01,
         goal: {kind: quantity, at_least: 10, events: [run]}}
""")


def document(table: str, by: Program = SHOP) -> dict[str, Any]:
    """The document of the one member of a story."""
    member = only_member(fold_table(table, by)[0])
    shown: dict[str, Any] = json.loads(surface_document(by, standing_parts(by))(member.member_id, member)[1])
    return shown


STORY = """
    points_adjust  ada  2026-03-01T10:00  25 stars          -> _
    purchase       ada  2026-03-01T11:00  o1  12.00 EUR     -> _
    redeem         ada  2026-03-01T12:00  r1 8 stars coffee -> _
    offer_grant    ada  2026-03-02T10:00  deal g1           -> _
    purchase       ada  2026-03-02T11:00  o2  7.00 EUR      -> _
    activity       ada  2026-03-02T12:00  lounge            -> _
    activity       ada  2026-03-02T13:00  run 4.5           -> _
"""


def test_the_tier_says_how_far_it_is_to_the_next() -> None:
    """With its end, what comes after it if nothing more is earned, and what is missing."""
    assert document(STORY)["tier"] == {
        "tier": "silver", "name": "Silver", "since": "2026-03-01T11:00:00Z", "until": "2028-01-01T00:00:00Z",
        "projected": "member", "progress": {"spend": 1900, "visits": 2},
        "next": {"tier": "gold", "name": "Gold", "match": "all", "missing": {"spend": 3100, "visits": 3}, "plan": None},
        "earn_percent": 110, "perks": [{"perk": "lounge", "quantity": 2, "per": "month", "used": 1}],
    }  # fmt: skip


def test_rewards_are_those_the_member_may_buy() -> None:
    """At its own price, and whether it has the points."""
    assert document(STORY)["rewards"] == [
        {"reward": "coffee", "name": "Coffee", "currency": "stars", "points": 8, "affordable": True},
        {"reward": "mug", "name": "Mug", "currency": "stars", "points": 500, "affordable": False},
    ]


def test_vouchers_are_those_that_can_be_used() -> None:
    """With the code that the till reads."""
    (voucher,) = document(STORY)["vouchers"]
    assert len(voucher.pop("code")) == len("0000-0000-0000-0000")
    assert voucher.pop("voucher_id").endswith(":coffee")
    assert voucher == {
        "reward": "coffee", "name": "Coffee", "issued_at": "2026-03-01T12:00:00Z", "expires_at": "2026-03-08T12:00:00Z"
    }  # fmt: skip


def test_offers_and_challenges_show_their_progress() -> None:
    """Each in the list that the program says, until its window ends."""
    shown = document(STORY)
    assert shown["offers"] == [{
        "offer": "deal", "instance": "deal:g1", "name": "Deal", "kind": "amount", "progress": 700, "goal": 5000,
        "from": "2026-03-02T10:00:00Z", "until": "2026-03-09T10:00:00Z", "completed_at": None,
    }]  # fmt: skip
    (runs,) = shown["challenges"]
    assert (runs["progress"], runs["goal"], runs["completed_at"]) == (4, 10, None)


def test_a_challenge_is_shown_before_anything_was_done_for_it() -> None:
    """So that a member sees what it could do."""
    shown = document("    purchase  ada  2026-03-05T11:00  o1  12.00 EUR  -> _")
    assert [(one["offer"], one["progress"]) for one in shown["challenges"]] == [("runs", 0)]
    shown = document("    purchase  ada  2026-04-05T11:00  o1  12.00 EUR  -> _")
    assert shown["challenges"] == []


def test_a_member_of_no_events_is_below_every_tier() -> None:
    """The parts are there, and say nothing."""
    by = program("""
        currencies: {stars: {name: Stars}}
        tiers: {period: lifetime, measures: {spend: {of: spend, money: EUR}},
                levels: [{id: silver, name: Silver, needs: {spend: 1000}}]}
        """)
    tier = document("    activity  ada  2026-03-05T11:00  login  -> _", by)["tier"]
    assert (tier["tier"], tier["until"], tier["projected"]) == (None, None, None)
    assert tier["next"]["missing"] == {"spend": 1000}
