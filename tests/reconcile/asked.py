"""Asks `balanza reconcile` as a user does, and a warehouse for what it holds."""

from pathlib import Path
from typing import Any

import duckdb
import orjson
from typer.testing import CliRunner

from balanza.cli import app


class Answer:
    """What the command said and with which status."""

    def __init__(self, status: int, output: str, errors: str) -> None:
        self.status, self.output, self.errors = status, output, errors

    @property
    def told(self) -> dict[str, Any]:
        """The answer to `--json`."""
        found: dict[str, Any] = orjson.loads(self.output)
        return found


def reconcile(out: Path, log: Path, *options: str) -> Answer:
    """The answer without progress."""
    result = CliRunner().invoke(app, ["reconcile", "--out", str(out), "--input", str(log), "--quiet", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def ask(out: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the warehouse."""
    with duckdb.connect(str(out / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()
