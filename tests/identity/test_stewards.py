"""Who may join, part, forget and show people."""

from typing import Any

import pytest

from tests.config.samples import program
from tests.identity.stories import seen, story

ADA, BOB = {"email": "ada@example.com"}, {"email": "bob@example.com"}
ASKED = {"actor": "desk"}
SPLIT = {"keep": ADA, "part": BOB, "reason": "two people", **ASKED}


def asked(kind: str, source: str) -> dict[str, Any]:
    """Something that only stewards may ask for."""
    event = seen({**ADA}, f"{kind}-{source}", 5, kind=kind)
    event["source"] = source
    if kind == "split":
        event["data"] = SPLIT
    elif kind != "alias":
        event["data"] |= {"request_id": "r", **ASKED}
    return event


@pytest.mark.parametrize("kind", ["alias", "split", "erase", "export"])
@pytest.mark.parametrize(
    ("source", "may"),
    [("crm", True), ("desk/7", True), ("desk/", True), ("CRM", False), ("crm2", False), ("web", False), ("a.b", False)],
)
def test_a_source_that_is_not_listed_is_refused(kind: str, source: str, may: bool) -> None:
    """With the reason and what is accepted; `*` is any text, a point is a point, case counts."""
    visit = seen({**ADA}, "v", 0, kind="page_view")
    told = story(visit, asked(kind, source), by=program("identity: {stewards: [crm, 'desk/*', 'a?b']}"))
    assert told.reasons() == ([] if may else ["NOT_A_STEWARD"])
    assert len(told.events) == (2 if may else 1)
    if not may:
        assert told.letters[0].detail == (
            f"source: {kind} is for stewards, expected crm, desk/*, a?b (identity.stewards), found {source!r}"
        )


def test_without_a_list_every_source_may() -> None:
    """As long as a program says nothing of it."""
    assert story(seen({**ADA}, "v", 0, kind="page_view"), asked("erase", "web")).reasons() == []


def test_other_events_need_no_steward() -> None:
    """Whoever may not join people by an alias may tell what they did."""
    told = story(seen({**ADA, **BOB}, "v", 0, kind="page_view"), by=program("identity: {stewards: [crm]}"))
    assert (told.reasons(), len(told.events)) == ([], 1)
