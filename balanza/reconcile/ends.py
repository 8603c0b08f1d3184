"""When points expire, reckoned from the currency's policy anew: at the local midnight after the last day they count."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from duckdb import DuckDBPyConnection

from config.currencies import Expiry
from config.program import Program

QUARTER_SECONDS: Final = 900
SECOND_US: Final = 1_000_000
DECEMBER: Final = 12
QUARTERS: Final = """
SELECT DISTINCT event_us // 900000000 FROM lines
WHERE type IN ('purchase', 'accrual', 'points_adjust', 'redeem_cancel') OR (source, id) IN (
    SELECT (cause_source, cause_id) FROM run_entries JOIN believed_rules USING (rule)
)
"""


def fill_ends(connection: DuckDBPyConnection, program: Program) -> bool:
    """Fill `ends` for every quarter of an hour in which something may be earned; False if nothing ever expires."""
    zone = ZoneInfo(program.time_zone)
    expiring = [(name, one.expiry) for name, one in program.currencies.items() if one.expiry.policy in KNOWN]
    if not expiring:
        return False
    rows = []
    for (quarter,) in connection.execute(QUARTERS).fetchall():
        day = datetime.fromtimestamp(quarter * QUARTER_SECONDS, UTC).astimezone(zone).date()
        for name, expiry in expiring:
            midnight = datetime.combine(last_day(expiry, day) + timedelta(days=1), time(), zone)
            rows.append((name, quarter, int(midnight.timestamp()) * SECOND_US))
    if rows:
        connection.executemany("INSERT INTO ends VALUES (?, ?, ?)", rows)
    return True


def last_day(expiry: Expiry, earned: date) -> date:
    """The last day on which points count that were earned on a day."""
    if expiry.policy == "days":
        return earned + timedelta(days=expiry.days or 0)
    if expiry.policy == "end_of_month":
        years, month = divmod(earned.month - 1 + (expiry.months or 0), DECEMBER)
        year = earned.year + years
        return date(year, month + 1, monthrange(year, month + 1)[1])
    month, day = (int(part) for part in (expiry.date or "").split("-"))
    first = date(earned.year, month, day)
    return date(earned.year + (first < earned) + (expiry.years or 0), month, day)


KNOWN: Final = frozenset({"days", "end_of_month", "yearly"})
