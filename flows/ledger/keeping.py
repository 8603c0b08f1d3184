"""Entries that may change lots, and the clock of an account: warnings before points expire, and their expiry.

An account with lots is woken by one timer, for whatever comes first: an expiry, or the time to warn of one. When it
fires, the lots that are due go to breakage, an entry a day of expiry; of those that are due soon the signal
`points_expiring` is raised, with the points that expire then. It is cleared when nothing is left of them.
"""

from bisect import bisect_right
from typing import NamedTuple

from msgspec import Struct

from config.currencies import LateCancelPolicy, ReturnsPolicy
from config.program import Program
from config.references import POINTS_EXPIRING
from flows.ledger.expiry import Expiries
from flows.ledger.lots import Changes, draw, summed
from flows.ledger.orders import remember
from flows.ledger.posting import post
from flows.ledger.shares import count
from schemas.records import SignalChanged
from schemas.states import Account, Books, Lapsed, Lot
from schemas.stitched import Cause, Emit

TIMER = "expiry"
SIGNAL = POINTS_EXPIRING
OURSELVES = "balanza"


class Side(Struct, frozen=True, gc=False):
    """A member and its books."""

    member_id: str
    books: Books


class Terms(NamedTuple):
    """What the program says of a currency."""

    expiries: Expiries
    returns: ReturnsPolicy
    late_cancel: LateCancelPolicy
    overdraw: bool


class Warned(NamedTuple):
    """A warning that was just raised: points of a currency that expire at a time."""

    currency: str
    expires_us: int
    points: int


class Keeper:
    """Enters what happened to an account, and keeps its clock."""

    def __init__(self, program: Program) -> None:
        self.terms = {
            name: Terms(Expiries(one, program.time_zone), one.returns, one.late_cancel, one.overdraw)
            for name, one in program.currencies.items()
        }
        self._remembered_us = program.retention.orders

    def enter(
        self, side: Side, currency: str, legs: list[tuple[str, int]], rule: str, cause: Cause, emit: Emit,
        mark: str = "", changes: Changes | None = None,
    ) -> None:  # fmt: skip
        """Post an entry; `changes` are those of lots, None where the account has none."""
        if not changes:
            post(side.member_id, side.books, currency, legs, rule, cause, emit, mark)
            return
        post(side.member_id, side.books, currency, legs, rule, cause, emit, mark, summed(changes))
        account = side.books.accounts[currency]
        if account.warnings or (account.lots and not self._is_awake(currency, account)):
            self.follow(side, currency, cause.log_us, emit)

    def follow(self, side: Side, currency: str, now_us: int, emit: Emit) -> None:
        """Clear warnings of points that are gone, and see that the account is woken in time."""
        account = side.books.accounts[currency]
        warnings, first_us = account.warnings, account.lots[0].expires_us if account.lots else 0
        while warnings and (not first_us or warnings[0] < first_us):
            _signal(side.member_id, currency, warnings.pop(0), "cleared", None, now_us, emit)
        due_us = self._next_due_us(currency, account)
        if due_us and (not account.timer_us or due_us < account.timer_us):
            due_us = max(due_us, now_us)
            if due_us != account.timer_us:
                account.timer_us = due_us
                emit.wake(due_us, side.member_id, TIMER, currency)

    def _is_awake(self, currency: str, account: Account) -> bool:
        """Whether an account with lots is woken before any of them could ask for it."""
        earliest_us = account.lots[0].expires_us - (self.terms[currency].expiries.warn_us or 0)
        return 0 < account.timer_us <= earliest_us

    def _next_due_us(self, currency: str, account: Account) -> int:
        lots = account.lots
        if not lots:
            return 0
        due_us, warn_us = lots[0].expires_us, self.terms[currency].expiries.warn_us
        if warn_us is not None:
            at = bisect_right(lots, account.warned_us, key=_expiry)
            if at < len(lots):
                due_us = min(due_us, lots[at].expires_us - warn_us)
        return due_us

    def fire(self, side: Side, currency: str, due_us: int, emit: Emit) -> list[Warned] | None:
        """Expire and warn; gives the warnings, None if nothing was due or nothing came of it but the next timer."""
        account = side.books.accounts.get(currency)
        if account is None or account.timer_us != due_us:
            return None
        account.timer_us = 0
        expired = False
        while account.lots and account.lots[0].expires_us <= due_us:
            self._expire(side, currency, account, account.lots[0].expires_us, due_us, emit)
            expired = True
        warned = self._warn(side, currency, account, due_us, emit)
        self.follow(side, currency, due_us, emit)
        return warned if warned or expired else None

    def _expire(
        self, side: Side, currency: str, account: Account, expires_us: int, due_us: int, emit: Emit
    ) -> None:  # fmt: skip
        books, changes = side.books, Changes()
        end = bisect_right(account.lots, expires_us, key=_expiry)
        points = sum(lot.left for lot in account.lots[:end])
        for lot in draw(account, points, changes):
            by = lot.by or books.by
            count(books, account, currency, by, expired=lot.left)
            if lot.ordered:
                known = books.lapsed.pop(lot.number, None)
                lapsed = Lapsed(due_us, lot.left + (0 if known is None else known.points), by)
                remember(books.lapsed, lot.number, lapsed, due_us - self._remembered_us)
        account.available -= points
        legs = [("breakage", points), ("available", -points)]
        name = f"expiry:{side.member_id}:{books.entries + 1}"
        cause = Cause(name, OURSELVES, name, expires_us, due_us)
        post(side.member_id, books, currency, legs, "expired", cause, emit, "", summed(changes))

    def _warn(self, side: Side, currency: str, account: Account, due_us: int, emit: Emit) -> list[Warned]:
        warn_us = self.terms[currency].expiries.warn_us
        warned: list[Warned] = []
        if warn_us is None:
            return warned
        sums: dict[int, int] = {}
        lots, at = account.lots, bisect_right(account.lots, account.warned_us, key=_expiry)
        while at < len(lots) and lots[at].expires_us <= due_us + warn_us:
            sums[lots[at].expires_us] = sums.get(lots[at].expires_us, 0) + lots[at].left
            at += 1
        account.warned_us = max(account.warned_us, due_us + warn_us)
        for expires_us, points in sums.items():
            if expires_us not in account.warnings:
                account.warnings.append(expires_us)
                warned.append(Warned(currency, expires_us, points))
                _signal(side.member_id, currency, expires_us, "raised", points, due_us, emit)
        account.warnings.sort()
        return warned


def _expiry(lot: Lot) -> int:
    return lot.expires_us


def _signal(
    member_id: str, currency: str, expires_us: int, state: str, points: int | None, at_us: int, emit: Emit
) -> None:  # fmt: skip
    emit.signals.append(
        SignalChanged(
            f"{member_id}:{SIGNAL}:{currency}:{expires_us}:{state}", member_id, SIGNAL,
            "raised" if state == "raised" else "cleared", points, at_us,
            {"currency": currency, "expires_at_us": expires_us},
        )
    )  # fmt: skip
