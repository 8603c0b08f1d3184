"""Consents and wishes: who may be spoken to where and about what.

The latest statement by event time counts; of two at the same time, and of two members that become one, the stricter.
Without a statement there is no consent, and what a person said before it was erased does not count. An `unsubscribed`
receipt withdraws marketing on its channel.
"""

from msgspec.structs import replace

from config.program import Program
from schemas.events import Consent as ConsentEvent
from schemas.events import Preference, Receipt
from schemas.states import Consent, ConsentState, Relations
from schemas.stitched import Stitched

STRICTNESS: dict[ConsentState, int] = {"granted": 0, "denied": 1, "withdrawn": 2}
UNSUBSCRIBED_PURPOSE = "marketing"


def consent_key(channel: str, purpose: str) -> str:
    """Give the key of a consent in the state and on surfaces."""
    return f"{channel}/{purpose}"


def _keep(relations: Relations, key: str, said: Consent) -> None:
    known = relations.consents.get(key)
    if known is None or (said.event_us, STRICTNESS[said.state]) >= (known.event_us, STRICTNESS[known.state]):
        relations.consents[key] = said


def change_consent(relations: Relations, event: ConsentEvent, step: Stitched) -> None:
    """Keep a statement of consent."""
    data = event.data
    said = Consent(data.state, step.event_us, data.origin, step.by)
    _keep(relations, consent_key(data.channel, data.purpose), said)


def note_receipt(relations: Relations, event: Receipt, event_us: int) -> None:
    """Take an unsubscription for what it is."""
    if event.data.status == "unsubscribed":
        key = consent_key(event.data.channel, UNSUBSCRIBED_PURPOSE)
        _keep(relations, key, Consent("withdrawn", event_us, "receipt"))


def change_wishes(relations: Relations, event: Preference, event_us: int) -> None:
    """Keep what the member prefers; what a later wish does not mention stays."""
    if event_us < relations.wished_us:
        return
    relations.wished_us = event_us
    data = event.data
    if data.channels is not None:
        relations.channels = data.channels
    if data.topics is not None:
        relations.topics = data.topics
    if data.frequency is not None:
        relations.frequency = data.frequency
    if data.quiet is not None:
        relations.quiet = (data.quiet.start, data.quiet.end)
    if data.time_zone is not None:
        relations.time_zone = data.time_zone
    if data.language is not None:
        relations.language = data.language


def allowed(program: Program, relations: Relations, channel: str, purpose: str) -> bool:
    """Say whether a message may leave as far as consent goes."""
    if program.purposes[purpose].consent == "not_required":
        return True
    said = relations.consents.get(consent_key(channel, purpose))
    return said is not None and said.state == "granted" and said.event_us > relations.erased_us


def before_erasure(relations: Relations, channel: str, purpose: str) -> bool:
    """Say whether it is only a person's erasure that keeps its consent from counting, or any import of it since."""
    said = relations.consents.get(consent_key(channel, purpose))
    return relations.erased_us > 0 and (said is None or said.event_us <= relations.erased_us)


def part(keeps: Relations, to: Relations, ids: frozenset[str]) -> None:
    """Divide: a refusal stays with both, a grant only with the side whose identifier gave it.

    Neither side holds an identifier of the other: of a refusal the other side does not know who stated it.
    """
    to.consents = {}
    for key, said in list(keeps.consents.items()):
        gone, granted = said.by in ids, said.state == "granted"
        if gone or not granted:
            to.consents[key] = said if gone else replace(said, by="")
        if gone and granted:
            del keeps.consents[key]
        elif gone:
            keeps.consents[key] = replace(said, by="")


def absorb(into: Relations, other: Relations) -> None:
    """Unite: the stricter consent, the later wishes, all contacts in order of time."""
    for key, said in other.consents.items():
        known = into.consents.get(key)
        if known is None or STRICTNESS[said.state] > STRICTNESS[known.state]:
            into.consents[key] = said
    later, earlier = (other, into) if other.wished_us > into.wished_us else (into, other)
    into.channels = later.channels or earlier.channels
    into.topics = later.topics or earlier.topics
    into.quiet = later.quiet or earlier.quiet
    into.time_zone = later.time_zone or earlier.time_zone
    into.language = later.language or earlier.language
    into.wished_us = later.wished_us
    if other.frequency == "low":
        into.frequency = "low"
    into.erased_us = max(into.erased_us, other.erased_us)
    into.contacts = sorted([*into.contacts, *other.contacts], key=lambda contact: contact.at_us)
