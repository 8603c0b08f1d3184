"""What becomes of the books of two members that merge: everything moves by postings, one entry a currency and side.

Orders, redemptions, lots, holds and accruals unite. Lots and holds of the member that is absorbed get numbers after the
other's, so that each keeps pointing at its own.
"""

from flows.ledger import shares
from flows.ledger.giving import TIMER as HOLD_TIMER
from flows.ledger.keeping import Keeper, Side
from flows.ledger.lots import Changes, fit, lodge, summed, take_all
from flows.ledger.orders import unite_orders
from flows.ledger.posting import account_of, balance_of, changed_legs, credit, debit, post
from schemas.states import Account, Books, Lot, Order
from schemas.stitched import Cause, Emit


def absorb(
    keeper: Keeper, into: Side, other: Side, oldest_us: int, cause: Cause, emit: Emit
) -> list[tuple[str, Order]]:  # fmt: skip
    """Move everything of `other`; gives the orders that both knew, for the ledger to settle anew.

    An order older than `oldest_us` is not remembered any more: one of its name on the other side is another order.
    """
    for books in (into.books, other.books):
        books.orders = {order_id: order for order_id, order in books.orders.items() if order.at_us >= oldest_us}
    _renumber(other.books, into.books.lots)
    into.books.lots += other.books.lots
    shares.unite(into.books, other.books)
    for currency, account in sorted(other.books.accounts.items()):
        _move_account(keeper, into, other, currency, account, cause, emit)
    _move_holds(into, other.books, emit)
    shared = []
    for order_id, order in other.books.orders.items():
        known = into.books.orders.setdefault(order_id, order)
        if known is not order:
            unite_orders(known, order)
            shared.append((order_id, known))
    for redemption_id, redemption in other.books.redemptions.items():
        for drawn in redemption.draws:
            drawn.by = _seen_by(into.books, drawn.by or other.books.by)
        into.books.redemptions.setdefault(redemption_id, redemption)
    into.books.lapsed.update(other.books.lapsed)
    for accrual_id, accrual in other.books.accruals.items():
        into.books.accruals.setdefault(accrual_id, accrual)
    return shared


def _renumber(books: Books, above: int) -> None:
    """Give lots and holds numbers above those of the member that takes them."""
    if not above or not books.lots:
        return
    for account in books.accounts.values():
        for lot in account.lots:
            lot.number += above
    for order in books.orders.values():
        for piece in [order, *order.others]:
            for earned in piece.earned:
                earned.lot += above if earned.lot else 0
    for redemption in books.redemptions.values():
        for lot in redemption.draws:
            lot.number += above
    books.lapsed = {number + above: lapsed for number, lapsed in books.lapsed.items()}
    books.holds = {number + above: hold for number, hold in books.holds.items()}
    books.awaited = {name: [number + above for number in numbers] for name, numbers in books.awaited.items()}


def _seen_by(books: Books, by: str) -> str:
    return "" if by == books.by else by


def _move_account(
    keeper: Keeper, into: Side, other: Side, currency: str, account: Account, cause: Cause, emit: Emit
) -> None:  # fmt: skip
    target = account_of(into.books, currency)
    available, pending, receivable = balance_of(account)
    out, come = Changes(), Changes()
    lots = take_all(account, out)
    target.earned += account.earned
    target.redeemed += account.redeemed
    target.expired += account.expired
    account.earned = account.redeemed = account.expired = 0
    before = balance_of(account)
    account.available = account.pending = account.receivable = 0
    legs = changed_legs(before, account, "transfer")
    if legs:
        mark = f":{other.member_id}"
        post(other.member_id, other.books, currency, legs, f"merge.{into.member_id}", cause, emit, mark, summed(out))
    before = balance_of(target)
    target.pending += pending
    if available:
        credit(target, available, "transfer")
    elif receivable:
        debit(target, receivable, "transfer")
    for lot in lots:
        by = _seen_by(into.books, lot.by or other.books.by)
        lodge(target, Lot(lot.expires_us, lot.number, lot.left, by, lot.ordered), come)
    fit(target, come)
    target.warned_us = min(target.warned_us, account.warned_us)
    target.warnings = sorted({*target.warnings, *account.warnings})
    legs = changed_legs(before, target, "transfer")
    if legs or target.earned or target.redeemed or target.expired:
        rule = f"merge.{other.member_id}"
        keeper.enter(into, currency, legs or [("transfer", 0)], rule, cause, emit, "", come)


def _move_holds(into: Side, other: Books, emit: Emit) -> None:
    for number, hold in other.holds.items():
        into.books.holds[number] = hold
        if hold.until_us:
            emit.wake(hold.until_us, into.member_id, HOLD_TIMER, str(number))
    for name, numbers in other.awaited.items():
        into.books.awaited.setdefault(name, []).extend(numbers)
