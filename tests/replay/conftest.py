"""What the tests of this folder share: the bundled example as it lives."""

from pathlib import Path

import pytest

from tests.flow.lives import EXAMPLE, live, settings


@pytest.fixture(scope="session")
def example_live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over the bundled example; nobody writes there."""
    out = tmp_path_factory.mktemp("example") / "live"
    live(EXAMPLE / "log", out, settings(epoch_seconds=5))
    return out
