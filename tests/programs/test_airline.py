"""P3, the airline: miles, qualifying credits, partners, status (see `tests.programs.tables`)."""

from tests.programs.tables import check


def test_miles_are_pending_until_the_member_has_boarded() -> None:
    """By fare and status; a ticket given back before takes its pending miles, one after takes none of them."""
    check("airline", """
        purchase  ada  2026-03-01T15:00  t1 480.00 USD main=400.00 tax=80.00 by=web
          -> ticket +0 miles (+2000 pending), tier member JOINED | miles 0, miles pending 2000
        purchase  ada  2026-03-02T15:00  t2 300.00 USD basic=250.00 tax=50.00 by=web  -> nothing | -
        return    ada  2026-03-03T15:00  t1 120.00 USD
          -> return.ticket +0 miles (-500 pending) | miles pending 1500
        boarding  ada  2026-03-20T12:00
          -> release.ticket +1500 miles (-1500 pending) | miles 1500, no miles pending
        return    ada  2026-03-21T12:00  t1 120.00 USD  -> nothing | -
        purchase  ada  2026-05-02T15:00  t3 1000.00 USD main=1000.00 by=app
          -> ticket +0 miles (+5000 pending), opening +0 miles (+2500 pending) | miles pending 7500
        purchase  ada  2026-05-03T15:00  t4 1000.00 USD main=1000.00 by=web at=agency
          -> ticket +0 miles (+5000 pending) | miles pending 12500
        boarding  ada  2026-05-20T12:00
          -> release.ticket +5000 miles (-5000 pending), release.ticket +5000 miles (-5000 pending)
          | miles 11500, miles pending 2500
        return    ada  2026-05-21T15:00  t3 500.00 USD
          -> return.opening +0 miles (-1250 pending) | miles pending 1250
        later     ada  2026-07-01T12:00
          -> release.opening +1250 miles (-1250 pending) | miles 12750, no miles pending
        """, "balances")  # fmt: skip


def test_partners_report_miles_that_are_held() -> None:
    """Hotel nights for five days, the card for a month, an accrual for as long as the partner says, once."""
    check("airline", """
        hotel_night    ada  2026-03-02T15:00  quantity=3
          -> hotel +0 miles (+750 pending), tier member JOINED | miles 0, miles pending 750
        accrual        ada  2026-03-03T15:00  accrual_id=a1 currency=miles points=1200
            hold_until=2026-04-10T00:00:00Z qualifying=false
          -> accrual +0 miles (+1200 pending) | miles pending 1950
        accrual        ada  2026-03-03T15:00  accrual_id=a1 currency=miles points=1200
            hold_until=2026-04-10T00:00:00Z qualifying=false
          -> refused ALREADY_ACCRUED | -
        card_spend     ada  2026-03-04T15:00  quantity=1500 unit=usd
          -> card +0 miles (+2250 pending), ground granted | miles pending 4200, ground 1500/2000
        card_spend     ada  2026-03-05T15:00  quantity=501.5 unit=usd
          -> card +0 miles (+752 pending), offer.ground +1000 miles, ground completed 2001500
          | miles 1000, miles pending 4952, ground done
        card_spend     ada  2026-03-06T15:00  quantity=13000 unit=usd
          -> card +0 miles (+16998 pending) | miles pending 21950
        later          ada  2026-03-08T04:59  -> nothing | -
        later          ada  2026-03-08T05:00
          -> release.hotel +750 miles (-750 pending) | miles 1750, miles pending 21200
        later          ada  2026-04-05T12:00
          -> release.card +2250 miles (-2250 pending), release.card +752 miles (-752 pending)
          | miles 4752, miles pending 18198, no ground
        later          ada  2026-04-10T12:00
          -> release.card +16998 miles (-16998 pending), release.accrual +1200 miles (-1200 pending)
          | miles 22950, no miles pending
        survey_answer  ada  2026-04-11T12:00  survey=nps score=9  -> opinion +100 miles | miles 23050
        survey_answer  ada  2026-04-12T12:00  survey=nps score=3  -> nothing | -
        """, "balances", "offers")  # fmt: skip


def test_status_comes_at_once_and_lands_softly() -> None:
    """By credits or flights; kiosk, gate and lounge see tier and what is left of its perks."""
    check("airline", """
        offer_grant  ada  2026-03-04T15:00  status_match match1
          -> tier member JOINED, status_match granted
          | tier member, silver in 5000 credits or 30 flights, status_match 0/3
        flight       ada  2026-03-20T14:00  quantity=400 unit=usd
          -> flight_credits +400 credits, first_flights +500 miles
          | silver in 4600 credits or 29 flights, status_match 1/3
        flight       ada  2026-03-22T14:00  quantity=250 unit=usd
          -> flight_credits +250 credits, first_flights +500 miles
          | silver in 4350 credits or 28 flights, status_match 2/3
        flight       ada  2026-03-24T14:00  quantity=350 unit=usd
          -> flight_credits +350 credits, first_flights +500 miles, offer.status_match +5000 credits, tier silver
             QUALIFIED until 2028-02-01T05:00, status_match completed 3
          | tier silver until 2028-01-31, gold in 4000 credits or 57 flights, upgrade 0/2, status_match done
        activity     ada  2026-03-25T14:00  seat_upgrade  -> nothing | upgrade 1/2
        activity     ada  2026-03-25T15:00  lounge_visit  -> refused NOT_ELIGIBLE | -
        purchase     ada  2026-04-01T15:00  t1 100.00 USD main=100.00
          -> ticket +0 miles (+700 pending) | upgrade 0/2
        flight       ada  2026-05-20T14:00  quantity=4000 unit=usd
          -> flight_credits +4000 credits, tier gold QUALIFIED until 2028-02-01T05:00
          | tier gold until 2028-01-31, platinum in 5000 credits and 86 flights, upgrade 0/4, lounge 0/4
        activity     ada  2026-05-20T12:00  lounge_visit  -> nothing | lounge 1/4
        flight       ada  2027-05-20T14:00  quantity=4500 unit=usd
          -> flight_credits +4500 credits | platinum in 10500 credits and 89 flights, lounge 0/4, no status_match
        later        ada  2028-02-01T04:59
          -> expired -10000 credits, points_expiring raised 1500, miles_ending suppressed by email
          | platinum in 15000 credits and 90 flights
        later        ada  2028-02-01T05:00
          -> tier silver SOFT_LANDING until 2029-02-01T05:00
          | tier silver until 2029-01-31, gold in 10000 credits or 60 flights, upgrade 0/2, no lounge
        later        ada  2029-02-01T05:00
          -> expired -1500 miles, expired -4500 credits, tier member PERIOD_ENDED, points_expiring cleared
          | tier member, silver in 5000 credits or 30 flights, no upgrade
        """, "tier", "next", "perks", "offers")  # fmt: skip


def test_a_million_miles_make_gold_for_ever() -> None:
    """However they were earned, and whether they were spent; the first three flights give miles too."""
    check("airline", """
        accrual  ada  2026-03-03T15:00  accrual_id=a1 currency=miles points=999000 qualifying=false
          -> accrual +999000 miles, tier member JOINED
          | miles 999000, tier member, silver in 5000 credits or 30 flights
        redeem   ada  2026-03-04T15:00  r1 12500 miles short_flight
          -> redeem -12500 miles, short_flight issued | miles 986500, voucher short_flight
        flight   ada  2026-03-20T14:00  quantity=100 unit=usd
          -> flight_credits +100 credits, first_flights +500 miles
          | miles 987000, credits 100, silver in 4900 credits or 29 flights
        flight   ada  2026-03-21T14:00  quantity=100 unit=usd
          -> flight_credits +100 credits, first_flights +500 miles, tier gold LIFETIME
          | miles 987500, credits 200, tier gold, platinum in 14800 credits and 88 flights
        flight   ada  2026-03-22T14:00  quantity=100 unit=eur
          -> first_flights +500 miles | miles 988000, platinum in 14800 credits and 87 flights
        flight   ada  2026-03-23T14:00  quantity=100 unit=usd
          -> flight_credits +100 credits | credits 300, platinum in 14700 credits and 86 flights
        later    ada  2026-12-31T15:00  -> nothing | -
        """, "balances", "tier", "next", "vouchers")  # fmt: skip


def test_miles_live_as_long_as_any_are_earned_or_spent() -> None:
    """Two years after the last; credits end with the year after theirs."""
    check("airline", """
        consent  ada+email:ada@example.org  2026-03-20T13:00  channel=email purpose=marketing state=granted
            origin=web
          -> tier member JOINED | -
        flight   ada  2026-03-20T14:00  quantity=100 unit=usd
          -> flight_credits +100 credits, first_flights +500 miles
          | miles 500, credits 100, 500 miles to 2028-03-19, 100 credits to 2027-12-31
        flight   ada  2027-09-20T14:00  quantity=200 unit=usd
          -> flight_credits +200 credits, first_flights +500 miles
          | miles 1000, credits 300, 1000 miles to 2029-09-19, 200 credits to 2028-12-31, no miles to 2028-03-19
        later    ada  2028-01-01T06:00  -> expired -100 credits | credits 200, no credits to 2027-12-31
        later    ada  2029-07-22T04:00
          -> expired -200 credits, points_expiring raised 1000, miles_ending deferred by email
          | credits 0, no credits to 2028-12-31
        later    ada  2029-07-22T11:00  -> miles_ending sent by email | -
        later    ada  2029-09-20T04:00
          -> expired -1000 miles, points_expiring cleared | miles 0, no miles to 2029-09-19
        """, "balances", "expiries")  # fmt: skip


def test_a_kiosk_shows_a_member_and_joins_none() -> None:
    """Two members at one check-in machine stay two; a telephone is its owner's."""
    check("airline", """
        flight    ada+device:a1    2026-03-20T14:00  quantity=100 unit=usd
          -> flight_credits +100 credits, first_flights +500 miles, tier member JOINED
          | miles 500, credits 100, tier member
        activity  ada+kiosk:T4-12  2026-03-20T14:05  checked_in  -> nothing | -
        flight    bob              2026-03-20T14:06  quantity=300 unit=usd
          -> flight_credits +300 credits, first_flights +500 miles, tier member JOINED
          | miles 500, credits 300, tier member
        activity  bob+kiosk:t4-12  2026-03-20T14:07  checked_in
          -> shared_identifier told to airport systems | -
        activity  eve+kiosk:t4-12  2026-03-20T14:09  checked_in  -> tier member JOINED | tier member
        flight    device:a1        2026-03-21T14:00  quantity=100 unit=usd
          -> flight_credits +100 credits, first_flights +500 miles | miles 1000, credits 200
        """, "balances", "tier")  # fmt: skip
