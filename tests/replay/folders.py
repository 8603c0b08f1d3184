"""Replays as a user starts them, and what they leave."""

import json
from pathlib import Path
from typing import Any

import duckdb

from tests.flow.commands import Command, Ended
from tests.flow.lives import CORNER_SHOP, edited

WRONG_USAGE = 2


def replay(tmp_path: Path, log: Path, out: Path, *more: object, program: Path = CORNER_SHOP) -> dict[str, Any]:
    """Replay files to the end, all records kept; gives the summary."""
    ended = called(tmp_path, "replay", "-p", program, "-i", log, "-o", out, "--keep-records", "--json", *more)
    assert (ended.status, ended.err) == (0, "")
    summary: dict[str, Any] = json.loads(ended.out)
    return summary


def called(tmp_path: Path, *arguments: object) -> Ended:
    """Call a command without progress, and wait for its end."""
    with Command(tmp_path, *arguments, "--quiet") as command:
        return command.ended()


def refused(tmp_path: Path, *arguments: object) -> str:
    """Call a command that must be refused; gives what it says."""
    ended = called(tmp_path, *arguments)
    assert (ended.status, ended.out) == (WRONG_USAGE, ""), ended
    return ended.err


def asked(out: Path, query: str) -> list[tuple[Any, ...]]:
    """The answer of a folder's warehouse."""
    with duckdb.connect(str(out / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def counts(comparison: dict[str, Any]) -> dict[str, tuple[int, int, int, int]]:
    """By table: compared, only live, only in the replay, changed."""
    return {
        table: (told["compared"], told["only_live"], told["only_replay"], told["changed"])
        for table, told in comparison["differences"].items()
    }


def other_program(folder: Path, *edits: tuple[str, str]) -> Path:
    """The corner shop's program with some of its text replaced, as a file."""
    return edited(CORNER_SHOP, folder, *edits)
