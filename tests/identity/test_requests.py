"""What splits, erasures and exports do to a member's relations, told by the fold."""

from typing import Any

from flows.stations import MemberHost, StitchHost, Wiring
from schemas.log import LogBatch
from schemas.states import Member, decode_member
from tests.identity.stories import lines_of, rows_of, seen, shop, story

ADA, BOB = {"email": "ada@example.com"}, {"email": "bob@example.com"}


def consent(who: dict[str, str], id: str, minute: int, state: str, channel: str = "email") -> dict[str, Any]:
    """A statement about marketing."""
    return seen({**who}, id, minute, kind="consent", channel=channel, purpose="marketing", state=state, origin="web")


def split(minute: int) -> dict[str, Any]:
    """Bob is taken out of Ada."""
    event = seen({}, "split", minute, kind="split")
    event["data"] = {"keep": ADA, "part": BOB, "actor": "steward", "reason": "two people"}
    return event


def states_of(member: Member) -> dict[str, str]:
    """Consents by channel."""
    return {key.partition("/")[0]: said.state for key, said in member.relations.consents.items()}


def test_a_consent_stays_with_who_gave_it_and_a_refusal_with_both() -> None:
    """After a split nobody is written to on the strength of what somebody else agreed to."""
    told = story(
        {**ADA, "cookie": "a"}, {**BOB, "cookie": "b"}, {"email": [ADA["email"], BOB["email"]]},
        consent(ADA, "c1", 3, "granted", "sms"), consent(BOB, "c2", 4, "granted"),
        consent(BOB, "c3", 5, "withdrawn", "push"), split(6),
    )  # fmt: skip
    by_email = {member.ids["email"][0]: states_of(member) for member in told.folded.members.values()}
    assert by_email == {
        ADA["email"]: {"sms": "granted", "push": "withdrawn"},
        BOB["email"]: {"email": "granted", "push": "withdrawn"},
    }


def test_an_export_shows_what_was_held_when_it_was_asked_for() -> None:
    """An erasure right behind it, in the same batch, does not empty it."""
    wiring = Wiring(shop())
    stitch, members = StitchHost(wiring, 0), MemberHost(wiring, 0)
    asked = [seen({**ADA}, kind, minute, kind=kind, request_id=kind, actor="ada")
             for minute, kind in ((1, "export"), (2, "erase"))]
    packet = members.work(stitch.work(LogBatch(rows_of(lines_of({**ADA, "cookie": "a"}, *asked)), None, 0, 0.0)))
    (export,), (erased,) = packet.exports, packet.erased
    assert decode_member(export.state).ids == {"email": [ADA["email"]], "cookie": ["a"]}
    assert (export.member_id, sorted(erased.ids)) == (erased.member_id, ["cookie:a", f"email:{ADA['email']}"])
    assert packet.gone == [erased.member_id]


def test_an_erased_person_that_comes_again_is_not_written_to_for_what_it_agreed_to_before() -> None:
    """The old statement comes again in an import, and counts no more; a new one does."""
    erase = seen({**ADA}, "erase", 2, kind="erase", request_id="r", actor="ada")
    told = story({**ADA, "cookie": "a"}, erase, {**ADA, "cookie": "c"}, consent(ADA, "c1", 1, "granted"))
    (member,) = told.folded.members.values()
    said = member.relations.consents["email/marketing"]
    assert (said.state, said.event_us < member.relations.erased_us) == ("granted", True)


def test_an_attribute_that_says_an_identifier_goes_with_it() -> None:
    """Whoever is parted takes the address along, also where it was told as an attribute; the rest stays."""
    told = story(
        {**ADA, "cookie": "a"}, {**BOB, "cookie": "b"}, {"email": [ADA["email"], BOB["email"]]},
        seen({**BOB}, "u", 3, kind="member_update", attributes={"mail": "Bob@Example.com", "name": "Bob"}), split(6),
    )  # fmt: skip
    by_email = {member.ids["email"][0]: member.attributes for member in told.folded.members.values()}
    assert by_email == {ADA["email"]: {"name": "Bob"}, BOB["email"]: {"mail": "Bob@Example.com"}}


def test_no_side_of_a_split_knows_who_of_the_other_refused() -> None:
    """The refusal stays with both, its identifier with its own."""
    told = story(
        {**ADA, "cookie": "a"}, {**BOB, "cookie": "b"}, {"email": [ADA["email"], BOB["email"]]},
        consent(ADA, "c1", 3, "withdrawn", "sms"), consent(BOB, "c2", 4, "withdrawn", "push"), split(6),
    )  # fmt: skip
    by_email = {
        member.ids["email"][0]: {key.partition("/")[0]: said.by for key, said in member.relations.consents.items()}
        for member in told.folded.members.values()
    }
    assert by_email == {
        ADA["email"]: {"sms": f"email:{ADA['email']}", "push": ""},
        BOB["email"]: {"sms": "", "push": f"email:{BOB['email']}"},
    }


def test_the_id_of_a_merged_member_goes_with_the_person_it_named() -> None:
    """Not with the kiosk at which it began, should that stay behind."""
    parted = split(6)
    parted["data"]["keep"] = {**ADA, "cookie": "kiosk"}
    both = {"email": [ADA["email"], BOB["email"]]}
    told = story({**ADA}, {"cookie": "kiosk"}, {**BOB, "cookie": "kiosk"}, both, parted)
    stone = told.events[1].member_id
    (bobs,) = (member.member_id for member in told.folded.members.values() if BOB["email"] in member.ids["email"])
    assert told.resolved(stone) == bobs
