"""What becomes of a member's books when it is split, forgotten or erased (merges: flows/ledger/merging.py).

Everything moves by postings. A split moves what the events of the part's identifiers did, entry by entry: what each
order or held grant earned and each redemption spent is taken back on one side and made on the other under
`split.RULE`; what is not remembered one by one (adjustments, orders of long ago) follows in one entry `split.rest`.
Orders, redemptions and holds go along, so that a later return or cancellation finds them. A side that is left short
owes it. Lots go to the side that earned them; what one side spent of the other's lots goes back into those and is
spent from its own, and `split.lots` tells what that changed. What a forgotten or erased member held is nobody's any
more: it goes to breakage.
"""

from flows.ledger import shares
from flows.ledger.giving import TIMER as HOLD_TIMER
from flows.ledger.giving import drop_hold
from flows.ledger.keeping import Keeper, Side
from flows.ledger.lots import Changes, draw, fit, lodge, summed, take_all
from flows.ledger.orders import part_order
from flows.ledger.posting import account_of, balance_of, changed_legs, credit, debit, post
from schemas.states import Lot, Order, Redemption, Share
from schemas.stitched import Cause, Emit

Shares = dict[str, dict[str, Share]]  # by currency, by identifier


def write_off(side: Side, rule: str, cause: Cause, emit: Emit) -> None:
    """Post what a member held to breakage, and what it owed from there, so that nothing is owed to or by nobody."""
    member_id, books = side.member_id, side.books
    for currency, account in sorted(books.accounts.items()):
        before, changes = balance_of(account), Changes()
        take_all(account, changes)
        account.expired += account.available + account.pending
        account.available = account.pending = account.receivable = 0
        legs = changed_legs(before, account, "breakage")
        if legs:
            post(member_id, books, currency, legs, rule, cause, emit, f":{member_id}", summed(changes))
    books.holds, books.awaited = {}, {}


def erase(side: Side, cause: Cause, emit: Emit) -> None:
    """Write off what the member held, and forget what its books know of a person."""
    write_off(side, "erased", cause, emit)
    books = side.books
    books.orders, books.redemptions, books.accruals, books.shares = {}, {}, {}, {}
    books.lapsed, books.by = {}, ""


def part(
    keeper: Keeper, keep: Side, to: Side, ids: frozenset[str], cause: Cause, emit: Emit
) -> list[tuple[Side, str, Order]]:  # fmt: skip
    """Move what the events of `ids` did from one side to the other; gives the orders that were taken apart."""
    parting = _Parting(keeper, keep, to, ids, cause, emit)
    parting.take_lots()
    left: Shares = {name: shares.take_share(keep.books, ids, name) for name in sorted(keep.books.accounts)}
    if keep.books.by in ids:
        keep.books.by = next(iter(sorted(keep.books.shares)), "")
        keep.books.shares.pop(keep.books.by, None)
    divided = parting.orders(left)
    parting.holds(left)
    parting.redemptions(left)
    for currency, by_id in left.items():
        for at, (by, share) in enumerate(by_id.items()):
            parting.move(currency, by, share, "rest", f":{at}")  # an entry's id names nobody
    accruals = keep.books.accruals
    for accrual_id in [name for name, accrual in accruals.items() if accrual.by in ids]:
        to.books.accruals[accrual_id] = accruals.pop(accrual_id)
    lapsed = keep.books.lapsed
    for number in [number for number, one in lapsed.items() if one.by in ids]:
        to.books.lapsed[number] = lapsed.pop(number)
    parting.place_lots()
    return divided


class _Parting:
    """The entries of one split."""

    def __init__(
        self, keeper: Keeper, keep: Side, to: Side, ids: frozenset[str], cause: Cause, emit: Emit
    ) -> None:  # fmt: skip
        self._keeper, self._keep, self._to, self._ids = keeper, keep, to, ids
        self._cause, self._emit = cause, emit
        self._lots: dict[str, list[Lot]] = {}
        self._changes: dict[str, Changes] = {}
        self._anew: list[tuple[Redemption, int]] = []

    # what was earned and spent

    def orders(self, left: Shares) -> list[tuple[Side, str, Order]]:
        """Move what orders earned, order by order."""
        divided: list[tuple[Side, str, Order]] = []
        orders, going, holds = self._keep.books.orders, self._to.books.orders, self._keep.books.holds
        for order_id, order in list(orders.items()):
            staying, gone = part_order(order, self._ids)
            if gone is None:
                continue
            going[order_id] = gone
            if staying is None:
                del orders[order_id]
            else:
                orders[order_id] = staying
                divided += [(self._keep, order_id, staying), (self._to, order_id, gone)]
            for at, piece in enumerate([gone, *gone.others]):
                for earned in piece.earned:
                    points = earned.points - earned.taken_back + earned.waived
                    pending = self._move_hold(earned.lot) if earned.lot in holds else 0
                    mark = f":{order_id}:{at}:{earned.lot}"
                    self._move_earned(left, earned.currency, piece.by, points, pending, earned.rule, mark)
        return divided

    def holds(self, left: Shares) -> None:
        """Move what is held without an order."""
        for number, hold in list(self._keep.books.holds.items()):
            if hold.by in self._ids:
                points = self._move_hold(number)
                self._move_earned(left, hold.currency, hold.by, points, points, hold.rule, f":hold:{number}")

    def _move_hold(self, number: int) -> int:
        """Let a hold go along; gives its points."""
        hold, books = self._keep.books.holds[number], self._to.books
        drop_hold(self._keep.books, number)
        books.holds[number] = hold
        if hold.awaits:
            books.awaited.setdefault(hold.awaits, []).append(number)
        if hold.until_us:
            self._emit.wake(hold.until_us, self._to.member_id, HOLD_TIMER, str(number))
        return hold.points

    def redemptions(self, left: Shares) -> None:
        """Move what redemptions spent, one by one."""
        redemptions = self._keep.books.redemptions
        for redemption_id, redemption in [pair for pair in redemptions.items() if pair[1].by in self._ids]:
            self._to.books.redemptions[redemption_id] = redemptions.pop(redemption_id)
            if not redemption.cancelled:
                left[redemption.currency].setdefault(redemption.by, Share()).redeemed -= redemption.points
                share = Share(redeemed=redemption.points)
                self.move(redemption.currency, redemption.by, share, "redeem", f":{redemption_id}")

    def _move_earned(
        self, left: Shares, currency: str, by: str, points: int, pending: int, rule: str, mark: str
    ) -> None:  # fmt: skip
        left[currency].setdefault(by, Share()).earned -= points
        self.move(currency, by, Share(earned=points), rule, mark, pending)

    def move(self, currency: str, by: str, share: Share, rule: str, mark: str, pending: int = 0) -> None:
        """Take a share back on one side and make it on the other; `pending` of it is held."""
        earned, redeemed, expired = share.earned, share.redeemed, share.expired
        if not (earned or redeemed or expired):
            return
        points = earned - redeemed - expired
        account = self._keep.books.accounts[currency]
        account.earned -= earned
        account.redeemed -= redeemed
        account.expired -= expired
        self._post(self._keep, currency, -points, -pending, rule, mark)
        account = account_of(self._to.books, currency)
        shares.count(self._to.books, account, currency, by, earned, redeemed, expired)
        self._post(self._to, currency, points, pending, rule, mark)

    def _post(self, side: Side, currency: str, points: int, pending: int, rule: str, mark: str) -> None:
        account = side.books.accounts[currency]
        before = balance_of(account)
        account.pending += pending
        available = points - pending
        if available:
            move = credit if available > 0 else debit
            move(account, abs(available), "transfer")
        legs = changed_legs(before, account, "transfer") or [("transfer", 0)]
        mark = f":{side.member_id}{mark}"
        post(side.member_id, side.books, currency, legs, f"split.{rule}", self._cause, self._emit, mark)

    # lots

    def take_lots(self) -> None:
        """Take all lots aside, with what redemptions of one side took of the other's."""
        books = self._keep.books
        self._to.books.lots = max(self._to.books.lots, books.lots)
        for currency, account in sorted(books.accounts.items()):
            changes = self._changes[currency] = Changes()
            self._lots[currency] = take_all(account, changes)
            for lot in self._lots[currency]:
                lot.by = lot.by or books.by
        for redemption in books.redemptions.values():
            own: list[Lot] = []
            foreign = 0
            for drawn in redemption.draws:
                drawn.by = drawn.by or books.by
                if (drawn.by in self._ids) == (redemption.by in self._ids):
                    own.append(drawn)
                else:
                    foreign += drawn.left
                    self._lots[redemption.currency].append(drawn)
            redemption.draws = own
            if foreign:
                self._anew.append((redemption, foreign))

    def place_lots(self) -> None:
        """Give each side its lots, let its redemptions take theirs, and say what changed."""
        for currency, lots in self._lots.items():
            staying = [lot for lot in lots if lot.by not in self._ids]
            going = [lot for lot in lots if lot.by in self._ids]
            self._place(self._keep, currency, staying, self._changes[currency])
            if going or currency in self._to.books.accounts:
                account_of(self._to.books, currency)
                self._place(self._to, currency, going, Changes())

    def _place(self, side: Side, currency: str, lots: list[Lot], changes: Changes) -> None:
        account, gone = side.books.accounts[currency], side is self._to
        for lot in lots:
            lot.by = "" if lot.by == side.books.by else lot.by
            lodge(account, lot, changes)
        for redemption, points in self._anew:
            if redemption.currency == currency and (redemption.by in self._ids) == gone:
                redemption.draws += draw(account, points, changes)
        fit(account, changes)
        if gone:
            account.warned_us = self._keep.books.accounts[currency].warned_us
        if summed(changes):
            mark = f":{side.member_id}"
            none = [("transfer", 0)]
            self._keeper.enter(side, currency, none, "split.lots", self._cause, self._emit, mark, changes)
