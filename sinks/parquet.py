"""Parquet files of the warehouse: made from epochs of JSON lines, and made fewer.

Compaction joins neighbours only, so that a table's files stay in order of epochs. With more than `FILES_MAX` files the
longest tail is joined in which the oldest file is no larger than all younger ones together. What stays in front of it
at least halves from file to file: no table has many more than `FILES_MAX` files, a row is rewritten about a logarithm
of times, and a file of `FULL_BYTES` is never touched again (joining it would keep fresh epochs waiting).
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from sinks import stored
from sinks.catalog import TEMPORARY, ParquetFile, parquet_path

FILES_MAX = 16
FULL_BYTES = 1 << 30
LEAST_BYTES = 1 << 20  # smaller files weigh as much as this one: opening a file costs, too
ROWS_PER_GROUP = 61_440
LEVEL = 1  # the usual 3 took a third more time and made no smaller files
FORMAT = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {LEVEL}, ROW_GROUP_SIZE {ROWS_PER_GROUP}"

Named = tuple[str, int, int]  # a file's name, the first and the last epoch in it


def convert(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, epochs: Sequence[tuple[int, Path]]
) -> ParquetFile:
    """One Parquet file from the JSON lines of several epochs, oldest first. duckdb.Error if it cannot be written."""
    query = stored.read_json(table, [path for _, path in epochs])
    return write(connection, folder, table, query, _named(epochs[0][0], epochs[-1][0]))


def compact(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, files: Sequence[ParquetFile]
) -> ParquetFile:
    """One Parquet file with the rows of several neighbours, in order."""
    query = stored.read_parquet(table, [parquet_path(folder, table, file.name) for file in files])
    return write(connection, folder, table, query, _named(files[0].first, files[-1].last))


def tail_to_compact(files: Sequence[ParquetFile]) -> int | None:
    """Index from which on a table's files should become one, None while they are few or well spread."""
    first = sum(file.bytes >= FULL_BYTES for file in files)
    weights = [max(file.bytes, LEAST_BYTES) for file in files]
    if len(files) - first <= FILES_MAX:
        return None
    for index in range(first, len(files) - 1):
        if weights[index] <= sum(weights[index + 1 :]):
            return index
    return None


def _named(first: int, last: int) -> Named:
    return f"{first:010}-{last:010}.parquet", first, last


def write(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, query: str, named: Named
) -> ParquetFile:  # fmt: skip
    """One Parquet file with a query's rows, in its place under its name; duckdb.Error if it cannot be written."""
    name, first, last = named
    path = parquet_path(folder, table, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    built = path.with_name(name + TEMPORARY)
    copied = connection.execute(f"COPY ({query}) TO {stored.quoted(built)} ({FORMAT})").fetchone()
    assert copied is not None
    built.replace(path)
    return ParquetFile(name, first, last, int(copied[0]), path.stat().st_size)
