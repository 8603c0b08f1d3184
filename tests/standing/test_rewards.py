"""Rewards and vouchers by examples: price, eligibility, stock, use (see `tests.standing.tables`)."""

from config.program import Program
from flows.fold import fold
from flows.ledger.rewards import code_of, is_code
from schemas.groups import group_number
from tests.config.samples import program
from tests.ledger.tables import event_of, ids_of, rows_of
from tests.standing.tables import check, records


def shop(reward: str, more: str = "") -> Program:
    """A program whose adjustments give points, with one reward, called `coffee`."""
    return program(f"""
currencies: {{stars: {{name: Stars}}, miles: {{name: Miles}}}}
rewards:
  coffee: {reward}
{more}
""")


COFFEE = "{name: Coffee, cost: {currency: stars, points: 10}}"


def test_a_redemption_buys_a_voucher_that_is_used_once() -> None:
    """At a purchase whose coupon is its code; the second time is refused and recorded."""
    check("""
        points_adjust  ada  2026-03-01T10:00  25 stars                      -> +25 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee            -> -10 stars, coffee issued
        purchase       ada  2026-03-01T12:00  o1  1.00 EUR coupon=*         -> coffee used
        purchase       ada  2026-03-01T13:00  o2  1.00 EUR coupon=*         -> refused VOUCHER_USED
        purchase       ada  2026-03-01T14:00  o3  1.00 EUR coupon=SUMMER    -> nothing
        redeem_cancel  ada  2026-03-01T15:00  r1                            -> refused VOUCHER_USED
        """, shop(COFFEE))  # fmt: skip


def test_a_voucher_is_its_members_own() -> None:
    """Its code at another member's purchase is refused."""
    check("""
        points_adjust  ada  2026-03-01T10:00  25 stars               -> +25 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee     -> -10 stars, coffee issued
        purchase       bob  2026-03-01T12:00  o1  1.00 EUR coupon=*  -> refused UNKNOWN_VOUCHER
        purchase       ada  2026-03-01T13:00  o2  1.00 EUR coupon=*  -> coffee used
        """, shop(COFFEE))  # fmt: skip


def test_what_may_not_be_redeemed_takes_no_points() -> None:
    """An unknown reward, another price or currency, and what the ledger refuses."""
    check("""
        points_adjust  ada  2026-03-01T10:00  15 stars            -> +15 stars
        points_adjust  ada  2026-03-01T10:00  15 miles            -> +15 miles
        redeem         ada  2026-03-01T11:00  r1 10 stars tea     -> refused UNKNOWN_REWARD
        redeem         ada  2026-03-01T11:01  r1 9 stars coffee   -> refused WRONG_PRICE
        redeem         ada  2026-03-01T11:02  r1 10 miles coffee  -> refused WRONG_PRICE
        redeem         ada  2026-03-01T11:03  r1 10 stars coffee  -> -10 stars, coffee issued
        redeem         ada  2026-03-01T11:04  r1 10 stars coffee  -> refused ALREADY_REDEEMED
        redeem         ada  2026-03-01T11:05  r2 10 stars coffee  -> refused INSUFFICIENT_BALANCE
        redeem         ada  2026-03-01T11:06  r3 3 stars          -> -3 stars
        """, shop(COFFEE))  # fmt: skip


TIERS = """
tiers:
  period: calendar_year
  measures: {spend: {of: spend, money: EUR}}
  levels: [{id: silver, name: Silver, needs: {spend: 1000}}, {id: gold, name: Gold, needs: {spend: 2000}}]
"""


def test_price_and_eligibility_go_by_the_tier() -> None:
    """A tier that is not named may not have it; another price holds for one that is."""
    coffee = "{name: Coffee, tiers: [silver, gold], cost: {currency: stars, points: 10, by_tier: {gold: 7}}}"
    check("""
        points_adjust  ada  2026-03-01T10:00  50 stars            -> +50 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee  -> refused NOT_ELIGIBLE
        purchase       ada  2026-03-01T12:00  o1  10.00 EUR       -> tier silver QUALIFIED until 2027-12-31T23:00
        redeem         ada  2026-03-01T13:00  r1 10 stars coffee  -> -10 stars, coffee issued
        purchase       ada  2026-03-01T14:00  o2  10.00 EUR       -> tier gold QUALIFIED until 2027-12-31T23:00
        redeem         ada  2026-03-01T15:00  r2 10 stars coffee  -> refused WRONG_PRICE
        redeem         ada  2026-03-01T16:00  r2 7 stars coffee   -> -7 stars, coffee issued
        """, shop(coffee, TIERS))  # fmt: skip


def test_the_last_piece_goes_to_who_came_first() -> None:
    """Two tills at the same second are one after the other in the log; a cancelled voucher gives its piece back."""
    check("""
        points_adjust  ada  2026-03-01T10:00  50 stars            -> +50 stars
        points_adjust  bob  2026-03-01T10:00  50 stars            -> +50 stars
        redeem         bob  2026-03-01T11:00  r1 10 stars coffee  -> -10 stars, coffee issued
        redeem         ada  2026-03-01T11:00  r2 10 stars coffee  -> refused OUT_OF_STOCK
        redeem_cancel  bob  2026-03-01T12:00  r1                  -> +10 stars, coffee cancelled
        redeem         ada  2026-03-01T13:00  r2 10 stars coffee  -> -10 stars, coffee issued
        redeem         bob  2026-03-01T13:00  r3 10 stars coffee  -> refused OUT_OF_STOCK
        """, shop(COFFEE.replace("cost", "stock: 1, cost")))  # fmt: skip


def test_a_cancelled_voucher_cannot_be_used() -> None:
    """Nor cancelled again."""
    check("""
        points_adjust  ada  2026-03-01T10:00  50 stars               -> +50 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee     -> -10 stars, coffee issued
        redeem_cancel  ada  2026-03-01T12:00  r1                     -> +10 stars, coffee cancelled
        purchase       ada  2026-03-01T13:00  o1  1.00 EUR coupon=*  -> refused VOUCHER_CANCELLED
        redeem_cancel  ada  2026-03-01T14:00  r1                     -> refused UNKNOWN_REDEMPTION
        """, shop(COFFEE))  # fmt: skip


def test_a_voucher_expires_by_the_time_of_its_use() -> None:
    """A purchase before the end that comes late may still use it, one after it may not; nor can it be cancelled."""
    by = shop(COFFEE.replace("cost", "expires_after: 1d, cost"))
    check("""
        points_adjust  ada  2026-03-01T10:00  50 stars               -> +50 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee     -> -10 stars, coffee issued
        later          -    2026-03-02T10:59                         -> nothing
        redeem_cancel  ada  2026-03-02T11:30  r1                     -> coffee expired, refused VOUCHER_EXPIRED
        """, by)  # fmt: skip
    check("""
        points_adjust  ada  2026-03-01T10:00  50 stars               -> +50 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee     -> -10 stars, coffee issued
        purchase       ada  2026-03-02T11:00  o1  1.00 EUR coupon=*  -> coffee expired, refused VOUCHER_EXPIRED
        purchase       ada  2026-03-02T10:59  o2  1.00 EUR coupon=*  -> coffee used
        """, by)  # fmt: skip


def test_an_activity_may_use_a_voucher() -> None:
    """The one that ends first; without one the use is refused."""
    check("""
        points_adjust  ada  2026-03-01T10:00  50 stars            -> +50 stars
        activity       ada  2026-03-01T10:30  coffee_served       -> refused UNKNOWN_VOUCHER
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee  -> -10 stars, coffee issued
        activity       ada  2026-03-01T12:00  coffee_served       -> coffee used
        """, shop(COFFEE.replace("cost", "used_by: [coffee_served], cost")))  # fmt: skip


def test_a_reward_has_a_season_and_a_limit() -> None:
    """Outside `from` and `to`, or beyond `per_member_max`, it is refused."""
    by = shop(COFFEE.replace("cost", "from: 2026-03-01, to: 2026-04-01, per_member_max: 1, cost"))
    check("""
        points_adjust  ada  2026-02-01T10:00  50 stars            -> +50 stars
        redeem         ada  2026-02-28T22:59  r1 10 stars coffee  -> refused NOT_ON_OFFER
        redeem         ada  2026-02-28T23:00  r1 10 stars coffee  -> -10 stars, coffee issued
        redeem         ada  2026-03-02T10:00  r2 10 stars coffee  -> refused LIMIT_REACHED
        redeem         ada  2026-03-31T22:00  r3 10 stars coffee  -> refused NOT_ON_OFFER
        """, by)  # fmt: skip


def test_a_challenge_may_give_a_voucher() -> None:
    """Without points; if there is no piece left it says so."""
    more = """
offers:
  deal: {name: Deal, goal: {kind: count, at_least: 1}, reward: {voucher: coffee}}
"""
    check("""
        offer_grant  ada  2026-03-01T10:00  deal          -> deal granted
        purchase     ada  2026-03-01T11:00  o1  1.00 EUR  -> deal completed 1, coffee issued
        offer_grant  bob  2026-03-01T12:00  deal          -> deal granted
        purchase     bob  2026-03-01T13:00  o2  1.00 EUR  -> deal completed 1, refused OUT_OF_STOCK
        """, shop("{name: Coffee, stock: 1}", more))  # fmt: skip


def test_vouchers_go_with_a_merge() -> None:
    """The member that stays may use what the other had, and lets it expire."""
    by = shop(COFFEE.replace("cost", "expires_after: 1d, cost"))
    check("""
        points_adjust  ada      2026-03-01T10:00  5 stars             -> +5 stars
        points_adjust  bob      2026-03-01T10:00  10 stars            -> +10 stars
        redeem         bob      2026-03-01T11:00  r1 10 stars coffee  -> -10 stars, coffee issued
        alias          ada+bob  2026-03-01T12:00                      -> +0 stars
        later          -        2026-03-02T11:00                      -> coffee expired
        """, by)  # fmt: skip


def test_a_stock_may_be_divided_among_key_groups() -> None:
    """Each group has its own part: together they are the stock, whatever process has which groups."""
    by = shop(COFFEE.replace("cost", "stock: 300, stock_kept: by_group, cost"))
    events = []
    for number in range(500):
        who = {"ids": ids_of(f"m{number}")}
        gift = {"points": 10, "currency": "stars", "reason": "goodwill", "actor": "desk"}
        redemption = {"redemption_id": "r1", "points": 10, "currency": "stars", "reward": "coffee"}
        events.append(event_of("points_adjust", f"a{number}", "2026-03-01T10:00", {**who, **gift}))
        events.append(event_of("redeem", f"r{number}", "2026-03-01T10:01", {**who, **redemption}))
    said = fold(by, rows_of(events))
    given: dict[int, int] = {}
    asked: dict[int, int] = {}
    for member in said.members.values():
        group = group_number(member.member_id, 256)
        asked[group] = asked.get(group, 0) + 1
        given[group] = given.get(group, 0) + len(member.vouchers)
    assert {group: min(count, 1 + (group < 44)) for group, count in asked.items()} == given


def test_codes_cannot_be_guessed_and_are_the_same_again() -> None:
    """Another secret gives another code; the same gives the same."""
    one, same, other = code_of(b"a", "v1"), code_of(b"a", "v1"), code_of(b"b", "v1")
    assert (one == same, one == other, is_code(one), is_code("SUMMER")) == (True, False, True, False)


def test_a_voucher_stands_with_its_member() -> None:
    """State, code and redemption; records have the end of the code, also of one that is not the member's."""
    said = check("""
        points_adjust  ada  2026-03-01T10:00  25 stars            -> +25 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee  -> -10 stars, coffee issued
        purchase       bob  2026-03-01T12:00  o1  1.00 EUR coupon=*  -> refused UNKNOWN_VOUCHER
        """, shop(COFFEE))  # fmt: skip
    (voucher,) = [one for member in said.members.values() for one in member.vouchers.values()]
    (record,), (refusal,) = records(said, "vouchers"), records(said, "refusals")
    end = f"****-****-****-{voucher.code[-4:]}"
    assert (voucher.state, voucher.redemption_id, record.code, refusal.detail) == ("issued", "r1", end, end)


def test_a_condition_says_who_may_have_a_reward() -> None:
    """It reads the member: here, that it has bought before."""
    by = shop(COFFEE.replace("cost", "when: purchases >= 1 and known, cost"))
    check("""
        points_adjust  ada  2026-03-01T10:00  25 stars            -> +25 stars
        redeem         ada  2026-03-01T11:00  r1 10 stars coffee  -> refused NOT_ELIGIBLE
        purchase       ada  2026-03-01T12:00  o1  1.00 EUR        -> nothing
        redeem         ada  2026-03-01T13:00  r1 10 stars coffee  -> -10 stars, coffee issued
        """, by)  # fmt: skip


def test_a_tier_that_two_halves_reach_together_brings_its_voucher() -> None:
    """What one of them had already was welcomed then."""
    tiers = """
tiers:
  period: calendar_year
  measures: {spend: {of: spend, money: EUR}}
  levels: [{id: silver, name: Silver, needs: {spend: 1000}, rewards: [coffee]}]
"""
    check("""
        purchase  ada      2026-03-01T10:00  o1   6.00 EUR  -> nothing
        purchase  bob      2026-03-01T11:00  o2   6.00 EUR  -> nothing
        alias     ada+bob  2026-03-01T12:00                 -> tier silver MERGED until 2027-12-31T23:00, coffee issued
        """, shop("{name: Coffee}", tiers))  # fmt: skip
    check("""
        purchase ada     2026-03-01T10:00 o1  1.00 EUR -> nothing
        purchase bob     2026-03-01T11:00 o2 10.00 EUR -> tier silver QUALIFIED until 2027-12-31T23:00, coffee issued
        alias    ada+bob 2026-03-01T12:00              -> tier silver MERGED until 2027-12-31T23:00
        """, shop("{name: Coffee}", tiers))  # fmt: skip
