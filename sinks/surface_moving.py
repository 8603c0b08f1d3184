"""Takes the documents and look-ups of moved members from one worker's `surfaces.db` to another's."""

import sqlite3
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path

from schemas.groups import group_number

TABLES = ("surfaces", "identifiers", "merged")


def copy_surfaces(source: Path, target: Path, wanted: Collection[int], groups: int) -> None:
    """Copy what belongs to the groups `wanted`, of `groups` in all; done again it changes nothing."""
    if not (source / "surfaces.db").exists():
        return
    with closing(_opened(source, wanted, groups)) as connection:
        layout = [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table'")]
        connection.execute("ATTACH ? AS receiver", (str(target / "surfaces.db"),))
        for create in layout:
            with suppress(sqlite3.OperationalError):  # it has the table already
                connection.execute(create.replace("CREATE TABLE ", "CREATE TABLE receiver.", 1))
        connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            connection.execute(f"INSERT OR REPLACE INTO receiver.{table} SELECT * FROM {table} WHERE moves(member_id)")
        connection.execute("COMMIT")


def drop_surfaces(source: Path, wanted: Collection[int], groups: int) -> None:
    """Remove what belongs to the groups."""
    if not (source / "surfaces.db").exists():
        return
    with closing(_opened(source, wanted, groups)) as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE moves(member_id)")


def _opened(folder: Path, wanted: Collection[int], groups: int) -> sqlite3.Connection:
    """Open the documents, with a function that tells whether a member's group is wanted."""
    connection = sqlite3.connect(folder / "surfaces.db", isolation_level=None)
    chosen = frozenset(wanted)
    connection.create_function("moves", 1, lambda member_id: group_number(member_id, groups) in chosen)
    return connection
