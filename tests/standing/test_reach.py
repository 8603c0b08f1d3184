"""What is looked at before tiers are compared: the quick look never misses a tier that the long one would find."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows.ledger.reach import NOWHERE, Reach
from schemas.standing import Share, Standing
from tests.config.samples import program

TIERS = program("""
currencies: {points: {name: Points}}
tiers:
  period: calendar_year
  keeps_periods: 1
  measures:
    credits: {of: points, currency: points}
    visits: {of: visits, events: [purchase]}
  levels:
    - {id: member, name: Member}
    - {id: silver, name: Silver, needs: {credits: 10, visits: 5}, match: any}
    - {id: gold, name: Gold, needs: {credits: 20, visits: 8}, match: all, lifetime: {credits: 60}}
    - {id: diamond, name: Diamond, needs: {credits: 30, visits: 9}, match: all}
""").tiers
NOW_US = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1_000_000

buckets = st.dictionaries(st.sampled_from([2024, 2025, 2026, 2027]), st.integers(-30, 35), max_size=4)
shares = st.builds(
    Share,
    st.fixed_dictionaries({}, optional={"credits": buckets, "visits": buckets}),
    st.fixed_dictionaries({}, optional={"credits": st.integers(-30, 70)}),
)


@given(st.dictionaries(st.sampled_from(["email:a", "pos:b"]), shares, max_size=2))
def test_a_quick_no_is_never_wrong(known: dict[str, Share]) -> None:
    """Where the quick look sees no reason for a higher tier, neither a period nor all time gives one."""
    assert TIERS is not None
    reach, standing = Reach(TIERS), Standing(0, shares=known)
    ranks = range(len(TIERS.levels))
    missed = [
        rank for rank in ranks if not reach.may_rise(standing, rank) and rank < max(
            reach.period_rank(standing, NOW_US, ZoneInfo("UTC"), NOWHERE), reach.lifetime_rank(standing)
        )
    ]  # fmt: skip
    assert missed == []
