"""`balanza validate` and `balanza schema`."""

import json
from pathlib import Path

import pytest

from schemas.records import TABLES
from tests.commands.made import balanza
from tests.config.samples import CORNER_SHOP, edited


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A program with two problems."""
    path = tmp_path / "broken.yaml"
    path.write_text(edited("rounding: down", "roundng: down").replace("after: 2h", "after: soon"), encoding="utf-8")
    return path


def test_a_fine_program_is_summed_up() -> None:
    """Status 0, and what the program holds."""
    result = balanza("validate", CORNER_SHOP)
    assert result.exit_code == 0, result.output
    assert "is fine." in result.stdout
    assert "cart_reminder" in result.stdout
    said = json.loads(balanza("validate", CORNER_SHOP, "--json").stdout)
    assert (said["fine"], said["program"]["currencies"], said["problems"]) == (True, ["points"], [])
    held = json.loads(balanza("validate", CORNER_SHOP.with_name("coffee.yaml"), "--json").stdout)["program"]
    assert (held["tiers"], held["offers"]) == (["green", "gold"], ["early_bird", "explorer", "star_dash"])
    assert "tumbler" in held["rewards"]


def test_every_problem_is_told_at_once(broken: Path) -> None:
    """Status 2; file, line, path and what is accepted, on stderr."""
    result = balanza("validate", broken)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "earn.0.roundng: unknown key 'roundng'" in result.stderr
    assert "signals.0.after" in result.stderr
    assert "2 problems" in result.stderr


def test_problems_for_machines(broken: Path) -> None:
    """`--json` prints the same on stdout, with the same status."""
    result = balanza("validate", broken, "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["fine"], len(said["problems"])) == (2, False, 2)
    assert {"file", "line", "column", "path", "found", "expected", "message"} == said["problems"][0].keys()


def test_a_missing_file_is_a_problem_too(tmp_path: Path) -> None:
    """No traceback for a name that is wrong."""
    result = balanza("validate", tmp_path / "none.yaml")
    assert (result.exit_code, "cannot be read" in result.stderr) == (2, True)


def test_schemas_come_one_by_one_or_together() -> None:
    """Each is a JSON Schema; without a name all three are in one object."""
    every = json.loads(balanza("schema").stdout)
    assert every.keys() == {"events", "records", "program"}
    assert every["records"]["properties"].keys() == TABLES.keys()
    for name, whole in every.items():
        assert json.loads(balanza("schema", name).stdout) == whole
        assert whole["$schema"].startswith("https://json-schema.org/")


def test_an_unknown_schema_is_refused() -> None:
    """Status 2, and the names that exist."""
    result = balanza("schema", "programme")
    assert (result.exit_code, "records" in result.stderr) == (2, True)
