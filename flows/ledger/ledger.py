"""The ledger machine: what purchases, returns, redemptions and adjustments do to a member's points.

A purchase earns by every rule of its money. A return takes back in proportion to what its order earned: all returns of
the order together have taken `earned × returned / total`, rounded down, so a full return takes exactly what was earned.
A return that comes before its purchase waits with the order and is settled when the purchase comes; one whose purchase
never comes moves nothing. An order seen again by another event adds to it (a split shipment). Orders are remembered for
`retention.orders`. A redemption beyond the balance is refused, and the refusal is a fact that later events do not
change. Duplicates never come here; they are left out by event identity before.
"""

from config.program import Program
from flows.ledger.earning import earnings_by_money
from flows.ledger.posting import account_of, credit, debit, post
from schemas.events import PointsAdjust, Purchase, Redeem, RedeemCancel, Return
from schemas.reasons import RefusalReason
from schemas.records import PointsRefused
from schemas.states import Account, Books, Earned, Order, Redemption
from schemas.stitched import Cause, Emit

ORDERS_BEFORE_PRUNING = 32


class Ledger:
    """Stateless but for the program: every method changes the books it is given and emits what it did."""

    def __init__(self, program: Program) -> None:
        self._earnings = earnings_by_money(program)
        self._currencies = frozenset(program.currencies)
        self._orders_us = program.retention.orders

    def purchase(self, member_id: str, books: Books, event: Purchase, cause: Cause, emit: Emit) -> None:
        """Earn by every rule of the order's money, then settle returns that came before."""
        data = event.data
        amount, money = data.total.amount, data.total.currency
        order = self._order(books, data.order_id, cause.log_us)
        if order is None:
            order = Order(cause.log_us, money, 0, 0, purchased=True, earned=[])
            self._remember(books, data.order_id, order)
        if order.money != money:
            self._refuse(member_id, "purchase", RefusalReason.CURRENCY_MISMATCH, None, None, cause, emit)
            return
        order.purchased = True
        order.total += amount
        for earning in self._earnings.get(money, ()):
            points = earning.points(amount)
            if points:
                account = account_of(books, earning.currency)
                account.earned += points
                legs = credit(account, points, "issued")
                post(member_id, books, earning.currency, legs, earning.rule, cause, emit)
                _add_earned(order, earning.rule, earning.currency, points)
        if order.returned:
            self._settle(member_id, books, order, cause, emit)

    def take_return(self, member_id: str, books: Books, event: Return, cause: Cause, emit: Emit) -> None:
        """Take back in proportion, or wait for the purchase."""
        data = event.data
        order = self._order(books, data.order_id, cause.log_us)
        if order is None:
            order = Order(cause.log_us, data.total.currency, 0, 0, purchased=False, earned=[])
            self._remember(books, data.order_id, order)
        if order.money != data.total.currency:
            self._refuse(member_id, "return", RefusalReason.CURRENCY_MISMATCH, None, None, cause, emit)
            return
        order.returned += data.total.amount
        if order.purchased:
            self._settle(member_id, books, order, cause, emit)
        else:
            self._refuse(member_id, "return", RefusalReason.RETURN_BEFORE_PURCHASE, None, None, cause, emit)

    def _settle(
        self, member_id: str, books: Books, order: Order, cause: Cause, emit: Emit, mark: str = ""
    ) -> None:  # fmt: skip
        """Take back what all returns of the order together are due and have not taken yet.

        A shipment after a return may lower what is due, by rounding; that is given back, so that the order of events
        does not matter.
        """
        if order.total == 0:
            return
        returned = min(order.returned, order.total)
        for earned in order.earned:
            points = earned.points * returned // order.total - earned.taken_back
            if points:
                earned.taken_back += points
                account = account_of(books, earned.currency)
                account.earned -= points
                legs = debit(account, points, "issued") if points > 0 else credit(account, -points, "issued")
                post(member_id, books, earned.currency, legs, f"return.{earned.rule}", cause, emit, mark)

    def redeem(self, member_id: str, books: Books, event: Redeem, cause: Cause, emit: Emit) -> None:
        """Spend points, or refuse with the reason."""
        data = event.data
        reason = self._redeem_refusal(books, data.redemption_id, data.currency, data.points)
        if reason is not None:
            self._refuse(member_id, "redeem", reason, data.currency, data.points, cause, emit)
            return
        account = account_of(books, data.currency)
        account.redeemed += data.points
        legs = debit(account, data.points, "redeemed")
        books.redemptions[data.redemption_id] = Redemption(cause.log_us, data.currency, data.points)
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
        account.redeemed -= redemption.points
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
            account.earned += points
            legs = credit(account, points, "adjusted") if points > 0 else debit(account, -points, "adjusted")
            post(member_id, books, currency, legs, "points_adjust", cause, emit)

    def unsupported(self, member_id: str, kind: str, cause: Cause, emit: Emit) -> None:
        """Say openly that an accepted event does nothing yet."""
        self._refuse(member_id, kind, RefusalReason.NOT_YET_SUPPORTED, None, None, cause, emit)

    def forget(self, member_id: str, books: Books, cause: Cause, emit: Emit) -> None:
        """Post what a forgotten anonymous member still held to breakage, so that nothing is owed to nobody."""
        for currency, account in sorted(books.accounts.items()):
            if account.available:
                account.expired += account.available
                legs = debit(account, account.available, "breakage")
                post(member_id, books, currency, legs, "forgotten", cause, emit, f":{member_id}")
            elif account.receivable:
                legs = credit(account, account.receivable, "breakage")
                post(member_id, books, currency, legs, "forgotten", cause, emit, f":{member_id}")

    def part(self, *_a, **_k): ...

    def erase(self, member_id, books, cause, emit):
        self.forget(member_id, books, cause, emit)

    def absorb(self, into_id: str, into: Books, from_id: str, other: Books, cause: Cause, emit: Emit) -> None:
        """Move everything of `other` into `into` by postings; orders and redemptions unite."""
        for currency, account in sorted(other.accounts.items()):
            self._move(into_id, into, from_id, other, currency, account, cause, emit)
        for order_id, order in other.orders.items():
            known = into.orders.setdefault(order_id, order)
            if known is not order:
                _unite(known, order)
                self._settle(into_id, into, known, cause, emit, f":{from_id}:{order_id}")
        for redemption_id, redemption in other.redemptions.items():
            into.redemptions.setdefault(redemption_id, redemption)

    def _move(
        self, into_id: str, into: Books, from_id: str, other: Books, currency: str, account: Account,
        cause: Cause, emit: Emit,
    ) -> None:  # fmt: skip
        target = account_of(into, currency)
        available, receivable = account.available, account.receivable
        target.earned += account.earned
        target.redeemed += account.redeemed
        target.expired += account.expired
        account.earned = account.redeemed = account.expired = 0
        if available:
            legs = debit(account, available, "transfer")
            post(from_id, other, currency, legs, f"merge.{into_id}", cause, emit, f":{from_id}")
            post(into_id, into, currency, credit(target, available, "transfer"), f"merge.{from_id}", cause, emit)
        elif receivable:
            legs = credit(account, receivable, "transfer")
            post(from_id, other, currency, legs, f"merge.{into_id}", cause, emit, f":{from_id}")
            post(into_id, into, currency, debit(target, receivable, "transfer"), f"merge.{from_id}", cause, emit)
        elif target.earned or target.redeemed or target.expired:
            post(into_id, into, currency, [("transfer", 0)], f"merge.{from_id}", cause, emit)

    def _order(self, books: Books, order_id: str, log_us: int) -> Order | None:
        order = books.orders.get(order_id)
        return order if order is not None and order.at_us >= log_us - self._orders_us else None

    def _remember(self, books: Books, order_id: str, order: Order) -> None:
        orders = books.orders
        if len(orders) >= ORDERS_BEFORE_PRUNING and len(orders) % ORDERS_BEFORE_PRUNING == 0:
            oldest_us = order.at_us - self._orders_us
            for known in [key for key, value in orders.items() if value.at_us < oldest_us]:
                del orders[known]
        orders[order_id] = order

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


def _add_earned(order: Order, rule: str, currency: str, points: int, taken_back: int = 0) -> None:
    for earned in order.earned:
        if earned.rule == rule and earned.currency == currency:
            earned.points += points
            earned.taken_back += taken_back
            return
    order.earned.append(Earned(rule, currency, points, taken_back))


def _unite(known: Order, order: Order) -> None:
    """Add what another member knew of the same order; orders in two moneys stay apart, the first one counts."""
    if known.money != order.money:
        return
    known.total += order.total
    known.returned += order.returned
    known.purchased = known.purchased or order.purchased
    for earned in order.earned:
        _add_earned(known, earned.rule, earned.currency, earned.points, earned.taken_back)
