"""What lies in the topics behind the last commit, without a broker."""

import pytest

from schemas.log import Place
from sinks.kafka import ahead
from sinks.kafka.ahead import RecordsAhead, SurfacesAhead

A, B = Place("t", 0), Place("t", 1)


def test_what_is_there_twice_is_left_out_twice() -> None:
    """The same record found three times is left out three times, and the first place is the earliest that is left."""
    bag = RecordsAhead()
    for fingerprint, place, offset in ((1, A, 5), (1, A, 7), (2, B, 9), (1, A, 8)):
        bag.add(fingerprint, place, offset)

    seen = [(bag.take(1), len(bag), bag.first()) for _ in range(4)]

    assert seen == [(True, 3, {A: 7, B: 9}), (True, 2, {A: 8, B: 9}), (True, 1, {B: 9}), (False, 1, {B: 9})]


def test_what_does_not_come_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only epochs that begin with something left count, and what is given up is counted once."""
    monkeypatch.setattr(ahead, "EPOCHS", 2)
    bag = RecordsAhead()
    assert [bag.end_epoch(), bag.end_epoch(), bag.end_epoch()] == [0, 0, 0]
    bag.add(1, A, 5)
    assert [bag.end_epoch(), bag.end_epoch(), bag.end_epoch(), bag.take(1)] == [0, 1, 0, False]


def test_an_offset_keeps_all_its_bits() -> None:
    """Large offsets and many places do not run into each other."""
    bag = RecordsAhead()
    places = [Place("t", number) for number in range(1000)]
    for number, place in enumerate(places):
        bag.add(number, place, (1 << 47) + number)
    assert bag.first() == {place: (1 << 47) + number for number, place in enumerate(places)}


@pytest.mark.parametrize(
    ("found", "made", "left_out", "left"),
    [
        (3, 2, True,  1),   # older than what is shown: not yet there again
        (3, 3, True,  0),   # the same: now it is
        (3, 4, False, 0),   # younger: is sent
        (None, 4, False, 1),  # gone: asked apart
    ],
)  # fmt: skip
def test_an_older_version_is_left_out(found: int | None, made: int, left_out: bool, left: int) -> None:
    """A document is sent only if it is younger than the one that the topic shows."""
    shown = SurfacesAhead()
    shown.add("ada", 1, A, 1)
    shown.add("ada", found, A, 2)
    assert (shown.has("ada", made), len(shown)) == (left_out, left)


def test_a_member_stays_gone_until_it_goes_again() -> None:
    """What the topic calls gone is hidden, and needs no second word when it goes; others are not."""
    shown = SurfacesAhead()
    shown.add("bob", None, A, 1)
    shown.add("ada", 3, B, 4)
    assert [shown.hides("ada"), shown.hides("bob"), shown.hides("cleo")] == [False, True, False]
    assert shown.first() == {A: 1, B: 4}
    assert [shown.hide("bob"), shown.hide("ada"), shown.hide("cleo"), len(shown)] == [True, False, False, 0]
