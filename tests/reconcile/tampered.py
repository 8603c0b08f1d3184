"""Changes what a run wrote down, as a fault of the ledger would have, and takes its folder apart."""

import shutil
from pathlib import Path
from typing import Final

import duckdb

FOUND: Final = """
SELECT member_id, currency, version, cause_id FROM read_parquet($path) WHERE rule = $rule ORDER BY version LIMIT 1
"""
CHANGED: Final = """
SELECT * REPLACE (
    CASE WHEN member_id = $member AND version = $version AND currency = $currency
         THEN list_concat(legs, [{'account': 'available', 'points': 1}, {'account': 'issued', 'points': -1}])
         ELSE legs END AS legs,
    available + (member_id = $member AND version >= $version AND currency = $currency)::BIGINT AS available
) FROM read_parquet($path)
"""


def tamper(out: Path, copy: Path, rule: str) -> str:
    """Copy a run's folder, let the first entry of a rule give a point too much; gives the id of the entry's cause."""
    shutil.copytree(out, copy)
    files = sorted((copy / "warehouse" / "parquet" / "entries").iterdir())
    with duckdb.connect() as connection:
        found = [
            (path, row) for path in files
            if (row := connection.execute(FOUND, {"path": str(path), "rule": rule}).fetchone()) is not None
        ]  # fmt: skip
        assert found, rule
        member, currency, version, cause_id = min((row for _, row in found), key=lambda row: int(row[2]))
        for path in files:
            given = {"path": str(path), "member": member, "version": version, "currency": currency}
            _rewrite(connection, path, CHANGED, given)
    return str(cause_id)


def halves(out: Path, folder: Path) -> list[Path]:
    """Two folders: one with what a run wrote down of its first member, one with the rest, as two processes have it."""
    entries = out / "warehouse" / "parquet" / "entries" / "*.parquet"
    with duckdb.connect() as connection:
        (first,) = connection.execute(f"SELECT min(member_id) FROM read_parquet('{entries}')").fetchall()[0]
    made: list[Path] = []
    for half in ("=", "!="):
        copy = folder / f"half {len(made)}"
        shutil.copytree(out, copy)
        with duckdb.connect() as connection:
            for path in sorted((copy / "warehouse" / "parquet").rglob("*.parquet")):
                query = "SELECT * FROM read_parquet($path)"
                columns = connection.execute(query, {"path": str(path)}).description or ()
                key = "member_id" if "member_id" in [column[0] for column in columns] else "''"
                _rewrite(connection, path, f"{query} WHERE {key} {half} '{first}'", {"path": str(path)})
        made.append(copy)
    return made


def _rewrite(connection: duckdb.DuckDBPyConnection, path: Path, query: str, given: dict[str, object]) -> None:
    fresh = path.with_suffix(".fresh")
    connection.execute(f"COPY ({query}) TO '{fresh}' (FORMAT parquet)", given)
    fresh.replace(path)
