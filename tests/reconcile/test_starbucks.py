"""The Starbucks offers: a plain implementation of the rule against what every person completed."""

from typing import Final

import pytest

from tests.identity.public_data import data
from tests.reconcile.starbucks import (
    Happened,
    Offer,
    Totals,
    completions,
    read_offers,
    read_totals,
    read_transcript,
)

pytestmark = pytest.mark.external

PEOPLE, COMPLETIONS = 5_031, 10_074
FOLDER: Final = "starbucks"


@pytest.fixture(scope="module")
def offers() -> dict[str, Offer]:
    """The portfolio."""
    return read_offers(data(f"{FOLDER}/portfolio.json"))


@pytest.fixture(scope="module")
def story() -> list[Happened]:
    """The transcript."""
    return read_transcript(data(f"{FOLDER}/transcript.json.gz"))


@pytest.fixture(scope="module")
def expected() -> dict[str, Totals]:
    """The totals of each person."""
    return read_totals(data(f"{FOLDER}/person_totals.csv"))


def test_the_rule_gives_every_completion(story: list[Happened], offers: dict[str, Offer]) -> None:
    """Person, hour, offer and order of all completions are those of the transcript."""
    told = [(line.person, line.time, line.offer) for line in story if line.event == "offer completed"]
    assert len(told) == COMPLETIONS
    assert completions(story, offers) == told


def test_the_rule_gives_the_totals_of_every_person(
    story: list[Happened], offers: dict[str, Offer], expected: dict[str, Totals]
) -> None:
    """Events, amounts, completions and rewards of all people."""
    counts = {person: dict.fromkeys(Totals.__struct_fields__, 0) for person in expected}
    for line in story:
        mine = counts[line.person]
        mine["received"] += line.event == "offer received"
        mine["viewed"] += line.event == "offer viewed"
        mine["transactions"] += line.event == "transaction"
        mine["amount_cents"] += line.cents
    for person, _, offer in completions(story, offers):
        counts[person]["completed"] += 1
        counts[person]["reward_total"] += offers[offer].reward
    assert len(expected) == PEOPLE
    assert {person: Totals(**mine) for person, mine in counts.items()} == expected
