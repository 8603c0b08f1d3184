"""What a reader of the warehouse finds: `manifest.json` (which Parquet files count) and `warehouse.duckdb` (the views).

Both are built beside their place and put there by one rename, so that whoever opens the warehouse sees every table as
of the same epoch. The views name their Parquet files one by one, with absolute paths; a reader that opened an older
`warehouse.duckdb` goes on with the files it names, which stay for a while after they were superseded.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb
import msgspec

from schemas.records import TABLES
from sinks import stored
from sinks.destination import DestinationError
from sinks.views import VIEWS

MANIFEST = "manifest.json"
WAREHOUSE = "warehouse.duckdb"
PARQUET = "parquet"
SPILL = "spill"
TEMPORARY = ".tmp"  # the suffix of whatever is not in its place yet
MEMORY_LIMIT = "96MB"
TOLD_TO_SEVERAL = ("identity", "members")  # the stitcher writes these down, and so do the workers whose they are
READABLE_SINCE = "v1.0.0"  # whoever reads may have an older DuckDB than we write with


class ParquetFile(msgspec.Struct, frozen=True):
    """One file of a table: its name in the table's folder, the epochs `first` to `last` in it, rows, size in bytes."""

    name: str
    first: int
    last: int
    rows: int
    bytes: int


class Manifest(msgspec.Struct):
    """The files that count, by table in order of epochs, and the last epoch in them."""

    epoch: int
    tables: dict[str, list[ParquetFile]]


def empty_manifest() -> Manifest:
    """The manifest of a warehouse that has published nothing."""
    return Manifest(epoch=0, tables={table: [] for table in TABLES})


def load_manifest(folder: Path) -> Manifest | None:
    """The manifest of a warehouse's folder, None before its first start; msgspec.DecodeError if it was damaged.

    Tables of a release that is not this one stay in it, so that their files stay too.
    """
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return None
    manifest = msgspec.json.decode(text, type=Manifest)
    return Manifest(manifest.epoch, empty_manifest().tables | manifest.tables)


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in its place: from here on its files count."""
    built = folder / (MANIFEST + TEMPORARY)
    built.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    built.replace(folder / MANIFEST)


def parquet_path(folder: Path, table: str, name: str) -> Path:
    """Where a table's Parquet file is."""
    return folder / PARQUET / table / name


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with bounds: little memory, one thread, its spill inside the warehouse, nothing downloaded."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": 1,
        "temp_directory": str(folder / SPILL),
        "autoinstall_known_extensions": False,
        "preserve_insertion_order": False,
    }
    return duckdb.connect(":memory:", config=settings)


def save_views(connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    """Build `warehouse.duckdb` for the manifest's files and put it in its place."""
    folder = folder.resolve()
    built = folder / f"{WAREHOUSE}.{os.getpid()}{TEMPORARY}"
    built.unlink(missing_ok=True)
    connection.execute(f"ATTACH {stored.quoted(built)} AS built (STORAGE_VERSION '{READABLE_SINCE}')")
    try:
        create_views(connection, "built", folder, manifest)
        about = f"SELECT {stored.quoted(folder)} AS folder, {manifest.epoch}::BIGINT AS epoch"
        connection.execute(f"CREATE VIEW about AS {about}")
    finally:
        connection.execute("USE memory")
        connection.execute("DETACH built")
    built.replace(folder / WAREHOUSE)


def create_views(connection: duckdb.DuckDBPyConnection, database: str, folder: Path, manifest: Manifest) -> None:
    """Make the views for a manifest's files in an attached database, which is in use from then on."""
    create_views_of(connection, database, [(folder, manifest)])


def create_views_of(
    connection: duckdb.DuckDBPyConnection, database: str, parts: Sequence[tuple[Path, Manifest]]
) -> None:  # fmt: skip
    """Make the views over the warehouses of a deployment's processes; what several wrote down is there once."""
    connection.execute(f"USE {database}")
    connection.execute("CREATE SCHEMA stored")
    for table in TABLES:
        found = [
            parquet_path(folder, table, file.name) for folder, manifest in parts for file in manifest.tables[table]
        ]
        chosen = "SELECT DISTINCT * FROM" if len(parts) > 1 and table in TOLD_TO_SEVERAL else "FROM"
        connection.execute(f"CREATE VIEW stored.{table} AS {chosen} ({stored.read_parquet(table, found)})")
    for view, query in VIEWS.items():
        connection.execute(f"CREATE VIEW {view} AS {query}")


def refresh_views(folder: Path) -> Path:
    """The warehouse to open, its views made anew if `folder` (the one with `manifest.json`) was moved or copied.

    DestinationError where there is no warehouse.
    """
    manifest = load_manifest(folder)
    if manifest is None:
        raise DestinationError(f"there is no warehouse in {folder}: nothing has run with this output folder yet")
    warehouse = folder / WAREHOUSE
    if not _stands_in(warehouse, folder.resolve()):
        with connect(folder) as connection:
            save_views(connection, folder, manifest)
    return warehouse


def _stands_in(warehouse: Path, folder: Path) -> bool:
    if not warehouse.exists():
        return False
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("SELECT folder FROM about").fetchone() == (str(folder),)
