"""Drift is found, by member, with the event at which both sides part."""

from pathlib import Path

import pytest

from tests.flow.lives import live
from tests.ledger.tables import kiosk
from tests.reconcile.asked import reconcile
from tests.reconcile.made import events_of, write

STORY = """
    purchase  ada  2026-01-01T10:00  o1  10.00 GBP  #one
    purchase  bob  2026-01-01T11:00  o2  10.00 GBP  #two
    purchase  ada  2026-01-02T10:00  o3  20.00 GBP  #three
    redeem    ada  2026-01-03T10:00  r1  25 points  #four
    """


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """What a run over the story leaves."""
    live(write(tmp_path / "log", events_of(STORY)), tmp_path / "out", program=kiosk())
    return tmp_path / "out"


def test_a_member_whose_balance_drifts_is_named_with_the_first_event(out: Path, tmp_path: Path) -> None:
    """The log says another amount than the run had: the purchase is named, and bob is not."""
    other = write(tmp_path / "other", events_of(STORY.replace("o3  20.00", "o3  14.00")))
    answer = reconcile(out, other, "--json")
    told = answer.told
    assert (answer.status, told["equal"]) == (1, False)
    (ada,) = told["drifting"]
    assert (ada["expected"]["available"], ada["streamed"]["available"]) == (24, 5)
    (parting,) = told["parting"]
    assert (parting["id"], parting["type"], parting["expected"], parting["streamed"]) == ("three", "purchase", 14, 20)
    assert told["refused"] == [{"kind": "redeem", "why": "not enough points", "events": 1}]


def test_the_table_for_people_says_drift(out: Path, tmp_path: Path) -> None:
    """The member, both figures, the event, and the verdict last."""
    other = write(tmp_path / "other", events_of(STORY.replace("o3  20.00", "o3  14.00")))
    answer = reconcile(out, other)
    assert answer.output.splitlines()[-1] == "DRIFT: what was streamed is not what the log says."
    for word in ("lifetime_earned", "available", "three", "purchase"):
        assert word in answer.output


def test_one_member_is_compared_when_asked_for(out: Path, tmp_path: Path) -> None:
    """By an identifier: of bob nothing differs, and that is said; the exit status is that of all."""
    other = write(tmp_path / "other", events_of(STORY.replace("o3  20.00", "o3  14.00")))
    answer = reconcile(out, other, "--member", "loyalty:bob")
    assert "loyalty:bob: every event changed the balances alike." in answer.output
    assert answer.status == 1
    told = reconcile(out, other, "--member", "loyalty:ada", "--json").told
    assert [row["id"] for row in told["parting"]] == ["three"]


def test_an_event_without_a_line_is_drift(out: Path, tmp_path: Path) -> None:
    """The run tells of an event that the log does not have; what stands there instead was never applied."""
    other = write(tmp_path / "other", events_of(STORY.replace("#two", "#owt")))
    told = reconcile(out, other, "--json").told
    assert (told["equal"], told["unfounded"], told["lines"]["lost"]) == (False, 1, 1)
    assert [row["id"] for row in told["unfounded_first"]] == ["two"]


def test_a_line_that_became_nothing_is_drift(out: Path, tmp_path: Path) -> None:
    """The log has a line, before the last one that was read, that is neither applied nor refused nor a duplicate."""
    lines = events_of(STORY + "purchase  bob  2026-01-02T11:00  o4  10.00 GBP  #lost")
    told = reconcile(out, write(tmp_path / "other", [*lines[:3], lines[4], lines[3]]), "--json").told
    assert (told["equal"], told["lines"]) == (False, {"applied": 4, "lost": 1})
    assert [row["id"] for row in told["lost_first"]] == ["lost"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--currency", "gems"],        "--currency: found gems; accepted: miles, points"),
        (["--kafka", "nowhere:1"],      "--input and --kafka: expected one of them"),
        (["--till-totals", "none.csv"], "none.csv cannot be read"),
        (["--member", "loyalty:cid"],   "nobody has loyalty:cid"),
    ],
)  # fmt: skip
def test_wrong_usage_is_named(out: Path, tmp_path: Path, options: list[str], said: str) -> None:
    """With status 2 (1 for a member that does not exist)."""
    answer = reconcile(out, tmp_path / "log", *options)
    assert said in answer.errors
    assert answer.status == (1 if "--member" in options else 2)
