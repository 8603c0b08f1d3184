"""What the tests of this folder share: the bundled example as it lives, and a small log."""

from pathlib import Path

import pytest

from tests.flow.conftest import simulated
from tests.flow.lives import EXAMPLE, live, settings


@pytest.fixture(scope="session")
def example_live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over the bundled example; nobody writes there."""
    out = tmp_path_factory.mktemp("example") / "live"
    live(EXAMPLE / "log", out, settings(epoch_seconds=5))
    return out


@pytest.fixture(scope="session")
def small_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three thousand events of a made-up shop, in several topics."""
    return simulated(tmp_path_factory.mktemp("small") / "log", 3_000, 200, 13)


@pytest.fixture(scope="session")
def small_live(small_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over the small log; nobody writes there."""
    out = tmp_path_factory.mktemp("small_live") / "live"
    live(small_log, out, settings(epoch_seconds=5))
    return out
