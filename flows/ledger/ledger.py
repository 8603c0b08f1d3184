"""The ledger machine: what purchases, returns, redemptions, accruals and adjustments do to a member's points.

A purchase earns what the earn rules grant. A return takes back in proportion to what its order earned: all returns of
the order together have taken `earned × returned / total`, rounded down, so a full return takes exactly what was earned.
A return that comes before its purchase waits with the order and is settled when the purchase comes; one whose purchase
never comes moves nothing. An order seen again by another event adds to it (a split shipment). Orders are remembered for
`retention.orders`. A redemption beyond the balance is refused, and the refusal is a fact that later events do not
change. Duplicates never come here; they are left out by event identity before.

The parts: orders (what was bought), giving (points into lots and holds), returns, spending, keeping (entries, expiry),
parting (merges, splits, erasures).
"""

from collections.abc import Iterable

from config.program import Program
from flows.ledger import merging, parting
from flows.ledger.giving import TIMER as HOLD_TIMER
from flows.ledger.giving import EarnedTold, Giver
from flows.ledger.grants import Grant
from flows.ledger.keeping import TIMER as EXPIRY_TIMER
from flows.ledger.keeping import Keeper, Side, Warned
from flows.ledger.orders import (
    beyond_order,
    bought_piece,
    is_purchased,
    known_order,
    pieces_of,
    remember,
    returned_piece,
)
from flows.ledger.returns import Returns
from flows.ledger.shares import whose
from flows.ledger.spending import Spending
from schemas.decode import time_us
from schemas.events import Accrual, Activity, CloudEvent, PointsAdjust, Purchase, Redeem, RedeemCancel, Return
from schemas.hosting import Timer
from schemas.reasons import RefusalReason
from schemas.records import PointsRefused
from schemas.states import Accrual as Accrued
from schemas.states import Books, Member, Order, Redemption
from schemas.stitched import Cause, Emit

TIMERS = frozenset({EXPIRY_TIMER, HOLD_TIMER})
ACCRUAL_RULE = "accrual"


class Ledger:
    """Stateless but for the program: every method changes the books it is given and emits what it did.

    `earned` is told of points as they become available (held ones when released) and as returns take them back.
    """

    def __init__(self, program: Program, earned: EarnedTold | None = None) -> None:
        self._keeper = Keeper(program)
        self._giver = Giver(self._keeper, earned)
        self._returns = Returns(self._keeper)
        self._spending = Spending(self._keeper, self._giver, program.retention.orders)
        self._orders_us = program.retention.orders
        self._earned = earned

    # what events do

    def purchase(
        self, member_id: str, books: Books, event: Purchase, cause: Cause, emit: Emit, grants: Iterable[Grant] = ()
    ) -> None:  # fmt: skip
        """Earn the grants of the rules, which are asked for if the order is taken; then settle earlier returns."""
        data, by, side = event.data, whose(cause), Side(member_id, books)
        amount, money = data.total.amount, data.total.currency
        oldest_us = cause.log_us - self._orders_us
        order = known_order(books, data.order_id, oldest_us)
        if order is None:
            order = Order(cause.log_us, money, 0, 0, purchased=True, earned=[], by=by)
            remember(books.orders, data.order_id, order, oldest_us)
        if order.money != money:
            self._refuse(member_id, "purchase", RefusalReason.CURRENCY_MISMATCH, None, None, cause, emit)
            return
        piece = bought_piece(order, by, cause.log_us)
        piece.purchased = True
        piece.total += amount
        for grant in grants:
            self._give(side, grant, cause, emit, piece)
        if order.returned or order.others:
            self._settle(side, order, cause, emit)

    def has_bought(self, books: Books, order_id: str, log_us: int) -> bool:
        """Whether a purchase of the order is remembered, so that another one is a further part of it."""
        order = known_order(books, order_id, log_us - self._orders_us)
        return order is not None and is_purchased(order)

    def take_return(self, member_id: str, books: Books, event: Return, cause: Cause, emit: Emit) -> None:
        """Take back in proportion, or wait for the purchase."""
        data, by = event.data, whose(cause)
        oldest_us = cause.log_us - self._orders_us
        order = known_order(books, data.order_id, oldest_us)
        if order is None:
            order = Order(cause.log_us, data.total.currency, 0, 0, purchased=False, earned=[], by=by)
            remember(books.orders, data.order_id, order, oldest_us)
        if order.money != data.total.currency:
            self._refuse(member_id, "return", RefusalReason.CURRENCY_MISMATCH, None, None, cause, emit)
            return
        piece = returned_piece(order, by)
        piece.returned += data.total.amount
        for line in data.lines or ():
            piece.lines[line.sku] = piece.lines.get(line.sku, 0) + abs(line.amount)
        if is_purchased(order):
            self._settle(Side(member_id, books), order, cause, emit)
            beyond = beyond_order(order)
            if beyond > 0:
                told = f"{min(beyond, data.total.amount)} {order.money} (minor units) beyond the order"
                self._refuse(member_id, "return", RefusalReason.RETURN_BEYOND_ORDER, None, None, cause, emit, told)
        else:
            self._refuse(member_id, "return", RefusalReason.RETURN_BEFORE_PURCHASE, None, None, cause, emit)

    def redeem(self, member_id: str, books: Books, event: Redeem, cause: Cause, emit: Emit) -> None:
        """Spend points, or refuse with the reason."""
        data = event.data
        reason = self._spending.redeem(Side(member_id, books), data, cause, emit)
        if reason is not None:
            known = books.redemptions.get(data.redemption_id)
            detail = None if known is None else _other(known, data.currency, data.points)
            self._refuse(member_id, "redeem", reason, data.currency, data.points, cause, emit, detail)

    def redeem_cancel(self, member_id: str, books: Books, event: RedeemCancel, cause: Cause, emit: Emit) -> None:
        """Give back what a redemption spent."""
        reason = self._spending.cancel(Side(member_id, books), event.data.redemption_id, cause, emit)
        if reason is not None:
            self._refuse(member_id, "redeem_cancel", reason, None, None, cause, emit)

    def adjust(self, member_id: str, books: Books, event: PointsAdjust, cause: Cause, emit: Emit) -> None:
        """Post a manual correction; one that takes more than it may is refused as a whole."""
        data = event.data
        reason = self._spending.adjust(Side(member_id, books), data, cause, emit)
        if reason is not None:
            self._refuse(member_id, "points_adjust", reason, data.currency, data.points, cause, emit)

    def accrue(self, member_id: str, books: Books, event: Accrual, cause: Cause, emit: Emit) -> None:
        """Give what a partner says was earned, once an accrual id; it may be pending until a time."""
        data = event.data
        known = books.accruals.get(data.accrual_id)
        if data.currency not in self._keeper.terms:
            reason, detail = RefusalReason.UNKNOWN_CURRENCY, None
        elif known is not None:
            reason, detail = RefusalReason.ALREADY_ACCRUED, _other(known, data.currency, data.points)
        else:
            until_us = None if data.hold_until is None else time_us(data.hold_until)
            grant = Grant(ACCRUAL_RULE, data.currency, data.points, bool(data.qualifying), until_us)
            accrued = Accrued(cause.log_us, data.currency, data.points, whose(cause))
            remember(books.accruals, data.accrual_id, accrued, cause.log_us - self._orders_us)
            self._give(Side(member_id, books), grant, cause, emit)
            return
        self._refuse(member_id, "accrual", reason, data.currency, data.points, cause, emit, detail)

    def grant(self, member: Member, grant: Grant, cause: Cause, emit: Emit, order_id: str | None = None) -> None:
        """Post what a rule gives: available in a lot, or pending if it is held; none of it moves nothing.

        With `order_id` returns of that order take it back in proportion.
        """
        side = Side(member.member_id, member.books)
        order = None if order_id is None else member.books.orders.get(order_id)
        if order is None:
            self._give(side, grant, cause, emit)
            return
        self._give(side, grant, cause, emit, bought_piece(order, whose(cause), cause.log_us))
        if any(piece.returned for piece in pieces_of(order)):
            self._settle(side, order, cause, emit)

    def _give(self, side: Side, grant: Grant, cause: Cause, emit: Emit, piece: Order | None = None) -> None:
        if grant.points:
            self._giver.give(side, grant, cause, emit, piece)

    def _settle(self, side: Side, order: Order, cause: Cause, emit: Emit, mark: str = "") -> None:
        for earned, points in self._returns.settle(side, order, cause, emit, mark):
            if self._earned is not None and points:
                self._earned(side.member_id, earned.currency, -points, earned.qualifying, None)

    def happened(self, member: Member, event: CloudEvent, cause: Cause, emit: Emit) -> None:
        """Release what waits for an event of this type (of an activity also: of this kind)."""
        names, points = [str(event.__struct_config__.tag)], None
        if isinstance(event, Activity):
            names.append(event.data.kind)
            points = None if event.data.quantity is None else max(0, int(event.data.quantity))
        self._giver.happened(Side(member.member_id, member.books), names, points, cause, emit)

    def fire(self, member: Member, timer: Timer, emit: Emit) -> list[Warned] | None:
        """Expire, warn, release; gives the warnings raised, None if nothing happened that anyone could see."""
        side = Side(member.member_id, member.books)
        if timer.kind == EXPIRY_TIMER:
            return self._keeper.fire(side, timer.key, timer.due_us, emit)
        return [] if self._giver.fire(side, int(timer.key), timer.due_us, emit) else None

    def warning_stands(self, member: Member, subject: str) -> bool:
        """Say whether the warning about a currency's expiry (`CURRENCY:EXPIRES_US`) stands."""
        currency, _, expires_us = subject.rpartition(":")
        account = member.books.accounts.get(currency)
        return account is not None and int(expires_us) in account.warnings

    # what happens to members

    def forget(self, member_id: str, books: Books, cause: Cause, emit: Emit) -> None:
        """Post what a forgotten anonymous member still held to breakage, so that nothing is owed to nobody."""
        parting.write_off(Side(member_id, books), "forgotten", cause, emit)

    def erase(self, member_id: str, books: Books, cause: Cause, emit: Emit) -> None:
        """Post what an erased person held to breakage; the books then know nothing of anybody."""
        parting.erase(Side(member_id, books), cause, emit)

    def absorb(self, into_id: str, into: Books, from_id: str, other: Books, cause: Cause, emit: Emit) -> None:
        """Move everything of `other` into `into` by postings; orders, redemptions, lots and holds unite."""
        side = Side(into_id, into)
        oldest_us = cause.log_us - self._orders_us
        for order_id, order in merging.absorb(self._keeper, side, Side(from_id, other), oldest_us, cause, emit):
            self._settle(side, order, cause, emit, f":{from_id}:{order_id}")

    def part(
        self, keep_id: str, keep: Books, part_id: str, to: Books, ids: frozenset[str], cause: Cause, emit: Emit
    ) -> None:  # fmt: skip
        """Move what the events of the identifiers `ids` did from `keep` to `to` by postings."""
        divided = parting.part(self._keeper, Side(keep_id, keep), Side(part_id, to), ids, cause, emit)
        for side, order_id, order in divided:
            self._settle(side, order, cause, emit, f":{side.member_id}:{order_id}")

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm what the books of a member wait for that comes from elsewhere."""
        for currency, account in member.books.accounts.items():
            if account.timer_us:
                emit.wake(account.timer_us, member.member_id, EXPIRY_TIMER, currency)
        for number, hold in member.books.holds.items():
            if hold.until_us:
                emit.wake(hold.until_us, member.member_id, HOLD_TIMER, str(number))

    @staticmethod
    def _refuse(
        member_id: str, kind: str, reason: RefusalReason, currency: str | None, points: int | None,
        cause: Cause, emit: Emit, detail: str | None = None,
    ) -> None:  # fmt: skip
        emit.refusals.append(
            PointsRefused(
                f"{cause.key}:{kind}", member_id, cause.log_us, kind, reason, currency, points, detail, cause.source,
                cause.id,
            )
        )  # fmt: skip


def _other(known: Accrued | Redemption, currency: str, points: int) -> str | None:
    """Say what was accepted under an id, if it was something else."""
    same = known.currency == currency and known.points == points
    return None if same else f"accepted with {known.points} {known.currency}"
