"""What becomes of a member's books when members merge, part, are forgotten or erased.

Everything moves by postings. A merge moves balances in one entry a currency. A split moves what the events of the
part's identifiers did, entry by entry: what each order earned and each redemption spent is taken back on one side and
made on the other under `split.RULE`; what is not remembered one by one (adjustments, orders of long ago) follows in one
entry `split.rest`. Orders and redemptions go along, so that a later return or cancellation finds them. A side that is
left short owes it. What a forgotten or erased member held is nobody's any more: it goes to breakage.
"""

from typing import NamedTuple

from flows.ledger import shares
from flows.ledger.orders import part_order, unite_orders
from flows.ledger.posting import account_of, credit, debit, post
from schemas.states import Account, Books, Order, Share
from schemas.stitched import Cause, Emit


class Side(NamedTuple):
    """A member and its books."""

    member_id: str
    books: Books


def write_off(side: Side, rule: str, cause: Cause, emit: Emit) -> None:
    """Post what a member held to breakage, and what it owed from there, so that nothing is owed to or by nobody."""
    member_id, books = side
    for currency, account in sorted(books.accounts.items()):
        mark = f":{member_id}"
        if account.available:
            account.expired += account.available
            post(member_id, books, currency, debit(account, account.available, "breakage"), rule, cause, emit, mark)
        elif account.receivable:
            legs = credit(account, account.receivable, "breakage")
            post(member_id, books, currency, legs, rule, cause, emit, mark)


def erase(side: Side, cause: Cause, emit: Emit) -> None:
    """Write off what the member held, and forget what its books know of a person."""
    write_off(side, "erased", cause, emit)
    books = side.books
    books.orders, books.redemptions, books.shares, books.by = {}, {}, {}, ""


def absorb(into: Side, other: Side, cause: Cause, emit: Emit) -> list[tuple[str, Order]]:
    """Move everything of `other`; gives the orders that both knew, for the ledger to settle anew."""
    shares.unite(into.books, other.books)
    for currency, account in sorted(other.books.accounts.items()):
        _move_account(into, other, currency, account, cause, emit)
    shared = []
    for order_id, order in other.books.orders.items():
        known = into.books.orders.setdefault(order_id, order)
        if known is not order:
            unite_orders(known, order)
            shared.append((order_id, known))
    for redemption_id, redemption in other.books.redemptions.items():
        into.books.redemptions.setdefault(redemption_id, redemption)
    return shared


def _move_account(into: Side, other: Side, currency: str, account: Account, cause: Cause, emit: Emit) -> None:
    target = account_of(into.books, currency)
    available, receivable = account.available, account.receivable
    target.earned += account.earned
    target.redeemed += account.redeemed
    target.expired += account.expired
    account.earned = account.redeemed = account.expired = 0
    mark, gone, come = f":{other.member_id}", f"merge.{into.member_id}", f"merge.{other.member_id}"
    if available:
        post(*other, currency, debit(account, available, "transfer"), gone, cause, emit, mark)
        post(*into, currency, credit(target, available, "transfer"), come, cause, emit)
    elif receivable:
        post(*other, currency, credit(account, receivable, "transfer"), gone, cause, emit, mark)
        post(*into, currency, debit(target, receivable, "transfer"), come, cause, emit)
    elif target.earned or target.redeemed or target.expired:
        post(*into, currency, [("transfer", 0)], come, cause, emit)


def part(keep: Side, to: Side, ids: frozenset[str], cause: Cause, emit: Emit) -> list[tuple[Side, str, Order]]:
    """Move what the events of `ids` did from one side to the other; gives the orders that were taken apart."""
    parting = _Parting(keep, to, cause, emit)
    currencies = sorted(keep.books.accounts)
    left = {currency: shares.take_share(keep.books, ids, currency) for currency in currencies}
    if keep.books.by in ids:
        keep.books.by = next(iter(sorted(keep.books.shares)), "")
        keep.books.shares.pop(keep.books.by, None)
    divided = parting.orders(ids, left)
    parting.redemptions(ids, left)
    for currency in currencies:
        for by, share in left[currency].items():
            parting.move(currency, by, share, "rest", f":{by}")
    return divided


class _Parting:
    """The entries of one split."""

    def __init__(self, keep: Side, to: Side, cause: Cause, emit: Emit) -> None:
        self._keep, self._to, self._cause, self._emit = keep, to, cause, emit

    def orders(self, ids: frozenset[str], left: dict[str, dict[str, Share]]) -> list[tuple[Side, str, Order]]:
        """Move what orders earned, order by order."""
        divided: list[tuple[Side, str, Order]] = []
        orders, going = self._keep.books.orders, self._to.books.orders
        for order_id, order in list(orders.items()):
            staying, gone = part_order(order, ids)
            if gone is None:
                continue
            going[order_id] = gone
            if staying is None:
                del orders[order_id]
            else:
                orders[order_id] = staying
                divided += [(self._keep, order_id, staying), (self._to, order_id, gone)]
            for piece in [gone, *gone.others]:
                for earned in piece.earned:
                    points = earned.points - earned.taken_back
                    left[earned.currency][piece.by].earned -= points
                    self.move(earned.currency, piece.by, Share(earned=points), earned.rule, f":{order_id}:{piece.by}")
        return divided

    def redemptions(self, ids: frozenset[str], left: dict[str, dict[str, Share]]) -> None:
        """Move what redemptions spent, one by one."""
        redemptions = self._keep.books.redemptions
        for redemption_id, redemption in [pair for pair in redemptions.items() if pair[1].by in ids]:
            self._to.books.redemptions[redemption_id] = redemptions.pop(redemption_id)
            if not redemption.cancelled:
                left[redemption.currency][redemption.by].redeemed -= redemption.points
                share = Share(redeemed=redemption.points)
                self.move(redemption.currency, redemption.by, share, "redeem", f":{redemption_id}")

    def move(self, currency: str, by: str, share: Share, rule: str, mark: str) -> None:
        """Take a share back on one side and make it on the other."""
        earned, redeemed, expired = share.earned, share.redeemed, share.expired
        if not (earned or redeemed or expired):
            return
        points = earned - redeemed - expired
        account = self._keep.books.accounts[currency]
        account.earned -= earned
        account.redeemed -= redeemed
        account.expired -= expired
        self._post(self._keep, currency, account, -points, rule, mark)
        account = account_of(self._to.books, currency)
        shares.count(self._to.books, account, currency, by, earned, redeemed, expired)
        self._post(self._to, currency, account, points, rule, mark)

    def _post(self, side: Side, currency: str, account: Account, points: int, rule: str, mark: str) -> None:
        legs = [("transfer", 0)]
        if points:
            move = credit if points > 0 else debit
            legs = move(account, abs(points), "transfer")
        mark = f":{side.member_id}{mark}"
        post(*side, currency, legs, f"split.{rule}", self._cause, self._emit, mark)
