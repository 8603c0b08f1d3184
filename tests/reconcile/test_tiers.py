"""Tiers are recomputed from what was recomputed of points, orders and visits, and compared by member."""

from pathlib import Path
from typing import Final

import pytest

from balanza.reconcile.coverage import coverage_of
from config.loader import load_program
from config.program import Program
from tests.config.samples import program
from tests.flow.lives import ROOT, live, settings
from tests.reconcile.asked import ask, reconcile
from tests.reconcile.made import drawn, events_of, write
from tests.reconcile.test_coverage import lived

PLANS: Final = "{period: lifetime, levels: [{id: free, name: Free}, {id: plus, name: Plus, plan: plus}]}"
SIMPLE: Final = """{period: calendar_year, keeps_periods: 0,
    measures: {spend: {of: spend, money: GBP}},
    levels: [{id: guest, name: Guest}, {id: friend, name: Friend, needs: {spend: 2500}}]}"""
STORY: Final = """
    purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #one
    purchase  ada  2026-01-02T10:00  o2  20.00 GBP  #two
    purchase  bob  2026-01-03T10:00  o3  10.00 GBP  #three
    """


def tiered(tiers: str, terms: str = "") -> Program:
    """Points for money, of which those of one rule do not qualify."""
    return program(f"""
        currencies: {{points: {{name: Points}}, miles: {{name: Miles}}}}
        identity: {{anonymous_days: 900}}
        earn:
          - {{on: purchase, id: one, currency: points, points: 3, per: {{amount: 99, currency: GBP}}{terms}}}
          - {{on: purchase, id: more, currency: points, points: 2, per: {{amount: 50, currency: GBP}},
             qualifying: false}}
        tiers: {tiers}
        """)


def of_all_measures(period: str) -> Program:
    """Four tiers by points, money and visits."""
    return tiered(f"""{{
        {period},
        measures: {{
            points: {{of: points, currency: points}}, spend: {{of: spend, money: GBP}},
            visits: {{of: visits, events: [purchase, page_view]}},
        }},
        levels: [
            {{id: guest, name: Guest}}, {{id: friend, name: Friend, needs: {{spend: 400, visits: 3}}, match: any}},
            {{id: best, name: Best, needs: {{spend: 1500, visits: 4}}, lifetime: {{visits: 8}}}},
            {{id: star, name: Star, needs: {{spend: 3000, visits: 5, points: 20}}}},
        ],
    }}""")


@pytest.mark.parametrize(
    ("period", "pace"),
    [
        ("period: calendar_year, grace: 20d", 50),
        ("period: calendar_year, keeps_periods: 0, returns: at_once", 50),
        ("period: join_date, soft_landing_percent: 60", 50),
        ("period: rolling, rolling_days: 5, grace: 1d, downgrade: one_down", 1),
        ("period: lifetime", 1),
    ],
)
def test_tiers_of_drawn_logs_are_equal(tmp_path: Path, period: str, pace: int) -> None:
    """Late events, returns, merges; members rise and fall again."""
    events = drawn(3, 150, pace)
    log = write(tmp_path / "log", events[::2], events[1::2])
    live(log, tmp_path / "out", settings(epoch_seconds=1), of_all_measures(period))
    told = reconcile(tmp_path / "out", log, "--json").told
    assert (told["equal"], told["tiers"]["drifting"], told["tiers_not_recomputed"]) == (True, 0, [])
    assert told["tiers"]["compared"] > 7
    kept = "('JOINED', 'QUALIFIED', 'LIFETIME', 'MERGED')"
    falls = ask(tmp_path / "out", f"SELECT count(*) FROM tiers WHERE reason NOT IN {kept}")
    assert (falls[0][0] > 0) == ("lifetime" not in period)


@pytest.mark.parametrize("hold", ["hold: {delay: 3d}", "hold: {event: activity, releases: quantity}"])
@pytest.mark.parametrize("period", ["period: rolling, rolling_days: 6, returns: at_once", "period: calendar_year"])
def test_held_points_count_when_they_are_released(tmp_path: Path, period: str, hold: str) -> None:
    """By a time or an event, also of partners; what a return voids never does."""
    held = tiered(f"""{{
        {period}, measures: {{points: {{of: points, currency: points, qualifying_only: false}}}},
        levels: [{{id: guest, name: Guest}}, {{id: friend, name: Friend, needs: {{points: 12}}}},
                 {{id: best, name: Best, needs: {{points: 60}}}}],
    }}""", f", {hold}")  # fmt: skip
    events = drawn(3, 150)
    for number, event in enumerate(event for event in events if event["type"] == "page_view"):
        event["type"], event["data"]["kind"] = "activity", "delivered"
        event["data"] |= {"quantity": number % 7} if number % 3 else {}
    log = write(tmp_path / "log", events[::2], events[1::2])
    live(log, tmp_path / "out", settings(epoch_seconds=1), held)
    told = reconcile(tmp_path / "out", log, "--json").told
    assert (told["equal"], told["tiers"]["drifting"], told["tiers_not_recomputed"]) == (True, 0, [])
    assert ask(tmp_path / "out", "SELECT count(*) FROM tiers WHERE tier != 'guest'")[0][0] > 7


def test_a_tier_that_drifts_is_named(tmp_path: Path) -> None:
    """The log says less than the run had: ada is a guest, bob is not named."""
    live(write(tmp_path / "log", events_of(STORY)), tmp_path / "out", program=tiered(SIMPLE))
    other = write(tmp_path / "other", events_of(STORY.replace("o2  20.00", "o2  14.00")))
    answer = reconcile(tmp_path / "out", other, "--json")
    assert (answer.status, answer.told["equal"]) == (1, False)
    assert [(row["expected"], row["streamed"]) for row in answer.told["tiers"]["first"]] == [("guest", "friend")]
    assert "Tiers that drift" in reconcile(tmp_path / "out", other).output


def test_tiers_that_are_not_recomputed_are_said(tmp_path: Path) -> None:
    """With the reason; it is no failure."""
    answer = lived(tmp_path, tiered(PLANS), events_of(STORY))
    assert "NOT RECOMPUTED: tiers. The SQL does not know tiers.levels.plus.plan" in answer.output
    assert answer.status == 0


def test_members_with_a_time_zone_of_their_own_are_left_out_and_counted(tmp_path: Path) -> None:
    """Their days and years are not reckoned."""
    zone = {"ids": {"loyalty": "bob"}, "attributes": {"time_zone": "Asia/Tokyo"}}
    told = {"specversion": "1.0", "type": "member_update", "source": "desk", "id": "z", "time": "2026-01-04T10:00:00Z"}
    answer = lived(tmp_path, tiered(SIMPLE), [*events_of(STORY), {**told, "data": zone}])
    assert "NOT RECOMPUTED: tiers of 1 members who live by a time zone of their own." in answer.output
    assert "Equal: points, the tiers of 1 members." in answer.output


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("coffee", []),
        ("sport_membership", []),
        ("retail_membership", ["tiers.plan_grace", "tiers.levels.plus.plan"]),
    ],
)
def test_what_is_recomputed_of_the_tiers_of_shipped_programs(name: str, missing: list[str]) -> None:
    """By visits for ever and by points of any rule; a paid plan is not."""
    assert coverage_of(load_program(ROOT / "config" / "programs" / f"{name}.yaml")).tiers == missing
