"""Redemptions, their cancellation, and adjustments by hand.

A redemption takes the lots that expire first and remembers which; cancelled, it gives them back with the expiry they
had. Points whose expiry has passed meanwhile expire at once, or count as earned anew, as the currency says. Redemptions
are remembered as long as orders.
"""

from flows.ledger.expiry import NEVER
from flows.ledger.giving import Giver, new_number, not_before
from flows.ledger.keeping import Keeper, Side
from flows.ledger.lots import Changes, draw, extend, fit
from flows.ledger.orders import remember
from flows.ledger.posting import account_of, credit, debit
from flows.ledger.shares import count, whose
from schemas.events import PointsAdjustData, RedeemData
from schemas.reasons import RefusalReason
from schemas.states import Books, Lot, Redemption
from schemas.stitched import Cause, Emit


class Spending:
    """Spends and corrects; what it refuses it gives as a reason."""

    def __init__(self, keeper: Keeper, giver: Giver, remembered_us: int) -> None:
        self._keeper, self._giver, self._remembered_us = keeper, giver, remembered_us

    def redeem(self, side: Side, data: RedeemData, cause: Cause, emit: Emit) -> RefusalReason | None:
        """Spend points, or say why not."""
        books, currency, points, by = side.books, data.currency, data.points, whose(cause)
        reason = self._refusal(books, data)
        if reason is not None:
            return reason
        account, changes = account_of(books, currency), Changes()
        terms = self._keeper.terms[currency]
        count(books, account, currency, by, redeemed=points)
        draws = draw(account, points, changes) if account.lots else []
        legs = debit(account, points, "redeemed")
        if terms.expiries.extends:
            extend(account, terms.expiries.of(cause.event_us), changes)
        redemption = Redemption(cause.log_us, currency, points, by=by, draws=draws)
        remember(books.redemptions, data.redemption_id, redemption, cause.log_us - self._remembered_us)
        self._keeper.enter(side, currency, legs, "redeem", cause, emit, "", changes)
        return None

    def _refusal(self, books: Books, data: RedeemData) -> RefusalReason | None:
        if data.currency not in self._keeper.terms:
            return RefusalReason.UNKNOWN_CURRENCY
        if data.redemption_id in books.redemptions:
            return RefusalReason.ALREADY_REDEEMED
        account = books.accounts.get(data.currency)
        if account is None or account.available < data.points:
            return RefusalReason.INSUFFICIENT_BALANCE
        return None

    def cancel(self, side: Side, redemption_id: str, cause: Cause, emit: Emit) -> RefusalReason | None:
        """Give back what a redemption spent, into the lots that it came from."""
        books = side.books
        redemption = books.redemptions.get(redemption_id)
        if redemption is None or redemption.cancelled:
            return RefusalReason.UNKNOWN_REDEMPTION
        redemption.cancelled = True
        currency, changes = redemption.currency, Changes()
        account, terms = account_of(books, currency), self._keeper.terms[currency]
        count(books, account, currency, redemption.by, redeemed=-redemption.points)
        legs = credit(account, redemption.points, "redeemed")
        for drawn in redemption.draws:
            lot = Lot(drawn.expires_us, drawn.number, drawn.left, drawn.by, drawn.ordered)
            late = lot.expires_us <= cause.log_us
            if late and terms.late_cancel == "renew" and not terms.expiries.extends:
                lot.expires_us, lot.number = terms.expiries.of(cause.event_us), new_number(books)
            if lot.expires_us != NEVER:
                lot.expires_us = not_before(lot.expires_us, cause)
                self._giver.put_back(account, terms, lot, changes)
        redemption.draws = []
        fit(account, changes)
        self._keeper.enter(side, currency, legs, "redeem_cancel", cause, emit, "", changes)
        return None

    def adjust(self, side: Side, data: PointsAdjustData, cause: Cause, emit: Emit) -> RefusalReason | None:
        """Post a correction by hand; one that takes more than it may is refused as a whole."""
        books, currency, points = side.books, data.currency, data.points
        terms = self._keeper.terms.get(currency)
        if terms is None:
            return RefusalReason.UNKNOWN_CURRENCY
        account, changes, by = account_of(books, currency), Changes(), whose(cause)
        if account.available + points < 0 and points < 0 and not terms.overdraw:
            return RefusalReason.INSUFFICIENT_BALANCE
        if not points:
            return None
        count(books, account, currency, by, earned=points)
        if points < 0:
            draw(account, min(-points, account.available), changes)
            legs = debit(account, -points, "adjusted")
        else:
            before = account.available
            legs = credit(account, points, "adjusted")
            expires_us = terms.expiries.of(cause.event_us)
            if expires_us != NEVER:
                lot = Lot(expires_us, new_number(books), account.available - before, by)
                self._giver.put(books, account, terms, lot, changes)
        self._keeper.enter(side, currency, legs, "points_adjust", cause, emit, "", changes)
        return None
