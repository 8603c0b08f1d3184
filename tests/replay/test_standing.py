"""Replays of a program with tiers, offers and vouchers against the run that lives."""

from pathlib import Path

import pytest

from config.loader import load_program
from tests.commands.made import balanza
from tests.flow.lives import edited, live, settings
from tests.programs.tables import PROGRAMS, shipped, write_log
from tests.programs.test_run import STORY
from tests.replay.folders import called, counts, replay

COFFEE = PROGRAMS / "coffee.yaml"
NOTHING = (0, 0, 0)
ERASE = (
    '{"specversion":"1.0","id":"e9","source":"desk","type":"erase","time":"2026-03-01T12:00:00Z",'
    '"data":{"ids":{"loyalty":"ada"},"request_id":"r-9","actor":"desk"}}\n'
)


def lived(folder: Path, more: str = "") -> tuple[Path, Path]:
    """The coffee chain's log with more lines, and the folder of a run over it."""
    log, out = folder / "log.jsonl", folder / "live"
    write_log(shipped("coffee"), STORY, log)
    with log.open("a", encoding="utf-8") as file:
        file.write(more)
    live(log, out, settings(), load_program(COFFEE))
    return log, out


@pytest.fixture(scope="module")
def coffee(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The coffee chain's log, and the folder of a run over it; nobody writes there."""
    return lived(tmp_path_factory.mktemp("coffee"))


def coffee_with(folder: Path, *edits: tuple[str, str]) -> Path:
    """The coffee chain's program with some of its text replaced, as a file."""
    return edited(COFFEE, folder, *edits)


def test_the_same_program_gives_the_same_standing(tmp_path: Path, coffee: tuple[Path, Path]) -> None:
    """Tiers, offers and vouchers are compared; the code of a voucher is the folder's own, and no difference."""
    log, lives = coffee
    told = replay(tmp_path, log, tmp_path / "out", "--compare", lives, program=COFFEE)["comparison"]
    assert (told["equal"], told["notes"]) == (True, [])
    found = counts(told)
    assert {one[1:] for one in found.values()} == {NOTHING}
    assert (found["tiers"][0], found["vouchers"][0]) == (1, 3)
    assert found["offers"][0] > 1
    assert found["identity_events"][0] > 3


def test_a_harder_tier_and_goal_show_where_they_differ(tmp_path: Path, coffee: tuple[Path, Path]) -> None:
    """Nobody is gold, so the gift for it is missing; an offer that asks for more is not completed."""
    log, lives = coffee
    program = coffee_with(
        tmp_path, ("needs: {stars: 500}", "needs: {stars: 900}"),
        ("kind: streak, at_least: 3", "kind: streak, at_least: 4"),
    )  # fmt: skip
    told = replay(tmp_path, log, tmp_path / "out", "--compare", lives, program=program)["comparison"]
    found = counts(told)
    assert (found["tiers"], found["members"][1:], found["identity_events"][1:]) == ((1, 0, 0, 1), NOTHING, NOTHING)
    (tier,) = told["differences"]["tiers"]["first"]
    assert (tier["live"]["tier"], tier["replay"]["tier"], tier["replay"]["until"]) == ("gold", "green", None)
    assert tier["live"]["until"] == "2028-01-05T05:00:00Z"
    (offer,) = told["differences"]["offers"]["first"]
    assert (offer["offer"], offer["live"]["state"], offer["replay"]["state"]) == ("early_bird", "completed", "granted")
    gone = {row["reward"]: row["replay"] for row in told["differences"]["vouchers"]["first"]}
    assert gone["birthday_drink"] is None


def test_people_read_which_tier_differs(tmp_path: Path, coffee: tuple[Path, Path]) -> None:
    """Without --json there is a table of each kind of row that differs."""
    log, lives = coffee
    program = coffee_with(tmp_path, ("needs: {stars: 500}", "needs: {stars: 900}"))
    ended = called(tmp_path, "replay", "-p", program, "-i", log, "-o", tmp_path / "out", "--compare", lives)
    assert (ended.status, ended.err) == (0, "")
    for part in ("tiers that differ", "tier gold", "tier green", "vouchers that differ", "birthday_drink"):
        assert part in ended.out


def test_who_was_erased_since_is_said(tmp_path: Path) -> None:
    """Live has erased a person after the time that is compared: a note says why only the replay has the rows."""
    log, lives = lived(tmp_path, ERASE)
    assert "r-9" in balanza("erasures", "--out", lives).output
    until = ("--until", "2026-02-01T00:00:00Z")
    told = replay(tmp_path, log, tmp_path / "out", *until, "--compare", lives, program=COFFEE)["comparison"]
    assert any("The live deployment has erased people since then (1)" in note for note in told["notes"]), told["notes"]
    assert counts(told)["vouchers"] == (3, 0, 3, 0)
