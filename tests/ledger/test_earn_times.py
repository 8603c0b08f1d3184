"""When a rule holds: windows, hours, birthdays, the first and every so-many-th event."""

from tests.ledger.earn_tables import earn

VISIT = "on: store_visit, currency: points, points: 5"
DOUBLE = """
- {id: spend, on: purchase, currency: points, points: 1, per: {amount: 100, currency: GBP}}
- {id: double, on: purchase, currency: points, bonus: {percent: 100}, %s}
"""


def test_a_window_of_days_counts_its_last_day_whole() -> None:
    """Both ends are local days of the member's zone, else of the program's."""
    windows = "[{from: 2026-12-01, to: 2026-12-24}, {from: 2026-12-31, to: 2026-12-31}]"
    earn(f"- {{id: visit, {VISIT}, between: {windows}}}", """
        store_visit  2026-11-30T22:59  store=a                   -> nothing
        store_visit  2026-11-30T23:00  store=a                   -> visit +5
        store_visit  2026-12-24T22:59  store=a                   -> visit +5
        store_visit  2026-12-24T23:00  store=a                   -> nothing
        store_visit  2026-12-31T10:00  store=a                   -> visit +5
        store_visit  2026-12-25T04:59  store=a  zone=America/New_York  -> visit +5
        store_visit  2026-12-25T05:00  store=a  zone=America/New_York  -> nothing
        store_visit  2026-12-24T22:59  store=a  zone=Nowhere/Land      -> visit +5
        """, zone="Europe/Madrid")


def test_a_window_of_minutes_ends_before_its_last() -> None:
    """`to` with a time is the first minute outside."""
    earn(f"- {{id: visit, {VISIT}, between: [{{from: 2026-12-01T18:00, to: 2026-12-01T20:00}}]}}", """
        store_visit  2026-12-01T17:59  store=a  -> nothing
        store_visit  2026-12-01T18:00  store=a  -> visit +5
        store_visit  2026-12-01T19:59  store=a  -> visit +5
        store_visit  2026-12-01T20:00  store=a  -> nothing
        """)


def test_happy_hours_are_local() -> None:
    """The member's clock decides, or the program's where the rule says so; a late event counts by its own time."""
    hours = 'hours: [{days: [friday], from: "15:00", to: "17:00"}]'
    earn(DOUBLE % hours, """
        purchase  2026-01-02T14:59  10.00 GBP                       -> spend +10
        purchase  2026-01-02T15:00  10.00 GBP                       -> spend +10, double +10
        purchase  2026-01-02T16:59  10.00 GBP                       -> spend +10, double +10
        purchase  2026-01-02T17:00  10.00 GBP                       -> spend +10
        purchase  2026-01-03T15:00  10.00 GBP                       -> spend +10
        purchase  2026-01-02T14:00  10.00 GBP  zone=Europe/Madrid   -> spend +10, double +10
        """)
    earn(DOUBLE % f"{hours}, clock: program", """
        purchase  2026-01-02T14:00  10.00 GBP  zone=Europe/Madrid   -> spend +10
        purchase  2026-01-02T15:00  10.00 GBP  zone=Europe/Madrid   -> spend +10, double +10
        """)


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    """Friday night lasts until Saturday morning."""
    earn(DOUBLE % 'hours: [{days: [friday], from: "22:00", to: "02:00"}]', """
        purchase  2026-01-02T01:00  10.00 GBP  -> spend +10
        purchase  2026-01-02T22:00  10.00 GBP  -> spend +10, double +10
        purchase  2026-01-03T01:59  10.00 GBP  -> spend +10, double +10
        purchase  2026-01-03T02:00  10.00 GBP  -> spend +10
        purchase  2026-01-03T22:00  10.00 GBP  -> spend +10
        """)


def test_hours_follow_the_change_of_the_clocks() -> None:
    """Ten o'clock is ten o'clock before and after it."""
    earn(f'- {{id: visit, {VISIT}, hours: [{{from: "10:00", to: "11:00"}}]}}', """
        store_visit  2026-03-28T09:00  store=a  -> visit +5
        store_visit  2026-03-29T09:00  store=a  -> nothing
        store_visit  2026-03-29T08:00  store=a  -> visit +5
        """, zone="Europe/Madrid")


def test_a_birthday_is_celebrated_once() -> None:
    """On the member's own calendar, with the days around it, over the end of a year too."""
    earn(f"- {{id: cake, {VISIT}, birthday: {{days_before: 3, days_after: 2}}}}", """
        store_visit  2026-05-13T23:59  store=a  my.birthday=1990-05-17  -> nothing
        store_visit  2026-05-14T00:00  store=a  my.birthday=1990-05-17  -> cake +5
        store_visit  2026-05-17T10:00  store=a  my.birthday=1990-05-17  -> nothing
        store_visit  2027-05-19T10:00  store=a  my.birthday=05-17       -> cake +5
        store_visit  2028-05-20T10:00  store=a  my.birthday=--05-17     -> nothing
        store_visit  2028-05-17T10:00  store=a                          -> nothing
        store_visit  2028-05-17T10:00  store=a  my.birthday=17/5/1990   -> nothing
        """)
    earn(f"- {{id: cake, {VISIT}, birthday: {{days_before: 3, days_after: 2}}}}", """
        store_visit  2026-12-30T10:00  store=a  my.birthday=1990-01-01  -> cake +5
        store_visit  2027-01-02T10:00  store=a  my.birthday=1990-01-01  -> nothing
        store_visit  2027-12-31T10:00  store=a  my.birthday=1990-01-01  -> cake +5
        """)


def test_who_was_born_on_a_leap_day_has_a_birthday_each_year() -> None:
    """On the last day of February; the zone says when that is."""
    earn(f"- {{id: cake, {VISIT}, birthday: {{}}}}", """
        store_visit  2027-02-28T10:00  store=a  my.birthday=1992-02-29                         -> cake +5
        store_visit  2028-02-28T10:00  store=a  my.birthday=1992-02-29                         -> nothing
        store_visit  2028-02-28T12:00  store=a  my.birthday=1992-02-29  zone=Pacific/Auckland  -> cake +5
        """)


def test_the_first_events_that_meet_a_rule() -> None:
    """Counted by the rule; what does not meet it is not counted, nor is a further part of an order."""
    earn("""
- {id: coffee, on: purchase, currency: points, points: 9, first: 2, when: line.category == "coffee",
   minimum: {amount: 1, currency: GBP}}
""", """
        purchase  2026-01-01T10:00  2.00 GBP  tea:2.00               -> nothing
        purchase  2026-01-01T10:01  2.00 GBP  coffee:2.00  order=o1  -> coffee +9
        purchase  2026-01-01T10:02  2.00 GBP  coffee:2.00  order=o1  -> nothing
        purchase  2026-01-01T10:03  2.00 GBP  coffee:2.00            -> coffee +9
        purchase  2026-01-01T10:04  2.00 GBP  coffee:2.00            -> nothing
        """)


def test_the_first_purchase_of_all() -> None:
    """`purchases` counts orders, those before the rule too."""
    member = earn("""
- {id: welcome, on: purchase, currency: points, points: 50, when: purchases == 0,
   minimum: {amount: 1000, currency: GBP}}
- {id: third, on: purchase, currency: points, points: 30, when: purchases == 2, minimum: {amount: 1, currency: GBP}}
""", """
        purchase  2026-01-01T10:00  10.00 GBP  order=o1  -> welcome +50
        purchase  2026-01-01T10:01  10.00 GBP  order=o1  -> nothing
        purchase  2026-01-01T10:02  10.00 GBP            -> nothing
        purchase  2026-01-01T10:03  10.00 GBP            -> third +30
        """)
    assert member.state.purchases == 3


def test_every_third_visit() -> None:
    """The third, the sixth and so on of those that meet the rule."""
    earn(f"- {{id: visit, {VISIT}, every: 3, when: store != 'b'}}", """
        store_visit  2026-01-01T10:00  store=a  -> nothing
        store_visit  2026-01-02T10:00  store=b  -> nothing
        store_visit  2026-01-03T10:00  store=a  -> nothing
        store_visit  2026-01-04T10:00  store=a  -> visit +5
        store_visit  2026-01-05T10:00  store=a  -> nothing
        store_visit  2026-01-06T10:00  store=a  -> nothing
        store_visit  2026-01-07T10:00  store=a  -> visit +5
        """)


def test_every_second_day_with_a_visit() -> None:
    """Of several visits on one local day one counts; the day is that of the visit, however late it is told."""
    earn(f"- {{id: visit, {VISIT}, every: 2, once_a: day}}", """
        store_visit  2026-01-01T10:00  store=a  -> nothing
        store_visit  2026-01-01T22:59  store=a  -> nothing
        store_visit  2026-01-01T23:00  store=a  -> visit +5
        store_visit  2026-01-02T10:00  store=a  -> nothing
        store_visit  2025-12-30T10:00  store=a  -> nothing
        store_visit  2025-12-31T10:00  store=a  -> visit +5
        """, zone="Europe/Madrid")


def test_a_referral_credits_both() -> None:
    """The new customer by an attribute, the one who sent them by an event of their own."""
    earn("""
- {id: referred, on: purchase, currency: points, points: 50, first: 1, when: attribute.referred_by != none,
   minimum: {amount: 1, currency: GBP}}
- {id: referrer, on: referral, currency: points, points: 200, caps: [{times: 2, period: year}]}
""", """
        purchase  2026-01-01T10:00  9.00 GBP                      -> nothing
        purchase  2026-01-01T10:01  9.00 GBP  my.referred_by=L7   -> referred +50
        purchase  2026-01-01T10:02  9.00 GBP  my.referred_by=L7   -> nothing
        referral  2026-01-01T10:03                                -> referrer +200
        referral  2026-02-01T10:03                                -> referrer +200
        referral  2026-03-01T10:03                                -> nothing
        referral  2027-01-01T10:03                                -> referrer +200
        """)
