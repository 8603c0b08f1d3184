"""What an event is worth: money, pieces and events; rates, exclusions and the smallest order."""

import pytest

from schemas.facts import Facts
from tests.ledger.earn_tables import Member, earn, earning_program, event_of

SPEND = "- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}"


def test_the_simple_rule_gives_points_for_money() -> None:
    """For each full pound of the total; another money earns nothing."""
    earn(f"{SPEND}}}", """
        purchase  2026-01-01T10:00  10.99 GBP                       -> spend +10
        purchase  2026-01-01T10:01  10.99 EUR                       -> nothing
        purchase  2026-01-01T10:02   0.99 GBP                       -> nothing
        purchase  2026-01-01T10:03   5.00 GBP  coffee:3.00  tea:2.00  -> spend +5
        """)


def test_several_rules_give_in_the_order_of_the_program() -> None:
    """Each in its own currency."""
    earn(f"""
{SPEND}}}
- {{id: fly, on: purchase, currency: miles, points: 3, per: {{amount: 200, currency: GBP}}}}
""", """
        purchase  2026-01-01T10:00  10.00 GBP  -> spend +10, fly +15
        """)


def test_the_first_rate_that_fits_counts() -> None:
    """A rate fits if all its keys do; without one the rule's own points count."""
    earn(f"""
{SPEND}, rates: [
    {{points: 5, tiers: [gold], stores: [soho]}},
    {{points: 3, tiers: [gold, silver]}},
    {{points: 0, when: attribute.plan == "staff"}},
    {{points: 2, channels: [app]}}]}}
""", """
        purchase  2026-01-01T10:00  10.00 GBP  tier=gold    store=soho   -> spend +50
        purchase  2026-01-01T10:01  10.00 GBP  tier=gold    store=leith  -> spend +30
        purchase  2026-01-01T10:02  10.00 GBP  tier=silver  channel=app  -> spend +30
        purchase  2026-01-01T10:03  10.00 GBP  channel=app               -> spend +20
        purchase  2026-01-01T10:04  10.00 GBP  channel=app  my.plan=staff  -> nothing
        purchase  2026-01-01T10:05  10.00 GBP                            -> spend +10
        """)


RATES = f"{SPEND}, rates: [{{points: 3, categories: [coffee]}}, {{points: 0, categories: [news]}}]}}"


def test_lines_earn_at_their_own_rates_and_are_rounded_together() -> None:
    """1.50 at three points and 1.50 at one point are six points, not five."""
    earn(RATES, """
        purchase  2026-01-01T10:00  3.00 GBP  coffee:1.50  tea:1.50   -> spend +6
        purchase  2026-01-01T10:01  3.00 GBP  coffee:1.00  news:2.00  -> spend +3
        purchase  2026-01-01T10:02  3.00 GBP                          -> spend +3
        """)


def test_what_no_line_explains_counts_at_the_plain_rate() -> None:
    """Delivery, for example."""
    earn(RATES, """
        purchase  2026-01-01T10:00  5.00 GBP  coffee:1.00  tea:1.00  -> spend +7
        """)


def test_a_discount_on_the_order_falls_on_all_lines_in_proportion() -> None:
    """Lines of 20.00 that cost 10.00 together count half."""
    earn(RATES, """
        purchase  2026-01-01T10:00  10.00 GBP  coffee:10.00  tea:10.00  -> spend +20
        purchase  2026-01-01T10:01   0.00 GBP  coffee:10.00  tea:10.00  -> nothing
        """)


def test_excluded_lines_do_not_count() -> None:
    """Gift cards by category, a deposit by article."""
    earn(f"{SPEND}, exclude: {{categories: [gift_card], skus: [deposit]}}}}", """
        purchase  2026-01-01T10:00  60.00 GBP  gift_card:50.00  tea:10.00               -> spend +10
        purchase  2026-01-01T10:01  50.00 GBP  gift_card:50.00                          -> nothing
        purchase  2026-01-01T10:02  12.00 GBP  tea:8.00  deposit:2.00                   -> spend +10
        purchase  2026-01-01T10:03  30.00 GBP  gift_card:50.00  tea:10.00               -> spend +5
        purchase  2026-01-01T10:04  12.00 GBP                                           -> spend +12
        """)


def test_a_condition_on_lines_picks_those_that_count() -> None:
    """An order without lines has none."""
    earn(f"""{SPEND}, when: 'line.category == "coffee" and line.amount >= 200'}}""", """
        purchase  2026-01-01T10:00  9.00 GBP  coffee:3.00  coffee:1.00  tea:5.00  -> spend +3
        purchase  2026-01-01T10:01  9.00 GBP  tea:9.00                            -> nothing
        purchase  2026-01-01T10:02  9.00 GBP                                      -> nothing
        """)


def test_the_smallest_order_is_what_counts_without_exclusions() -> None:
    """A gift card does not lift an order over the minimum."""
    earn(f"{SPEND}, minimum: {{amount: 500, currency: GBP}}, exclude: {{categories: [gift_card]}}}}", """
        purchase  2026-01-01T10:00  5.00 GBP                             -> spend +5
        purchase  2026-01-01T10:01  4.99 GBP                             -> nothing
        purchase  2026-01-01T10:02  9.00 GBP  gift_card:5.00  tea:4.00   -> nothing
        purchase  2026-01-01T10:03  9.00 GBP  gift_card:4.00  tea:5.00   -> spend +5
        """)


def test_an_order_may_earn_fixed_points_above_a_minimum() -> None:
    """Once an order, not once a part of it."""
    earn("""
- {id: app, on: purchase, currency: points, points: 5, minimum: {amount: 100, currency: GBP}, when: channel == 'app'}
""", """
        purchase  2026-01-01T10:00  1.00 GBP  channel=app            -> app +5
        purchase  2026-01-01T10:01  0.99 GBP  channel=app            -> nothing
        purchase  2026-01-01T10:02  9.00 GBP  channel=web            -> nothing
        purchase  2026-01-01T10:03  9.00 GBP  channel=app  order=o9  -> app +5
        purchase  2026-01-01T10:04  9.00 GBP  channel=app  order=o9  -> nothing
        """)


def test_pieces_of_lines_earn() -> None:
    """Weighed goods count by their exact weight."""
    earn("""
- id: cups
  on: purchase
  currency: points
  points: 10
  per_quantity: 2
  when: line.category == "coffee"
""", """
        purchase  2026-01-01T10:00  9.00 GBP  coffee:3*9.00            -> cups +15
        purchase  2026-01-01T10:01  9.00 GBP  coffee:0.7*5.00  tea:4.00  -> cups +3
        purchase  2026-01-01T10:02  9.00 GBP  tea:2*9.00               -> nothing
        """)


def test_activities_earn_by_event_and_by_quantity() -> None:
    """A type of the program's own is an activity of that kind."""
    earn("""
- {id: run, on: workout, currency: points, points: 10, per_quantity: 1, when: unit == "km"}
- {id: review, on: activity, currency: points, points: 7, when: kind == "review"}
""", """
        workout   2026-01-01T10:00  quantity=5.1  unit=km               -> run +51
        workout   2026-01-01T10:01  unit=km                             -> run +10
        workout   2026-01-01T10:02  quantity=5  unit=miles              -> nothing
        activity  2026-01-01T10:03  kind=workout  quantity=2  unit=km   -> run +20
        activity  2026-01-01T10:04  kind=review                         -> review +7
        activity  2026-01-01T10:05  kind=login                          -> nothing
        """)


def test_other_events_earn_fixed_points() -> None:
    """A visit, an answer, a referral."""
    earn("""
- {id: visit, on: store_visit, currency: points, points: 5, rates: [{points: 8, stores: [soho]}]}
- {id: answer, on: survey_answer, currency: points, points: 3, when: survey == "nps"}
- {id: referrer, on: referral, currency: points, points: 200}
""", """
        store_visit    2026-01-01T10:00  store=leith             -> visit +5
        store_visit    2026-01-01T10:01  store=soho              -> visit +8
        survey_answer  2026-01-01T10:02  survey=nps  score=9     -> answer +3
        survey_answer  2026-01-01T10:03  survey=ces  score=7     -> nothing
        referral       2026-01-01T10:04                          -> referrer +200
        product_view   2026-01-01T10:05  sku=shoe                -> nothing
        """)


HOLDS = {
    "hold: {delay: 36h}":               "held until 2026-02-01T22:00",
    "hold: {delay: 5d, rounding: up}":  "held until 2026-02-05T23:00",
    "hold: {delay: 5d, rounding: down}": "held until 2026-02-04T23:00",
    "hold: {delay: 6h, rounding: down}": "held until 2026-01-31T10:00",
    "hold: {delay: 1mo}":               "held until 2026-02-28T10:00",
    "hold: {delay: 10mo}":              "held until 2026-11-30T10:00",
    "hold: {delay: 6mo, rounding: up}": "held until 2026-07-31T22:00",
    "hold: {until: 2026-06-01}":        "held until 2026-05-31T22:00",
    "hold: {until: 2026-06-01T10:00}":  "held until 2026-06-01T08:00",
    "hold: {event: purchase}":          "held for purchase",
    "expires_after: 30d":               "expires 2026-03-02T10:00",
}  # fmt: skip


@pytest.mark.parametrize("key", HOLDS)
def test_points_are_held_and_expire_as_the_rule_says(key: str) -> None:
    """By a delay, to the day, in months, until a day, until an event; days are those of the program's zone."""
    earn(f"- {{id: a, on: store_visit, currency: points, points: 1, {key}}}", f"""
        store_visit  2026-01-31T10:00  store=soho  -> a +1 {HOLDS[key]}
        """, zone="Europe/Madrid")


def test_points_that_do_not_qualify_say_so() -> None:
    """They count for no tier."""
    visit = "on: store_visit, currency: points, points: 1"
    member = Member(earning_program(f"- {{id: a, {visit}}}\n- {{id: b, {visit}, qualifying: false}}"))
    grants = member.does(event_of("store_visit", "e1", "2026-01-01T10:00", {"store": "soho"}), Facts())
    assert [(grant.rule, grant.qualifying) for grant in grants] == [("a", True), ("b", False)]
