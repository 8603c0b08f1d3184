"""Stitching against a naive union of sets: the same people, whatever the events and their order.

Nothing is forgotten here: all events lie within two hours.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.identity.stories import Story, lines_of, seen, story

TYPES = ("email", "crm", "loyalty", "device", "cookie")
SPACES = ("default", "default", "default", "other")
ONE = st.tuples(st.sampled_from(TYPES), st.integers(1, 4))
NAMED = st.tuples(st.sampled_from(SPACES), st.lists(ONE, min_size=1, max_size=3, unique=True))
HAPPENED = st.lists(NAMED, max_size=30)

Named = tuple[str, list[tuple[str, int]]]


def value_of(kind: str, number: int) -> str:
    """A canonical value of a type."""
    return f"p{number}@example.com" if kind == "email" else f"v{number}"


def events_of(happened: list[Named]) -> list[dict[str, Any]]:
    """An event for each, with its identifiers by type; one value stands alone, several in a list."""
    events = []
    for at, (space, ones) in enumerate(happened):
        values: dict[str, list[str]] = {}
        for kind, number in ones:
            values.setdefault(kind, []).append(value_of(kind, number))
        ids: dict[str, str | list[str]] = {
            kind: several if len(several) > 1 else several[0] for kind, several in values.items()
        }
        events.append(seen(ids, f"e{at}", at, space=space))
    return events


def keys_of(named: Named) -> set[str]:
    """The identifiers of an event, with their space."""
    space, ones = named
    return {f"{space}/{kind}:{value_of(kind, number)}" for kind, number in ones}


def united(happened: list[Named]) -> set[frozenset[str]]:
    """The people there are: sets of identifiers that grow together for as long as any two overlap."""
    people: list[set[str]] = []
    for named in happened:
        keys = keys_of(named)
        touching = [person for person in people if person & keys]
        people = [person for person in people if not person & keys]
        people.append(keys.union(*touching))
    return {frozenset(person) for person in people}


def told_by(happened: list[Named]) -> Story:
    """What stitching makes of it."""
    return story(*events_of(happened))


@given(HAPPENED)
def test_people_are_the_connected_identifiers(happened: list[Named]) -> None:
    """No two people in one member (precision 1), no person in two members (recall 1)."""
    told = told_by(happened)
    assert told.groups() == united(happened)
    assert told.totals.members == len(united(happened)) == len(told.known)


@given(HAPPENED)
def test_every_event_resolves_to_the_person_it_names(happened: list[Named]) -> None:
    """Two events have one member in the end exactly if their identifiers are of one person."""
    told = told_by(happened)
    people = united(happened)
    of_member: dict[str, frozenset[str]] = {}
    for named, event in zip(happened, told.events, strict=True):
        (person,) = (one for one in people if one & keys_of(named))
        assert of_member.setdefault(told.resolved(event.member_id), person) == person
    assert len(of_member) == len(people)


@given(HAPPENED)
def test_a_member_is_known_if_an_identifier_names_a_person(happened: list[Named]) -> None:
    """Cookies and devices alone leave it anonymous; the counts say the same."""
    told = told_by(happened)
    naming = [any(":p" in key or "/crm:" in key or "/loyalty:" in key for key in one) for one in united(happened)]
    assert sorted(told.known.values()) == sorted(naming)
    assert told.totals.known_members == sum(naming)


@given(HAPPENED, st.data())
def test_the_order_of_events_does_not_change_the_people(happened: list[Named], data: st.DataObject) -> None:
    """Nor does sending some of them again."""
    lines = lines_of(*events_of(happened))
    again = data.draw(st.lists(st.sampled_from(lines), max_size=5)) if lines else []
    other = Story(data.draw(st.permutations(lines + again)))
    assert other.groups() == united(happened)
    assert other.totals.duplicate == len(again)


@given(HAPPENED)
def test_merges_are_numbered_and_counted(happened: list[Named]) -> None:
    """Changes count without a gap; members made less members merged are the members there are."""
    told = told_by(happened)
    assert [change.seq for change in told.changes] == list(range(1, len(told.changes) + 1))
    merges = sum(change.kind == "merge" for change in told.changes)
    created = {change.member_id for change in told.changes if change.kind == "link"}
    assert told.totals.merges == merges == len(created) - told.totals.members


@given(HAPPENED)
def test_the_ledgers_members_are_the_stitchers(happened: list[Named]) -> None:
    """What is shown of a member holds its identifiers, all of them and nobody else's."""
    told = told_by(happened)
    shown = {
        frozenset(f"{member.space}/{kind}:{value}" for kind, values in member.ids.items() for value in values)
        for member in told.folded.members.values()
    }
    assert shown == united(happened)
