"""Rows of a query as dictionaries, ready for JSON: what DuckDB holds as JSON text is JSON again."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from types import NoneType
from typing import Any, Final

import orjson
from duckdb import DuckDBPyConnection

INT_MAX: Final = (1 << 63) - 1
FETCHED: Final = 1000
JSON_KNOWS: Final = (bool, NoneType, str, int, float, dt.datetime, dt.date, dt.time)

Row = dict[str, Any]  # a query's columns are whatever it asks for


def dictionaries(result: DuckDBPyConnection, most: int | None = None) -> Iterator[Row]:
    """The rows of an executed query, `most` at the most, by column; columns of one name are numbered."""
    names, json_columns = columns(result), json_of(result)
    for row in values(result, most):
        yield {
            name: orjson.loads(value) if name in json_columns and value is not None else plain(value)
            for name, value in zip(names, row, strict=True)
        }


def values(result: DuckDBPyConnection, most: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The rows of an executed query, fetched as they are wanted."""
    left = most
    while left is None or left > 0:
        some = result.fetchmany(FETCHED if left is None else min(FETCHED, left))
        if not some:
            return
        yield from some
        left = None if left is None else left - len(some)


def columns(result: DuckDBPyConnection) -> list[str]:
    """Names of the columns; a name that comes again gets a number."""
    names: list[str] = []
    for column in result.description or ():
        name, number = column[0], 2
        while name in names:
            name, number = f"{column[0]}_{number}", number + 1
        names.append(name)
    return names


def json_of(result: DuckDBPyConnection) -> set[str]:
    """The columns that hold JSON."""
    kinds = [str(column[1]) for column in result.description or ()]
    return {name for name, kind in zip(columns(result), kinds, strict=True) if kind == "JSON"}


def plain(value: Any) -> Any:  # noqa: ANN401  whatever DuckDB holds, as JSON takes it
    """`value` as JSON has it: exact decimals stay numbers, what JSON does not know becomes text."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(f"{value:f}")
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    fits = not isinstance(value, int) or -INT_MAX <= value <= INT_MAX
    return value if isinstance(value, JSON_KNOWS) and fits else str(value)
