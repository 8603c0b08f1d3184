"""The first tier, which needs nothing (see `tests.standing.tables`)."""

import pytest

from tests.standing.tables import check
from tests.standing.test_tiers import club


@pytest.mark.parametrize(
    ("event", "refused"),
    [
        ("return         ada  2026-03-01T10:00  o1  5.00 EUR", "RETURN_BEFORE_PURCHASE"),
        ("redeem         ada  2026-03-01T10:00  r1 10 points", "INSUFFICIENT_BALANCE"),
        ("redeem         ada  2026-03-01T10:00  r1 10 points coffee", "INSUFFICIENT_BALANCE"),
        ("redeem_cancel  ada  2026-03-01T10:00  r1", "UNKNOWN_REDEMPTION"),
    ],
)
def test_the_first_tier_comes_with_the_first_event_whatever_it_is(event: str, refused: str) -> None:
    """Also with one that is refused, or waits for another."""
    rewards = "rewards: {coffee: {name: Coffee, cost: {currency: points, points: 10}}}"
    check(f"""
        {event} -> tier member JOINED, refused {refused}
        store_visit  ada  2026-03-01T11:00  north -> nothing
        """, club(levels="[{id: member, name: Member}]", extra=rewards))  # fmt: skip
