"""Made-up events of a program with everything: tiers, offers, a challenge, rewards; for the properties."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from config.program import Program
from schemas.log import Row
from tests.config.samples import program
from tests.ledger.tables import event_of, ids_of, rows_of

PEOPLE = ("ada", "bob", "cem", "dee")
START = datetime(2026, 1, 1, tzinfo=UTC)


def everything(stock_kept: str = "together") -> Program:
    """A program that uses every part of tiers, offers and rewards."""
    return program(f"""
currencies: {{points: {{name: Points}}}}
earn:
  - {{id: spend, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: EUR}}}}
tiers:
  period: rolling
  rolling_days: 30
  grace: 2d
  measures:
    points: {{of: points, currency: points}}
    spend: {{of: spend, money: EUR}}
    visits: {{of: visits, events: [purchase, store_visit]}}
  levels:
    - {{id: member, name: Member}}
    - id: silver
      name: Silver
      needs: {{spend: 5000, visits: 4}}
      match: any
      earn_percent: 120
      rewards: [coffee]
    - id: gold
      name: Gold
      needs: {{spend: 12000, visits: 12}}
      match: any
      plan: plus
      perks: [{{id: lounge, activity: lounge, quantity: 1, per: month}}]
offers:
  deal:
    name: Deal
    lasts: 7d
    late: 2d
    goal: {{kind: amount, at_least: 3000, money: EUR}}
    reward: {{currency: points, points: 7, returns: with_order, qualifying: true}}
  weekly:
    name: Weekly
    granted: automatically
    every: week
    goal: {{kind: count, at_least: 2, events: [lounge, store_visit]}}
    reward: {{voucher: coffee}}
rewards:
  coffee: {{name: Coffee, stock: 12, stock_kept: {stock_kept}, expires_after: 5d, used_by: [coffee_served]}}
  mug: {{name: Mug, stock: 4, stock_kept: {stock_kept}, cost: {{currency: points, points: 10}}}}
""")


def happened(seed: str, count: int, *, merges: bool = True) -> list[Row]:
    """Rows of `count` events, mostly in the order of time, some two days late."""
    draw = random.Random(seed)
    events: list[dict[str, Any]] = []
    at = START
    for number in range(count):
        at += timedelta(minutes=draw.randrange(0, 600))
        when = at - timedelta(days=draw.choice([0] * 9 + [2])) if number else at
        kind, data = _any(draw, number, merges=merges)
        who = draw.choice(PEOPLE)
        if kind == "alias":
            who = f"{who}+{draw.choice(PEOPLE)}"
        time = max(when, START).strftime("%Y-%m-%dT%H:%M")
        events.append(event_of(kind, f"e{number}", time, {"ids": ids_of(who), **data}))
    return rows_of(events)


def _any(draw: random.Random, number: int, *, merges: bool) -> tuple[str, dict[str, Any]]:
    order, redemption = f"o{draw.randrange(30)}", f"r{draw.randrange(20)}"
    total = {"amount": draw.randrange(0, 3000), "currency": "EUR"}
    gift = {"currency": "points", "points": 15, "reason": "goodwill", "actor": "desk"}
    choices: list[tuple[str, dict[str, Any]]] = [
        ("purchase", {"order_id": order, "total": total}),
        ("purchase", {"order_id": f"n{number}", "total": total}),
        ("return", {"return_id": f"t{number}", "order_id": order, "total": total}),
        ("redeem", {"redemption_id": redemption, "currency": "points", "points": 10, "reward": "mug"}),
        ("redeem_cancel", {"redemption_id": redemption}),
        ("points_adjust", gift),
        ("offer_grant", {"offer": "deal"}),
        ("store_visit", {"store": "north"}),
        ("activity", {"kind": "lounge"}),
        ("activity", {"kind": "coffee_served"}),
        ("subscription", {"plan": "plus", "status": draw.choice(["started", "renewed", "cancelled", "lapsed"]),
                          "period_end": f"2026-0{draw.randrange(1, 4)}-15"}),
    ]  # fmt: skip
    if merges and draw.random() < 0.03:
        return "alias", {}
    return draw.choice(choices)
