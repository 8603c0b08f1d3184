"""Whose events did what to an account: what a split goes by.

An account counts what was earned, redeemed and expired in all. What of it was the doing of each identifier is kept
beside it, but only from the second identifier on: what no share tells is `books.by`'s, the first identifier under which
the member got or spent anything. So shares also know of orders that were forgotten long ago, and most members keep
none.
"""

from schemas.states import Account, Books, Share
from schemas.stitched import Cause, Stitched


def whose(cause: Cause) -> str:
    """Give the identifier that a cause came under; empty for a timer's."""
    return cause.by if type(cause) is Stitched else ""


def count(
    books: Books, account: Account, currency: str, by: str, earned: int = 0, redeemed: int = 0, expired: int = 0
) -> None:  # fmt: skip
    """Count points on the account of `currency`, and for the identifier whose doing it is."""
    if by != books.by:
        if books.by or books.shares or _in_use(books):
            add(books, by, currency, earned, redeemed, expired)
        else:
            books.by = by
    account.earned += earned
    account.redeemed += redeemed
    account.expired += expired


def add(books: Books, by: str, currency: str, earned: int, redeemed: int, expired: int) -> None:
    """Add to the share of an identifier that is not `books.by`."""
    assert by != books.by, by
    share = books.shares.setdefault(by, {}).setdefault(currency, Share())
    share.earned += earned
    share.redeemed += redeemed
    share.expired += expired


def rest_of(books: Books, currency: str) -> Share:
    """Give the share of `books.by`: what is nobody else's."""
    account = books.accounts.get(currency)
    rest = Share() if account is None else Share(account.earned, account.redeemed, account.expired)
    for shares in books.shares.values():
        share = shares.get(currency)
        if share is not None:
            rest.earned -= share.earned
            rest.redeemed -= share.redeemed
            rest.expired -= share.expired
    return rest


def unite(into: Books, other: Books) -> None:
    """Let `into` know whose doing the other's accounts were, before it counts them in its own."""
    if not (into.by or into.shares or _in_use(into)):
        into.by = other.by
    if other.by != into.by:
        for currency in sorted(other.accounts):
            rest = rest_of(other, currency)
            add(into, other.by, currency, rest.earned, rest.redeemed, rest.expired)
    for by, shares in sorted(other.shares.items()):
        if by != into.by:
            for currency, share in sorted(shares.items()):
                add(into, by, currency, share.earned, share.redeemed, share.expired)


def take_share(books: Books, ids: frozenset[str], currency: str) -> dict[str, Share]:
    """Take what the events of `ids` did to the account of `currency` out of the shares; by identifier.

    The account itself is left as it is: whoever calls counts it down by the same.
    """
    taken = {}
    if books.by in ids:
        taken[books.by] = rest_of(books, currency)
    for by in sorted(ids & books.shares.keys()):
        share = books.shares[by].pop(currency, None)
        if share is not None:
            taken[by] = share
        if not books.shares[by]:
            del books.shares[by]
    return taken


def _in_use(books: Books) -> bool:
    return any(account.earned or account.redeemed or account.expired for account in books.accounts.values())
