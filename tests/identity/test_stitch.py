"""Stitching by examples: whose event it is, who merges into whom, and what is refused."""

import msgspec
import pytest

from tests.config.samples import program
from tests.identity.stories import Ids, Story, lines_of, seen, shop, story

ADA: Ids = {"email": "ada@example.com"}
BOB: Ids = {"email": "bob@example.com"}
BOTH: Ids = {"email": ["ada@example.com", "bob@example.com"]}


@pytest.mark.parametrize(
    ("happened", "members"),
    [
        pytest.param([{"email": "a@x.de"}, {"email": "a@x.de"}], "AA", id="the same identifier"),
        pytest.param([{"email": "a@x.de"}, {"email": " A@X.de "}], "AA", id="another spelling"),
        pytest.param([{"phone": "020 7946 0958"}, {"phone": "+442079460958"}], "AA", id="a phone number as it is kept"),
        pytest.param([{"email": "a@x.de"}, {"email": "b@x.de"}], "AB", id="two values"),
        pytest.param([{"loyalty": "1"}, {"crm": "1"}], "AB", id="one value, two types"),
        pytest.param([{"email": "a@x.de"}, {"email": "a@x.de", "crm": "1"}, {"crm": "1"}], "AAA", id="linked"),
        pytest.param([{"crm": "1"}, {"crm": "2"}, {"crm": ["1", "2"]}], "AAA", id="a list joins"),
        pytest.param([{"crm": ["1", "2", "1"]}, {"crm": "2"}, {"crm": "1"}], "AAA", id="a list with a repetition"),
        pytest.param([{"cookie": "1"}, {"device": "1"}, {"cookie": "1", "device": "1"}], "AAA", id="two anonymous"),
        pytest.param([{"cookie": "1"}, {"crm": "1"}, {"cookie": "1", "crm": "1"}], "AAA", id="anonymous and known"),
        pytest.param([{"crm": "1"}, {"crm": "2"}, {"crm": "3"}, {"crm": ["3", "1"]}], "ABAA", id="others stay apart"),
        pytest.param([{"crm": "1"}, {"loyalty": "1"}, {"email": "a@x.de"},
                      {"crm": "1", "loyalty": "1", "email": "a@x.de", "cookie": "1"}, {"cookie": "1"}], "AAAAA",
                     id="many at once"),
        pytest.param([{"crm": "1", "shoe": "7"}, {"crm": "2", "shoe": "7"}], "AB", id="an undeclared type"),
        pytest.param([{"crm": "1", "phone": "0000"}, {"crm": "2", "phone": "0000"}], "AB", id="a blocked value"),
        pytest.param([{"crm": "1", "email": "none"}, {"crm": "2", "email": "none"}], "AB", id="a placeholder"),
        pytest.param([{"crm": "1", "phone": "12"}, {"crm": "2", "phone": "12"}], "AB", id="an invalid phone number"),
    ],
)  # fmt: skip
def test_whose_event_it_is(happened: list[Ids], members: str) -> None:
    """Events that share an identifier, directly or through others, are one member's; left-out values join nobody."""
    assert "".join(story(*happened).members()) == members


@pytest.mark.parametrize(
    ("happened", "winner"),
    [
        pytest.param([{"crm": "1"}, {"crm": "2"}, {"crm": ["2", "1"]}], 0, id="of two known the older"),
        pytest.param([{"cookie": "1"}, {"cookie": "2"}, {"cookie": ["2", "1"]}], 0, id="of two anonymous the older"),
        pytest.param([{"cookie": "1"}, {"crm": "1"}, {"cookie": "1", "crm": "1"}], 1, id="a known one over an older"),
        pytest.param([{"cookie": "1"}, {"crm": "2"}, {"crm": "1"}, {"crm": ["1", "2"], "cookie": "1"}], 1,
                     id="the older known one of three"),
    ],
)  # fmt: skip
def test_who_merges_into_whom(happened: list[Ids], winner: int) -> None:
    """Known before anonymous, then old before young; the merging event is the winner's already."""
    told = story(*happened)
    won = told.events[winner].member_id
    assert told.events[-1].member_id == won
    assert {told.resolved(event.member_id) for event in told.events} == {won}


def test_members_of_one_moment_merge_by_their_ids() -> None:
    """Age says nothing then, so the lesser id wins, whatever the order in the log."""
    told = story(seen({"crm": "1"}, "a"), seen({"crm": "2"}, "b"), seen({"crm": ["1", "2"]}, "c"))
    assert told.events[-1].member_id == min(event.member_id for event in told.events[:2])


def test_a_merge_is_recorded_with_what_moved() -> None:
    """The change names both members, the identifiers and the cause; counts follow."""
    told = story(ADA, BOB, BOTH)
    merge = told.changes[-1]
    assert (merge.kind, merge.ids, merge.cause_id) == ("merge", ["email:bob@example.com"], "e2")
    assert (merge.member_id, merge.other_member_id) == (told.events[0].member_id, told.events[1].member_id)
    assert [change.seq for change in told.changes] == [1, 2, 3]
    assert (told.totals.members, told.totals.known_members, told.totals.merges) == (1, 1, 1)


def test_an_anonymous_member_becomes_known() -> None:
    """With the first identifier that names a person; it stays the same member."""
    told = story({"cookie": "1"}, {"cookie": "1", **ADA})
    (member_id,) = {event.member_id for event in told.events}
    assert told.known == {member_id: True}
    assert told.totals.known_members == 1


def test_spaces_are_apart() -> None:
    """The same identifier in two spaces names two members, also after one of them merged."""
    told = story(
        seen(ADA, "1"), seen(ADA, "2", space="other"), seen(BOB, "3", space="other"),
        seen(BOTH, "4", space="other"), seen(BOB, "5"),
    )  # fmt: skip
    assert "".join(told.members()) == "ABBBC"


def test_a_space_that_the_program_does_not_accept_is_refused() -> None:
    """As is the default one, if it is not listed."""
    told = story(seen(ADA, "1"), seen(ADA, "2", space="uk"), seen(ADA, "3", space="fr"),
                 by=program("identity: {spaces: [uk]}"))  # fmt: skip
    assert [event.id for event in told.events] == ["2"]
    assert told.reasons() == ["INVALID_DATA", "INVALID_DATA"]


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ({}, "NO_IDENTIFIER"),
        ({"crm": []}, "NO_IDENTIFIER"),
        ({"shoe": "7"}, "NO_IDENTIFIER"),
        ({"email": "null"}, "BLOCKED_IDENTIFIER"),
        ({"phone": "000000"}, "BLOCKED_IDENTIFIER"),
        ({"email": "null", "shoe": "7"}, "BLOCKED_IDENTIFIER"),
        ({"phone": "12"}, "INVALID_DATA"),
        ({"email": ["ada", "null"]}, "INVALID_DATA"),
    ],
)  # fmt: skip
def test_an_event_that_names_nobody_is_a_dead_letter(ids: Ids, reason: str) -> None:
    """With the reason; nobody is made for it."""
    told = story(ids)
    assert told.reasons() == [reason]
    assert told.totals.members == 0


def test_what_is_left_out_is_counted() -> None:
    """By type and why; a type that is not declared counts under `other`."""
    told = story({"crm": "1", "shoe": "7", "email": ["none", "ada"], "phone": "12"})
    assert told.events[0].ids == ["crm:1"]
    assert told.totals.left_out == {
        "other/undeclared": 1, "email/blocked": 1, "email/invalid": 1, "phone/invalid": 1,
    }  # fmt: skip


RECEIPT = {"channel": "email", "status": "opened"}


def test_a_receipt_belongs_to_the_member_of_its_action() -> None:
    """The action's id begins with the member's; through merges it finds who the member is now."""
    before = story(ADA, BOB)
    ada, bob = (event.member_id for event in before.events)
    receipts = [
        {**seen({}, name, 9, kind="receipt"), "data": {"action_id": f"{member_id}.reminder.1", **RECEIPT}}
        for name, member_id in (("r1", ada), ("r2", bob))
    ]
    told = story(ADA, BOB, BOTH, *receipts)
    assert [event.member_id for event in told.events[-2:]] == [ada, ada]
    assert told.events[-1].ids == []


def test_a_receipt_of_a_foreign_action_needs_identifiers() -> None:
    """With them it is theirs; without it is refused."""
    told = story(
        ADA, seen(ADA, "r1", 8, kind="receipt", action_id="theirs", **RECEIPT),
        {**seen({}, "r2", 9, kind="receipt"), "data": {"action_id": "theirs", **RECEIPT}},
    )  # fmt: skip
    assert "".join(told.members()) == "AA"
    assert told.reasons() == ["NO_IDENTIFIER"]


def test_an_event_beyond_the_retention_is_too_old() -> None:
    """Since nobody could tell any more whether it came before; one just within is taken."""
    old = {**seen(ADA, "old"), "time": "2025-12-31T11:59:59Z"}
    within = {**seen(ADA, "in"), "time": "2025-12-31T12:00:00Z"}
    told = story(seen(ADA, "now", 120), old, within, by=program("retention: {events: 1d}"))
    assert [event.id for event in told.events] == ["now", "in"]
    assert told.reasons() == ["TOO_OLD"]


def test_an_event_that_is_written_differently_is_a_duplicate() -> None:
    """Order of keys, blanks, escapes and the time's offset say nothing."""
    (line,) = lines_of(seen(ADA, "1"))
    fields = msgspec.json.decode(line)
    turned = dict(reversed(fields.items())) | {"time": "2026-01-01T12:00:00.000+02:00"}
    spread = msgspec.json.format(msgspec.json.encode(turned), indent=1)
    again = spread.replace(b"\n", b" ").replace(b"ada", b"\\u0061da")
    told = Story([line, again])
    assert (told.totals.applied, told.totals.duplicate, told.reasons()) == (1, 1, [])


@pytest.mark.parametrize("other", [seen(BOB, "1"), seen(ADA, "1", 1)])
def test_another_event_under_the_same_id_is_a_conflict(other: dict[str, object]) -> None:
    """Another body or another time; the first stays, and nothing is made for the second."""
    told = story(seen(ADA, "1"), other)
    assert told.reasons() == ["ID_CONFLICT"]
    assert (told.totals.applied, told.totals.members) == (1, 1)


def test_the_same_id_of_another_source_is_another_event() -> None:
    """Source and id together name an event."""
    told = story(seen(ADA, "1"), {**seen(BOB, "1"), "source": "till"}, by=shop())
    assert "".join(told.members()) == "AB"


def test_an_anonymous_member_without_activity_is_forgotten() -> None:
    """Its identifier names somebody new afterwards; activity in between and becoming known keep a member."""
    later = {"time": "2026-03-01T10:00:00Z"}
    told = story(
        {"cookie": "1"}, {"cookie": "2"}, {"cookie": "2", "crm": "2"}, {"cookie": "3"},
        {**seen({"cookie": "3"}, "x"), "time": "2026-01-31T10:00:00Z"},
        {**seen({"cookie": "3"}, "z"), "time": "2026-02-28T10:00:00Z"},
        {**seen({"cookie": "1"}, "y1"), **later}, {**seen({"cookie": "2"}, "y2"), **later},
        {**seen({"cookie": "3"}, "y3"), **later},
    )  # fmt: skip
    assert "".join(told.members()) == "ABBCCCDBC"
    assert [change.ids for change in told.changes if change.kind == "expire"] == [["cookie:1"]]
