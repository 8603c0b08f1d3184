"""Earn rules end to end: from rows of the log to entries, across late events, returns and merges."""

from flows.fold import fold
from tests.ledger.earn_tables import earning_program
from tests.ledger.tables import check, entries_of, event_of, ids_of, rows_of

RULES = """
- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP},
   caps: [{points: 15, period: day}]}
- {id: double, on: purchase, currency: points, bonus: {percent: 100}, hours: [{from: "15:00", to: "17:00"}]}
- {id: visit, on: store_visit, currency: points, points: 3, every: 2}
- {id: review, on: workout, currency: miles, points: 2}
"""


def test_purchases_earn_by_all_their_rules_and_give_back_by_all() -> None:
    """A return takes from each rule in proportion; a cap keeps what was given."""
    check("""
        purchase  ada  2026-01-01T15:00  o1  10.00 GBP  -> +10 = 10, +10 = 20
        return    ada  2026-01-01T15:30  o1   5.00 GBP  -> -5 = 15, -5 = 10
        purchase  ada  2026-01-01T18:00  o2  10.00 GBP  -> +5 = 15
        purchase  ada  2026-01-01T16:00  o3  10.00 GBP  -> nothing
        purchase  ada  2026-01-02T16:00  o4   1.00 GBP  -> +1 = 16, +1 = 17
        """, earning_program(RULES))


def test_merged_members_share_their_caps() -> None:
    """What both were given that day counts."""
    check("""
        purchase  ada   2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  ~web  2026-01-01T10:01  o2   3.00 GBP  -> +3 = 3
        alias     ada+~web  2026-01-01T10:02             -> -3 = 0, +3 = 13
        purchase  ada   2026-01-01T10:03  o3  10.00 GBP  -> +2 = 15
        """, earning_program(RULES))


def test_other_events_earn_too() -> None:
    """A visit, and an activity of the program's own, in their own currencies."""
    happened = [
        event_of("store_visit", "e1", "2026-01-01T10:00", {"ids": ids_of("ada"), "store": "soho"}),
        event_of("store_visit", "e2", "2026-01-01T11:00", {"ids": ids_of("ada"), "store": "soho"}),
        event_of("activity", "e3", "2026-01-01T12:00", {"ids": ids_of("ada"), "kind": "workout"}),
    ]
    entries = entries_of(fold(earning_program(RULES), rows_of(happened)))
    assert [
        (entry.cause_id, entry.rule, entry.currency, entry.available) for entry in entries
    ] == [("e2", "visit", "points", 3), ("e3", "review", "miles", 2)]  # fmt: skip


def test_a_tier_earns_at_its_own_rate_from_the_next_purchase_on() -> None:
    """What lifts a member into a tier is earned at the old one's rate."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  100.00 GBP  -> +100 = 100
        purchase  ada  2026-01-02T10:00  o2   10.00 GBP  -> +30 = 130
        purchase  bob  2026-01-02T10:00  o3   10.00 GBP  -> +10 = 10
        """, earning_program("""
- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP},
   rates: [{points: 3, tiers: [gold]}]}
"""))


def test_an_order_that_was_forgotten_is_a_new_one() -> None:
    """A further part earns nothing by the event, an order of the same name after `retention.orders` does."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  -> +7 = 7
        purchase  ada  2026-03-01T10:00  o1  10.00 GBP  -> nothing
        purchase  ada  2028-01-01T10:00  o1  10.00 GBP  -> +7 = 14
        """, earning_program("""
- {id: app, on: purchase, currency: points, points: 7, minimum: {amount: 100, currency: GBP}}
"""))


def test_a_members_own_zone_decides_what_hour_it_is() -> None:
    """As it was told by the member's preference."""
    zoned = event_of("preference", "e1", "2026-01-01T10:00", {"ids": ids_of("ada"), "time_zone": "Europe/Madrid"})
    bought = event_of("purchase", "e2", "2026-01-01T14:00",
                      {"ids": ids_of("ada"), "order_id": "o1", "total": {"amount": 500, "currency": "GBP"}})
    entries = entries_of(fold(earning_program(RULES), rows_of([zoned, bought])))
    assert [entry.rule for entry in entries] == ["spend", "double"]
