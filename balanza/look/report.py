"""`balanza report liability`: what a brand owes in points."""

from typing import Final

import typer
from duckdb import DuckDBPyConnection
from rich.console import Console

from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import Row, dictionaries
from balanza.output import AsJson, console, print_json, table

OWED: Final = """
SELECT currency, sum(available)::BIGINT AS available, sum(pending)::BIGINT AS pending,
       sum(receivable)::BIGINT AS receivable, count(*) FILTER (available + pending > 0) AS members
FROM balances GROUP BY currency ORDER BY currency
"""
# A lot expires at a local midnight; half a day before it is its last day (flows/liability.py).
EXPIRING: Final = """
WITH months AS (
    SELECT currency, strftime(expires_at - INTERVAL 12 HOUR, '%Y-%m') AS month, sum(points)::BIGINT AS points
    FROM lots GROUP BY ALL
), without AS (
    SELECT currency, sum(available)::BIGINT - coalesce((SELECT sum(points) FROM months
           WHERE months.currency = balances.currency), 0)::BIGINT AS points
    FROM balances GROUP BY currency
)
FROM months UNION ALL SELECT currency, NULL, points FROM without WHERE points > 0
ORDER BY currency, month NULLS LAST
"""
GIVEN: Final = """
SELECT currency, regexp_replace(rule, '^return\\.', '') AS rule, -sum(points)::BIGINT AS points
FROM postings WHERE account = 'issued' GROUP BY ALL ORDER BY currency, points DESC, rule
"""
MOVED: Final = """
SELECT currency, coalesce(sum(points) FILTER (account = 'breakage'), 0)::BIGINT AS breakage,
       coalesce(sum(points) FILTER (account = 'redeemed'), 0)::BIGINT AS redeemed,
       -coalesce(sum(points) FILTER (account = 'adjusted'), 0)::BIGINT AS adjusted
FROM postings GROUP BY currency ORDER BY currency
"""

report = typer.Typer(
    help="Reports for the finance department.", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
)  # fmt: skip


@report.callback()
def _group() -> None:
    """Reports for the finance department."""


@report.command("liability")
def liability(out: Out = None, as_json: AsJson = False) -> None:
    """Report what is owed in points: by currency, by month of expiry, what broke, what each rule gave.

    A month is that of the last day on which the points count; points without one never expire. What a rule gave is less
    what returns took back.

    Example: balanza report liability --out out/example
    """
    with warehouse(chosen(out)) as connection:
        found = liability_of(connection)
    if as_json:
        print_json(found)
    else:
        _print(console(), found)


def liability_of(connection: DuckDBPyConnection) -> dict[str, list[Row]]:
    """The report for machines."""
    queries = {"owed": OWED, "expiring": EXPIRING, "moved": MOVED, "given": GIVEN}
    return {name: list(dictionaries(connection.execute(query))) for name, query in queries.items()}


def _print(to: Console, found: dict[str, list[Row]]) -> None:
    columns = {
        "owed": ("Owed", ("currency", "available", "pending", "receivable", "members")),
        "expiring": ("Expiring", ("currency", "month", "points")),
        "moved": ("Gone", ("currency", "breakage", "redeemed", "adjusted")),
        "given": ("Given", ("currency", "rule", "points")),
    }
    if not found["owed"] and not found["moved"]:
        to.print("Nothing is owed: no points were moved.")
    for name, (title, wanted) in columns.items():
        if not found[name]:
            continue
        to.print(f"\n{title}", style="bold")
        lines = [[row[column] for column in wanted] for row in found[name]]
        to.print(table(wanted, lines, right=set(wanted) - {"currency", "month", "rule"}))
