"""README's commands, run as they stand on what the bundled example makes."""

import re
import shlex
from pathlib import Path

import pytest

from tests.flow.commands import Command, run_options
from tests.kafka.fixtures import BrokerMaker

REPOSITORY = Path(__file__).parents[2]
PROMPT = ".venv/bin/balanza "
BROKER = "localhost:9092"
KAFKA_OUT = "out/kafka"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make run` leaves."""
    out = tmp_path_factory.mktemp("readme") / "example"
    made = Command(out.parent, *run_options(REPOSITORY / "examples/online_retail/log", out)).ended()
    assert made.status == 0, made.err
    return out


def shown_commands(*, on_kafka: bool = False) -> list[str]:
    """Every command line of README that calls balanza, those that need a broker apart."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    lines = [line.removeprefix(PROMPT) for block in blocks for line in block.splitlines() if line.startswith(PROMPT)]
    return [line for line in lines if (BROKER in line or KAFKA_OUT in line) == on_kafka]


def test_readme_shows_commands() -> None:
    """The test below has something to run."""
    assert len(shown_commands()) >= 5


def run_in_order(lines: list[str], places: dict[str, str], tmp_path: Path) -> None:
    """Each of the commands ends with status 0 and says something; `places` stand for what README names."""
    for line in lines:
        plain = line
        for shown, place in places.items():
            plain = plain.replace(shown, place)
        arguments = [*shlex.split(plain), *(("--metrics-port", "0") if plain.startswith("run ") else ())]
        ended = Command(tmp_path, *arguments).ended()
        assert ended.status == 0, (line, ended.err)
        assert ended.out.strip(), line


def test_every_command_of_readme_works(example: Path, tmp_path: Path) -> None:
    """Copied one after the other they all end well."""
    run_in_order(shown_commands(), {"out/example": str(example), "out/first": str(tmp_path / "first")}, tmp_path)


@pytest.mark.slow
def test_every_command_on_kafka_works(brokers: BrokerMaker, tmp_path: Path) -> None:
    """The same with a broker that holds nothing before."""
    lines = shown_commands(on_kafka=True)
    assert len(lines) >= 3
    run_in_order(lines, {BROKER: brokers().bootstrap, KAFKA_OUT: str(tmp_path / "kafka")}, tmp_path)
