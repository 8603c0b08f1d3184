"""What rules give: points that are there at once, in a lot with its expiry, or pending in a hold.

A hold is resolved once: released when its time or its event comes, whole or in part, or voided as far as a return takes
its points back. Points that are released open the lot that they would have opened when they were earned, and only then
count for the tier.
"""

from collections.abc import Callable

from flows.ledger.expiry import NEVER
from flows.ledger.grants import Grant
from flows.ledger.keeping import Keeper, Side, Terms
from flows.ledger.lots import Changes, extend, fit, join, lodge
from flows.ledger.orders import add_earned
from flows.ledger.posting import account_of, credit, repeated
from flows.ledger.shares import count, whose
from schemas.states import Account, Books, Earned, Hold, Lot, Order
from schemas.stitched import Cause, Emit

TIMER = "hold"

# (member id, currency, signed points, qualifying, held by): told of what becomes the member's, and of what returns take
# back; of what was held, with the identifier that earned it
EarnedTold = Callable[[str, str, int, bool, str | None], None]


class Giver:
    """Gives points, and releases those that were held."""

    def __init__(self, keeper: Keeper, earned: EarnedTold | None = None) -> None:
        self._keeper, self._earned = keeper, earned
        self._terms = keeper.terms

    def give(self, side: Side, grant: Grant, cause: Cause, emit: Emit, piece: Order | None = None) -> None:
        """Post a grant; `piece` is the order that it belongs to, which then knows of it for returns."""
        points, currency, by, books = grant.points, grant.currency, whose(cause), side.books
        assert points > 0, grant
        terms, account = self._terms[currency], books.accounts.get(currency) or account_of(books, currency)
        if by == books.by:
            account.earned += points
        else:
            count(books, account, currency, by, earned=points)
        expires_us = grant.expires_us or terms.expiries.of(cause.event_us)
        until_us = grant.held_until_us or 0
        held = grant.held_for is not None or until_us > cause.log_us
        changes, number = Changes(), 0
        if held:
            number = self._hold(side, grant, until_us, expires_us, cause, emit, ordered=piece is not None)
            account.pending += points
            legs = [("issued", -points), ("pending", points)]
        elif expires_us == NEVER:
            legs = credit(account, points, "issued")
        else:
            before = account.available
            legs = credit(account, points, "issued")
            number = new_number(books)
            lot = Lot(expires_us, number, account.available - before, by, piece is not None)
            number = self.put(books, account, terms, lot, changes)
        mark = repeated(emit, cause, grant.rule, currency)
        self._keeper.enter(side, currency, legs, grant.rule, cause, emit, mark, changes)
        if self._earned is not None and not held:
            self._earned(side.member_id, currency, points, grant.qualifying, None)
        if piece is not None:
            earned = Earned(grant.rule, currency, points, 0, number, expires_us, 0, grant.qualifying)
            if grant.lines:
                earned.lines = [(line.sku, line.amount, line.weight) for line in grant.lines]
                earned.weight = grant.weight
            add_earned(piece, earned)

    def _hold(
        self, side: Side, grant: Grant, until_us: int, expires_us: int, cause: Cause, emit: Emit, *, ordered: bool
    ) -> int:  # fmt: skip
        books, awaits = side.books, grant.held_for or ""
        number = new_number(books)
        books.holds[number] = Hold(
            grant.currency, grant.points, grant.rule, until_us, awaits, expires_us, whose(cause), cause.source,
            cause.id, ordered, grant.qualifying, grant.held_parts,
        )  # fmt: skip
        if awaits:
            books.awaited.setdefault(awaits, []).append(number)
        if until_us:
            emit.wake(until_us, side.member_id, TIMER, str(number))
        return number

    def put(self, books: Books, account: Account, terms: Terms, lot: Lot, changes: Changes) -> int:
        """Put earned points into a lot, which extends the others where activity does; gives the lot's number."""
        if lot.by == books.by:
            lot.by = ""
        if terms.expiries.extends:
            if len(account.lots) == 1 and account.lots[0].by == lot.by:
                return join(account, account.lots[0], lot, changes)
            extend(account, lot.expires_us, changes)
        return self.put_back(account, terms, lot, changes)

    @staticmethod
    def put_back(account: Account, terms: Terms, lot: Lot, changes: Changes) -> int:
        """Put points into a lot; where activity extends, all of one identifier are in one. Gives its number."""
        if terms.expiries.extends:
            if account.lots:
                lot.expires_us = max(lot.expires_us, account.lots[-1].expires_us)
            for one in account.lots:
                if one.by == lot.by:
                    lot.number = one.number
                    break
        lodge(account, lot, changes)
        return lot.number

    def fire(self, side: Side, number: int, due_us: int, emit: Emit) -> bool:
        """Release a hold whose time has come; False if it is not due."""
        hold = side.books.holds.get(number)
        if hold is None or hold.until_us != due_us:
            return False
        name = f"hold:{side.member_id}:{side.books.entries + 1}"
        self.release(side, number, Cause(name, hold.source, hold.id, due_us, due_us), emit)
        return True

    def happened(self, side: Side, names: list[str], points: int | None, cause: Cause, emit: Emit) -> None:
        """Release what waits for an event of these names.

        Of what is released in parts an event that says a number of `points` releases so many of each rule's, the
        oldest first; the rest waits for the next one.
        """
        books = side.books
        for name in names:
            left: dict[str, int] = {}
            for number in list(books.awaited.get(name, ())):
                hold = books.holds[number]
                part = hold.points
                if hold.parts and points is not None:
                    part = min(part, left.get(hold.rule, points))
                    left[hold.rule] = left.get(hold.rule, points) - part
                if part or not hold.points:
                    self.release(side, number, cause, emit, f":{number}", part)

    def release(
        self, side: Side, number: int, cause: Cause, emit: Emit, mark: str = "", points: int | None = None
    ) -> None:  # fmt: skip
        """Make held points available, all of them or so many; a hold of which nothing is left is resolved."""
        books = side.books
        hold = books.holds[number]
        points = hold.points if points is None else points
        assert 0 <= points <= hold.points, hold
        hold.points -= points
        if not hold.points:
            drop_hold(books, number)
        if not points:
            return
        account, changes = books.accounts[hold.currency], Changes()
        account.pending -= points
        before = account.available
        legs = credit(account, points, "pending")
        if hold.expires_us:
            expires_us = not_before(hold.expires_us, cause)
            lot = Lot(expires_us, number, account.available - before, hold.by, hold.ordered)
            self.put(books, account, self._terms[hold.currency], lot, changes)
            fit(account, changes)
        self._keeper.enter(side, hold.currency, legs, f"release.{hold.rule}", cause, emit, mark, changes)
        if self._earned is not None and hold.qualifying is not None:
            self._earned(side.member_id, hold.currency, points, hold.qualifying, hold.by)


def not_before(expires_us: int, cause: Cause) -> int:
    """Give when points expire that become available only now: their own time, or at once if that has passed.

    What is gone is gone from then on, not from before it was there: no balance of a past day falls below zero by it.
    """
    return max(expires_us, cause.event_us)


def new_number(books: Books) -> int:
    """Give the number of a new lot or hold."""
    books.lots += 1
    return books.lots


def drop_hold(books: Books, number: int) -> None:
    """Forget a hold that is resolved."""
    hold = books.holds.pop(number)
    waiting = books.awaited.get(hold.awaits)
    if waiting is not None and number in waiting:
        waiting.remove(number)
        if not waiting:
            del books.awaited[hold.awaits]
