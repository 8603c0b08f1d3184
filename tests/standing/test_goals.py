"""Goals alone: what parts come to, and that taking them together changes nothing."""

from hypothesis import given
from hypothesis import strategies as st

from config.challenges import Goal, GoalKind
from flows.ledger.goals import compact, progress_of
from schemas.standing import Part

KINDS: tuple[GoalKind, ...] = ("amount", "single", "count", "quantity", "streak", "categories")
PARTS = st.lists(
    st.builds(
        Part, cause=st.uuids().map(str), at_us=st.integers(0, 100), day=st.integers(0, 9), value=st.integers(1, 50),
        categories=st.lists(st.sampled_from("abc"), max_size=2), order_id=st.just("o"), by=st.sampled_from("xy"),
    ),
    max_size=20,
)  # fmt: skip


@given(st.sampled_from(KINDS), PARTS)
def test_parts_that_are_taken_together_come_to_the_same(kind: GoalKind, parts: list[Part]) -> None:
    """For all, and for what each identifier brought."""
    goal = Goal(kind=kind, at_least=1, money="EUR")
    fewer = compact(goal, parts)
    assert progress_of(goal, fewer) == progress_of(goal, parts)
    for by in "xy":
        mine, left = [part for part in parts if part.by == by], [part for part in fewer if part.by == by]
        assert progress_of(goal, left) == progress_of(goal, mine)
    assert len(fewer) <= 20
