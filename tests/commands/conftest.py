"""One output folder for all tests of commands that only look."""

from pathlib import Path

import pytest

from tests.commands.made import make


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `tests.commands.made` describes; nobody writes there."""
    return make(tmp_path_factory.mktemp("shop"))
