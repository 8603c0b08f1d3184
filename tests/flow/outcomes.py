"""Everything that a run leaves for others to see, in a form that two runs can be compared by."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import duckdb

from schemas.records import TABLES
from sinks.views import VIEWS

OF_ONE_RUN = {"out", "seconds", "read_now", "dropped_fields"}
Outcome = dict[str, list[str]]
KEYS = {
    "events": ["event_key"], "identity": ["seq"], "members": ["member_id", "version"], "entries": ["entry_id"],
    "refusals": ["refusal_id"], "signals": ["signal_id", "at_us"], "decisions": ["decision_id"],
    "actions": ["action_id"], "receipts": ["receipt_id"], "alerts": ["alert_id"],
    "dead_letters": ["topic", "partition", "offset"],
}  # fmt: skip


def records(out: Path, table: str) -> bytes:
    """The records of a table as bytes."""
    return (out / "records" / f"{table}.jsonl").read_bytes()


def all_records(out: Path) -> dict[str, bytes]:
    """The records of every table."""
    return {table: records(out, table) for table in TABLES}


def outcome(out: Path) -> Outcome:
    """Lines, rows and documents by place; tables in an order of their own, files in theirs."""
    found = {f"records {table}": lines(text) for table, text in all_records(out).items()}
    summary = json.loads((out / "summary.json").read_bytes())
    found["summary"] = [f"{name} {told}" for name, told in summary.items() if name not in OF_ONE_RUN]
    for name in ("outbox.jsonl", "dead_letters.jsonl"):
        found[name] = lines((out / name).read_bytes())
    with duckdb.connect(str(out / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        for view in VIEWS:
            found[f"warehouse {view}"] = sorted(map(repr, warehouse.execute(f"FROM {view}").fetchall()))
    with closing(sqlite3.connect(f"file:{out / 'surfaces.db'}?mode=ro", uri=True)) as surfaces:
        for table in ("surfaces", "identifiers"):
            found[f"surfaces {table}"] = sorted(map(repr, surfaces.execute(f"SELECT * FROM {table}")))
    return found


def lines(text: bytes) -> list[str]:
    """The lines of a file, all of which have an end."""
    assert not text or text.endswith(b"\n")
    return text.decode().splitlines()


def differences(expected: Outcome, found: Outcome) -> dict[str, tuple[list[str], list[str]]]:
    """What is missing and what is too much, by place; the first few of each. Empty: the same, in the same order."""
    told = {}
    for place in expected.keys() | found.keys():
        before, after = expected.get(place, []), found.get(place, [])
        if before != after:
            told[place] = (_first(Counter(before) - Counter(after)), _first(Counter(after) - Counter(before)))
    return told


def _first(counted: Counter[str]) -> list[str]:
    return [line[:300] for line in list(counted.elements())[:3]]


def repeated(out: Path) -> dict[str, list[str]]:
    """Records whose id was there before, by table."""
    found: dict[str, list[str]] = {}
    for table, text in all_records(out).items():
        ids = Counter(_key(json.loads(line), KEYS[table]) for line in lines(text))
        twice = [key for key, count in ids.items() if count > 1]
        if twice:
            found[table] = twice
    return found


def _key(record: dict[str, object], names: Iterable[str]) -> str:
    return " ".join(str(record[name]) for name in names)
