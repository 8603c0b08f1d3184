"""P5, the sports membership: training counts, there are no points at all (see `tests.programs.tables`)."""

from tests.programs.tables import check, shipped


def test_there_is_no_points_currency() -> None:
    """Nothing is earned and nothing owed; what is won are vouchers."""
    told = check("sport_membership", """
        purchase  external:ada  2026-03-01T10:00  o1 120.00 GBP shoes=120.00
          -> tier starter JOINED | tier starter, athlete in 5 sessions
        accrual   external:ada  2026-03-01T11:00  accrual_id=a1 currency=points points=5
          -> refused UNKNOWN_CURRENCY | -
        """, "balances", "tier", "next")  # fmt: skip

    assert shipped("sport_membership").currencies == {}
    assert told.folded.lines.get("entries", b"") == b""


def test_streaks_are_days_in_a_row_whatever_was_trained() -> None:
    """By the member's own calendar; a late event closes a gap."""
    check("sport_membership", """
        preference  external:ada           2026-03-02T09:00  Australia/Sydney  -> tier starter JOINED | -
        run         external:ada+watch:w1  2026-03-02T20:00  quantity=5.2 unit=km
          -> distance granted, week_streak granted | distance 5/50, week_streak 1/5
        workout     external:ada           2026-03-03T20:00  -> nothing | week_streak 2/5
        class       external:ada           2026-03-04T20:00  -> spring granted | week_streak 3/5, spring 1/4
        class       external:ada           2026-03-06T20:00  -> nothing | spring 2/4
        run         watch:w1               2026-03-05T20:00  quantity=10.3 unit=km
          -> tier athlete QUALIFIED, week_streak completed 5, class_pass issued
          | distance 15/50, week_streak done, voucher class_pass
        activity    external:ada           2026-03-10T09:00  class_check_in
          -> class_pass used | no voucher class_pass
        activity    external:ada           2026-03-11T09:00  class_check_in  -> refused UNKNOWN_VOUCHER | -
        """, "offers", "vouchers")  # fmt: skip


def test_kilometres_add_up_over_a_month() -> None:
    """To the thousandth; the next month begins at nothing, and what was won ends."""
    check("sport_membership", """
        run    external:ada  2026-03-02T20:00  quantity=21.1 unit=km
          -> tier starter JOINED, distance granted, week_streak granted | distance 21/50, week_streak 1/5
        run    external:ada  2026-03-12T20:00  quantity=28.899 unit=km  -> nothing | distance 49/50
        run    external:ada  2026-03-12T20:30  quantity=0.001 unit=km
          -> distance completed 50000, free_delivery issued | distance done, voucher free_delivery
        run    external:ada  2026-04-02T20:00  quantity=12 unit=km
          -> week_streak expired 1, distance granted, week_streak granted | distance 12/50
        later  external:ada  2026-04-12T20:00  -> free_delivery expired | no voucher free_delivery
        """, "offers", "vouchers")  # fmt: skip


def test_a_season_has_both_ends_and_takes_late_news() -> None:
    """A class of May that a watch tells of in June counts; one of June does not."""
    check("sport_membership", """
        class  external:ada  2026-02-28T20:00  -> tier starter JOINED, week_streak granted | week_streak 1/5
        class  external:ada  2026-03-01T20:00
          -> week_streak expired 1, spring granted, week_streak granted | spring 1/4
        class  external:ada  2026-04-01T20:00  -> week_streak expired 1, week_streak granted | spring 2/4
        class  external:ada  2026-05-30T20:00  -> week_streak expired 1, week_streak granted | spring 3/4
        class  external:ada  2026-06-01T10:00
          -> tier athlete QUALIFIED, week_streak expired 1, week_streak granted | no spring
        class  external:ada  2026-05-31T22:00  -> spring completed 4, class_pass issued | -
        later  external:ada  2026-06-03T10:00  -> nothing | -
        """, "offers")  # fmt: skip


def test_five_sessions_make_an_athlete_for_ever() -> None:
    """Every kind counts, and nothing is taken away again; the coach has an hour twice a month."""
    check("sport_membership", """
        class     external:ada  2026-03-01T10:00
          -> tier starter JOINED, spring granted, week_streak granted | tier starter, athlete in 4 sessions
        class     external:ada  2026-03-01T18:00  -> nothing | athlete in 3 sessions
        run       external:ada  2026-03-03T10:00  quantity=3  -> distance granted | athlete in 2 sessions
        workout   external:ada  2026-03-05T10:00  -> nothing | athlete in 1 sessions
        activity  external:ada  2026-03-06T10:00  coach_chat  -> refused NOT_ELIGIBLE | -
        workout   external:ada  2026-03-07T10:00
          -> tier athlete QUALIFIED | tier athlete, legend in 495 sessions, coach 0/2
        activity  external:ada  2026-03-08T10:00  coach_chat  -> nothing | coach 1/2
        later     external:ada  2036-03-18T10:00
          -> distance expired 3000, week_streak expired 1, spring expired 2 | coach 0/2
        """, "tier", "next", "perks")  # fmt: skip


def test_a_drop_is_for_members_while_there_are_pairs() -> None:
    """An invitation, an hour, one pair: whose entry stands first in the log has it, the other is told why not."""
    check("sport_membership", """
        run          external:ada  2026-03-01T10:00
          -> tier starter JOINED, distance granted, week_streak granted | distance 1/50, week_streak 1/5
        run          external:ada  2026-03-02T10:00  -> nothing | distance 2/50, week_streak 2/5
        run          external:ada  2026-03-03T10:00  -> nothing | distance 3/50, week_streak 3/5
        run          external:ada  2026-03-05T10:00  -> nothing | distance 4/50
        offer_grant  external:ada  2026-03-06T10:00  drop mail1  -> refused NOT_ELIGIBLE | -
        run          external:ada  2026-03-07T10:00  -> tier athlete QUALIFIED | distance 5/50
        offer_grant  external:ada  2026-03-08T10:00  drop mail1  -> drop granted | drop 0/1
        run          external:bob  2026-03-10T10:00
          -> tier starter JOINED, distance granted, week_streak granted | distance 1/50, week_streak 1/5
        run          external:bob  2026-03-11T10:00  -> nothing | distance 2/50, week_streak 2/5
        run          external:bob  2026-03-13T10:00  -> nothing | distance 3/50
        run          external:bob  2026-03-15T10:00  -> nothing | distance 4/50
        run          external:bob  2026-03-17T10:00  -> tier athlete QUALIFIED | distance 5/50
        offer_grant  external:bob  2026-03-18T10:00  drop mail2  -> drop granted | drop 0/1
        drop_entry   external:ada  2026-04-10T16:59
          -> distance expired 5000, week_streak expired 2, distance expired 5000, week_streak expired 3
          | no distance, no week_streak
        drop_entry   external:bob  2026-04-10T17:00
          -> drop completed 1, drop_pair issued | drop done, voucher drop_pair, no distance, no week_streak
        drop_entry   external:ada  2026-04-10T17:00  -> drop completed 1, refused OUT_OF_STOCK | drop done
        later        external:bob  2026-04-12T18:00  -> drop_pair expired | no drop, no voucher drop_pair
        """, "offers", "vouchers")  # fmt: skip
