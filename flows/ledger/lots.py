"""Lots: which of a member's available points expire when.

A lot is what is left of one earning. Spending takes the lot that expires first; a return takes from the lot that its
purchase opened. An account's lots are a list in order of (expiry, number), so that spending takes from its front and a
lot is found by bisection: nothing is ever searched through, and a member with thousands of lots costs what one with
five does. Points without expiry have no lot and are spent last.
"""

from bisect import bisect_left

from schemas.states import Account, Lot

Changes = list[tuple[int, int]]  # (expires_us, signed points), for the entry


def place_of(lot: Lot) -> tuple[int, int]:
    """Give where a lot stands in the order of spending."""
    return lot.expires_us, lot.number


def lodge(account: Account, lot: Lot, changes: Changes) -> None:
    """Put points into a lot: into the one of its number if that is still there."""
    if lot.left == 0:
        return
    lots, place = account.lots, (lot.expires_us, lot.number)
    account.lotted += lot.left
    changes.append((lot.expires_us, lot.left))
    if not lots or place_of(lots[-1]) < place:
        lots.append(lot)
        return
    at = bisect_left(lots, place, key=place_of)
    if at < len(lots) and place_of(lots[at]) == place:
        lots[at].left += lot.left
    else:
        lots.insert(at, lot)


def join(account: Account, only: Lot, lot: Lot, changes: Changes) -> int:
    """Put points into the only lot there is, which lives as long as they do; gives its number."""
    if only.expires_us < lot.expires_us:
        changes += [(only.expires_us, -only.left), (lot.expires_us, only.left)]
        only.expires_us = lot.expires_us
    if lot.left:
        account.lotted += lot.left
        only.left += lot.left
        changes.append((only.expires_us, lot.left))
    return only.number


def draw(account: Account, points: int, changes: Changes) -> list[Lot]:
    """Take points from the lots that expire first, as far as there are any; gives what was taken, lot by lot."""
    lots, emptied, drawn = account.lots, 0, []
    for lot in lots:
        if points <= 0:
            break
        taken = min(lot.left, points)
        points -= taken
        drawn.append(Lot(lot.expires_us, lot.number, taken, lot.by, lot.ordered))
        if taken < lot.left:
            lot.left -= taken
        else:
            emptied += 1
    if emptied:
        del lots[:emptied]
    for lot in drawn:
        account.lotted -= lot.left
        changes.append((lot.expires_us, -lot.left))
    return drawn


def draw_from(account: Account, expires_us: int, number: int, points: int, changes: Changes) -> int:
    """Take points from one lot, as far as it has them; gives how many."""
    lots, place = account.lots, (expires_us, number)
    at = bisect_left(lots, place, key=place_of)
    if at == len(lots) or place_of(lots[at]) != place:
        return 0
    lot = lots[at]
    taken = min(lot.left, points)
    if taken:
        account.lotted -= taken
        changes.append((expires_us, -taken))
        if taken < lot.left:
            lot.left -= taken
        else:
            del lots[at]
    return taken


def fit(account: Account, changes: Changes) -> None:
    """Take from lots what they hold beyond what is available: it went to repay what was owed."""
    if account.lotted > account.available:
        draw(account, account.lotted - account.available, changes)


def extend(account: Account, expires_us: int, changes: Changes) -> None:
    """Let all lots that expire earlier expire then; there are few where activity extends."""
    if not account.lots or account.lots[0].expires_us >= expires_us:
        return
    for lot in account.lots:
        if lot.expires_us < expires_us:
            changes += [(lot.expires_us, -lot.left), (expires_us, lot.left)]
            lot.expires_us = expires_us
    if len(account.lots) > 1:
        account.lots.sort(key=place_of)


def take_all(account: Account, changes: Changes) -> list[Lot]:
    """Take all lots."""
    lots, account.lots, account.lotted = account.lots, [], 0
    changes.extend((lot.expires_us, -lot.left) for lot in lots)
    return lots


def summed(changes: Changes) -> Changes:
    """Give changes by expiry, each once, in order; what cancels out is left out."""
    if len(changes) == 1:
        return changes
    sums: dict[int, int] = {}
    for expires_us, points in changes:
        sums[expires_us] = sums.get(expires_us, 0) + points
    return sorted([change for change in sums.items() if change[1]])
