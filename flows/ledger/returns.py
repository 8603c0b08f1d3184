"""What returns take back, and from where.

What is due is taken from the lot or hold that the purchase opened; what of it expired meanwhile comes from breakage, as
if the return had come before. What is missing then was spent or released, and the currency's policy says how far a
return reaches: `only_pending` takes nothing but what is still held; `within_balance` what else is available, the lots
that expire first; `unlimited` even more, and the rest is owed. What a policy lets the member keep is waived for good:
it is not taken later.
"""

from flows.ledger.keeping import Keeper, Side, Terms
from flows.ledger.lots import Changes, draw, draw_from, lodge, summed
from flows.ledger.orders import Due, dues
from flows.ledger.posting import account_of, balance_of, changed_legs, credit, repeated
from flows.ledger.shares import count
from schemas.states import Account, Books, Earned, Lot, Order
from schemas.stitched import Cause, Emit


class Returns:
    """Settles orders with what was returned of them."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def settle(self, side: Side, order: Order, cause: Cause, emit: Emit, mark: str = "") -> list[tuple[Earned, int]]:
        """Take back what all returns of the order together are due and have not taken yet; one entry a rule.

        Gives what was taken, by what had been earned (below zero: given back), without what counts for no tier yet.
        """
        groups: dict[tuple[str, str], list[Due]] = {}
        for due in dues(order):
            groups.setdefault((due.earned.rule, due.earned.currency), []).append(due)
        moved = []
        for (rule, currency), group in groups.items():
            moved += self._settle_rule(side, rule, currency, group, cause, emit, mark)
        return moved

    def _settle_rule(
        self, side: Side, rule: str, currency: str, group: list[Due], cause: Cause, emit: Emit, mark: str
    ) -> list[tuple[Earned, int]]:  # fmt: skip
        books, terms, moved = side.books, self._keeper.terms[currency], []
        account, changes = account_of(books, currency), Changes()
        before, lapsed = balance_of(account), 0
        for due in group:
            earned, points, expired = due.earned, due.points, 0
            uncounted = _uncounted(books, earned)
            earned.taken_back += points
            if points > 0:
                kept, expired = _take(books, account, terms, earned, points, changes)
                earned.waived += kept
                points -= kept
            else:
                points = -_give_back(books, account, terms, due, changes)
            count(books, account, currency, due.piece.by, earned=-points, expired=-expired)
            lapsed += expired
            moved.append((earned, points - uncounted + _uncounted(books, earned)))
        legs = changed_legs(before, account, "issued")
        if lapsed:
            (_, issued), *others = legs or [("issued", 0)]
            legs = [("issued", issued + lapsed), *others, ("breakage", -lapsed)]
        if not legs and summed(changes):
            legs = [("issued", 0)]  # what one lot gave the other got
        if legs:
            rule = f"return.{rule}"
            mark = mark or repeated(emit, cause, rule, currency)
            self._keeper.enter(side, currency, legs, rule, cause, emit, mark, changes)
        return moved


def _uncounted(books: Books, earned: Earned) -> int:
    """Give what of an earning is held, and counts for the tier when it is released."""
    hold = books.holds.get(earned.lot) if earned.lot else None
    return 0 if hold is None or hold.qualifying is None else hold.points


def _take(
    books: Books, account: Account, terms: Terms, earned: Earned, points: int, changes: Changes
) -> tuple[int, int]:  # fmt: skip
    """Take points back; gives how many the policy lets the member keep, and how many had expired."""
    hold = books.holds.get(earned.lot) if earned.lot else None
    if hold is not None:
        voided = min(hold.points, points)
        hold.points -= voided
        account.pending -= voided
        points -= voided
    if terms.returns == "only_pending":
        return points, 0
    if earned.lot:
        taken = draw_from(account, _expiry_of(account, terms, earned), earned.lot, points, changes)
    else:
        taken = min(account.available - account.lotted, points)
    account.available -= taken
    expired = _take_lapsed(books, earned.lot, points - taken)
    points -= taken + expired
    taken = min(account.available, points)
    if taken:
        draw(account, taken, changes)
        account.available -= taken
        points -= taken
    if terms.returns == "within_balance":
        return points, expired
    account.receivable += points
    return 0, expired


def _take_lapsed(books: Books, number: int, points: int) -> int:
    """Take points back from what expired of a lot; gives how many."""
    lapsed = books.lapsed.get(number) if points else None
    if lapsed is None:
        return 0
    taken = min(lapsed.points, points)
    lapsed.points -= taken
    if not lapsed.points:
        del books.lapsed[number]
    return taken


def _expiry_of(account: Account, terms: Terms, earned: Earned) -> int:
    """Give when an earning's lot expires now; where activity extends that is not what it was."""
    if not terms.expiries.extends:
        return earned.expires_us
    return next((lot.expires_us for lot in account.lots if lot.number == earned.lot), 0)


def _give_back(books: Books, account: Account, terms: Terms, due: Due, changes: Changes) -> int:
    """Give back what is not due any more, first of what was waived; gives how many points."""
    earned, points = due.earned, -due.points
    forgone = min(earned.waived, points)
    earned.waived -= forgone
    points -= forgone
    if not points:
        return 0
    hold = books.holds.get(earned.lot) if earned.lot else None
    if hold is not None:
        hold.points += points
        account.pending += points
        return points
    before = account.available
    credit(account, points, "issued")
    if earned.lot:
        by = "" if due.piece.by == books.by else due.piece.by
        expires_us = _expiry_of(account, terms, earned) or earned.expires_us
        if expires_us:  # else the number was a hold's, and what it released never ends
            lodge(account, Lot(expires_us, earned.lot, account.available - before, by, ordered=True), changes)
    return points
