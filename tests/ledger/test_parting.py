"""Splits and erasures: what each side of a member is left with."""

from tests.ledger.desk import Desk, tell
from tests.ledger.tables import kiosk


def counters(desk: Desk, member_id: str) -> tuple[int, int, int]:
    """What was earned, redeemed and expired."""
    account = desk.books(member_id).accounts["points"]
    return account.earned, account.redeemed, account.expired


def test_a_split_gives_back_what_each_side_did() -> None:
    """Orders and redemptions go by the identifier of their event, each with an entry of its own on either side."""
    desk = tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/bob     2026-01-01T10:01  o2   4.00 GBP  -> +4 = 14
        redeem    m1/bob     2026-01-01T10:02  r1  3 points   -> -3 = 11
        split     m1-m2/bob  2026-01-02T10:00                 -> -4 = 7, +4 = 4, +3 = 10, -3 = 1
        """, kiosk())  # fmt: skip
    assert counters(desk, "m1") == (10, 0, 0)
    assert counters(desk, "m2") == (4, 3, 0)


def test_a_split_works_whichever_name_came_first() -> None:
    """The side that goes may be the one under which the member began."""
    desk = tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/bob     2026-01-01T10:01  o2   4.00 GBP  -> +4 = 14
        split     m1-m2/ada  2026-01-02T10:00                 -> -10 = 4, +10 = 10
        purchase  m1/bob     2026-01-03T10:00  o3   1.00 GBP  -> +1 = 5
        purchase  m2/ada     2026-01-03T10:01  o4   1.00 GBP  -> +1 = 11
        """, kiosk())  # fmt: skip
    assert [desk.books(name).shares for name in ("m1", "m2")] == [{}, {}]
    assert [desk.books(name).by for name in ("m1", "m2")] == ["bob", "ada"]


def test_a_split_undoes_a_merge() -> None:
    """Also what was earned and spent since goes to the side that did it."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m2/bob     2026-01-01T10:01  o2   4.00 GBP  -> +4 = 4
        merge     m1+m2      2026-01-02T10:00                 -> -4 = 0, +4 = 14
        purchase  m1/bob     2026-01-03T10:00  o3   2.00 GBP  -> +2 = 16
        split     m1-m3/bob  2026-01-04T10:00                 -> -4 = 12, +4 = 4, -2 = 10, +2 = 6
        """, kiosk())  # fmt: skip


def test_a_side_that_is_left_short_owes() -> None:
    """The one spent what the other had earned."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    m1/bob     2026-01-01T10:01  r1  8 points   -> -8 = 2
        split     m1-m2/bob  2026-01-02T10:00                 -> +8 = 10, -8 = -8
        """, kiosk())  # fmt: skip
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    m1/bob     2026-01-01T10:01  r1  8 points   -> -8 = 2
        split     m1-m2/ada  2026-01-02T10:00                 -> -10 = -8, +10 = 10
        """, kiosk())  # fmt: skip


def test_later_returns_and_cancellations_reach_the_right_side() -> None:
    """The order and the redemption went with the part; the other side knows them no more."""
    tell("""
        purchase       m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase       m1/bob     2026-01-01T10:01  o2   4.00 GBP  -> +4 = 14
        redeem         m1/bob     2026-01-01T10:02  r1  3 points   -> -3 = 11
        split          m1-m2/bob  2026-01-02T10:00                 -> -4 = 7, +4 = 4, +3 = 10, -3 = 1
        return         m2/bob     2026-01-03T10:00  o2   2.00 GBP  -> -2 = -1
        redeem_cancel  m2/bob     2026-01-03T10:01  r1             -> +3 = 2
        return         m1/ada     2026-01-03T10:02  o2   2.00 GBP  -> refused RETURN_BEFORE_PURCHASE
        redeem_cancel  m1/ada     2026-01-03T10:03  r1             -> refused UNKNOWN_REDEMPTION
        return         m1/ada     2026-01-03T10:04  o1  10.00 GBP  -> -10 = 0
        """, kiosk())  # fmt: skip


def test_what_is_not_remembered_one_by_one_follows_in_one_entry() -> None:
    """Adjustments, and orders whose retention is over."""
    desk = tell("""
        purchase       m1/ada     2024-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase       m1/bob     2024-01-01T10:01  o2   4.00 GBP  -> +4 = 14
        points_adjust  m1/bob     2024-01-01T10:02  -1 points      -> -1 = 13
        split          m1-m2/bob  2026-01-02T10:00                 -> -4 = 9, +4 = 4, +1 = 10, -1 = 3
        """, kiosk())  # fmt: skip
    assert counters(desk, "m2") == (3, 0, 0)


def test_an_order_of_two_names_is_taken_apart() -> None:
    """Each side keeps what it bought and returned under the order's number, and is settled anew."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m2/bob     2026-01-01T10:01  o1   4.00 GBP  -> +4 = 4
        merge     m1+m2      2026-01-02T10:00                 -> -4 = 0, +4 = 14
        return    m1/bob     2026-01-02T10:01  o1   4.00 GBP  -> -4 = 10
        split     m1-m3/bob  2026-01-03T10:00                 -> -2 = 8, +2 = 2, +2 = 10, -2 = 0
        """, kiosk())  # fmt: skip


def test_a_return_that_waited_elsewhere_waits_again() -> None:
    """The merge had settled it against an order of the other side, which gets its points back."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        return    m2/bob     2026-01-01T10:01  o1   4.00 GBP  -> refused RETURN_BEFORE_PURCHASE
        merge     m1+m2      2026-01-02T10:00                 -> -4 = 6
        split     m1-m3/bob  2026-01-03T10:00                 -> +4 = 10
        purchase  m3/bob     2026-01-04T10:00  o1   4.00 GBP  -> +4 = 4, -4 = 0
        """, kiosk())  # fmt: skip


def test_a_split_of_names_that_did_nothing_moves_nothing() -> None:
    """No entry is made."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        split     m1-m2/bob  2026-01-02T10:00                 -> nothing
        """, kiosk())  # fmt: skip


def test_what_an_erased_person_held_goes_to_breakage() -> None:
    """Debts are written off; the books know no order any more."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    m1/ada  2026-01-01T10:01  r1  4 points   -> -4 = 6
        erase     m1      2026-01-02T10:00                 -> -6 = 0
        purchase  m2/bob  2026-01-03T10:00  o2  10.00 GBP  -> +10 = 10
        redeem    m2/bob  2026-01-03T10:01  r2  4 points   -> -4 = 6
        return    m2/bob  2026-01-03T10:02  o2  10.00 GBP  -> -10 = -4
        erase     m2      2026-01-04T10:00                 -> +4 = 0
        """, kiosk())  # fmt: skip
    assert (desk.books("m1").orders, desk.books("m1").redemptions, desk.books("m1").by) == ({}, {}, "")
