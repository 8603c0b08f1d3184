"""P4, the paid membership: delivery, fuel and streaming while it is paid (see `tests.programs.tables`)."""

from tests.programs.tables import check


def test_a_plan_gives_its_tier_while_it_is_paid() -> None:
    """From its start to the end of the paid time and a week more; a renewal goes on, a lapse ends it at once."""
    check("retail_membership", """
        purchase            ada  2026-01-10T16:00  o1 20.00 USD grocery=20.00
          -> cash_back +0 cash (+20 pending), tier shopper JOINED
          | cash 0, cash pending 20, tier shopper, regular in 28000 spend and 3 visits
        activity            ada  2026-01-10T17:00  delivery  -> refused NOT_ELIGIBLE | -
        subscription        ada  2026-01-11T16:00  plus started 2026-02-10
          -> welcome +0 cash (+1000 pending), tier plus SUBSCRIBED until 2026-02-18T06:00, welcome_box issued
          | cash pending 1020, tier plus until 2026-02-17, voucher welcome_box, no next tier
        membership_started  ada  2026-01-11T16:01  -> first_week granted | -
        activity            ada  2026-01-11T17:00  delivery  -> nothing | -
        activity            ada  2026-01-12T17:00  delivery
          -> offer.first_week +500 cash, first_week completed 2 | cash 500
        later               ada  2026-01-25T17:00
          -> release.welcome +1000 cash (-1000 pending) | cash 1500, cash pending 20
        subscription        ada  2026-02-10T16:00  plus renewed 2026-03-10
          -> release.cash_back +20 cash (-20 pending) | cash 1520, tier plus until 2026-03-17, no cash pending
        later               ada  2026-03-18T04:59  -> nothing | -
        later               ada  2026-03-18T05:00
          -> tier shopper SUBSCRIPTION_ENDED | tier shopper, regular in 28000 spend and 3 visits
        subscription        ada  2026-04-01T16:00  plus started 2026-05-01
          -> tier plus SUBSCRIBED until 2026-05-09T05:00 | tier plus until 2026-05-08, no next tier
        subscription        ada  2026-04-10T16:00  plus cancelled  -> nothing | -
        subscription        ada  2026-04-20T16:00  plus lapsed
          -> tier shopper SUBSCRIPTION_ENDED, welcome_box expired
          | tier shopper, regular in 30000 spend and 4 visits, no voucher welcome_box
        """, "balances", "tier", "next", "vouchers")  # fmt: skip


def test_perks_have_a_quantity_by_day_month_and_year() -> None:
    """Gallons add up; scanning goes by the day, delivery is free of number; what is beyond is refused."""
    check("retail_membership", """
        subscription     ada  2026-01-11T16:00  plus started 2027-01-10
          -> welcome +0 cash (+1000 pending), tier shopper JOINED, tier plus SUBSCRIBED until 2027-01-18T06:00,
             welcome_box issued
          | free_delivery 0, fuel 0/60, scan_and_go 0/3, streaming 0/365
        fuel_fill        ada  2026-01-12T16:00  quantity=35 unit=gallons  -> two_errands granted | fuel 35/60
        fuel_fill        ada  2026-01-20T16:00  quantity=30 unit=gallons
          -> two_errands expired 1, two_errands granted, refused PERK_USED_UP | -
        fuel_fill        ada  2026-01-20T16:10  quantity=25 unit=gallons
          -> offer.two_errands +25 cash, two_errands completed 2 | fuel 60/60
        fuel_fill        ada  2026-02-02T16:10  quantity=12 unit=gallons
          -> release.welcome +1000 cash (-1000 pending), two_errands granted | fuel 12/60
        scan_and_go      ada  2026-02-03T16:00  -> two_errands expired 1 | scan_and_go 1/3
        scan_and_go      ada  2026-02-03T17:00  -> nothing | scan_and_go 2/3
        scan_and_go      ada  2026-02-03T18:00  -> nothing | scan_and_go 3/3
        scan_and_go      ada  2026-02-03T19:00  -> refused PERK_USED_UP | -
        scan_and_go      ada  2026-02-04T19:00  -> scanned +100 cash | scan_and_go 1/3
        streaming_start  ada  2026-02-04T20:00  -> nothing | streaming 1/365
        fuel_fill        bob  2026-02-04T20:00  quantity=12 unit=gallons
          -> tier shopper JOINED, refused NOT_ELIGIBLE | -
        """, "perks")  # fmt: skip


def test_who_shops_a_lot_is_a_regular_without_paying() -> None:
    """Over ninety days, visits and purchases; what is brought back takes the standing at once."""
    check("retail_membership", """
        store_visit  ada  2026-01-10T16:00  austin
          -> check_in +5 cash, tier shopper JOINED | cash 5, tier shopper, regular in 30000 spend and 3 visits
        store_visit  ada  2026-01-10T16:10  austin  -> nothing | regular in 30000 spend and 2 visits
        purchase     ada  2026-01-10T16:30  o1 200.00 USD grocery=150.00 fuel=50.00
          -> cash_back +0 cash (+150 pending) | cash pending 150, regular in 10000 spend and 1 visits
        purchase     ada  2026-01-20T16:30  o2 60.00 USD grocery=60.00
          -> cash_back +0 cash (+60 pending) | cash pending 210, regular in 4000 spend
        purchase     ada  2026-01-21T16:30  o3 60.00 USD grocery=60.00
          -> cash_back +0 cash (+60 pending), tier regular QUALIFIED until 2026-04-10T05:00
          | cash pending 270, tier regular until 2026-04-09, plus in plus
        purchase     ada  2026-01-22T16:30  o4 10.00 USD grocery=10.00
          -> cash_back +0 cash (+20 pending) | cash pending 290
        activity     ada  2026-01-23T16:30  delivery  -> nothing | -
        activity     ada  2026-01-24T16:30  delivery  -> refused PERK_USED_UP | -
        return       ada  2026-01-25T16:30  o3 60.00 USD
          -> return.cash_back +0 cash (-60 pending), tier shopper RETURNED
          | cash pending 230, tier shopper, regular in 3000 spend
        purchase     ada  2026-01-26T16:30  o5 40.00 USD grocery=40.00
          -> cash_back +0 cash (+40 pending), tier regular QUALIFIED until 2026-04-10T05:00
          | cash pending 270, tier regular until 2026-04-09, plus in plus
        later        ada  2026-02-24T16:30
          -> release.cash_back +150 cash (-150 pending), release.cash_back +60 cash (-60 pending), release.cash_back
             +20 cash (-20 pending)
          | cash 235, cash pending 40
        later        ada  2026-04-10T04:59
          -> release.cash_back +40 cash (-40 pending) | cash 275, no cash pending
        later        ada  2026-04-10T05:00  -> tier shopper PERIOD_ENDED | tier shopper, regular in 19000 spend
        """, "balances", "tier", "next")  # fmt: skip


def test_scanning_in_the_store_and_stopping_once_earn() -> None:
    """Every fifth scan; two errands on a day; the first welcome only; one stock of boxes for all."""
    check("retail_membership", """
        subscription  ada  2026-01-11T16:00  plus started 2027-01-10
          -> welcome +0 cash (+1000 pending), tier shopper JOINED, tier plus SUBSCRIBED until 2027-01-18T06:00,
             welcome_box issued
          | cash 0, cash pending 1000, tier plus until 2027-01-17, voucher welcome_box
        subscription  bob  2026-01-11T16:01  plus started 2027-01-10
          -> welcome +0 cash (+1000 pending), tier shopper JOINED, tier plus SUBSCRIBED until 2027-01-18T06:00,
             welcome_box issued
          | cash 0, cash pending 1000, tier plus until 2027-01-17, voucher welcome_box
        subscription  cem  2026-01-11T16:02  plus started 2027-01-10
          -> welcome +0 cash (+1000 pending), tier shopper JOINED, tier plus SUBSCRIBED until 2027-01-18T06:00,
             refused OUT_OF_STOCK
          | cash 0, cash pending 1000, tier plus until 2027-01-17
        fuel_fill     ada  2026-01-12T16:00  quantity=10  -> two_errands granted | two_errands 1/2
        purchase      ada  2026-01-12T17:00  o1 10.00 USD grocery=10.00
          -> cash_back +0 cash (+30 pending), offer.two_errands +25 cash, two_errands completed 2
          | cash 25, cash pending 1030, two_errands done
        scan_and_go   ada  2026-01-12T17:01  -> nothing | -
        scan_and_go   ada  2026-01-12T17:02  -> nothing | -
        scan_and_go   ada  2026-01-13T17:03  -> nothing | no two_errands
        scan_and_go   ada  2026-01-13T17:04  -> nothing | -
        scan_and_go   ada  2026-01-13T17:05  -> scanned +100 cash | cash 125
        subscription  ada  2026-01-14T16:00  plus cancelled 2026-01-20  -> nothing | tier plus until 2026-01-27
        subscription  ada  2026-03-01T16:00  plus started 2027-02-28
          -> release.welcome +1000 cash (-1000 pending), release.welcome +1000 cash (-1000 pending), release.welcome
             +1000 cash (-1000 pending), release.cash_back +30 cash (-30 pending), tier shopper SUBSCRIPTION_ENDED,
             tier plus SUBSCRIBED until 2027-03-08T06:00
          | cash 1155, tier plus until 2027-03-07, no cash pending
        """, "balances", "tier", "vouchers", "offers")  # fmt: skip


def test_a_cart_is_spoken_of_once() -> None:
    """By push, after two hours, as the member agreed to; a purchase in time silences it."""
    check("retail_membership", """
        consent      ada+device:phone  2026-01-11T16:00  channel=push purpose=marketing state=granted origin=app
          -> tier shopper JOINED | -
        cart_change  ada               2026-01-11T17:00  cart_id=c1 status=active value=52.00USD  -> nothing | -
        purchase     ada               2026-01-11T18:00  o1 52.00 USD  -> cash_back +0 cash (+52 pending) | -
        cart_change  ada               2026-01-12T17:00  cart_id=c2 status=active value=20.00USD  -> nothing | -
        later        ada               2026-01-12T19:00
          -> abandoned_cart raised 2000, cart sent by push | call_centre: has abandoned cart
        """, "staff")  # fmt: skip
