"""What must hold in the reference model itself, so that it is worth comparing with."""

from hypothesis import given
from hypothesis import strategies as st

from tests.identity.compared import Expected, Log
from tests.identity.members import Person
from tests.identity.test_machine import HAPPENED, PROGRAMS, Happened
from tests.identity.trees import grouped


def members_after(name: str, happened: list[Happened]) -> list[Person]:
    """All members that ever were after some events."""
    log, model = Log(), Expected(PROGRAMS[name])
    for (kind, data), minutes, space in happened:
        event, row = log.say(kind, minutes, space, data)
        model.apply(event, row[0])
    return [person for one in model.spaces.values() for person in one.members]


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(HAPPENED, max_size=30))
def test_a_link_tree_is_a_tree(name: str, happened: list[Happened]) -> None:
    """It connects exactly the identifiers of its member, by one edge less than they are."""
    for person in members_after(name, happened):
        assert len(person.edges) == max(0, len(person.ids) - 1)
        assert len(grouped(person.ids, person.edges)) == min(1, len(person.ids))


@given(st.sampled_from(sorted(PROGRAMS)), st.lists(HAPPENED, max_size=30))
def test_an_identifier_is_one_members(name: str, happened: list[Happened]) -> None:
    """Whoever was merged, erased or forgotten has none."""
    members = members_after(name, happened)
    assert all(not person.ids for person in members if person.into or person.erased or person.forgotten)
    for person in members:
        assert len(set(person.ids)) == len(person.ids)
