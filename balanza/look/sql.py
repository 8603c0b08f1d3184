"""`balanza sql`: questions to the warehouse."""

import csv
import io
import re
from typing import Annotated, Final

import duckdb
import typer
from duckdb import DuckDBPyConnection
from rich.console import Console

from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import columns, dictionaries, plain, values
from balanza.output import WRONG_USAGE, AsJson, console, fail, print_json, table, write_bytes

ROWS_SHOWN: Final = 100
TABLES = """
SELECT table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = 'main' AND table_name <> 'about' GROUP BY table_name ORDER BY table_name
"""
BARE_AT: Final = re.compile(r"(?<![\w.\"])at(?![\w\"])", re.IGNORECASE)
NEEDS_ZONES: Final = "pytz"  # what DuckDB asks for to hand a time with zone to Python; nothing else here needs it
NUMBERS: Final = ("INT", "DECIMAL", "DOUBLE", "FLOAT")

Query = Annotated[str | None, typer.Argument(metavar="[QUERY]", help="One query in quotes; none lists the tables.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", "-n", min=0, show_default=False,
        help=f"Rows at the most. [default: {ROWS_SHOWN} in a table, else all]",
    ),
]  # fmt: skip


def sql(
    query: Query = None, out: Out = None, as_json: AsJson = False, as_csv: AsCsv = False, limit: Limit = None
) -> None:
    """Ask the warehouse in SQL (DuckDB); without a query, list its tables.

    The warehouse is opened read-only as of its last finished epoch, also while a worker writes. Times are UTC.

    Example: balanza sql "select member_id, available from balances order by available desc limit 5"
    """
    if as_json and as_csv:
        fail("--json and --csv exclude each other; leave one out.", WRONG_USAGE)
    folder = chosen(out)
    with warehouse(folder) as connection:
        try:
            result = _tables(connection) if query is None else connection.execute(query)
            if as_json:
                print_json(list(dictionaries(result, limit)))
            elif as_csv:
                _print_csv(result, limit)
            elif result.description:
                _print_table(console(), result, limit)
        except duckdb.IOException:
            raise
        except duckdb.Error as error:
            listing = f"`balanza sql --out {folder}` lists the tables and their columns."
            fail(_explained(query or "", error, listing), WRONG_USAGE)


def _tables(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """Every table with its rows counted."""
    counts = [
        f"SELECT '{name}' AS \"table\", (SELECT count(*) FROM {name}) AS rows, '{', '.join(names)}' AS columns"  # noqa: S608  our own names
        for name, names in connection.execute(TABLES).fetchall()
    ]
    return connection.execute(f"SELECT * FROM ({' UNION ALL '.join(counts)}) ORDER BY 1")  # noqa: S608  the same


def _explained(query: str, error: duckdb.Error, listing: str) -> str:
    """DuckDB's message, and what it does not say: `at`, a column of many tables, is a word of its SQL since 2.0."""
    if NEEDS_ZONES in str(error):
        return "a time with zone cannot be shown; cast it: now()::TIMESTAMP. All times of the tables are UTC."
    bare = isinstance(error, duckdb.ParserException) and BARE_AT.search(query)
    hint = "The column at needs its table before it (decisions.at), or double quotes. " if bare else ""
    return f"{error}\n{hint}{listing}"


def _print_table(to: Console, result: DuckDBPyConnection, limit: int | None) -> None:
    names = columns(result)
    kinds = [str(column[1]) for column in result.description or ()]
    right = [name for name, kind in zip(names, kinds, strict=True) if any(number in kind for number in NUMBERS)]
    most = ROWS_SHOWN if limit is None else limit
    rows = list(values(result, most))
    to.print(table(names, ([_cell(value) for value in row] for row in rows), right))
    if len(rows) == most and result.fetchone() is not None:
        typer.echo(f"(the first {most:,} rows; --limit shows more)", err=True)


def _cell(value: object) -> object:
    """Whole numbers as they are, so that an id or a year is no amount."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _print_csv(result: DuckDBPyConnection, limit: int | None) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns(result))
    for row in values(result, limit):
        writer.writerow([plain(value) if isinstance(value, bytes) else value for value in row])
        if text.tell() > io.DEFAULT_BUFFER_SIZE:
            write_bytes(text.getvalue().encode())
            text.seek(0)
            text.truncate()
    write_bytes(text.getvalue().encode())
