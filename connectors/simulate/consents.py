"""What people allow: consent by channel and purpose, withdrawals, and preferences."""

from connectors.simulate.lines import Body
from connectors.simulate.people import Person
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import DAY, SECOND

CHANNEL_IDENTIFIERS = (("email", "email"), ("sms", "phone"), ("push", "loyalty"))
ANSWERED_SHARE = 0.85       # of the channels a person is asked about at enrolment
GRANTED_SHARE = 0.8
WITHDRAWN_SHARE = 0.06      # of the granted ones, days to weeks later
WITHDRAWN_DAYS_MAX = 40
PREFERENCE_SHARE = 0.25
LOW_FREQUENCY_SHARE = 0.15
PREFERRED = (["email", "push"], ["push", "email"], ["sms", "email"], ["email"])
QUIET = ({"from": "21:00", "to": "08:00"}, {"from": "22:30", "to": "09:00"}, {"from": "20:00", "to": "07:30"})


def first_consents(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """Marketing consents given or denied at enrolment, some withdrawn later; perhaps a preference."""
    for order, (channel, identifier) in enumerate(CHANNEL_IDENTIFIERS):
        if identifier not in ids and identifier != "loyalty":
            continue
        if not plan.chance(ANSWERED_SHARE):
            continue
        granted = plan.chance(GRANTED_SHARE)
        say_consent(plan, person, at_ms + (1 + order) * SECOND, ids, channel, "granted" if granted else "denied")
        if granted and plan.chance(WITHDRAWN_SHARE):
            later = at_ms + DAY // 4 + int(plan.draw() * WITHDRAWN_DAYS_MAX * DAY)
            say_consent(plan, person, later, ids, channel, "withdrawn")
    if plan.chance(PREFERENCE_SHARE):
        say_preference(plan, person, at_ms + 10 * SECOND, ids)


def say_consent(plan: Plan, person: Person, at_ms: int, ids: Body, channel: str, state: str) -> None:
    """One answer about marketing on a channel."""
    data = {"ids": dict(ids), "channel": channel, "purpose": "marketing", "state": state, "origin": "enrolment_form"}
    if state == "withdrawn":
        data["origin"] = "preference_centre"
    plan.say(at_ms, "crm", "consent", data, person.index)


def say_preference(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """Preferred channels, quiet hours in the person's zone, perhaps fewer messages."""
    data: Body = {
        "ids": dict(ids),
        "channels": PREFERRED[plan.below(len(PREFERRED))],
        "quiet": QUIET[plan.below(len(QUIET))],
        "time_zone": person.time_zone,
    }
    if plan.chance(LOW_FREQUENCY_SHARE):
        data["frequency"] = "low"
    plan.say(at_ms, "crm", "preference", data, person.index)
