"""What a brand owes in points, counted from entries: held, pending, expiring by month, broken, given by rule.

A month of expiry is that of the last day on which the points count. Lots expire at a local midnight; half a day before
it is within that day in almost every time zone, and nearly so in the rest, so no zone need be known here or in SQL.
"""

from datetime import UTC, datetime
from functools import lru_cache

from schemas.records import EntryPosted
from schemas.states import Account, MemberTotals

HALF_DAY_US = 43_200_000_000
SECOND_US = 1_000_000
RETURNED = "return."


@lru_cache(maxsize=10_000)
def month_of(expires_us: int) -> str:
    """Give the month in which points expire, as YYYY-MM."""
    return datetime.fromtimestamp((expires_us - HALF_DAY_US) // SECOND_US, UTC).strftime("%Y-%m")


def count_entry(totals: MemberTotals, entry: EntryPosted) -> None:
    """Add what an entry changed."""
    currency = entry.currency
    for account, points in entry.legs:
        match account:
            case "available":
                _add(totals.outstanding, currency, points)
            case "receivable":
                _add(totals.receivable, currency, -points)
            case "pending":
                _add(totals.pending, currency, points)
            case "breakage":
                _add(totals.breakage, currency, points)
            case "issued":
                _add(totals.costs, f"{currency} {entry.rule.removeprefix(RETURNED)}", -points)
            case _:
                pass  # where points went to, and transfers, are no liability
    for expires_us, points in entry.lots:
        _add_expiring(totals, currency, expires_us, points)


def count_account(totals: MemberTotals, currency: str, account: Account, sign: int) -> None:
    """Add or take away what an account holds, when its member comes or goes."""
    _add(totals.outstanding, currency, sign * account.available)
    _add(totals.receivable, currency, sign * account.receivable)
    _add(totals.pending, currency, sign * account.pending)
    for lot in account.lots:
        _add_expiring(totals, currency, lot.expires_us, sign * lot.left)


def _add(sums: dict[str, int], name: str, points: int) -> None:
    sums[name] = sums.get(name, 0) + points


def _add_expiring(totals: MemberTotals, currency: str, expires_us: int, points: int) -> None:
    name = f"{currency} {month_of(expires_us)}"
    left = totals.expiring.get(name, 0) + points
    if left:
        totals.expiring[name] = left
    else:
        totals.expiring.pop(name, None)
