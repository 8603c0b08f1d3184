"""Lots by examples: what expires when, and from which lot a point is taken."""

from itertools import accumulate

import pytest

from config.program import Program
from flows.fold import fold
from flows.ledger.expiry import Expiries
from tests.config.samples import program
from tests.ledger.desk import micros, minute, shown, tell
from tests.ledger.tables import change, entries_of, parse, rows_of


def shop(terms: str, zone: str = "UTC") -> Program:
    """A program that gives a point a pound, in a currency of these terms."""
    return program(f"""
        time_zone: {zone}
        currencies: {{points: {{name: Points, {terms}}}, miles: {{name: Miles}}}}
        earn: [{{id: spend, on: purchase, currency: points, points: 1, per: {{amount: 100, currency: GBP}}}}]
        """)


TEN_DAYS = "expiry: {policy: days, days: 10}"

POLICIES = [
    (TEN_DAYS, "UTC", "2026-01-01T10:00", "2026-01-12"),
    (TEN_DAYS, "UTC", "2026-01-31T23:59", "2026-02-11"),
    (TEN_DAYS, "Europe/Madrid", "2026-01-31T23:59", "2026-02-11T23:00"),
    (TEN_DAYS, "Europe/Madrid", "2026-03-20T10:00", "2026-03-30T22:00"),
    ("expiry: {policy: end_of_month, months: 0}", "UTC", "2026-01-31T23:59", "2026-02-01"),
    ("expiry: {policy: end_of_month, months: 13}", "UTC", "2026-12-05T10:00", "2028-02-01"),
    ("expiry: {policy: yearly, date: 03-31}", "UTC", "2026-03-31T10:00", "2026-04-01"),
    ("expiry: {policy: yearly, date: 03-31}", "UTC", "2026-04-01T00:00", "2027-04-01"),
    ("expiry: {policy: yearly, date: 12-31, years: 1}", "UTC", "2026-01-01T10:00", "2028-01-01"),
    ("expiry: {policy: activity_extends, days: 10}", "UTC", "2026-01-01T10:00", "2026-01-12"),
]


@pytest.mark.parametrize(("terms", "zone", "earned", "expires"), POLICIES)
def test_points_expire_as_the_currency_says(terms: str, zone: str, earned: str, expires: str) -> None:
    """At the end of a local day: fixed days later, with a month, on a date, or with the last activity."""
    by = shop(terms, zone)
    expiries = Expiries(by.currencies["points"], by.time_zone)
    assert shown(expiries.of(micros(earned))) == expires
    assert shown(expiries.of(micros(earned))) == expires


def test_a_lot_expires_by_itself() -> None:
    """Each in an entry of its own day, at its time."""
    tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-01T12:00  o2   1.00 GBP  -> +1 = 11
        purchase  m1/ada  2026-01-02T10:00  o3   4.00 GBP  -> +4 = 15
        later     -       2026-01-11T23:59                 -> nothing
        later     -       2026-01-12T00:00                 -> -11 = 4
        later     -       2026-02-01T00:00                 -> -4 = 0
        """, shop(TEN_DAYS))  # fmt: skip


def test_what_expires_first_is_spent_first() -> None:
    """Whatever came first; what has no expiry is spent last."""
    desk = tell("""
        purchase  m1/ada  2026-01-05T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-01T10:00  o2   4.00 GBP  -> +4 = 14
        redeem    m1/ada  2026-01-05T11:00  r1  6 points   -> -6 = 8
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-16", 8)]


def test_a_late_purchase_expires_as_one_in_time() -> None:
    """Its expiry may have passed already; then it expires before anything else happens."""
    desk = tell("""
        purchase  m1/ada  2026-03-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-01T10:00  o2   4.00 GBP  -> +4 = 14
        redeem    m1/ada  2026-03-01T10:00  r1  11 points  -> -4 = 10, refused INSUFFICIENT_BALANCE
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-03-12", 10)]


def test_a_return_takes_from_the_lot_of_its_purchase() -> None:
    """Not from what expires first."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-02T10:00  o2   4.00 GBP  -> +4 = 14
        return    m1/ada  2026-01-03T10:00  o2   2.00 GBP  -> -2 = 12
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-12", 10), ("2026-01-13", 2)]


SPENT = """
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-02T10:00  o2   4.00 GBP  -> +4 = 14
        redeem    m1/ada  2026-01-03T10:00  r1  12 points  -> -12 = 2
        return    m1/ada  2026-01-04T10:00  o1  10.00 GBP  -> {returned}
        purchase  m1/ada  2026-01-05T10:00  o3   9.00 GBP  -> {after}
        """
RETURNS = {
    "unlimited": ("-10 = -8", "+9 = 1"),
    "within_balance": ("-2 = 0", "+9 = 9"),
    "only_pending": ("nothing", "+9 = 11"),
}


@pytest.mark.parametrize("policy", RETURNS)
def test_how_far_a_return_of_spent_points_reaches(policy: str) -> None:
    """Into debt, to what is there, or not at all; what is waived is not taken later."""
    returned, after = RETURNS[policy]
    tell(SPENT.format(returned=returned, after=after), shop(f"{TEN_DAYS}, returns: {policy}"))


def test_what_was_waived_is_not_given_back() -> None:
    """A shipment after the return lowers what is due, of which nothing had been taken."""
    tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  1.00 GBP  -> +1 = 1
        redeem    m1/ada  2026-01-01T11:00  r1  1 points  -> -1 = 0
        return    m1/ada  2026-01-02T10:00  o1  1.00 GBP  -> nothing
        purchase  m1/ada  2026-01-03T10:00  o1  1.99 GBP  -> +1 = 1
        """, shop(f"{TEN_DAYS}, returns: within_balance"))  # fmt: skip


def test_a_cancelled_redemption_gives_back_the_lots() -> None:
    """With the expiry that they had."""
    desk = tell("""
        purchase       m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase       m1/ada  2026-01-02T10:00  o2   4.00 GBP  -> +4 = 14
        redeem         m1/ada  2026-01-03T10:00  r1  12 points  -> -12 = 2
        redeem_cancel  m1/ada  2026-01-04T10:00  r1             -> +12 = 14
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-12", 10), ("2026-01-13", 4)]


LATE = """
        purchase       m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase       m1/ada  2026-01-10T10:00  o2   4.00 GBP  -> +4 = 14
        redeem         m1/ada  2026-01-10T11:00  r1  12 points  -> -12 = 2
        redeem_cancel  m1/ada  2026-01-15T10:00  r1             -> +12 = 14
        later          -       2026-01-15T10:00                 -> {then}
        """


def test_a_late_cancellation_gives_back_points_that_expire_at_once() -> None:
    """Those whose expiry has passed; the others are as before."""
    desk = tell(LATE.format(then="-10 = 4"), shop(TEN_DAYS))
    assert desk.lots("m1") == [("2026-01-21", 4)]


@pytest.mark.parametrize(
    "happened",
    [
        "accrual        ada  2026-01-01T10:00  a1  5 points  2026-02-01T09:00 ->",
        """
        purchase       ada  2026-01-01T10:00  o1  5.00 GBP  ->
        redeem         ada  2026-01-02T10:00  r1  5 points  ->
        redeem_cancel  ada  2026-02-01T09:00  r1            ->
        """,
    ],
)
def test_what_comes_back_too_late_is_gone_from_then_on(happened: str) -> None:
    """Not from before it was there: as it was on a past day, nobody had less than nothing."""
    happenings = [line.event for line in parse(happened) if line.event is not None]
    folded = fold(shop(TEN_DAYS), rows_of(happenings), micros("2026-02-01T09:00"))
    by_effect = sorted(entries_of(folded), key=lambda entry: (entry.effective_at_us, entry.version))
    assert (minute(by_effect[-1].effective_at_us), by_effect[-1].rule) == ("2026-02-01T09:00", "expired")
    assert min(accumulate(change(entry) for entry in by_effect)) == 0


def test_a_late_cancellation_may_renew_the_points() -> None:
    """They then count as earned anew."""
    desk = tell(LATE.format(then="nothing"), shop(f"{TEN_DAYS}, late_cancel: renew"))
    assert desk.lots("m1") == [("2026-01-21", 4), ("2026-01-26", 10)]


def test_activity_extends_everything() -> None:
    """Earning and spending are activity; returns and time are not."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/bob  2026-01-05T10:00  o2   4.00 GBP  -> +4 = 14
        redeem    m1/ada  2026-01-14T10:00  r1  3 points   -> -3 = 11
        return    m1/bob  2026-01-20T10:00  o2   2.00 GBP  -> -2 = 9
        """, shop("expiry: {policy: activity_extends, days: 10}"))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-25", 7), ("2026-01-25", 2)]
    desk.do("later", "-", "2026-01-25T00:00", [], "x")
    assert desk.said() == ["-9 = 0"]


def test_a_merge_of_accounts_that_activity_extends() -> None:
    """Each part keeps its end until the next activity, which is for all."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m2/bob  2026-01-05T10:00  o2   4.00 GBP  -> +4 = 4
        merge     m1+m2   2026-01-06T10:00                 -> -4 = 0, +4 = 14
        """, shop("expiry: {policy: activity_extends, days: 10}"))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-12", 10), ("2026-01-16", 4)]
    desk.do("purchase", "m1/bob", "2026-01-07T10:00", ["o3", "1.00", "GBP"], "x")
    assert desk.lots("m1") == [("2026-01-18", 10), ("2026-01-18", 5)]
    desk.do("return", "m1/bob", "2026-01-07T11:00", ["o2", "4.00", "GBP"], "y")
    assert desk.lots("m1") == [("2026-01-18", 10), ("2026-01-18", 1)]


def test_a_warning_comes_before_points_expire() -> None:
    """With the points that will; it is cleared when nothing is left of them."""
    tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-02T10:00  o2   4.00 GBP  -> +4 = 14
        later     -       2026-01-09T00:00                 -> raised 10
        redeem    m1/ada  2026-01-09T10:00  r1  10 points  -> -10 = 4, cleared
        later     -       2026-01-10T00:00                 -> raised 4
        later     -       2026-01-13T00:00                 -> -4 = 0, cleared
        """, shop(f"{TEN_DAYS}, warn_before: 3d"))  # fmt: skip


def test_adjustments_have_lots_too() -> None:
    """Points given by hand expire like others; what is taken by hand is taken as spending takes."""
    desk = tell("""
        points_adjust  m1/ada  2026-01-01T10:00  10 points  -> +10 = 10
        points_adjust  m1/ada  2026-01-02T10:00   5 points  -> +5 = 15
        points_adjust  m1/ada  2026-01-03T10:00  -12 points -> -12 = 3
        points_adjust  m1/ada  2026-01-03T11:00  -4 points  -> refused INSUFFICIENT_BALANCE
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-13", 3)]


def test_an_adjustment_may_overdraw_where_the_currency_says_so() -> None:
    """The rest is owed."""
    tell("""
        points_adjust  m1/ada  2026-01-01T10:00  10 points  -> +10 = 10
        points_adjust  m1/ada  2026-01-03T10:00  -12 points -> -12 = -2
        """, shop(f"{TEN_DAYS}, overdraw: true"))  # fmt: skip


def test_what_repays_a_debt_opens_no_lot() -> None:
    """Only the rest does."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        redeem    m1/ada  2026-01-01T11:00  r1  8 points   -> -8 = 2
        return    m1/ada  2026-01-02T10:00  o1  10.00 GBP  -> -10 = -8
        purchase  m1/ada  2026-01-03T10:00  o2  10.00 GBP  -> +10 = 2
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-14", 2)]


def test_a_merge_unites_lots() -> None:
    """Each keeps its expiry, and a later return finds the lot of its purchase."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m2/bob  2026-01-02T10:00  o2   4.00 GBP  -> +4 = 4
        purchase  m2/bob  2026-01-03T10:00  o3   6.00 GBP  -> +6 = 10
        merge     m1+m2   2026-01-04T10:00                 -> -10 = 0, +10 = 20
        return    m1/bob  2026-01-04T11:00  o3   6.00 GBP  -> -6 = 14
        redeem    m1/ada  2026-01-04T12:00  r1  11 points  -> -11 = 3
        later     -       2026-01-13T00:00                 -> -3 = 0
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == []


def test_a_split_parts_lots() -> None:
    """What one side spent of the other's lots goes back there, and comes from its own."""
    desk = tell("""
        purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/bob     2026-01-02T10:00  o2   4.00 GBP  -> +4 = 14
        redeem    m1/bob     2026-01-03T10:00  r1  3 points   -> -3 = 11
        split     m1-m2/bob  2026-01-04T10:00                 -> -4 = 7, +4 = 4, +3 = 10, -3 = 1, +0 = 10, +0 = 1
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == [("2026-01-12", 10)]
    assert desk.lots("m2") == [("2026-01-13", 1)]
    desk.do("later", "-", "2026-01-12T00:00", [], "x")
    desk.do("later", "-", "2026-01-13T00:00", [], "y")
    assert desk.said() == ["-10 = 0", "-1 = 0"]


def test_an_erased_person_leaves_no_lot() -> None:
    """Nothing is left to expire."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        erase     m1      2026-01-02T10:00                 -> -10 = 0
        later     -       2026-02-01T00:00                 -> nothing
        """, shop(TEN_DAYS))  # fmt: skip
    assert desk.lots("m1") == []


def test_a_return_of_what_expired_takes_it_from_breakage() -> None:
    """The member pays for neither twice: it ends as if the return had come before the expiry."""
    desk = tell("""
        purchase  m1/ada  2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
        purchase  m1/ada  2026-01-10T10:00  o2   5.00 GBP  -> +5 = 15
        redeem    m1/ada  2026-01-10T11:00  r1  3 points   -> -3 = 12
        later     -       2026-01-12T00:00                 -> -7 = 5
        return    m1/ada  2026-01-13T10:00  o1   6.00 GBP  -> +0 = 5
        return    m1/ada  2026-01-13T11:00  o1   4.00 GBP  -> -3 = 2
        """, shop(TEN_DAYS))  # fmt: skip
    account = desk.books("m1").accounts["points"]
    assert (account.earned, account.redeemed, account.expired) == (5, 3, 0)
