"""What the tests of this folder share: a simulated log, and what an undisturbed run makes of it."""

from pathlib import Path

import pytest

from connectors.simulate.options import Rates, SimulateOptions
from connectors.simulate.writer import write_log
from tests.flow.lives import live, settings
from tests.flow.outcomes import Outcome, outcome

UNTIDY = Rates(duplicate=0.03, reserialised=0.01, conflict=0.004, malformed=0.01, late=0.05, two_identities=0.1)


def simulated(folder: Path, events: int, members: int, seed: int) -> Path:
    """Write a log by topics in which much goes wrong; give its folder."""
    write_log(SimulateOptions(events=events, members=members, seed=seed, layout="topics", rates=UNTIDY), folder)
    for beside in ("truth.csv.gz", "summary.json"):
        (folder / beside).unlink()
    return folder


@pytest.fixture(scope="session")
def shop_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty thousand events of a made-up shop."""
    return simulated(tmp_path_factory.mktemp("shop") / "log", 40_000, 2_000, 11)


@pytest.fixture(scope="session")
def undisturbed(shop_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What one run over the shop's log leaves."""
    out = tmp_path_factory.mktemp("undisturbed")
    live(shop_log, out, settings(epoch_seconds=5))
    return outcome(out)


@pytest.fixture(scope="session")
def small_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four thousand events of a made-up shop."""
    return simulated(tmp_path_factory.mktemp("small") / "log", 4_000, 250, 12)


@pytest.fixture(scope="session")
def small_undisturbed(small_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What one run over the small log leaves."""
    out = tmp_path_factory.mktemp("small_undisturbed")
    live(small_log, out, settings(epoch_seconds=5))
    return outcome(out)
