"""Signals, consent, channels and caps as tables: one event a line, what is decided until the next line last."""

from tests.decisions.tables import holds, kiosk, play, records

SAY_YES = """
03-01T00:00 consent ada email marketing granted ->
03-01T00:00 consent ada push  marketing granted ->
03-01T00:00 consent ada sms   marketing granted ->
"""


def test_a_cart_left_active_reminds() -> None:
    """Two hours after the last change the reminder leaves by the rule's first channel."""
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart ada c1 active -> 03-02T12:00 sent push ALLOWED
03-03T10:00 cart ada c2 active ->
03-03T11:59 cart ada c2 active -> 03-03T13:59 sent push ALLOWED
""")


def test_checkout_emptying_and_any_purchase_cancel() -> None:
    """A cart that ended in any way reminds nobody; changed again, it is armed again."""
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart ada c1 active      ->
03-02T11:00 cart ada c1 checked_out ->
03-03T10:00 cart ada c2 active      ->
03-03T11:00 cart ada c2 emptied     ->
03-04T10:00 cart ada c3 active      ->
03-04T11:00 buy  ada o1             ->
03-05T10:00 cart ada c3 active      -> 03-05T12:00 sent push ALLOWED
""")


def test_a_timer_due_at_the_time_of_an_event_fires_first() -> None:
    """A checkout at the very moment at which the cart counts as abandoned comes too late."""
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart ada c1 active      -> 03-02T12:00 sent push ALLOWED
03-02T12:00 cart ada c1 checked_out ->
""")


def test_late_news_of_a_cart_do_not_wake_it() -> None:
    """An `active` from before the checkout or the purchase, by its own time, arms nothing."""
    holds(f"""{SAY_YES.strip()}
03-02T10:00              cart ada c1 checked_out ->
03-02T10:05 @03-02T09:55 cart ada c1 active      ->
03-03T10:00              buy  ada o1             ->
03-03T10:05 @03-03T09:55 cart ada c2 active      ->
03-04T10:00              cart ada c1 active      -> 03-04T12:00 sent push ALLOWED
""")


def test_signals_are_raised_and_cleared() -> None:
    """A cart's signal is raised when it is abandoned and cleared by what ends or changes it, each once."""
    folded = play("""
03-02T10:00 cart ada c1 active
03-02T13:00 cart ada c1 active
03-02T16:00 cart ada c1 checked_out
03-02T17:00 cart ada c2 active
03-02T20:00 buy  ada o1
03-02T21:00 buy  ada o2
""")
    signals = records(folded, "signals")
    shown = [(one["detail"]["cart_id"], one["state"]) for one in signals]
    assert [(cart, state) for cart in ("c1", "c1", "c2") for state in ("raised", "cleared")] == shown
    assert len({one["signal_id"] for one in signals}) == len(signals)


def test_consent_must_be_there() -> None:
    """Without a statement, denied or withdrawn, nothing leaves; consent for another purpose is none."""
    holds("""
03-02T10:00 cart    ada c1 active                  -> 03-02T12:00 suppressed push NO_CONSENT
03-03T09:00 consent ada email service   granted    ->
03-03T10:00 cart    ada c2 active                  -> 03-03T12:00 suppressed push NO_CONSENT
03-04T09:00 consent ada email marketing granted    ->
03-04T10:00 cart    ada c3 active                  -> 03-04T12:00 sent email ALLOWED
03-05T09:00 consent ada email marketing withdrawn  ->
03-05T10:00 cart    ada c4 active                  -> 03-05T12:00 suppressed push NO_CONSENT
03-06T09:00 consent ada push  marketing denied     ->
03-06T10:00 cart    ada c5 active                  -> 03-06T12:00 suppressed push NO_CONSENT
""")


def test_the_latest_statement_by_its_own_time_counts() -> None:
    """A grant from before a withdrawal that arrives after it changes nothing; of two at one time the stricter holds."""
    holds("""
03-02T09:00              consent mel email marketing withdrawn ->
03-02T09:30 @03-02T08:00 consent mel email marketing granted   ->
03-02T10:00              cart    mel c1 active                 -> 03-02T12:00 suppressed email NO_CONSENT
03-03T09:00              consent mel email marketing denied    ->
03-03T09:30 @03-03T09:00 consent mel email marketing granted   ->
03-03T10:00              cart    mel c2 active                 -> 03-03T12:00 suppressed email NO_CONSENT
03-04T09:00              consent mel email marketing granted   ->
03-04T10:00              cart    mel c3 active                 -> 03-04T12:00 sent email ALLOWED
""")


def test_channels_in_order_of_preference_then_of_the_rule() -> None:
    """The member's own order comes first, as far as the rule offers it; without an address there is no way."""
    holds(f"""{SAY_YES.strip()}
03-02T09:00 prefer  ada channels=whatsapp,sms             ->
03-02T10:00 cart    ada c1 active                         -> 03-02T12:00 sent sms ALLOWED
03-02T13:00 consent ada sms marketing withdrawn           ->
03-03T10:00 cart    ada c2 active                         -> 03-03T12:00 sent push ALLOWED
03-04T10:00 cart    nora c3 active                        -> 03-04T12:00 suppressed push NO_ADDRESS
03-05T10:00 consent mel email marketing granted           ->
03-05T11:00 cart    mel c4 active                         -> 03-05T13:00 sent email ALLOWED
""")


def test_a_cap_of_a_channel_leaves_the_others() -> None:
    """A full channel gives way to the next; when its window has passed it is taken again."""
    caps = "caps: [{id: push_day, channel: push, max: 1, window: 1d}]"
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart ada c1 active -> 03-02T12:00 sent push  ALLOWED
03-02T13:00 cart ada c2 active -> 03-02T15:00 sent email ALLOWED
03-03T09:59 cart ada c3 active -> 03-03T11:59 sent email ALLOWED
03-03T12:00 cart ada c4 active -> 03-03T14:00 sent push  ALLOWED
""", caps)


def test_a_window_is_open_again_when_exactly_its_length_has_passed() -> None:
    """A message of exactly a window ago is not counted; one of a minute less is."""
    caps = "caps: [{id: day, max: 1, window: 1d}]"
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart ada c1 active -> 03-02T12:00 sent       push ALLOWED
03-03T09:59 cart ada c2 active -> 03-03T11:59 suppressed push CAP_REACHED
03-03T12:00 cart ada c3 active -> 03-03T14:00 sent       push ALLOWED
03-04T12:00 cart ada c4 active -> 03-04T14:00 sent       push ALLOWED
""", caps)


def test_caps_of_a_purpose_and_of_all() -> None:
    """Every cap that covers a message must have room, whichever channel it takes."""
    caps = "caps: [{id: two, purpose: marketing, max: 2, window: 2d}, {id: all, max: 3, window: 7d}]"
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart ada c1 active -> 03-02T12:00 sent       push ALLOWED
03-03T10:00 cart ada c2 active -> 03-03T12:00 sent       push ALLOWED
03-03T13:00 cart ada c3 active -> 03-03T15:00 suppressed push CAP_REACHED
03-05T13:00 cart ada c4 active -> 03-05T15:00 sent       push ALLOWED
03-07T13:00 cart ada c5 active -> 03-07T15:00 suppressed push CAP_REACHED
03-09T10:00 cart ada c6 active -> 03-09T12:00 sent       push ALLOWED
""", caps)


def test_a_cap_for_those_who_wish_less() -> None:
    """The cap of a low frequency holds for a member who asked for it, and only as long."""
    caps = "caps: [{id: low, frequency: low, max: 1, window: 30d}]"
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart   ada c1 active        -> 03-02T12:00 sent       push ALLOWED
03-03T10:00 cart   ada c2 active        -> 03-03T12:00 sent       push ALLOWED
03-04T09:00 prefer ada frequency=low    ->
03-04T10:00 cart   ada c3 active        -> 03-04T12:00 suppressed push CAP_REACHED
03-05T09:00 prefer ada frequency=normal ->
03-05T10:00 cart   ada c4 active        -> 03-05T12:00 sent       push ALLOWED
""", caps)


def test_an_exempt_purpose_needs_neither_consent_nor_room_nor_daylight() -> None:
    """What is exempt leaves at night and beyond every cap, and does not fill the caps of others."""
    extra = """
rules:
  - {id: kept, on: abandoned, purpose: transactional, channels: [email], template: kept, expires_after: 24h}
  - {id: first, on: abandoned, purpose: marketing, channels: [email], template: kept, expires_after: 1d, priority: 1}
caps: [{id: all, max: 1, window: 7d}]
quiet_hours: {from: "02:00", to: "06:00"}
"""
    holds("""
03-01T00:00 consent mel email marketing granted ->
03-02T01:00 cart mel c1 active -> 03-02T03:00 deferred email QUIET_HOURS; 03-02T03:00 sent email ALLOWED
03-02T05:59 cart mel c2 active -> 03-02T06:00 sent email ALLOWED; 03-02T07:59 suppressed email CAP_REACHED; \
03-02T07:59 sent email ALLOWED
""", extra)


def test_an_unsubscription_withdraws_by_the_action_alone() -> None:
    """A receipt names only the action; the member it was for gets no marketing on that channel any more."""
    holds(f"""{SAY_YES.strip()}
03-02T10:00 cart        ada c1 active -> 03-02T12:00 sent push  ALLOWED
03-02T13:00 unsubscribe push          ->
03-03T10:00 cart        ada c2 active -> 03-03T12:00 sent email ALLOWED
""")


def test_a_newer_unsubscription_is_not_undone_by_an_older_grant() -> None:
    """A grant given before the unsubscription and heard after it does not count."""
    holds("""
03-01T00:00              consent mel email marketing granted ->
03-02T10:00              cart    mel c1 active               -> 03-02T12:00 sent       email ALLOWED
03-02T13:00              unsubscribe email                   ->
03-02T14:00 @03-02T11:00 consent mel email marketing granted ->
03-03T10:00              cart    mel c2 active               -> 03-03T12:00 suppressed email NO_CONSENT
""")


def test_every_decision_says_what_each_channel_said() -> None:
    """A decision that weighed channels names each with its reason, in order, and the caps left (V7)."""
    caps = "caps: [{id: push_day, channel: push, max: 1, window: 1d}, {id: all, max: 9, window: 7d}]"
    folded = play(f"""{SAY_YES.replace("->", "").strip()}
03-01T00:00 consent ada sms marketing withdrawn
03-02T10:00 cart ada c1 active
03-02T13:00 cart ada c2 active
""", caps)
    first, second = records(folded, "decisions")
    assert first["detail"]["channels"] == [
        {"channel": "push", "reason": "ALLOWED", "cap.push_day": "1", "cap.all": "9"},
        {"channel": "email", "reason": "ALLOWED", "cap.all": "9"},
        {"channel": "sms", "reason": "NO_CONSENT"},
    ]
    assert [one["reason"] for one in second["detail"]["channels"]] == ["CAP_REACHED", "ALLOWED", "NO_CONSENT"]
    assert second["detail"]["channels"][0]["cap.push_day"] == "0"


def test_an_action_carries_its_message_and_ids_that_stay() -> None:
    """Address, words and expiry are in the action; the ids are derived, so that a replay gives the same."""
    table = f"""{SAY_YES.replace("->", "").strip()}
03-02T09:00 prefer ada language=cy
03-02T10:00 cart ada c1 active
03-03T10:00 cart ada c1 active
"""
    actions = records(play(table), "actions")
    assert actions == records(play(table), "actions")
    decisions = records(play(table), "decisions")
    assert len({one["decision_id"] for one in decisions}) == 2
    for action, decision in zip(actions, decisions, strict=True):
        assert action["decision_id"] == decision["decision_id"]
        assert action["action_id"] == f"{action['member_id']}.{decision['decision_id'].removeprefix('d_')}"
        assert action["expires_at_us"] - action["at_us"] == kiosk().rules[0].expires_after
        assert action["body"] == {
            "to": "device-ada", "subject": "Still there", "text": "It is kept for you.", "about": "c1",
            "language": "cy",
        }  # fmt: skip
