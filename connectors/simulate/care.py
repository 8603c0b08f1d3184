"""What happens around the shop: answers to surveys, tickets, corrections of points, later changes of mind."""

from connectors.simulate.consents import CHANNEL_IDENTIFIERS, say_consent, say_preference
from connectors.simulate.knowing import half_ids, is_whole
from connectors.simulate.lines import Body
from connectors.simulate.people import Person
from connectors.simulate.plan import AT_TILL, ENROLLED, ON_WEB, Plan
from connectors.simulate.rhythm import HOUR, MINUTE

TICKET_CATEGORIES = ("delivery", "points", "quality", "refund")
SEVERITIES = ("low", "normal", "normal", "high", "critical")
ADJUST_POINTS = (10, 25, 50, -10)
SCORE_RANGES = (("nps", 0, 11), ("csat", 1, 5), ("ces", 1, 7))


def contact(plan: Plan, person: Person, at_ms: int) -> bool:
    """Something between the person and the service desk; False if the person is not known yet."""
    known = plan.known[person.index]
    if not known & (ENROLLED | ON_WEB | AT_TILL):
        return False
    whole = is_whole(plan, person)
    ids = plan.all_ids(person) if whole else half_ids(plan, person, "web" if known & ON_WEB else "till")
    CONTACTS[plan.below(len(CONTACTS))](plan, person, at_ms, ids)
    return True


def update(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """The desk notes what it learned about the person."""
    attributes = {"stage": "regular", "language": person.language}
    plan.say(at_ms, "crm", "member_update", {"ids": ids, "attributes": attributes}, person.index)


def change_mind(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """A consent is withdrawn or given on a channel whose identifier is there."""
    channel, identifier = CHANNEL_IDENTIFIERS[plan.below(len(CHANNEL_IDENTIFIERS))]
    state = "withdrawn" if plan.chance(0.5) else "granted"
    say_consent(plan, person, at_ms, ids, channel if identifier in ids else "push", state)


def survey(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """One answer within the range of its survey."""
    name, lowest, count = SCORE_RANGES[plan.below(len(SCORE_RANGES))]
    data = {"ids": ids, "survey": name, "score": lowest + plan.below(count)}
    plan.say(at_ms, "crm", "survey_answer", data, person.index)


def ticket(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """A ticket is opened and mostly solved within two days."""
    data: Body = {
        "ids": ids, "ticket_id": f"T-{person.index:x}-{at_ms:x}", "status": "opened",
        "severity": SEVERITIES[plan.below(len(SEVERITIES))],
        "category": TICKET_CATEGORIES[plan.below(len(TICKET_CATEGORIES))],
    }  # fmt: skip
    plan.say(at_ms, "crm", "ticket", data, person.index)
    if plan.chance(0.85):
        solved = {**data, "status": "solved", "first_contact": plan.chance(0.4)}
        plan.say(at_ms + 10 * MINUTE + plan.below(48 * HOUR), "crm", "ticket", solved, person.index)


def adjust(plan: Plan, person: Person, at_ms: int, ids: Body) -> None:
    """A clerk corrects the points of a person with a loyalty number; without one, takes a note."""
    if "loyalty" not in ids:
        update(plan, person, at_ms, ids)
        return
    points = ADJUST_POINTS[plan.below(len(ADJUST_POINTS))]
    plan.points[person.index] += points
    data = {
        "ids": {"loyalty": person.loyalty}, "currency": "points", "points": points, "reason": "goodwill",
        "actor": f"agent-{1 + plan.below(9)}",
    }  # fmt: skip
    plan.say(at_ms, "crm", "points_adjust", data, person.index)


# Sixteen contacts in their usual proportion.
CONTACTS = (survey,) * 6 + (ticket,) * 4 + (say_preference,) * 2 + (change_mind,) * 2 + (adjust, update)
