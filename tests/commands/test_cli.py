"""The command line as a whole: help, versions, folders, pipes, and its page in the documentation."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from balanza import __version__
from balanza.cli import COMMANDS, load
from tests.commands.made import balanza
from tests.config.samples import ROOT

DOCUMENT = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def parts() -> Iterator[tuple[str, Any]]:
    """(name, command) of every command that does something, `deadletters list` rather than `deadletters`."""
    for name in COMMANDS:
        command = load(name)
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        else:
            yield name, command


PARTS = dict(parts())


def section(name: str) -> str:
    """The text under a command's heading."""
    match = re.search(rf"^## balanza {re.escape(name)}\n(.*?)(?=^## |\Z)", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert match is not None, name
    return match[1]


def options_of(command: Any) -> set[str]:  # noqa: ANN401  the classes of commands are private to typer
    """The long names of a command's options."""
    return {name for option in command.params for name in option.opts if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("name", PARTS)
def test_every_option_is_documented(name: str) -> None:
    """docs/commands.md has a section a command with exactly the options that exist."""
    documented = set(re.findall(r"^\| `(--[a-z-]+)", section(name), re.MULTILINE))
    assert documented == options_of(PARTS[name])


@pytest.mark.parametrize("name", PARTS)
def test_help_teaches_by_an_example(name: str) -> None:
    """Every command's help shows one command that works."""
    assert f"Example: balanza {name}" in PARTS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_table_is_the_commands_own(name: str) -> None:
    """What `balanza --help` says of a command is the first line of its own help."""
    assert (load(name).help or "").splitlines()[0] == COMMANDS[name].says


def test_help_names_every_command() -> None:
    """Also that of the whole, which imports none of them."""
    result = balanza("--help")
    assert result.exit_code == 0
    assert [name for name in COMMANDS if f"\n  {name} " not in result.stdout] == []


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    """Asking for help loads neither the engine nor the warehouse."""
    code = "import sys, balanza.cli; print({'duckdb', 'bytewax', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout == b"set()\n"


def test_the_version_is_the_packages() -> None:
    """`--version` says what pyproject.toml says."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert (balanza("--version").stdout, __version__) == (f"balanza {named}\n", named)


def test_an_unknown_command_is_wrong_usage() -> None:
    """Status 2."""
    assert balanza("membre", "x").exit_code == 2


def test_the_folder_comes_from_option_environment_or_example(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--out, then BALANZA_OUT, then out/example if it is there; else the command asks for one."""
    monkeypatch.chdir(tmp_path)
    asked = balanza("sql", "select 1")
    assert (asked.exit_code, "--out DIR or set BALANZA_OUT" in asked.stderr) == (2, True)
    assert balanza("sql", "select 1", env={"BALANZA_OUT": str(out)}).exit_code == 0
    Path("out").mkdir()
    Path("out/example").symlink_to(out, target_is_directory=True)
    assert balanza("sql", "select 1").exit_code == 0


@pytest.mark.parametrize("command", [["sql", "select 1"], ["member", "m_1"], ["why", "d_1"], ["deadletters", "list"]])
def test_a_folder_without_a_run_is_wrong_usage(tmp_path: Path, command: list[str]) -> None:
    """A folder that is not there, or where nothing ran: status 2 and what to do."""
    missing = balanza(*command, "--out", tmp_path / "none")
    assert (missing.exit_code, "there is no folder" in missing.stderr) == (2, True)
    empty = balanza(*command, "--out", tmp_path)
    assert (empty.exit_code, "balanza run" in empty.stderr) == (2, True)


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_a_reader_that_leaves_early_is_no_error_to_talk_about(out: Path, form: list[str]) -> None:
    """`balanza sql … | head -1` ends without a traceback."""
    query = "select range, repeat('x', 50) as text from range(5000)"
    command = [sys.executable, "-m", "balanza", "sql", query, "--limit", "5000", "--out", str(out), *form]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
