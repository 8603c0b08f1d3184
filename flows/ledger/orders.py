"""Orders as far as the ledger remembers them: what was bought under an id, what returns took back of it.

What several identifiers bought or returned under one order id is one order while they are one member, and is kept
apart in pieces: a split gives each side its own. A return counts to the piece bought under the same identifier, else to
the first that was bought. What is due to be taken back is reckoned over the whole order, rounded down once, so that the
number of pieces changes nothing.
"""

from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct

from flows.ledger.grants import LineWorth
from flows.ledger.line_returns import taken_back
from schemas.states import Accrual, Books, Earned, Lapsed, Order, Redemption

PRUNED_EVERY = 32

Name = TypeVar("Name", str, int)
Remembered = TypeVar("Remembered", Order, Redemption, Accrual, Lapsed)


class Due(Struct, frozen=True, gc=False):
    """What is to be taken back of a piece's earned points (below zero: given back)."""

    piece: Order
    earned: Earned
    points: int


def known_order(books: Books, order_id: str, oldest_us: int) -> Order | None:
    """Give an order that is remembered and not older than `oldest_us`."""
    order = books.orders.get(order_id)
    return order if order is not None and order.at_us >= oldest_us else None


def remember(known: dict[Name, Remembered], name: Name, one: Remembered, oldest_us: int) -> None:
    """Keep an order, redemption, accrual or what lapsed; now and then those older than `oldest_us` are forgotten.

    They stand in order of time but for what a merge brought, which is forgotten when its turn comes.
    """
    if len(known) >= PRUNED_EVERY and len(known) % PRUNED_EVERY == 0:
        old = []
        for key, value in known.items():
            if value.at_us >= oldest_us:
                break
            old.append(key)
        for key in old:
            del known[key]
    known[name] = one


def pieces_of(order: Order) -> list[Order]:
    """Give the order's pieces that count: those in its own money."""
    if not order.others:
        return [order]
    return [order, *(piece for piece in order.others if piece.money == order.money)]


def bought_piece(order: Order, by: str, log_us: int) -> Order:
    """Give the piece that a purchase under `by` adds to; a return that only waits makes room for it."""
    if order.by == by:
        return order
    for piece in pieces_of(order):
        if piece.by == by:
            return piece
    if not order.purchased:
        order.by = by
        return order
    piece = Order(log_us, order.money, 0, 0, purchased=True, earned=[], by=by)
    order.others.append(piece)
    return piece


def returned_piece(order: Order, by: str) -> Order:
    """Give the piece that a return under `by` counts to."""
    if not order.others:
        return order
    pieces = pieces_of(order)
    bought = [piece for piece in pieces if piece.purchased] or pieces
    return next((piece for piece in bought if piece.by == by), bought[0])


def is_purchased(order: Order) -> bool:
    """Say whether any purchase of the order has come."""
    return order.purchased or any(piece.purchased for piece in pieces_of(order))


def beyond_order(order: Order) -> int:
    """Give how much more was returned of an order than was bought; not above 0 where it is not more."""
    pieces = pieces_of(order)
    return sum(piece.returned for piece in pieces) - sum(piece.total for piece in pieces)


def add_earned(piece: Order, given: Earned) -> None:
    """Note what a rule gave for a piece; what has a lot or hold of its own is noted apart."""
    for earned in piece.earned if not (given.lot or given.lines) else ():
        same = earned.rule == given.rule and earned.currency == given.currency and not (earned.lot or earned.lines)
        if same and earned.qualifying == given.qualifying:
            earned.points += given.points
            earned.taken_back += given.taken_back
            earned.waived += given.waived
            return
    piece.earned.append(given)


def dues(order: Order) -> Iterator[Due]:
    """Give what all returns together are due and have not taken yet: `earned × returned / total`, rounded down.

    A shipment after a return may lower what is due, by rounding; that is given back. Earnings are reckoned in order of
    their expiry. So the order of events does not matter.
    """
    pieces = pieces_of(order)
    total = sum([piece.total for piece in pieces])
    if total == 0:
        return
    returned = min(sum([piece.returned for piece in pieces]), total)
    given = [(piece, earned) for piece in pieces for earned in piece.earned]
    if len(given) > 1:
        given.sort(key=lambda pair: (pair[1].expires_us, pair[0].by, pair[1].points, pair[1].lines))
    earlier: dict[tuple[str, str], int] = {}
    uncounted: dict[tuple[str, str], dict[str, int]] = {}
    for piece, earned in given:
        key = earned.rule, earned.currency
        if earned.lines and returned < total:
            if key not in uncounted:
                uncounted[key] = lines_of(pieces)
            unnamed = max(0, returned - sum(lines_of(pieces).values()))
            points = _taken_of_lines(earned, total, unnamed, uncounted[key]) - earned.taken_back
        else:
            before = earlier.get(key, 0)
            earlier[key] = after = before + earned.points
            points = after * returned // total - before * returned // total - earned.taken_back
        if points:
            yield Due(piece, earned, points)


def _taken_of_lines(earned: Earned, total: int, unnamed: int, left: dict[str, int]) -> int:
    """Give what returns take of points that were given for lines.

    `unnamed` is the money returned without lines; `left` of the returned lines, by article, is not yet counted against
    an earlier shipment of the same article.
    """
    own: dict[str, int] = {}
    worths = [LineWorth(*line) for line in earned.lines]
    for worth in worths:
        part = min(left.get(worth.sku, 0), worth.amount)
        left[worth.sku] = left.get(worth.sku, 0) - part
        own[worth.sku] = own.get(worth.sku, 0) + part
    return taken_back(earned.points, worths, earned.weight, total, sum(own.values()) + unnamed, own)


def lines_of(pieces: list[Order]) -> dict[str, int]:
    """Give what was returned of which article."""
    found: dict[str, int] = {}
    for piece in pieces:
        for sku, amount in piece.lines.items():
            found[sku] = found.get(sku, 0) + amount
    return found


def unite_orders(known: Order, order: Order) -> None:
    """Add what another member knew of the same order: to the piece of the same identifier, else as a piece."""
    for piece in [order, *order.others]:
        same = next((one for one in [known, *known.others] if one.by == piece.by and one.money == piece.money), None)
        if same is None:
            piece.others = []
            known.others.append(piece)
            continue
        same.total += piece.total
        same.returned += piece.returned
        for sku, amount in piece.lines.items():
            same.lines[sku] = same.lines.get(sku, 0) + amount
        same.purchased = same.purchased or piece.purchased
        for earned in piece.earned:
            add_earned(same, earned)


def part_order(order: Order, ids: frozenset[str]) -> tuple[Order | None, Order | None]:
    """Give what stays of an order and what goes, by the identifiers of its pieces."""
    sides: tuple[list[Order], list[Order]] = ([], [])
    for piece in [order, *order.others]:
        sides[piece.by in ids].append(piece)
    if not sides[True]:
        return order, None
    return _joined(sides[0]), _joined(sides[1])


def _joined(pieces: list[Order]) -> Order | None:
    if not pieces:
        return None
    first = next((piece for piece in pieces if piece.purchased), pieces[0])
    first.others = [piece for piece in pieces if piece is not first]
    for piece in first.others:
        piece.others = []
    return first
