"""Holds by examples: points that are pending until a time or an event."""

from config.program import Program
from flows.ledger.grants import Grant
from schemas.stitched import Cause
from tests.config.samples import program
from tests.ledger.desk import Desk, micros, tell
from tests.ledger.test_lots import TEN_DAYS, shop


def give(desk: Desk, member_id: str, grant: Grant, time: str, order_id: str | None = None) -> list[str]:
    """Grant points at a time; gives what was said."""
    at_us = micros(time)
    desk.books(member_id)
    member = desk.members.get(member_id)
    assert member is not None
    desk.ledger.grant(member, grant, Cause(time, "test", time, at_us, at_us), desk.emit, order_id)
    return desk.said()


def test_an_accrual_counts_once() -> None:
    """Its id names it; with other content it is refused as well, and the refusal says so."""
    desk = tell("""
        accrual  m1/ada  2026-01-01T10:00  a1  500 miles  -> +500 = 500
        accrual  m1/ada  2026-01-01T11:00  a1  500 miles  -> refused ALREADY_ACCRUED
        accrual  m1/ada  2026-01-01T12:00  a2  5 stars    -> refused UNKNOWN_CURRENCY
        """, shop(TEN_DAYS))  # fmt: skip
    desk.do("accrual", "m1/ada", "2026-01-01T13:00", ["a1", "501", "miles"], "x")
    desk.do("redeem", "m1/ada", "2026-01-01T14:00", ["r1", "5", "miles"], "y")
    desk.do("redeem", "m1/ada", "2026-01-01T15:00", ["r1", "6", "miles"], "z")
    details = [refusal.detail for refusal in desk.emit.refusals]
    assert details == ["accepted with 500 miles", "accepted with 5 miles"]


def test_an_accrual_may_be_pending_until_a_time() -> None:
    """Pending points cannot be spent; a time that has passed holds nothing."""
    tell("""
        accrual  m1/ada  2026-01-01T10:00  a1  500 miles  2026-02-01T00:00  -> +0 = 0 (500 pending)
        redeem   m1/ada  2026-01-02T10:00  r1  1 miles                      -> refused INSUFFICIENT_BALANCE
        accrual  m1/ada  2026-01-03T10:00  a2  5 miles  2026-01-03T10:00    -> +5 = 5
        later    -       2026-02-01T00:00                                   -> +500 = 505 (0 pending)
        later    -       2027-02-01T00:00                                   -> nothing
        """, shop(TEN_DAYS))  # fmt: skip


def test_held_points_open_the_lot_of_their_earning() -> None:
    """Its expiry counts from when they were earned."""
    desk = tell("""
        accrual  m1/ada  2026-01-01T10:00  a1  5 points  2026-01-05T00:00  -> +0 = 0 (5 pending)
        later    -       2026-01-05T00:00                                  -> +5 = 5 (0 pending)
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-12", 5)]


def test_a_hold_waits_for_an_event() -> None:
    """Of the member, by its type or an activity's kind; it is resolved once."""
    desk = Desk(shop(TEN_DAYS))
    boarding = Grant("flight", "miles", 700, held_for="boarded")
    visit = Grant("visit", "miles", 30, held_for="store_visit", held_until_us=micros("2026-03-01T00:00"))
    assert give(desk, "m1", boarding, "2026-01-01T10:00") == ["+0 = 0 (700 pending)"]
    assert give(desk, "m1", visit, "2026-01-01T11:00") == ["+0 = 0 (730 pending)"]
    desk.do("activity", "m1/ada", "2026-01-02T10:00", ["checked_in"], "x")
    assert desk.said() == []
    desk.do("activity", "m1/ada", "2026-01-03T10:00", ["boarded"], "y")
    assert desk.said() == ["+700 = 700 (30 pending)"]
    desk.do("activity", "m1/ada", "2026-01-03T11:00", ["boarded"], "z")
    assert desk.said() == []
    desk.do("later", "-", "2026-03-01T00:00", [], "later")
    assert desk.said() == ["+30 = 730 (0 pending)"]
    assert (desk.books("m1").holds, desk.books("m1").awaited) == ({}, {})


def test_a_return_voids_what_is_held() -> None:
    """In proportion; the rest is released in its time, nothing of a hold that is void."""
    desk = Desk(shop(TEN_DAYS))
    held = Grant("bonus", "miles", 10, held_until_us=micros("2026-02-01T00:00"))
    desk.do("purchase", "m1/ada", "2026-01-01T10:00", ["o1", "10.00", "EUR"], "p1")
    desk.do("purchase", "m1/ada", "2026-01-01T10:00", ["o2", "10.00", "EUR"], "p2")
    assert give(desk, "m1", held, "2026-01-01T10:01", "o1") == ["+0 = 0 (10 pending)"]
    assert give(desk, "m1", held, "2026-01-01T10:02", "o2") == ["+0 = 0 (20 pending)"]
    desk.do("return", "m1/ada", "2026-01-02T10:00", ["o1", "4.00", "EUR"], "b1")
    assert desk.said() == ["+0 = 0 (16 pending)"]
    desk.do("return", "m1/ada", "2026-01-02T11:00", ["o2", "10.00", "EUR"], "b2")
    assert desk.said() == ["+0 = 0 (6 pending)"]
    desk.do("later", "-", "2026-02-01T00:00", [], "later")
    assert desk.said() == ["+6 = 6 (0 pending)"]
    desk.do("return", "m1/ada", "2026-02-02T10:00", ["o1", "6.00", "EUR"], "b3")
    assert desk.said() == ["-6 = 0"]


def test_what_an_order_earns_later_knows_earlier_returns() -> None:
    """A challenge may be won with an order of which something was returned already."""
    desk = Desk(shop(TEN_DAYS))
    desk.do("purchase", "m1/ada", "2026-01-01T10:00", ["o1", "10.00", "EUR"], "p1")
    desk.do("return", "m1/ada", "2026-01-02T10:00", ["o1", "4.00", "EUR"], "b1")
    assert give(desk, "m1", Grant("bonus", "miles", 10), "2026-01-03T10:00", "o1") == ["+10 = 10", "-4 = 6"]
    assert give(desk, "m1", Grant("bonus", "miles", 10), "2026-01-04T10:00", "o1") == ["+10 = 16", "-4 = 12"]


def test_a_policy_may_confine_returns_to_what_is_held() -> None:
    """What was released is the member's."""
    desk = Desk(shop(f"{TEN_DAYS}, returns: only_pending"))
    held = Grant("bonus", "points", 10, held_until_us=micros("2026-01-03T00:00"))
    desk.do("purchase", "m1/ada", "2026-01-01T10:00", ["o1", "10.00", "EUR"], "p1")
    give(desk, "m1", held, "2026-01-01T10:01", "o1")
    desk.do("return", "m1/ada", "2026-01-02T10:00", ["o1", "4.00", "EUR"], "b1")
    assert desk.said() == ["+0 = 0 (6 pending)"]
    desk.do("return", "m1/ada", "2026-01-04T10:00", ["o1", "6.00", "EUR"], "b2")
    assert desk.said() == ["+6 = 6 (0 pending)"]


def test_holds_go_along_in_merges_and_splits() -> None:
    """Pending points stay pending, and are released to whoever has them then."""
    desk = tell("""
        accrual  m1/ada     2026-01-01T10:00  a1  5 miles  2026-02-01T00:00  -> +0 = 0 (5 pending)
        accrual  m2/bob     2026-01-01T10:01  a2  7 miles  2026-02-01T00:00  -> +0 = 0 (7 pending)
        merge    m1+m2      2026-01-02T10:00                                 -> +0 = 0 (0 pending), +0 = 0 (12 pending)
        accrual  m1/bob     2026-01-02T11:00  a3  1 miles  2026-02-02T00:00  -> +0 = 0 (13 pending)
        later    -          2026-02-01T00:00                                 -> +5 = 5 (8 pending), +7 = 12 (1 pending)
        split    m1-m3/bob  2026-02-01T10:00     -> +0 = 12 (0 pending), +0 = 0 (1 pending), -7 = 5, +7 = 7
        later    -          2026-02-02T00:00                                 -> +1 = 8 (0 pending)
        accrual  m3/bob     2026-02-03T10:00  a2  7 miles                    -> refused ALREADY_ACCRUED
        accrual  m1/ada     2026-02-03T10:00  a2  7 miles                    -> +7 = 12
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.books("m1").holds == desk.books("m3").holds == {}


def test_an_erased_person_has_nothing_pending() -> None:
    """It goes to breakage with the rest."""
    tell("""
        accrual  m1/ada  2026-01-01T10:00  a1  5 miles                    -> +5 = 5
        accrual  m1/ada  2026-01-01T10:01  a2  7 miles  2026-02-01T00:00  -> +0 = 5 (7 pending)
        erase    m1      2026-01-02T10:00                                 -> -5 = 0 (0 pending)
        later    -       2026-02-02T00:00                                 -> nothing
        """, shop(TEN_DAYS))  # fmt: skip


def courier(releases: str = "quantity") -> Program:
    """A program whose points wait for the delivery, in as many parts as it takes."""
    return program(f"""
        currencies: {{points: {{name: Points, {TEN_DAYS}}}}}
        activities: [delivered]
        earn:
          - {{id: spend, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: EUR}},
             hold: {{event: delivered, releases: {releases}}}}}
        """)


def test_an_event_may_release_a_part() -> None:
    """As many points as its quantity says, the oldest first; without one, all that waits."""
    desk = tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 EUR   -> +0 = 0 (10 pending)
        purchase  m1/ada     2026-01-02T10:00  o2   6.00 EUR   -> +0 = 0 (16 pending)
        activity  m1/ada     2026-01-03T10:00  delivered 4     -> +4 = 4 (12 pending)
        activity  m1/ada     2026-01-03T11:00  delivered 0.9   -> nothing
        activity  m1/ada     2026-01-04T10:00  delivered 9     -> +6 = 10 (6 pending), +3 = 13 (3 pending)
        activity  m1/ada     2026-01-05T10:00  delivered       -> +3 = 16 (0 pending)
        activity  m1/ada     2026-01-06T10:00  delivered 9     -> nothing
        """, courier())  # fmt: skip
    assert desk.lots("m1") == [("2026-01-11T23:00", 10), ("2026-01-12T23:00", 6)]
    assert (desk.books("m1").holds, desk.books("m1").awaited) == ({}, {})


def test_a_part_that_is_returned_is_void_and_the_rest_is_released() -> None:
    """First from what is held; what was released before is taken back from there."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 EUR   -> +0 = 0 (10 pending)
        return    m1/ada     2026-01-01T11:00  o1   3.00 EUR   -> +0 = 0 (7 pending)
        activity  m1/ada     2026-01-02T10:00  delivered 5     -> +5 = 5 (2 pending)
        return    m1/ada     2026-01-03T10:00  o1   3.00 EUR   -> -1 = 4 (0 pending)
        activity  m1/ada     2026-01-04T10:00  delivered 5     -> nothing
        return    m1/ada     2026-01-05T10:00  o1   4.00 EUR   -> -4 = 0
        """, courier())  # fmt: skip


def test_a_part_that_waits_goes_along_in_merges_and_splits() -> None:
    """What was released stays released, for whoever earned it."""
    desk = tell("""
        purchase  m1/ada    2026-01-01T10:00  o1  10.00 EUR  -> +0 = 0 (10 pending)
        purchase  m2/bob    2026-01-01T11:00  o2   8.00 EUR  -> +0 = 0 (8 pending)
        activity  m2/bob    2026-01-02T10:00  delivered 3    -> +3 = 3 (5 pending)
        merge     m1+m2     2026-01-02T11:00                 -> -3 = 0 (0 pending), +3 = 3 (15 pending)
        activity  m1/bob    2026-01-03T10:00  delivered 11   -> +10 = 13 (5 pending), +1 = 14 (4 pending)
        split     m1-m3/bob 2026-01-03T10:00                 -> -4 = 10 (0 pending), +4 = 4 (4 pending), +0 = 10, +0 = 4
        activity  m3/bob    2026-01-04T10:00  delivered 9    -> +4 = 8 (0 pending)
        activity  m1/ada    2026-01-04T10:00  delivered 9    -> nothing
        """, courier())  # fmt: skip
    assert desk.books("m1").holds == desk.books("m3").holds == {}


def test_all_is_released_where_the_program_says_so() -> None:
    """Whatever the quantity."""
    tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 EUR   -> +0 = 0 (10 pending)
        activity  m1/ada     2026-01-02T10:00  delivered 5     -> +10 = 10 (0 pending)
        """, courier("all"))  # fmt: skip


def test_points_given_back_after_their_hold_never_end_where_the_currency_does_not() -> None:
    """A further shipment lowers what a return is due: what comes back is no lot, as what was released was none."""
    never = program("""
        time_zone: UTC
        currencies: {points: {name: Points}}
        earn:
          - {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}, hold: {delay: 1d}}
        """)
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  1.00 GBP  -> +0 = 0 (1 pending)
        later     -       2026-01-03T00:00                -> +1 = 1 (0 pending)
        return    m1/ada  2026-01-03T10:00  o1  1.00 GBP  -> -1 = 0
        purchase  m1/ada  2026-01-04T10:00  o1  1.99 GBP  -> +0 = 0 (1 pending), +1 = 1
        later     -       2026-01-06T00:00                -> +1 = 2 (0 pending)
        later     -       2030-01-01T00:00                -> nothing
        """, never)  # fmt: skip
    assert desk.lots("m1") == []
