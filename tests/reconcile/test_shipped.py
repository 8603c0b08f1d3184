"""Every shipped program is recomputed whole: on the stories of its tests, and on drawn logs."""

from pathlib import Path

import pytest

from balanza.reconcile.coverage import coverage_of
from tests.flow.lives import live, settings
from tests.programs.tables import PROGRAMS, shipped
from tests.reconcile.asked import reconcile
from tests.reconcile.busy import busy, stories
from tests.reconcile.made import Event, write

NAMES = sorted(path.stem for path in PROGRAMS.glob("*.yaml"))


def assert_equal(folder: Path, name: str, events: list[Event]) -> None:
    """A run over the events is recomputed, all of it, and nothing drifts."""
    log = write(folder / "log", events)
    live(log, folder / "out", settings(epoch_seconds=1), shipped(name))
    answer = reconcile(folder / "out", log, "--json")
    told = answer.told
    assert (told["drifting"], told["lots_drifting"], told["not_recomputed"], told["unsure"]) == ([], [], {}, 0)
    assert (answer.status, told["equal"]) == (0, True)


@pytest.mark.parametrize("name", NAMES)
def test_no_currency_of_a_shipped_program_is_left_out(name: str) -> None:
    """Of each the SQL knows all that the program says."""
    assert not any(coverage_of(shipped(name)).missing.values())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "corner_shop"])
def test_the_stories_of_a_shipped_program_are_equal(tmp_path: Path, name: str) -> None:
    """All that its tests tell, as one log."""
    assert_equal(tmp_path, name, stories(name))


@pytest.mark.parametrize("name", NAMES)
def test_drawn_logs_of_a_shipped_program_are_equal(tmp_path: Path, name: str) -> None:
    """Merges, late events, duplicates, returned lines, redemptions, holds and expiries meet in it."""
    assert_equal(tmp_path, name, busy(name, 5, 120))
