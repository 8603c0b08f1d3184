"""P1, the coffee chain: stars for what is spent, seen everywhere at once (see `tests.programs.tables`)."""

from tests.programs.tables import check


def test_one_customer_has_one_balance_on_app_till_and_drive_through() -> None:
    """Whoever asks, by card, app or number plate, sees the same stars; the till may learn of the plate later."""
    check("coffee", """
        purchase  ada+device:phone  2026-01-05T13:10  o1 14.50 USD
          -> spend +14 stars, tier green JOINED | stars 14
        purchase  device:phone      2026-01-05T15:00  o2 5.20 USD latte=5.00 tax=0.20 by=app
          -> spend +5 stars, explorer granted | stars 19
        purchase  plate:NYC-77      2026-01-06T13:00  o3 6.90 USD mocha=6.90 by=drive_through
          -> spend +6 stars, tier green JOINED, explorer granted | stars 6
        alias     ada+plate:nyc-77  2026-01-06T13:01
          -> merge -6 stars, merge +6 stars | stars 25, extra_shot for 25
        purchase  ada               2026-01-06T14:00  o4 30.00 USD gift_card=25.00 latte=5.00
          -> spend +5 stars | stars 30
        redeem    device:phone      2026-01-06T14:05  r1 25 stars extra_shot
          -> redeem -25 stars, extra_shot issued | stars 5, voucher extra_shot, no extra_shot for points
        purchase  plate:nyc-77      2026-01-07T13:00  o5 3.00 USD coupon=* by=drive_through
          -> spend +3 stars, extra_shot used | stars 8, no voucher extra_shot
        purchase  ada               2026-01-07T14:00  o6 3.00 USD coupon=*
          -> spend +3 stars, refused VOUCHER_USED | stars 11
        return    ada               2026-01-07T15:00  o2 5.20 USD  -> return.spend -5 stars | stars 6
        """, "balances", "rewards", "vouchers")  # fmt: skip


def test_what_a_customer_does_earns_more_at_times() -> None:
    """Happy hour or autumn bonus, never both; the loaded card; an own cup at most three times a day; the birthday."""
    check("coffee", """
        member_update  ada  2026-09-14T12:00  birthday=1990-09-15  -> tier green JOINED | gold in 500 stars
        purchase       ada  2026-09-14T13:00  o1 10.00 USD
          -> spend +10 stars, autumn +5 stars | stars 15, gold in 485 stars
        purchase       ada  2026-09-14T19:00  o2 10.00 USD
          -> spend +10 stars, happy_hour +10 stars | stars 35, gold in 465 stars
        member_update  ada  2026-09-14T19:30  payment=loaded_card  -> nothing | -
        purchase       ada  2026-09-14T20:00  o3 10.00 USD
          -> spend +20 stars, happy_hour +20 stars | stars 75, gold in 425 stars
        purchase       ada  2026-09-16T03:59  o4 10.00 USD
          -> spend +20 stars, autumn +10 stars, birthday +30 stars | stars 135, gold in 395 stars
        purchase       ada  2026-09-16T13:00  o5 4.00 USD latte=4.00 own_cup_discount=0.10
          -> spend +8 stars, autumn +4 stars, own_cup +25 stars | stars 172, gold in 383 stars
        purchase       ada  2026-09-16T14:00  o6 4.00 USD latte=4.00 own_cup_discount=0.10
          -> spend +8 stars, autumn +4 stars, own_cup +25 stars | stars 209, gold in 371 stars
        purchase       ada  2026-09-16T15:00  o7 4.00 USD latte=4.00 own_cup_discount=0.10
          -> spend +8 stars, autumn +4 stars, own_cup +25 stars | stars 246, gold in 359 stars
        purchase       ada  2026-09-16T16:00  o8 4.00 USD latte=4.00 own_cup_discount=0.10
          -> spend +8 stars, autumn +4 stars | stars 258, gold in 347 stars
        preference     ada  2026-09-16T16:30  America/Los_Angeles  -> nothing | -
        purchase       ada  2026-09-16T22:00  o9 10.00 USD
          -> spend +20 stars, happy_hour +20 stars | stars 298, gold in 307 stars
        """, "balances", "next")  # fmt: skip


def test_challenges_are_tried_anew_each_week_and_month() -> None:
    """Breakfast on three days in a row gives stars, four kinds by app or drive-through a voucher."""
    check("coffee", """
        purchase  ada  2026-01-05T12:00  o1 5.00 USD breakfast=5.00
          -> spend +5 stars, tier green JOINED, early_bird granted | early_bird 1/3
        purchase  ada  2026-01-06T12:00  o2 5.00 USD breakfast=3.00 latte=2.00 by=app
          -> spend +5 stars, explorer granted | early_bird 2/3, explorer 2/4
        purchase  ada  2026-01-08T12:00  o3 5.00 USD breakfast=5.00  -> spend +5 stars | -
        purchase  ada  2026-01-12T12:00  o4 5.00 USD breakfast=3.00 mocha=2.00 by=drive_through
          -> spend +5 stars, early_bird expired 2, early_bird granted | early_bird 1/3, explorer 3/4
        purchase  ada  2026-01-13T12:00  o5 5.00 USD breakfast=5.00  -> spend +5 stars | early_bird 2/3
        purchase  ada  2026-01-14T12:00  o6 5.00 USD breakfast=3.00 bagel=2.00 by=app
          -> spend +5 stars, offer.early_bird +40 stars, early_bird completed 3, explorer completed 4, pastry issued
          | early_bird done, explorer done, voucher pastry
        purchase  ada  2026-01-15T12:00  o7 5.00 USD breakfast=5.00  -> spend +5 stars | -
        later     ada  2026-02-20T12:00  -> pastry expired | no early_bird, no explorer, no voucher pastry
        """, "offers", "vouchers")  # fmt: skip


def test_an_offer_is_granted_to_one_customer_for_a_week() -> None:
    """It adds up what is bought, and goes back in proportion with the order that completed it."""
    check("coffee", """
        offer_grant  ada  2026-03-02T15:00  star_dash mail1
          -> tier green JOINED, star_dash granted | star_dash 0/2000
        purchase     ada  2026-03-03T15:00  o1 12.00 USD  -> spend +12 stars | stars 12, star_dash 1200/2000
        offer_grant  ada  2026-03-04T15:00  star_dash mail1  -> refused ALREADY_GRANTED | -
        purchase     ada  2026-03-09T15:00  o2 10.00 USD
          -> spend +10 stars, offer.star_dash +50 stars, star_dash completed 2200 | stars 72, star_dash done
        return       ada  2026-03-09T16:00  o2 5.00 USD
          -> return.spend -5 stars, return.offer.star_dash -25 stars | stars 42, no star_dash
        offer_grant  ada  2026-04-10T16:00  star_dash mail2  -> star_dash granted | star_dash 0/2000
        later        ada  2026-04-19T16:00  -> star_dash expired 0 | no star_dash
        """, "balances", "offers")  # fmt: skip


def test_gold_comes_with_five_hundred_stars_a_year() -> None:
    """A fifth more stars, a voucher on reaching it, a free refill a day; the year begins with joining."""
    check("coffee", """
        purchase       ada  2026-05-10T15:00  o1 499.00 USD catering=499.00
          -> spend +499 stars, tier green JOINED | stars 499, tier green, gold in 1 stars
        purchase       ada  2026-05-11T15:00  o2 1.00 USD
          -> spend +1 stars, tier gold QUALIFIED until 2028-05-10T04:00, birthday_drink issued
          | stars 500, tier gold until 2028-05-09, refill 0/1, voucher birthday_drink, no next tier
        purchase       ada  2026-05-12T15:00  o3 10.00 USD  -> spend +10 stars, tier.gold +2 stars | stars 512
        activity       ada  2026-05-12T16:00  free_refill  -> nothing | refill 1/1
        activity       ada  2026-05-12T17:00  free_refill  -> refused PERK_USED_UP | -
        activity       ada  2026-05-13T17:00  free_refill  -> nothing | -
        redeem         ada  2026-05-14T15:00  r1 120 stars hot_drink
          -> redeem -120 stars, hot_drink issued | stars 392, refill 0/1, voucher hot_drink
        redeem         ada  2026-05-14T15:01  r2 400 stars tumbler  -> refused INSUFFICIENT_BALANCE | -
        redeem         ada  2026-05-14T15:02  r3 100 stars pastry
          -> redeem -100 stars, pastry issued | stars 292, voucher pastry
        redeem_cancel  ada  2026-05-14T15:03  r3
          -> redeem_cancel +100 stars, pastry cancelled | stars 392, no voucher pastry
        later          ada  2028-05-10T05:00
          -> expired -392 stars, tier green PERIOD_ENDED, hot_drink expired, birthday_drink expired, points_expiring
             raised 392, points_expiring cleared, stars_ending suppressed by push
          | stars 0, tier green, gold in 500 stars, no refill, no voucher hot_drink, no voucher birthday_drink
        """, "balances", "tier", "next", "perks", "vouchers")  # fmt: skip


def test_stars_end_with_the_sixth_month_after_a_warning() -> None:
    """Each month's stars have an end of their own; the customer who agreed is told two weeks before."""
    check("coffee", """
        consent   ada+device:phone  2026-01-05T15:00  channel=push purpose=marketing state=granted origin=app
          -> tier green JOINED | -
        purchase  ada               2026-01-05T15:00  o1 40.00 USD
          -> spend +40 stars | stars 40, 40 stars to 2026-07-31
        purchase  ada               2026-02-05T15:00  o2 30.00 USD
          -> spend +30 stars | stars 70, 30 stars to 2026-08-31
        redeem    ada               2026-02-05T16:00  r1 25 stars extra_shot
          -> redeem -25 stars, extra_shot issued | stars 45, 15 stars to 2026-07-31
        later     ada               2026-07-18T04:00
          -> extra_shot expired, points_expiring raised 15, stars_ending deferred by push | -
        later     ada               2026-07-18T10:30  -> stars_ending sent by push | -
        later     ada               2026-08-01T04:00
          -> expired -15 stars, points_expiring cleared | stars 30, no stars to 2026-07-31
        return    ada               2026-08-01T16:00  o1 40.00 USD
          -> return.spend -30 stars | stars 0, no stars to 2026-08-31
        """, "balances", "expiries")  # fmt: skip
