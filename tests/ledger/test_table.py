"""The ledger by examples: tables of events and what each does (see `tests.ledger.tables`)."""

import pytest

from flows.fold import fold
from tests.ledger.tables import check, kiosk, parse, refusals_of, rows_of

ROUNDINGS = {
    "down": """
        purchase  ada  2026-01-01T10:00  o1  1.50 GBP  -> +1 = 1
        purchase  ada  2026-01-01T10:01  o2  2.50 GBP  -> +2 = 3
        purchase  ada  2026-01-01T10:02  o3  2.51 GBP  -> +2 = 5
        purchase  ada  2026-01-01T10:03  o4  0.99 GBP  -> nothing
        purchase  ada  2026-01-01T10:04  o5  3.00 GBP  -> +3 = 8
        """,
    "up": """
        purchase  ada  2026-01-01T10:00  o1  1.50 GBP  -> +2 = 2
        purchase  ada  2026-01-01T10:01  o2  2.50 GBP  -> +3 = 5
        purchase  ada  2026-01-01T10:02  o3  0.01 GBP  -> +1 = 6
        purchase  ada  2026-01-01T10:03  o4  3.00 GBP  -> +3 = 9
        purchase  ada  2026-01-01T10:04  o5  0.00 GBP  -> nothing
        """,
    "half_up": """
        purchase  ada  2026-01-01T10:00  o1  1.50 GBP  -> +2 = 2
        purchase  ada  2026-01-01T10:01  o2  2.50 GBP  -> +3 = 5
        purchase  ada  2026-01-01T10:02  o3  2.49 GBP  -> +2 = 7
        purchase  ada  2026-01-01T10:03  o4  0.49 GBP  -> nothing
        """,
    "half_even": """
        purchase  ada  2026-01-01T10:00  o1  1.50 GBP  -> +2 = 2
        purchase  ada  2026-01-01T10:01  o2  2.50 GBP  -> +2 = 4
        purchase  ada  2026-01-01T10:02  o3  2.51 GBP  -> +3 = 7
        purchase  ada  2026-01-01T10:03  o4  2.49 GBP  -> +2 = 9
        purchase  ada  2026-01-01T10:04  o5  0.50 GBP  -> nothing
        """,
}


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_fraction_of_a_point_is_rounded_as_the_rule_says(rounding: str) -> None:
    """Down, up, half up, half to the even neighbour."""
    check(ROUNDINGS[rounding], kiosk(rounding))


def test_a_full_return_takes_back_what_the_order_earned() -> None:
    """No more and no less."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.50 GBP  -> +10 = 10
        purchase  ada  2026-01-01T10:05  o2   5.00 GBP  -> +5 = 15
        return    ada  2026-01-02T10:00  o1  10.50 GBP  -> -10 = 5
        """)


def test_partial_returns_take_back_in_proportion_to_all_of_them() -> None:
    """What is due is rounded down over all returns so far, so that no fraction is lost in the end."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        return    ada  2026-01-02T10:00  o1   3.33 GBP  -> -3 = 7
        return    ada  2026-01-02T11:00  o1   3.33 GBP  -> -3 = 4
        return    ada  2026-01-02T12:00  o1   0.01 GBP  -> nothing
        return    ada  2026-01-02T13:00  o1   3.33 GBP  -> -4 = 0
        """)


def test_a_return_may_come_before_its_purchase() -> None:
    """It moves nothing by itself, says so, and is settled with the purchase."""
    check("""
        return    ada  2026-01-01T10:00  o1   4.00 GBP  -> refused RETURN_BEFORE_PURCHASE
        purchase  ada  2026-01-01T10:05  o1  10.00 GBP  -> +10 = 10, -4 = 6
        return    ada  2026-01-01T10:09  o1   6.00 GBP  -> -6 = 0
        """)


def test_a_return_without_a_purchase_moves_nothing() -> None:
    """Other orders of the member are not touched."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        return    ada  2026-01-02T10:00  o2  10.00 GBP  -> refused RETURN_BEFORE_PURCHASE
        purchase  ada  2026-01-03T10:00  o3   1.00 GBP  -> +1 = 11
        """)


def test_a_return_beyond_the_total_takes_no_more_than_was_earned() -> None:
    """The order's total bounds it, and what is beyond is told; a further part of the order makes room for it."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        return    ada  2026-01-02T10:00  o1  25.00 GBP  -> -10 = 0, refused RETURN_BEYOND_ORDER
        return    ada  2026-01-02T11:00  o1   5.00 GBP  -> refused RETURN_BEYOND_ORDER
        purchase  ada  2026-01-03T10:00  o1  30.00 GBP  -> +30 = 30, -20 = 10
        return    ada  2026-01-04T10:00  o1  10.00 GBP  -> -10 = 0
        """)
    rows = rows_of([line.event for line in parse("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  ->
        return    ada  2026-01-02T10:00  o1   8.00 GBP  ->
        return    ada  2026-01-02T11:00  o1   5.00 GBP  ->
        """) if line.event is not None])  # fmt: skip
    (refusal,) = refusals_of(fold(kiosk(), rows))
    assert refusal.detail == "300 GBP (minor units) beyond the order"


def test_shipments_of_one_order_add_up() -> None:
    """A return is then in proportion to the whole order."""
    check("""
        purchase  ada  2026-01-01T10:00  o1   6.00 GBP  -> +6 = 6
        purchase  ada  2026-01-02T10:00  o1   4.00 GBP  -> +4 = 10
        return    ada  2026-01-03T10:00  o1   5.00 GBP  -> -5 = 5
        """)


def test_a_shipment_after_a_return_may_lower_what_the_return_is_due() -> None:
    """The part of the order that was returned is smaller now, so the excess is given back."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  1.00 GBP  -> +1 = 1
        return    ada  2026-01-02T10:00  o1  1.00 GBP  -> -1 = 0
        purchase  ada  2026-01-03T10:00  o1  1.99 GBP  -> +1 = 1, +1 = 2
        """)


def test_the_return_of_spent_points_is_owed_and_repaid() -> None:
    """What is missing becomes a debt, which the next purchases repay before anything is available."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    ada  2026-01-01T11:00  r1  8 points   -> -8 = 2
        return    ada  2026-01-02T10:00  o1  10.00 GBP  -> -10 = -8
        redeem    ada  2026-01-02T11:00  r2  1 points   -> refused INSUFFICIENT_BALANCE
        purchase  ada  2026-01-03T10:00  o2   5.00 GBP  -> +5 = -3
        purchase  ada  2026-01-03T11:00  o3   5.00 GBP  -> +5 = 2
        redeem    ada  2026-01-03T12:00  r3  2 points   -> -2 = 0
        """)


def test_a_redemption_is_once_and_within_the_balance() -> None:
    """Else it is refused as a whole; a refused one may be tried again."""
    check("""
        redeem    ada  2026-01-01T09:00  r1  1 points   -> refused INSUFFICIENT_BALANCE
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    ada  2026-01-01T11:00  r2  11 points  -> refused INSUFFICIENT_BALANCE
        redeem    ada  2026-01-01T12:00  r2  4 points   -> -4 = 6
        redeem    ada  2026-01-01T13:00  r2  4 points   -> refused ALREADY_REDEEMED
        """)


def test_a_redemption_is_cancelled_once() -> None:
    """Its points come back; its id stays used."""
    check("""
        purchase       ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem         ada  2026-01-01T11:00  r1  4 points   -> -4 = 6
        redeem_cancel  ada  2026-01-01T12:00  r1             -> +4 = 10
        redeem_cancel  ada  2026-01-01T13:00  r1             -> refused UNKNOWN_REDEMPTION
        redeem_cancel  ada  2026-01-01T14:00  r9             -> refused UNKNOWN_REDEMPTION
        redeem         ada  2026-01-01T15:00  r1  4 points   -> refused ALREADY_REDEEMED
        """)


def test_adjustments_go_up_and_down_but_not_below_zero() -> None:
    """One that takes more than there is, is refused as a whole; one of nothing posts nothing."""
    check("""
        points_adjust  ada  2026-01-01T10:00   5 points  -> +5 = 5
        points_adjust  ada  2026-01-01T11:00  -3 points  -> -3 = 2
        points_adjust  ada  2026-01-01T12:00  -3 points  -> refused INSUFFICIENT_BALANCE
        points_adjust  ada  2026-01-01T13:00   0 points  -> nothing
        points_adjust  ada  2026-01-01T14:00   7 miles   -> +7 = 7
        """)


def test_a_currency_the_program_does_not_know_is_refused() -> None:
    """Nothing is opened for it."""
    check("""
        points_adjust  ada  2026-01-01T10:00  5 stars  -> refused UNKNOWN_CURRENCY
        redeem         ada  2026-01-01T11:00  r1  5 stars  -> refused UNKNOWN_CURRENCY
        """)


def test_another_money_earns_nothing() -> None:
    """Nor may an order change its money."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 EUR  -> nothing
        return    ada  2026-01-01T11:00  o1  10.00 EUR  -> nothing
        purchase  ada  2026-01-01T12:00  o2  10.00 GBP  -> +10 = 10
        return    ada  2026-01-01T13:00  o2  10.00 EUR  -> refused CURRENCY_MISMATCH
        purchase  ada  2026-01-01T14:00  o1  10.00 GBP  -> refused CURRENCY_MISMATCH
        """)


def test_an_event_counts_once() -> None:
    """However often it is sent; another id is another event."""
    check("""
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #e1  -> +10 = 10
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #e1  -> nothing
        return    ada  2026-01-01T11:00  o1   2.00 GBP  #e2  -> -2 = 8
        purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #e1  -> nothing
        return    ada  2026-01-01T11:00  o1   2.00 GBP  #e2  -> nothing
        return    ada  2026-01-01T11:00  o1   2.00 GBP  #e3  -> -2 = 6
        """)


def test_a_merge_moves_the_balance_of_the_younger_member() -> None:
    """By an entry on either side, before what the merging event does itself."""
    check("""
        purchase  ada      2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  bob      2026-01-01T10:01  o2   4.00 GBP  -> +4 = 4
        purchase  ada+bob  2026-01-01T10:02  o3   1.00 GBP  -> -4 = 0, +4 = 14, +1 = 15
        redeem    bob      2026-01-01T10:03  r1  15 points  -> -15 = 0
        """)


def test_three_members_merge_at_once() -> None:
    """Each of the younger ones moves its own balance."""
    check("""
        purchase  ada          2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  bob          2026-01-01T10:01  o2   4.00 GBP  -> +4 = 4
        purchase  cem          2026-01-01T10:02  o3   2.00 GBP  -> +2 = 2
        alias     ada+bob+cem  2026-01-01T10:03                 -> -4 = 0, +4 = 14, -2 = 0, +2 = 16
        """)


def test_a_merge_moves_debts_too() -> None:
    """One identity's points repay what the other owes."""
    check("""
        purchase  ada      2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  bob      2026-01-01T10:01  o2   4.00 GBP  -> +4 = 4
        redeem    bob      2026-01-01T10:02  r1  4 points   -> -4 = 0
        return    bob      2026-01-01T10:03  o2   4.00 GBP  -> -4 = -4
        alias     ada+bob  2026-01-01T10:04                 -> +4 = 0, -4 = 6
        """)


def test_a_merge_unites_orders() -> None:
    """A later return takes back in proportion to what both bought under the order's number."""
    check("""
        purchase  ada      2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  bob      2026-01-01T10:01  o1   4.00 GBP  -> +4 = 4
        alias     ada+bob  2026-01-01T10:02                 -> -4 = 0, +4 = 14
        return    bob      2026-01-01T10:03  o1   7.00 GBP  -> -7 = 7
        return    ada      2026-01-01T10:04  o1   7.00 GBP  -> -7 = 0
        """)


def test_a_merge_settles_a_return_that_waited_elsewhere() -> None:
    """The purchase was the one member's, the return came under the other."""
    check("""
        purchase  ada      2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        return    bob      2026-01-01T10:01  o1   4.00 GBP  -> refused RETURN_BEFORE_PURCHASE
        alias     ada+bob  2026-01-01T10:02                 -> -4 = 6
        """)


def test_what_a_forgotten_member_held_goes_to_breakage() -> None:
    """An anonymous member without activity is forgotten; a known one keeps its points."""
    check("""
        purchase  ~web  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  ada   2026-01-01T10:01  o2   4.00 GBP  -> +4 = 4
        later     -     2026-03-01T00:00                 -> -10 = 0
        """)


def test_what_a_forgotten_member_owed_is_written_off() -> None:
    """Nobody is left to repay it."""
    check("""
        purchase  ~web  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    ~web  2026-01-01T10:01  r1  6 points   -> -6 = 4
        return    ~web  2026-01-01T10:02  o1  10.00 GBP  -> -10 = -6
        later     -     2026-03-01T00:00                 -> +6 = 0
        """)
