"""P2, the beauty retailer: tiers by yearly spend, community, advisers at the till (see `tests.programs.tables`)."""

from tests.programs.tables import check


def test_tiers_follow_what_is_spent_in_a_year() -> None:
    """Higher ones earn more and bring a gift; a return may take the ground away, and the tier then ends sooner."""
    check("beauty", """
        purchase  ada  2026-02-28T10:00  o1 300.00 EUR cream=250.00 gift_card=50.00
          -> spend +250 points, tier insider JOINED, routine granted | points 250, tier insider, vib in 5000 spend
        purchase  ada  2026-03-10T10:00  o2 50.00 EUR serum=50.00
          -> spend +50 points, tier vib QUALIFIED until 2028-01-14T23:00, welcome_gift issued
          | points 300, tier vib until 2028-01-14, rouge in 65000 spend, voucher welcome_gift
        purchase  ada  2026-03-11T10:00  o3 90.00 EUR lipstick=90.00
          -> spend +113 points | points 413, rouge in 56000 spend
        return    ada  2026-03-12T10:00  o1 300.00 EUR
          -> return.spend -250 points | points 163, tier vib until 2027-01-14, rouge in 86000 spend
        purchase  ada  2026-05-10T10:00  o4 860.00 EUR perfume=860.00 by=web
          -> spend +1075 points, tier rouge QUALIFIED until 2028-01-14T23:00, welcome_gift expired, rouge_gift issued
          | points 1238, tier rouge until 2028-01-14, voucher rouge_gift, no next tier, no voucher welcome_gift
        purchase  ada  2026-05-11T10:00  o5 4.00 EUR  -> spend +6 points | points 1244
        later     ada  2028-01-14T22:59
          -> expired -1244 points, routine expired 2, rouge_gift expired, points_expiring raised 1244,
             points_expiring cleared, points_ending suppressed by email
          | points 0, no voucher rouge_gift
        later     ada  2028-01-14T23:00  -> tier insider PERIOD_ENDED | tier insider, vib in 35000 spend
        """, "balances", "tier", "next", "vouchers")  # fmt: skip


def test_advisers_see_perks_and_debts_at_the_till() -> None:
    """What is used up is refused, each month anew; who returned more than is left owes points."""
    check("beauty", """
        purchase       ada  2026-03-10T10:00  o1 400.00 EUR
          -> spend +400 points, tier insider JOINED, tier vib QUALIFIED until 2028-01-14T23:00, welcome_gift issued
          | points 400, makeover 0/1, minis for 250
        activity       ada  2026-03-11T10:00  makeover  -> nothing | makeover 1/1
        activity       ada  2026-03-12T10:00  makeover  -> refused PERK_USED_UP | -
        activity       ada  2026-04-01T10:00  makeover  -> nothing | -
        redeem         ada  2026-04-02T10:00  r1 250 points minis
          -> redeem -250 points, minis issued | points 150, no minis for points
        return         ada  2026-04-03T10:00  o1 400.00 EUR
          -> return.spend -400 points | points 0, points owed 250, till: owes points, call_centre: owes points
        purchase       ada  2026-04-04T10:00  o2 100.00 EUR  -> spend +125 points | points owed 125
        points_adjust  ada  2026-04-05T10:00  200 points
          -> points_adjust +200 points
          | points 75, no points owed, no till: owes points, no call_centre: owes points
        """, "balances", "perks", "rewards", "staff")  # fmt: skip


def test_the_community_earns_too() -> None:
    """Reviews are pending while they are moderated, and capped by day; minutes of tutorials by week."""
    check("beauty", """
        review    ada  2026-03-02T20:00
          -> review +0 points (+20 pending), tier insider JOINED, five_reviews granted
          | points 0, points pending 20, five_reviews 1/5
        review    ada  2026-03-03T19:00  -> nothing | five_reviews 2/5
        review    ada  2026-03-03T20:00  -> review +0 points (+20 pending) | points pending 40, five_reviews 3/5
        later     ada  2026-03-04T23:00
          -> release.review +20 points (-20 pending) | points 20, points pending 20
        tutorial  ada  2026-03-05T13:00  quantity=25 unit=minutes  -> tutorial +12 points | points 32
        tutorial  ada  2026-03-05T14:00  quantity=300 unit=minutes  -> tutorial +38 points | points 70
        tutorial  ada  2026-03-09T14:00  quantity=10 unit=minutes
          -> release.review +20 points (-20 pending), tutorial +5 points | points 95, no points pending
        referral  ada  2026-03-10T10:00  -> referral +150 points | points 245
        review    ada  2026-03-11T20:00  -> review +0 points (+20 pending) | points pending 20, five_reviews 4/5
        review    ada  2026-03-13T20:00
          -> review +0 points (+20 pending), offer.five_reviews +100 points, five_reviews completed 5
          | points 345, points pending 40, five_reviews done
        """, "balances", "offers")  # fmt: skip


def test_the_birthday_and_the_new_brand_earn_more() -> None:
    """Once around the birthday; the brand's lines by shop and app, on the brand's own clock."""
    check("beauty", """
        member_update  ada  2026-02-27T10:00  birthday=1988-03-04 time_zone=Pacific/Auckland
          -> tier insider JOINED | -
        purchase       ada  2026-02-28T22:00  o1 60.00 EUR aurore=60.00 at=lille
          -> spend +60 points, birthday +250 points | points 310
        purchase       ada  2026-03-01T08:00  o2 60.00 EUR serum=20.00 aurore=40.00 at=lille
          -> spend +60 points, new_brand +120 points, routine granted | points 490
        purchase       ada  2026-03-02T10:00  o3 10.00 EUR aurore=10.00 at=opera
          -> spend +10 points, new_brand +50 points | points 550
        purchase       ada  2026-03-02T11:00  o4 10.00 EUR aurore=10.00 by=app
          -> spend +10 points, new_brand +40 points | points 600
        purchase       ada  2026-03-02T12:00  o5 10.00 EUR aurore=10.00 at=outlet
          -> spend +10 points | points 610
        purchase       ada  2026-03-08T20:00  o6 10.00 EUR aurore=10.00 at=opera
          -> spend +10 points | points 620
        purchase       ada  2026-03-09T10:00  o7 1.00 EUR sample=0.00 sample=0.00 sample=0.00 lipstick=1.00
          -> spend +1 points, samples +1 points | points 622
        """, "balances")  # fmt: skip


def test_challenges_and_offers_go_by_shop_and_kind() -> None:
    """A visit opens an offer for some tiers; four kinds of products complete a routine, which an activity uses up."""
    check("beauty", """
        store_visit  ada  2026-03-01T10:00  lille  -> tier insider JOINED | -
        purchase     ada  2026-03-01T10:30  o1 400.00 EUR cream=400.00 at=lille
          -> spend +400 points, tier vib QUALIFIED until 2028-01-14T23:00, routine granted, welcome_gift issued
          | routine 1/4, voucher welcome_gift
        store_visit  ada  2026-03-06T10:00  lille  -> basket granted | basket 0/8000
        purchase     ada  2026-03-06T10:30  o2 70.00 EUR serum=70.00 at=lille
          -> spend +88 points | basket 7000/8000, routine 2/4
        purchase     ada  2026-03-06T11:30  o3 90.00 EUR cleanser=45.00 sun_care=45.00 at=lille
          -> spend +113 points, offer.basket +80 points, basket completed 9000, routine completed 4, facial issued
          | basket done, routine done, voucher facial
        later        ada  2026-03-08T10:00  -> nothing | no basket
        activity     ada  2026-04-09T10:00  facial
          -> welcome_gift expired, facial used | no voucher welcome_gift, no voucher facial
        activity     ada  2026-04-10T10:00  facial  -> refused UNKNOWN_VOUCHER | -
        """, "offers", "vouchers")  # fmt: skip


def test_the_advent_calendar_is_for_some_and_for_a_time() -> None:
    """Another price for the highest tier, one a member, only while it is on offer."""
    check("beauty", """
        purchase  ada  2026-06-01T10:00  o1 2000.00 EUR
          -> spend +2000 points, tier insider JOINED, tier rouge QUALIFIED until 2028-01-14T23:00, rouge_gift issued
          | points 2000, bag for 500, minis for 250, voucher rouge_gift
        purchase  ada  2026-06-02T10:00  o2 1000.00 EUR  -> spend +1500 points | points 3500
        redeem    ada  2026-06-10T10:00  r1 1200 points advent  -> refused NOT_ON_OFFER | -
        later     ada  2026-11-01T09:00  -> rouge_gift expired | no voucher rouge_gift
        redeem    ada  2026-11-01T09:30  r2 1500 points advent  -> refused WRONG_PRICE | advent for 1200
        redeem    ada  2026-11-01T09:31  r3 1200 points advent
          -> redeem -1200 points, advent issued | points 2300, voucher advent, no advent for points
        redeem    ada  2026-11-01T09:32  r4 1200 points advent  -> refused LIMIT_REACHED | -
        redeem    bob  2026-11-01T09:33  r5 1500 points advent  -> tier insider JOINED, refused NOT_ELIGIBLE | -
        """, "balances", "rewards", "vouchers")  # fmt: skip


def test_points_stay_while_anything_is_bought() -> None:
    """Who is not known earns nothing for what came before; who agreed is told a month before the end."""
    check("beauty", """
        purchase  ~web  2026-03-01T10:00  o1 100.00 EUR  -> tier insider JOINED | -
        consent   ~web+email:ada@example.org  2026-03-02T10:00  channel=email purpose=marketing state=granted
            origin=web
          -> nothing | -
        purchase  ~web  2026-03-03T10:00  o2 100.00 EUR
          -> spend +100 points | points 100, 100 points to 2027-08-25
        purchase  ~web  2027-03-03T10:00  o3 10.00 EUR
          -> spend +10 points | points 110, 110 points to 2028-08-24, no points to 2027-08-25
        later     ~web  2028-07-26T06:00  -> points_expiring raised 110, points_ending deferred by email | -
        later     ~web  2028-07-26T07:00  -> points_ending sent by email | -
        later     ~web  2028-08-25T06:00
          -> expired -110 points, points_expiring cleared | points 0, no points to 2028-08-24
        """, "balances", "expiries")  # fmt: skip
