"""The ledger machine: what purchases, returns, redemptions and adjustments do to a member's points.

A purchase earns by every rule of its money. A return takes back in proportion to what its order earned: all returns of
the order together have taken `earned × returned / total`, rounded down, so a full return takes exactly what was earned.
A return that comes before its purchase waits with the order and is settled when the purchase comes; one whose purchase
never comes moves nothing. An order seen again by another event adds to it (a split shipment). Orders are remembered for
`retention.orders`. A redemption beyond the balance is refused, and the refusal is a fact that later events do not
change. Duplicates never come here; they are left out by event identity before.
"""

from config.program import Program
from flows.ledger import parting
from flows.ledger.earning import earnings_by_money
from flows.ledger.orders import (
    Due,
    add_earned,
    bought_piece,
    dues,
    is_purchased,
    known_order,
    remember,
    returned_piece,
)
from flows.ledger.parting import Side
from flows.ledger.posting import account_of, credit, debit, post
from flows.ledger.shares import count, whose
from schemas.events import PointsAdjust, Purchase, Redeem, RedeemCancel, Return
from schemas.reasons import RefusalReason
from schemas.records import PointsRefused
from schemas.states import Books, Order, Redemption
from schemas.stitched import Cause, Emit


class Ledger:
    """Stateless but for the program: every method changes the books it is given and emits what it did."""

    def __init__(self, program: Program) -> None:
        self._earnings = earnings_by_money(program)
        self._currencies = frozenset(program.currencies)
        self._orders_us = program.retention.orders

    def purchase(self, member_id: str, books: Books, event: Purchase, cause: Cause, emit: Emit) -> None:
        """Earn by every rule of the order's money, then settle returns that came before."""
        data, by = event.data, whose(cause)
        amount, money = data.total.amount, data.total.currency
        oldest_us = cause.log_us - self._orders_us
        order = known_order(books, data.order_id, oldest_us)
        if order is None:
            order = Order(cause.log_us, money, 0, 0, purchased=True, earned=[], by=by)
            remember(books, data.order_id, order, oldest_us)
        if order.money != money:
            self._refuse(member_id, "purchase", RefusalReason.CURRENCY_MISMATCH, None, None, cause, emit)
            return
        piece = bought_piece(order, by, cause.log_us)
        piece.purchased = True
        piece.total += amount
        for earning in self._earnings.get(money, ()):
            points = earning.points(amount)
            if points:
                account = account_of(books, earning.currency)
                count(books, account, earning.currency, by, earned=points)
                legs = credit(account, points, "issued")
                post(member_id, books, earning.currency, legs, earning.rule, cause, emit)
                add_earned(piece, earning.rule, earning.currency, points)
        if order.returned or order.others:
            self._settle(member_id, books, order, cause, emit)

    def take_return(self, member_id: str, books: Books, event: Return, cause: Cause, emit: Emit) -> None:
        """Take back in proportion, or wait for the purchase."""
        data, by = event.data, whose(cause)
        oldest_us = cause.log_us - self._orders_us
        order = known_order(books, data.order_id, oldest_us)
        if order is None:
            order = Order(cause.log_us, data.total.currency, 0, 0, purchased=False, earned=[], by=by)
            remember(books, data.order_id, order, oldest_us)
        if order.money != data.total.currency:
            self._refuse(member_id, "return", RefusalReason.CURRENCY_MISMATCH, None, None, cause, emit)
            return
        returned_piece(order, by).returned += data.total.amount
        if is_purchased(order):
            self._settle(member_id, books, order, cause, emit)
        else:
            self._refuse(member_id, "return", RefusalReason.RETURN_BEFORE_PURCHASE, None, None, cause, emit)

    def _settle(
        self, member_id: str, books: Books, order: Order, cause: Cause, emit: Emit, mark: str = ""
    ) -> None:  # fmt: skip
        """Take back what all returns of the order together are due and have not taken yet; one entry a rule."""
        groups: dict[tuple[str, str], list[Due]] = {}
        for due in dues(order):
            groups.setdefault((due.earned.rule, due.earned.currency), []).append(due)
        for (rule, currency), group in groups.items():
            account = account_of(books, currency)
            for due in group:
                due.earned.taken_back += due.points
                count(books, account, currency, due.piece.by, earned=-due.points)
            points = sum(due.points for due in group)
            if points:
                legs = debit(account, points, "issued") if points > 0 else credit(account, -points, "issued")
                post(member_id, books, currency, legs, f"return.{rule}", cause, emit, mark)

    def redeem(self, member_id: str, books: Books, event: Redeem, cause: Cause, emit: Emit) -> None:
        """Spend points, or refuse with the reason."""
        data = event.data
        reason = self._redeem_refusal(books, data.redemption_id, data.currency, data.points)
        if reason is not None:
            self._refuse(member_id, "redeem", reason, data.currency, data.points, cause, emit)
            return
        account = account_of(books, data.currency)
        by = whose(cause)
        count(books, account, data.currency, by, redeemed=data.points)
        legs = debit(account, data.points, "redeemed")
        books.redemptions[data.redemption_id] = Redemption(cause.log_us, data.currency, data.points, by=by)
        post(member_id, books, data.currency, legs, "redeem", cause, emit)

    def _redeem_refusal(self, books: Books, redemption_id: str, currency: str, points: int) -> RefusalReason | None:
        if currency not in self._currencies:
            return RefusalReason.UNKNOWN_CURRENCY
        if redemption_id in books.redemptions:
            return RefusalReason.ALREADY_REDEEMED
        account = books.accounts.get(currency)
        if account is None or account.available < points:
            return RefusalReason.INSUFFICIENT_BALANCE
        return None

    def redeem_cancel(self, member_id: str, books: Books, event: RedeemCancel, cause: Cause, emit: Emit) -> None:
        """Give back what a redemption spent."""
        redemption = books.redemptions.get(event.data.redemption_id)
        if redemption is None or redemption.cancelled:
            self._refuse(member_id, "redeem_cancel", RefusalReason.UNKNOWN_REDEMPTION, None, None, cause, emit)
            return
        redemption.cancelled = True
        account = account_of(books, redemption.currency)
        count(books, account, redemption.currency, redemption.by, redeemed=-redemption.points)
        legs = credit(account, redemption.points, "redeemed")
        post(member_id, books, redemption.currency, legs, "redeem_cancel", cause, emit)

    def adjust(self, member_id: str, books: Books, event: PointsAdjust, cause: Cause, emit: Emit) -> None:
        """Post a manual correction; one that takes more than there is, is refused as a whole."""
        currency, points = event.data.currency, event.data.points
        if currency not in self._currencies:
            self._refuse(member_id, "points_adjust", RefusalReason.UNKNOWN_CURRENCY, currency, points, cause, emit)
            return
        account = account_of(books, currency)
        if account.available + points < 0:
            self._refuse(member_id, "points_adjust", RefusalReason.INSUFFICIENT_BALANCE, currency, points, cause, emit)
            return
        if points:
            count(books, account, currency, whose(cause), earned=points)
            legs = credit(account, points, "adjusted") if points > 0 else debit(account, -points, "adjusted")
            post(member_id, books, currency, legs, "points_adjust", cause, emit)

    def unsupported(self, member_id: str, kind: str, cause: Cause, emit: Emit) -> None:
        """Say openly that an accepted event does nothing yet."""
        self._refuse(member_id, kind, RefusalReason.NOT_YET_SUPPORTED, None, None, cause, emit)

    def forget(self, member_id: str, books: Books, cause: Cause, emit: Emit) -> None:
        """Post what a forgotten anonymous member still held to breakage, so that nothing is owed to nobody."""
        parting.write_off(Side(member_id, books), "forgotten", cause, emit)

    def erase(self, member_id: str, books: Books, cause: Cause, emit: Emit) -> None:
        """Post what an erased person held to breakage; the books then know nothing of anybody."""
        parting.erase(Side(member_id, books), cause, emit)

    def absorb(self, into_id: str, into: Books, from_id: str, other: Books, cause: Cause, emit: Emit) -> None:
        """Move everything of `other` into `into` by postings; orders and redemptions unite."""
        for order_id, order in parting.absorb(Side(into_id, into), Side(from_id, other), cause, emit):
            self._settle(into_id, into, order, cause, emit, f":{from_id}:{order_id}")

    def part(
        self, keep_id: str, keep: Books, part_id: str, to: Books, ids: frozenset[str], cause: Cause, emit: Emit
    ) -> None:  # fmt: skip
        """Move what the events of the identifiers `ids` did from `keep` to `to` by postings."""
        divided = parting.part(Side(keep_id, keep), Side(part_id, to), ids, cause, emit)
        for side, order_id, order in divided:
            self._settle(*side, order, cause, emit, f":{side.member_id}:{order_id}")

    @staticmethod
    def _refuse(
        member_id: str, kind: str, reason: RefusalReason, currency: str | None, points: int | None,
        cause: Cause, emit: Emit,
    ) -> None:  # fmt: skip
        emit.refusals.append(
            PointsRefused(
                f"{cause.key}:{kind}", member_id, cause.log_us, kind, reason, currency, points, None, cause.source,
                cause.id,
            )
        )  # fmt: skip
