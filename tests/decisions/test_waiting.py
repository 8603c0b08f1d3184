"""Quiet hours and merges as tables: what waits, what becomes of it, and what two members bring to one."""

from flows.fold import fold
from tests.decisions.tables import DAY_US, holds, instant_us, kiosk, play, records, row, rows_of

NIGHT = 'quiet_hours: {from: "21:00", to: "08:00"}'
SAY_YES = """
03-01T00:00 consent ada email marketing granted ->
03-01T00:00 consent ada push  marketing granted ->
"""


def test_at_night_it_waits_until_morning() -> None:
    """A reminder due in quiet hours leaves at their end, on either side of midnight; at the end itself it leaves."""
    holds(f"""{SAY_YES.strip()}
03-02T18:59 cart ada c1 active -> 03-02T20:59 sent push ALLOWED
03-03T19:00 cart ada c2 active -> 03-03T21:00 deferred push QUIET_HOURS; 03-04T08:00 sent push ALLOWED
03-05T03:00 cart ada c3 active -> 03-05T05:00 deferred push QUIET_HOURS; 03-05T08:00 sent push ALLOWED
03-06T06:00 cart ada c4 active -> 03-06T08:00 sent push ALLOWED
""", NIGHT)


def test_night_is_where_the_member_lives() -> None:
    """The zone of the member's wish goes before that of the attribute, and both before the brand's."""
    holds(f"""{SAY_YES.strip()}
03-02T18:00 cart   ada c1 active                  -> 03-02T20:00 sent push ALLOWED
03-03T09:00 update ada time_zone=Asia/Kolkata     ->
03-03T14:00 cart   ada c2 active                  -> 03-03T16:00 deferred push QUIET_HOURS; 03-04T02:30 sent push ALLOWED
03-04T09:00 prefer ada time_zone=America/New_York ->
03-04T14:00 cart   ada c3 active                  -> 03-04T16:00 sent push ALLOWED
03-05T10:00 cart   ada c4 active                  -> 03-05T12:00 deferred push QUIET_HOURS; 03-05T13:00 sent push ALLOWED
""", NIGHT)  # noqa: E501 - a table's lines stay whole


def test_own_quiet_hours_go_before_the_brands() -> None:
    """A member's hours replace the brand's; two equal times mean that there are none."""
    holds(f"""{SAY_YES.strip()}
03-02T09:00 prefer ada quiet=12:00-14:00 ->
03-02T10:00 cart   ada c1 active -> 03-02T12:00 deferred push QUIET_HOURS; 03-02T14:00 sent push ALLOWED
03-02T20:00 cart   ada c2 active -> 03-02T22:00 sent push ALLOWED
03-03T09:00 prefer ada quiet=00:00-00:00 ->
03-03T10:00 cart   ada c3 active -> 03-03T12:00 sent push ALLOWED
""", NIGHT)


def test_the_morning_follows_the_change_of_the_clocks() -> None:
    """Eight o'clock in London is 08:00 UTC in winter and 07:00 in summer, in the very night of the change."""
    holds(f"""{SAY_YES.strip()}
03-27T20:00 prefer ada time_zone=Europe/London ->
03-27T21:00 cart ada c1 active -> 03-27T23:00 deferred push QUIET_HOURS; 03-28T08:00 sent push ALLOWED
03-28T21:00 cart ada c2 active -> 03-28T23:00 deferred push QUIET_HOURS; 03-29T07:00 sent push ALLOWED
10-24T20:00 cart ada c3 active -> 10-24T22:00 deferred push QUIET_HOURS; 10-25T08:00 sent push ALLOWED
""", NIGHT)


def test_what_expires_before_morning_is_not_kept() -> None:
    """A reminder that could leave only at or after its expiry is suppressed at once."""
    extra = """
rules: [{id: remind, on: abandoned, purpose: marketing, channels: [push], template: kept, expires_after: 3h}]
quiet_hours: {from: "21:00", to: "08:00"}
"""
    holds(f"""{SAY_YES.strip()}
03-02T19:00 cart ada c1 active -> 03-02T21:00 suppressed push QUIET_HOURS
03-03T03:00 cart ada c2 active -> 03-03T05:00 suppressed push QUIET_HOURS
03-04T03:01 cart ada c3 active -> 03-04T05:01 deferred   push QUIET_HOURS; 03-04T08:00 sent push ALLOWED
""", extra)


def test_what_waits_is_judged_again() -> None:
    """A cleared signal, a withdrawn consent and a full cap hold back what waited for the morning."""
    extra = f"{NIGHT}\ncaps: [{{id: day, max: 1, window: 1d}}]"
    holds(f"""{SAY_YES.strip()}
03-02T20:00 cart    ada c1 active                  -> 03-02T22:00 deferred push QUIET_HOURS
03-03T07:00 buy     ada o1                         -> 03-03T08:00 suppressed - SIGNAL_CLEARED
03-03T20:00 cart    ada c2 active                  -> 03-03T22:00 deferred push QUIET_HOURS
03-03T23:00 cart    ada c3 active                  -> 03-04T01:00 deferred push QUIET_HOURS
03-04T07:00 consent ada push marketing withdrawn   -> 03-04T08:00 sent email ALLOWED; \
03-04T08:00 suppressed email CAP_REACHED
03-05T20:00 cart    ada c4 active                  -> 03-05T22:00 deferred email QUIET_HOURS
03-06T07:00 consent ada email marketing withdrawn  -> 03-06T08:00 suppressed push NO_CONSENT
""", extra)


def test_a_cart_changed_again_at_night_reminds_once() -> None:
    """The reminder of a cart that was changed while it waited is taken back, or leaves once for the later change."""
    holds(f"""{SAY_YES.strip()}
03-02T20:00 cart ada c1 active -> 03-02T22:00 deferred push QUIET_HOURS
03-03T07:00 cart ada c1 active -> 03-03T08:00 suppressed - SIGNAL_CLEARED; 03-03T09:00 sent push ALLOWED
03-03T19:00 cart ada c2 active -> 03-03T21:00 deferred push QUIET_HOURS
03-03T23:00 cart ada c2 active -> 03-04T01:00 deferred push QUIET_HOURS; 03-04T08:00 sent push ALLOWED
""", NIGHT)


def test_contacts_of_both_count_after_a_merge() -> None:
    """The messages that either member got fill the caps of the one they became."""
    holds("""
03-01T00:00 consent ada push marketing granted ->
03-01T00:00 consent bea push marketing granted ->
03-02T10:00 cart ada c1 active -> 03-02T12:00 sent       push ALLOWED
03-02T13:00 cart bea c2 active -> 03-02T15:00 sent       push ALLOWED
03-03T09:00 join ada+bea       ->
03-03T10:00 cart ada c3 active -> 03-03T12:00 suppressed push CAP_REACHED
03-09T10:01 cart bea c4 active -> 03-09T12:01 sent       push ALLOWED
""", "caps: [{id: week, max: 2, window: 7d}]")


def test_the_stricter_consent_counts_after_a_merge() -> None:
    """A refusal of either member stands for both, even if the other's grant is newer, until it is given anew."""
    for refuses, agrees in (("ada", "bea"), ("bea", "ada")):
        holds(f"""
03-01T00:00 join    ada ->
03-01T01:00 consent {refuses} push marketing denied  ->
03-01T02:00 consent {agrees}  push marketing granted ->
03-02T09:00 join    ada+bea                          ->
03-02T10:00 cart    ada c1 active -> 03-02T12:00 suppressed push NO_CONSENT
03-03T09:00 consent bea push marketing granted       ->
03-03T10:00 cart    ada c2 active -> 03-03T12:00 sent push ALLOWED
""")


def test_carts_and_what_waits_go_on_after_a_merge() -> None:
    """The survivor is reminded of the carts of both, each at its time, and once."""
    for older, younger in (("ada", "bea"), ("bea", "ada")):
        folded = holds(f"""
03-01T00:00 consent {older}   push marketing granted ->
03-01T00:00 consent {younger} push marketing granted ->
03-02T20:00 cart    ada c1 active -> 03-02T22:00 deferred push QUIET_HOURS
03-03T06:30 cart    ada c2 active ->
03-03T06:40 cart    bea c3 active ->
03-03T07:00 join    ada+bea       -> 03-03T08:00 sent push ALLOWED; 03-03T08:30 sent push ALLOWED; \
03-03T08:40 sent push ALLOWED
""", NIGHT)
        assert len({one["member_id"] for one in records(folded, "actions")}) == 1


def test_a_purchase_of_either_ends_the_carts_of_both() -> None:
    """A cart that one member left before the other bought is not held against the one they became."""
    holds("""
03-01T00:00 consent ada push marketing granted ->
03-01T00:00 consent bea push marketing granted ->
03-02T10:00 cart ada c1 active ->
03-02T10:30 buy  bea o1        ->
03-02T11:00 join ada+bea       ->
""")


def test_a_purchase_of_either_takes_back_what_waits() -> None:
    """A reminder that waits for the morning is taken back by a merge with a member who bought after that cart."""
    for owner, buyer in (("ada", "bea"), ("bea", "ada")):
        holds(f"""
03-01T00:00 consent ada push marketing granted ->
03-01T00:00 consent bea push marketing granted ->
03-02T20:00 cart {owner} c1 active -> 03-02T22:00 deferred push QUIET_HOURS
03-02T23:00 buy  {buyer} o1        ->
03-03T07:00 join ada+bea           -> 03-03T08:00 suppressed - SIGNAL_CLEARED
""", NIGHT)


def test_an_unsubscription_finds_who_the_member_became() -> None:
    """The action's member was absorbed since; the receipt withdraws the survivor's consent."""
    table = """
03-01T00:00 consent ada push marketing granted
03-01T00:00 consent bea push marketing granted
03-02T10:00 cart    bea c1 active
03-02T13:00 join    ada+bea
03-02T14:00 unsubscribe push
03-03T10:00 cart    ada c2 active
"""
    last = records(play(table), "decisions")[-1]
    assert (last["outcome"], last["reason"]) == ("suppressed", "NO_CONSENT")


def test_nothing_is_decided_beyond_the_clock() -> None:
    """Timers fire up to the clock that the log has reached, and no further."""
    rows = rows_of(kiosk(), "03-02T10:00 cart nora c1 active")
    due_us = instant_us("03-02T12:00")
    assert records(fold(kiosk(), rows, due_us - 1), "decisions") == []
    assert len(records(fold(kiosk(), rows, due_us), "decisions")) == 1
    later = row(1, "alias", {"ids": {"loyalty": "nora"}}, due_us + DAY_US)
    assert len(records(fold(kiosk(), [*rows, later]), "decisions")) == 1
