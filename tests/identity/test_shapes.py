"""The quick way of an event: what the types of its identifiers say about it."""

from flows.identity.index import IdentityIndex
from flows.identity.shapes import SHAPES_MAX, SLOW, Shapes
from tests.config.samples import program
from tests.identity.stories import Story, lines_of, seen, tables


def index() -> IdentityIndex:
    """An index of a program in which cookies and phones may be shared."""
    desk = program("""
        identity:
          identifiers:
            phone: {shared: {members: 2}}
            device: {shared: null}
            pos: {shared: null}
        """)
    return IdentityIndex(desk, tables())


def test_look_ups_begin_with_the_strongest_type() -> None:
    """Whatever the order of the event."""
    shape = Shapes(index())["cookie", "loyalty", "email"]
    assert shape.look_ups == (("loyalty", "loyalty:"), ("email", "email:"), ("cookie", "cookie:"))


def test_only_anonymous_types_make_an_anonymous_event() -> None:
    """One known type beside them is enough to know the person."""
    shapes = Shapes(index())
    assert shapes["cookie", "device"].anonymous
    assert not shapes["cookie", "email"].anonymous


def test_a_shared_type_is_watched_beside_a_known_one() -> None:
    """A value does not vouch for itself: a shared phone alone is no sighting, nor is a cookie without a person."""
    shapes = Shapes(index())
    assert shapes["cookie", "email"].watched == ((1, 0),)
    assert shapes["cookie", "phone", "email"].watched == ((1, 0), (2, 0))
    assert shapes["cookie", "phone"].watched == ((1, 0),)
    assert shapes["cookie", "device"].watched == ()
    assert shapes["phone",].watched == ()
    assert shapes["loyalty", "email"].watched == ()


def test_undeclared_types_and_none_go_the_slow_way() -> None:
    """What is left out must be counted, who names nobody must be told."""
    shapes = Shapes(index())
    assert shapes["email", "fax"] == SLOW
    assert shapes[()] == SLOW


def test_more_identifiers_than_are_accepted_go_the_slow_way() -> None:
    """There it is said."""
    few = IdentityIndex(program("limits: {event_identifiers_max: 2}"), tables())
    assert Shapes(few)["cookie", "email", "loyalty"] == SLOW
    assert Shapes(few)["cookie", "email"] != SLOW


def test_one_owner_of_all_leaves_nothing_to_ask_of_quiet_types() -> None:
    """That is: of one that is not shared, or of shared ones without a person beside them."""
    shapes = Shapes(index())
    assert shapes["email",].quiet
    assert shapes["cookie", "device"].quiet
    assert not shapes["cookie", "email"].quiet
    assert not shapes["loyalty", "email"].quiet


def test_shared_types_that_are_not_watched_stand_alone() -> None:
    """Nobody can be seen with them."""
    shapes = Shapes(index())
    assert shapes["cookie", "phone"].alone == (0,)
    assert shapes["phone",].alone == (0,)
    assert shapes["cookie", "email"].alone == ()


def test_senders_cannot_make_shapes_without_end() -> None:
    """However many undeclared names come, few are remembered."""
    shapes = Shapes(index())
    for number in range(2 * SHAPES_MAX + 1):
        assert shapes[f"type{number}",] == SLOW
    assert len(shapes) <= SHAPES_MAX


def test_identifiers_are_shown_in_the_order_of_their_strength() -> None:
    """At the first event of a person and at one that says nothing new."""
    number = "+447700900123"
    ids: dict[str, str | list[str]] = {"cookie": "c", "phone": number, "email": ["A@b.c", "d@e.f"]}
    again: dict[str, str | list[str]] = {"cookie": "c", "email": "a@b.c", "phone": number}
    told = Story(lines_of(seen(ids, "first"), seen(again, "again", 1)))
    assert told.events[0].ids == ["email:a@b.c", "email:d@e.f", f"phone:{number}", "cookie:c"]
    assert told.events[1].ids == ["email:a@b.c", f"phone:{number}", "cookie:c"]
