"""The yardstick: a plain single-thread loop over a log that does what the stitching and the ledger of a flow must do.

orjson, dictionaries and union-find; no schema, no records, no state that outlives the process, no time to live of
anonymous members. It leaves out duplicates by source and id, finds conflicts by a hash of the line, normalises e-mail
addresses, merges members, and keeps points by the rules of the benchmark's programs: a point a full pound, returns in
proportion, redemptions and corrections only as far as the balance goes.

It counts on a log without malformed lines, re-serialised duplicates and money other than pounds. On such a log its
counts and its sum of balances are those of the product, which every run asserts. Numbers of members and merges are not
comparable: the loop forgets nobody, and takes a phone number as it is written (it never stands alone).
"""

import time
from pathlib import Path
from typing import Any

import orjson

from tests.benchmarks.results import Outcome

Body = dict[str, Any]


class Order:
    """An order as far as its returns need it."""

    __slots__ = ("earned", "returned", "taken_back", "total")

    def __init__(self) -> None:
        self.total = self.returned = self.earned = self.taken_back = 0


class Account:
    """A node of union-find: a member, or a forwarding stone where `into` is set."""

    __slots__ = ("into", "orders", "points", "redemptions")

    def __init__(self) -> None:
        self.into: Account | None = None
        self.points = 0
        self.orders: dict[str, Order] = {}
        self.redemptions: dict[str, int] = {}


class PlainLoop:
    """State of the loop; `read` a file once."""

    def __init__(self) -> None:
        self.owners: dict[str, Account] = {}
        self.seen: dict[str, int] = {}
        self.applied = self.duplicate = self.conflict = 0

    def read(self, path: Path) -> None:
        """Apply every line of the file."""
        seen, owner_of, loads = self.seen, self.owner_of, orjson.loads
        handlers = HANDLERS
        applied = 0
        with path.open("rb") as file:
            for line in file:
                event = loads(line)
                key = event["source"] + "\0" + event["id"]
                body = hash(line)
                before = seen.setdefault(key, body)
                if before != body:
                    self.conflict += 1
                    continue
                if len(seen) == applied:
                    self.duplicate += 1
                    continue
                applied += 1
                data = event["data"]
                account = owner_of(data["ids"])
                handler = handlers.get(event["type"])
                if handler is not None:
                    handler(account, data)
        self.applied += applied

    def owner_of(self, ids: dict[str, str]) -> Account:
        """Find the account that the identifiers name; make, link and merge as needed."""
        owners = self.owners
        found: Account | None = None
        new: list[str] | None = None
        for kind, value in ids.items():
            name = f"email:{value.strip().lower()}" if kind == "email" else f"{kind}:{value}"
            account = owners.get(name)
            if account is None:
                new = [name] if new is None else [*new, name]
                continue
            if account.into is not None:
                account = owners[name] = root_of(account)
            if found is None:
                found = account
            elif account is not found:
                found = merged(found, account)
        if found is None:
            found = Account()
        if new is not None:
            for name in new:
                owners[name] = found
        return found

    def balance(self) -> int:
        """Sum of the points of all members; what they owe counts as less than nothing."""
        roots = {id(root): root for root in map(root_of, self.owners.values())}
        return sum(root.points for root in roots.values())


def root_of(account: Account) -> Account:
    """Follow the stones, and make the way shorter for the next time."""
    root = account
    while root.into is not None:
        root = root.into
    while account.into is not None:
        account.into, account = root, account.into
    return root


def merged(one: Account, other: Account) -> Account:
    """Unite two members: the one with fewer orders goes into the other."""
    into, gone = (one, other) if len(one.orders) >= len(other.orders) else (other, one)
    gone.into = into
    into.points += gone.points
    for order_id, order in gone.orders.items():
        known = into.orders.setdefault(order_id, order)
        if known is not order:
            known.total += order.total
            known.returned += order.returned
            known.earned += order.earned
            known.taken_back += order.taken_back
            settle(into, known)
    for redemption_id, points in gone.redemptions.items():
        into.redemptions.setdefault(redemption_id, points)
    gone.orders, gone.redemptions = {}, {}
    return into


def settle(account: Account, order: Order) -> None:
    """Take back what all returns of the order together are due and have not taken yet."""
    if order.total:
        due = order.earned * min(order.returned, order.total) // order.total - order.taken_back
        if due:
            order.taken_back += due
            account.points -= due


def order_of(account: Account, order_id: str) -> Order:
    """Give the order, opened if need be."""
    order = account.orders.get(order_id)
    if order is None:
        order = account.orders[order_id] = Order()
    return order


def purchase(account: Account, data: Body) -> None:
    """Earn a point a full pound."""
    order = order_of(account, data["order_id"])
    amount = data["total"]["amount"]
    order.total += amount
    order.earned += amount // 100
    account.points += amount // 100
    if order.returned:
        settle(account, order)


def take_return(account: Account, data: Body) -> None:
    """Take back in proportion, now or when the purchase comes."""
    order = order_of(account, data["order_id"])
    order.returned += data["total"]["amount"]
    settle(account, order)


def redeem(account: Account, data: Body) -> None:
    """Spend points that are there."""
    redemption_id, points = data["redemption_id"], data["points"]
    if account.points >= points and redemption_id not in account.redemptions:
        account.points -= points
        account.redemptions[redemption_id] = points


def redeem_cancel(account: Account, data: Body) -> None:
    """Give back what a redemption spent, once."""
    account.points += account.redemptions.get(data["redemption_id"], 0)
    if data["redemption_id"] in account.redemptions:
        account.redemptions[data["redemption_id"]] = 0


def adjust(account: Account, data: Body) -> None:
    """Correct by hand, not below zero."""
    points = data["points"]
    if max(account.points, 0) + points >= 0:
        account.points += points


HANDLERS = {
    "purchase": purchase, "return": take_return, "redeem": redeem, "redeem_cancel": redeem_cancel,
    "points_adjust": adjust,
}  # fmt: skip


def run_plain(path: Path) -> tuple[Outcome, float]:
    """Read a log; give what became of it, and the seconds it took."""
    loop = PlainLoop()
    began = time.perf_counter()
    loop.read(path)
    seconds = time.perf_counter() - began
    read = loop.applied + loop.duplicate + loop.conflict
    return Outcome(read, loop.applied, loop.duplicate, loop.conflict, loop.balance()), seconds
