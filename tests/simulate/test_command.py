"""The command `balanza simulate` as a person meets it."""

from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from connectors.simulate import SimulateOptions, SimulationSummary, simulate
from connectors.simulate.command import simulate as command


def run(*arguments: str) -> Result:
    """Run the command alone."""
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(arguments))


def test_json_prints_the_summary_that_is_written(tmp_path: Path) -> None:
    """`--json` prints what summary.json holds."""
    result = run("--out", str(tmp_path), "--events", "300", "--members", "20", "--json")
    assert result.exit_code == 0, result.output
    printed = msgspec.json.decode(result.stdout, type=SimulationSummary)
    assert printed == msgspec.json.decode((tmp_path / "summary.json").read_bytes(), type=SimulationSummary)
    assert printed.events == 300


def test_the_file_is_that_of_the_library(tmp_path: Path) -> None:
    """The command's defaults are those of the options."""
    run("--out", str(tmp_path), "--events", "300", "--json")
    expected = b"".join(line.raw + b"\n" for line in simulate(SimulateOptions(events=300)))
    assert expected == (tmp_path / "events.jsonl").read_bytes()


def test_people_get_a_table(tmp_path: Path) -> None:
    """Without `--json` the counts come as a table."""
    result = run("--out", str(tmp_path), "--events", "300")
    assert result.exit_code == 0
    assert "page_view" in result.stdout


def test_rates_are_changed_by_name(tmp_path: Path) -> None:
    """`--rate` sets one share, the others stay."""
    result = run("--out", str(tmp_path), "--events", "300", "--rate", "late=0", "--rate", "duplicate=0.5", "--json")
    summary = msgspec.json.decode(result.stdout, type=SimulationSummary)
    assert summary.late == 0
    assert summary.duplicates > 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "lateness=0.1"], "expected NAME=SHARE"),
        (["--rate", "late=often"], "is not a number"),
        (["--rate", "late=2"], "must be between 0 and 1"),
        (["--start", "2026-01-05T08:00:00"], "needs an offset"),
        (["--start", "yesterday"], "yesterday"),
    ],
)
def test_wrong_usage_is_named_and_ends_with_two(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Nothing is written, the fault is named, the status is 2."""
    result = run("--out", str(tmp_path), *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_earlier_log_is_replaced_only_on_demand(tmp_path: Path) -> None:
    """A folder with a log is refused; `--replace` removes all of its lines, of any layout."""
    assert run("--out", str(tmp_path), "--events", "100", "--topics").exit_code == 0
    assert run("--out", str(tmp_path), "--events", "100").exit_code == 2
    assert run("--out", str(tmp_path), "--events", "100", "--replace").exit_code == 0
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["events.jsonl", "summary.json", "truth.csv.gz"]
