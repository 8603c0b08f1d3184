"""How people become known: enrolment, login, and the late merge of two known identities.

Most people enrol once with loyalty number, e-mail and phone together; from then on any of them names the person. People
with two identities register by e-mail on the web and by loyalty number at the till, and are one only when a later event
carries both. Cookies and devices stay anonymous until an event carries them beside a known identifier.
"""

from connectors.simulate.consents import first_consents
from connectors.simulate.lines import Body, Channel
from connectors.simulate.people import Person
from connectors.simulate.plan import AT_TILL, COOKIE_LINKED, DEVICE_LINKED, ENROLLED, ON_WEB, Plan

BOTH = ON_WEB | AT_TILL
ATTRIBUTES_SHARE = 0.9
EMAIL_BESIDE_LOYALTY_SHARE = 0.5


def ensure_known(plan: Plan, person: Person, at_ms: int, channel: Channel) -> None:
    """Enrol a person who is about to be known on this channel and is not yet."""
    known = plan.known[person.index]
    where = AT_TILL if channel == "till" else ON_WEB
    if known & (ENROLLED | where):
        return
    ids = half_ids(plan, person, channel) if person.two_identities else plan.all_ids(person)
    attributes: Body = {"name": person.name, "language": person.language, "time_zone": person.time_zone}
    if plan.chance(ATTRIBUTES_SHARE):
        attributes["birthday"] = person.birthday
    if not plan.say(at_ms, "crm", "member_update", {"ids": ids, "attributes": attributes}, person.index):
        return
    plan.known[person.index] = known | (where if person.two_identities else ENROLLED)
    plan.two_identities += may_merge(plan, person)
    first_consents(plan, person, at_ms, dict(ids))


def half_ids(plan: Plan, person: Person, channel: Channel) -> Body:
    """What one of the two identities of a person shows: e-mail on web and app, loyalty number and phone at the till."""
    if channel != "till" and person.email is not None:
        return {"email": plan.email(person.email)}
    ids: Body = {"loyalty": person.loyalty}
    if person.phone is not None:
        ids["phone"] = plan.phone(person.phone)
    return ids


def known_ids(plan: Plan, person: Person, channel: Channel) -> Body:
    """The known identifiers that an identified event of this channel carries."""
    if not is_whole(plan, person):
        return half_ids(plan, person, channel)
    if person.email is not None and channel != "till":
        ids: Body = {"email": plan.email(person.email)}
        if plan.chance(EMAIL_BESIDE_LOYALTY_SHARE):
            ids["loyalty"] = person.loyalty
        return ids
    return {"loyalty": person.loyalty}


def purchase_ids(plan: Plan, person: Person, channel: Channel) -> Body:
    """The identifiers on a purchase: the loyalty number, often the e-mail beside it; of two identities the one."""
    if not is_whole(plan, person):
        return half_ids(plan, person, channel)
    ids: Body = {"loyalty": person.loyalty}
    if person.email is not None and (channel == "web" or plan.chance(EMAIL_BESIDE_LOYALTY_SHARE)):
        ids["email"] = plan.email(person.email)
    return ids


def is_whole(plan: Plan, person: Person) -> bool:
    """Whether loyalty number and e-mail of the person are known as one."""
    return bool(plan.known[person.index] & ENROLLED)


def may_merge(plan: Plan, person: Person) -> bool:
    """Whether the person has both known identities and they are still apart."""
    return plan.known[person.index] & (BOTH | ENROLLED) == BOTH


def merge_ids(plan: Plan, person: Person) -> Body:
    """The identifiers of the event that makes two known identities one."""
    return {"loyalty": person.loyalty, "email": plan.email(person.email or "")}


def merged(plan: Plan, person: Person) -> None:
    """Remember that the person is one from now on."""
    plan.known[person.index] |= ENROLLED
    plan.late_merges += 1


def cookie_linked(plan: Plan, person: Person, number: int) -> bool:
    """Whether the person was already named beside this cookie."""
    return bool(plan.known[person.index] & COOKIE_LINKED << number)


def login(plan: Plan, person: Person, at_ms: int, number: int) -> None:
    """Log in on the web with a cookie: the event that links the two."""
    ensure_known(plan, person, at_ms, "web")
    ids = {"cookie": person.cookies[number], **known_ids(plan, person, "web")}
    plan.say(at_ms, "web", "activity", {"ids": ids, "kind": "login"}, person.index)
    plan.known[person.index] |= COOKIE_LINKED << number


def app_login(plan: Plan, person: Person, at_ms: int, number: int) -> None:
    """Log in on the app with a device, unless that was done before."""
    if plan.known[person.index] & DEVICE_LINKED << number:
        return
    ensure_known(plan, person, at_ms, "app")
    ids = {"device": person.devices[number], **known_ids(plan, person, "app")}
    plan.say(at_ms, "app", "activity", {"ids": ids, "kind": "login"}, person.index)
    plan.known[person.index] |= DEVICE_LINKED << number
