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


def count_entries(totals: MemberTotals, entries: list[EntryPosted]) -> None:
    """Add what entries changed, in their order."""
    plain = {"available": totals.outstanding, "pending": totals.pending, "breakage": totals.breakage}
    for entry in entries:
        currency = entry.currency
        for account, points in entry.legs:
            sums = plain.get(account)
            if sums is not None:
                sums[currency] = sums.get(currency, 0) + points
            elif account == "issued":
                _add(totals.costs, _cost_of(currency, entry.rule), -points)
            elif account == "receivable":
                _add(totals.receivable, currency, -points)
            # where else points went to, and transfers, are no liability
        for expires_us, points in entry.lots:
            _add_expiring(totals, currency, expires_us, points)


@lru_cache(maxsize=10_000)
def _cost_of(currency: str, rule: str) -> str:
    """Give the name under which is counted what a rule gave."""
    return f"{currency} {rule.removeprefix(RETURNED)}"


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
    name = _expiring_in(currency, expires_us)
    left = totals.expiring.get(name, 0) + points
    if left:
        totals.expiring[name] = left
    else:
        totals.expiring.pop(name, None)


@lru_cache(maxsize=10_000)
def _expiring_in(currency: str, expires_us: int) -> str:
    """Give the name under which is counted what expires in a month."""
    return f"{currency} {month_of(expires_us)}"
