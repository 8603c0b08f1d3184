"""The day's purchases by store against a till's own totals: receipts that are missing, and those that came twice.

The file is CSV with a head. With `store,day,receipts,amount` a row is a day of a store (how many receipts, their sum in
minor units); with `store,day,receipt,amount` a row is one receipt, by the number that events carry as `order_id`, and
missing ones are named. Days are local, in the program's time zone. Returns carry no store and are left out.
"""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.rows import Row, dictionaries
from balanza.reconcile.statements import sql

QUARTER_SECONDS: Final = 900  # every zone's day begins at a multiple of it
QUARTERS: Final = "SELECT DISTINCT event_us // 900000000 FROM lines WHERE type = 'purchase'"
COUNTS: Final = "SELECT count(*), count(*) FILTER (differs) FROM by_day"
BY_DAY: Final = """
SELECT * EXCLUDE (differs), receipts - till_receipts AS receipts_too_many, amount - till_amount AS amount_too_much
FROM by_day WHERE differs ORDER BY day, store LIMIT $most
"""
TWICE: Final = "SELECT * FROM came_twice ORDER BY day, store, receipt LIMIT $most"
MISSING: Final = "SELECT * FROM missing ORDER BY day, store, receipt LIMIT $most"
REFUSED: Final = "SELECT * FROM refused_purchases ORDER BY day, store, receipt LIMIT $most"


class TotalsError(Exception):
    """A file of totals cannot be used; the message says why."""


class TotalsFile(msgspec.Struct, frozen=True):
    """Rows (store, day, receipts, amount) or, if `single`, (store, day, receipt, amount)."""

    single: bool
    rows: list[tuple[str, date, str, int]]


class StoreTotals(msgspec.Struct):
    """Stores and days compared; those that differ; receipts that came twice, are missing, or were refused."""

    compared: int
    differing: int
    first: list[Row]
    twice: list[Row]
    missing: list[Row]
    refused: list[Row]

    @property
    def equal(self) -> bool:
        """Whether every store's day has the till's receipts and amount."""
        return not self.differing and not self.missing


def read_totals(path: Path) -> TotalsFile:
    """Read the file; TotalsError with its line if something is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            names = set(reader.fieldnames or ())
            single = "receipt" in names
            counted = "receipt" if single else "receipts"
            lacking = {"store", "day", counted, "amount"} - names
            if lacking:
                raise TotalsError(f"{path}: expected the columns store,day,receipts,amount; missing: "
                                  f"{', '.join(sorted(lacking))}")
            rows = [_row(path, reader.line_num, row, counted) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TotalsError(f"{path} cannot be read: {error}") from error
    return TotalsFile(single, rows)


def _row(path: Path, line: int, row: dict[str, str], counted: str) -> tuple[str, date, str, int]:
    try:
        if counted == "receipts":
            int(row[counted])
        return row["store"], date.fromisoformat(row["day"]), row[counted], int(row["amount"])
    except (ValueError, TypeError) as error:
        raise TotalsError(f"{path}:{line}: expected a day such as 2026-03-01, and whole numbers (amounts in minor "
                          f"units): {error}") from error


def totals_of(connection: DuckDBPyConnection, totals: TotalsFile, time_zone: str, most: int) -> StoreTotals:
    """Compare; `lines`, `fates` and `applied` are there. Only days and stores that the file names count."""
    zone = ZoneInfo(time_zone)
    connection.execute("CREATE TABLE days (quarter BIGINT, day DATE)")
    quarters = [
        (quarter, datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC).astimezone(zone).date())
        for (quarter,) in connection.execute(QUARTERS).fetchall()
    ]
    connection.execute("CREATE TABLE till (store VARCHAR, day DATE, receipt VARCHAR, receipts BIGINT, amount BIGINT)")
    till = [
        (store, day, said if totals.single else None, 1 if totals.single else int(said), amount)
        for store, day, said, amount in totals.rows
    ]
    if quarters:
        connection.executemany("INSERT INTO days VALUES (?, ?)", quarters)
    if till:
        connection.executemany("INSERT INTO till VALUES (?, ?, ?, ?, ?)", till)
    connection.execute(sql("totals"))
    compared, differing = connection.execute(COUNTS).fetchone() or (0, 0)
    queries = (BY_DAY, TWICE, MISSING, REFUSED)
    lists = [list(dictionaries(connection.execute(query, {"most": most}))) for query in queries]
    return StoreTotals(int(compared), int(differing), *lists)
