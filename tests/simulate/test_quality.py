"""The quality of stitching, counted without looking at pairs, equals what looking at every pair gives."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from connectors.simulate import Quality, SimulateOptions, pairwise, simulate
from tests.simulate.stitching import components

people = st.lists(st.integers(min_value=0, max_value=4), max_size=25)
members = st.lists(st.one_of(st.none(), st.integers(min_value=0, max_value=4)), min_size=25, max_size=25)


def by_pairs(truth: list[tuple[int, int]], found: dict[int, int]) -> Quality:
    """The same counts the slow way."""
    true_pairs = found_pairs = both_pairs = 0
    for (first, person), (second, other) in combinations(truth, 2):
        same_person = person == other
        same_member = first in found and second in found and found[first] == found[second]
        true_pairs += same_person
        found_pairs += same_member
        both_pairs += same_person and same_member
    missing = sum(key not in found for key, _ in truth)
    return Quality(true_pairs, found_pairs, both_pairs, len(truth), missing)


@given(people, members)
def test_counts_equal_those_of_every_pair(persons: list[int], credited: list[int | None]) -> None:
    """Contingency counts and brute force agree."""
    truth = list(enumerate(persons))
    found = {key: member for key, member in enumerate(credited) if member is not None}
    assert by_pairs(truth, found) == pairwise(truth, found)


def test_a_perfect_stitching_is_perfect() -> None:
    """Other names for the same groups cost nothing."""
    quality = pairwise([(1, "ada"), (2, "ada"), (3, "bob")], {1: "m1", 2: "m1", 3: "m2"})
    assert (quality.precision, quality.recall, quality.f1) == (1.0, 1.0, 1.0)


def test_wrong_and_missed_pairs_are_told_apart() -> None:
    """Everyone in one member: recall is whole, precision is not; nobody credited: the reverse."""
    truth = [(1, "ada"), (2, "ada"), (3, "bob")]
    everyone = pairwise(truth, dict.fromkeys((1, 2, 3), "m"))
    nobody = pairwise(truth, {})
    assert (everyone.precision, everyone.recall, everyone.f1) == (1 / 3, 1.0, 0.5)
    assert (nobody.precision, nobody.recall, nobody.f1, nobody.missing) == (1.0, 0.0, 0.0, 3)


def test_linking_by_shared_identifiers_recovers_the_people() -> None:
    """In a simulation without shared identifiers plain linking makes no wrong pair and finds nearly all."""
    lines = [line for line in simulate(SimulateOptions(events=20_000, members=600)) if line.kind == "event"]
    quality = pairwise(((line.id, line.person) for line in lines), components(lines))
    assert quality.precision == 1.0
    assert quality.recall > 0.9
