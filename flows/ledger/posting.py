"""Postings: the only way a balance changes.

An entry's legs sum to zero. `available` and `receivable` are the member's accounts, `issued`, `redeemed`, `adjusted`,
`breakage` and `transfer` the program's. `available` never goes below zero: what a return takes back beyond it goes to
`receivable` (a negative account: what the member owes), and what comes in later repays that first. So
available - receivable is the plain sum of what happened, in whatever order it came (docs/decisions/0004).
"""

from typing import Literal

from schemas.records import EntryPosted
from schemas.states import Account, Books
from schemas.stitched import Cause, Emit

ProgramAccount = Literal["issued", "redeemed", "adjusted", "transfer", "breakage"]


def account_of(books: Books, currency: str) -> Account:
    """Give the account of a currency, opened at zero if need be."""
    account = books.accounts.get(currency)
    if account is None:
        account = books.accounts[currency] = Account()
    return account


def credit(account: Account, points: int, against: ProgramAccount) -> list[tuple[str, int]]:
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


def debit(account: Account, points: int, against: ProgramAccount) -> list[tuple[str, int]]:
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


def post(
    member_id: str, books: Books, currency: str, legs: list[tuple[str, int]], rule: str, cause: Cause, emit: Emit,
    mark: str = "",
) -> None:  # fmt: skip
    """Record an entry that was just made on the account of `currency`, with the balance after it.

    Cause, rule and currency name the entry; `mark` tells entries apart where one cause makes several of them.
    """
    account = books.accounts[currency]
    assert sum(points for _, points in legs) == 0, legs
    assert account.available >= 0, member_id
    assert account.receivable >= 0, member_id
    assert not (account.available and account.receivable), member_id
    books.entries += 1
    emit.entries.append(
        EntryPosted(
            f"{cause.key}:{rule}:{currency}{mark}", member_id, books.entries, currency, legs, cause.event_us,
            cause.log_us, rule, cause.source, cause.id, account.available, account.pending, account.receivable,
            account.earned, account.redeemed, account.expired,
        )
    )  # fmt: skip
