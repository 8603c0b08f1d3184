"""Postings: the only way a balance changes.

An entry's legs sum to zero. `available`, `pending` and `receivable` are the member's accounts, `issued`, `redeemed`,
`adjusted`, `breakage` and `transfer` the program's. `available` never goes below zero: what a return takes back beyond
it goes to `receivable` (a negative account: what the member owes), and what comes in later repays that first. So
available + pending - receivable is the plain sum of what happened, in whatever order it came (docs/decisions/0004).
"""

from typing import Literal

from schemas.records import EntryPosted
from schemas.states import Account, Books
from schemas.stitched import Cause, Emit

Against = Literal["issued", "redeemed", "adjusted", "transfer", "breakage", "pending"]


def account_of(books: Books, currency: str) -> Account:
    """Give the account of a currency, opened at zero if need be."""
    account = books.accounts.get(currency)
    if account is None:
        account = books.accounts[currency] = Account()
    return account


def credit(account: Account, points: int, against: Against) -> list[tuple[str, int]]:
    """Add points: first what is owed is repaid, the rest becomes available. Gives the legs."""
    assert points > 0
    repaid = min(account.receivable, points)
    account.receivable -= repaid
    account.available += points - repaid
    legs: list[tuple[str, int]] = [(against, -points)]
    if repaid:
        legs.append(("receivable", repaid))
    if points > repaid:
        legs.append(("available", points - repaid))
    return legs


def debit(account: Account, points: int, against: Against) -> list[tuple[str, int]]:
    """Take points: from what is available, and what is missing becomes owed. Gives the legs."""
    assert points > 0
    taken = min(account.available, points)
    account.available -= taken
    account.receivable += points - taken
    legs: list[tuple[str, int]] = [(against, points)]
    if taken:
        legs.append(("available", -taken))
    if points > taken:
        legs.append(("receivable", taken - points))
    return legs


def balance_of(account: Account) -> tuple[int, int, int]:
    """Give what is available, pending and owed, to compare later."""
    return account.available, account.pending, account.receivable


def changed_legs(before: tuple[int, int, int], account: Account, against: Against) -> list[tuple[str, int]]:
    """Give the legs of what changed on an account since `before`; none if nothing did."""
    available, pending = account.available - before[0], account.pending - before[1]
    receivable = before[2] - account.receivable
    changed = [("available", available), ("pending", pending), ("receivable", receivable)]
    legs = [leg for leg in changed if leg[1]]
    return [(against, -available - pending - receivable), *legs] if legs else []


def post(  # noqa: PLR0913, PLR0917  an entry is what it is
    member_id: str, books: Books, currency: str, legs: list[tuple[str, int]], rule: str, cause: Cause, emit: Emit,
    mark: str = "", lots: list[tuple[int, int]] | None = None,
) -> None:  # fmt: skip
    """Record an entry that was just made on the account of `currency`, with the balance after it.

    Cause, rule and currency name the entry; `mark` tells entries apart where one cause makes several of them. `lots`
    are the changes of lots by expiry.
    """
    account = books.accounts[currency]
    balance = 0
    for _, points in legs:
        balance += points
    assert balance == 0, legs
    assert account.available >= account.lotted >= 0, member_id
    assert account.receivable >= 0, member_id
    assert account.pending >= 0, member_id
    assert not (account.available and account.receivable), member_id
    books.entries += 1
    emit.entries.append(
        EntryPosted(
            f"{cause.key}:{rule}:{currency}{mark}", member_id, books.entries, currency, legs, cause.event_us,
            cause.log_us, rule, cause.source, cause.id, account.available, account.pending, account.receivable,
            account.earned, account.redeemed, account.expired, lots or [],
        )
    )  # fmt: skip


def repeated(emit: Emit, cause: Cause, rule: str, currency: str) -> str:
    """Give the mark that tells an entry from earlier ones of the same cause, rule and currency; empty for the first."""
    entries = emit.entries
    if not entries or not entries[-1].entry_id.startswith(cause.key):
        return ""
    ours, name, count = f"{cause.key}:", f"{cause.key}:{rule}:{currency}", 0
    for entry in reversed(entries):
        if not entry.entry_id.startswith(ours):
            break
        count += entry.entry_id == name or entry.entry_id.startswith(f"{name}:")
    return f":{count + 1}" if count else ""
