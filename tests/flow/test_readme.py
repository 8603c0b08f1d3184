"""README's commands, run as they stand on what the bundled example makes."""

import re
import shlex
from pathlib import Path

import pytest

from tests.flow.commands import Command, run_options

REPOSITORY = Path(__file__).parents[2]
PROMPT = ".venv/bin/balanza "


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make run` leaves."""
    out = tmp_path_factory.mktemp("readme") / "example"
    made = Command(out.parent, *run_options(REPOSITORY / "examples/online_retail/log", out)).ended()
    assert made.status == 0, made.err
    return out


def shown_commands() -> list[str]:
    """Every command line of README that calls balanza."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line.removeprefix(PROMPT) for block in blocks for line in block.splitlines() if line.startswith(PROMPT)]


def test_readme_shows_commands() -> None:
    """The test below has something to run."""
    assert len(shown_commands()) >= 5


def test_every_command_of_readme_works(example: Path, tmp_path: Path) -> None:
    """Copied one after the other they all end with status 0 and say something."""
    for line in shown_commands():
        plain = line.replace("out/example", str(example)).replace("out/first", str(tmp_path / "first"))
        arguments = [*shlex.split(plain), *(("--metrics-port", "0") if plain.startswith("run ") else ())]
        ended = Command(tmp_path, *arguments).ended()
        assert ended.status == 0, (line, ended.err)
        assert ended.out.strip(), line
