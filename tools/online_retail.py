"""Cuts a slice out of the Online Retail data: whole invoices of whole customers, one order or cancellation each.

Rules, all of them also in docs/example.md:
* Rows without a customer (guests) are left out, and with them every adjustment of bad debt and every negative price.
* Customers are drawn by a hash of their number from three groups (see `GROUPS`); those with more than
  `CUSTOMER_LINES_MAX` rows are left out, because a single wholesaler would fill the example.
* An invoice is a purchase; one whose number begins with C is a return, its quantities and amounts turned positive.
  An invoice's time is that of its first row, Europe/London, converted to UTC.
* A row's amount is quantity times price, rounded half up to pence. Identical rows are real and kept, so are free rows
  (price zero) and rows that are no goods (postage, carriage, manual, discount).
* A return names the order that it most plausibly cancels: of the customer's purchases up to then, the one that holds
  most of its articles in at least the returned quantity, then most of its articles at all, then the latest. With no
  article in common there is no such purchase, and the return names its own number.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from connectors.simulate import BaseOrder
from connectors.simulate.options import EPOCH, MILLISECONDS

LONDON = ZoneInfo("Europe/London")
CUSTOMER_LINES_MAX = 900
CANCELLATION_MARK = "C"


class Group(NamedTuple):
    """Customers with so many purchases, and how many of them are drawn."""

    purchases_min: int
    purchases_max: int
    drawn: int


GROUPS = (Group(12, 10_000, 45), Group(4, 11, 115), Group(0, 3, 160))

ROWS = """
    select cast(cast(CustomerID as integer) as varchar), InvoiceNo, StockCode, Quantity, UnitPrice, InvoiceDate
    from read_parquet(?, file_row_number = true)
    where CustomerID is not null
    order by file_row_number
"""


class Row(NamedTuple):
    """One row of the data; `price` in pounds, `at` local time without zone."""

    customer: str
    invoice: str
    sku: str
    quantity: int
    price: float
    at: datetime


def read_slice(parquet: Path) -> list[BaseOrder]:
    """The orders of the chosen customers, in order of time (then of invoice number)."""
    with duckdb.connect() as connection:
        rows = [Row(*row) for row in connection.execute(ROWS, [str(parquet)]).fetchall()]
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_customer[row.customer].append(row)
    orders: list[BaseOrder] = []
    for customer in chosen(by_customer):
        orders.extend(orders_of(customer, by_customer[customer]))
    return sorted(orders, key=lambda order: (order.time_ms, order.id))


def chosen(by_customer: dict[str, list[Row]]) -> list[str]:
    """The drawn customers of all groups, sorted."""
    purchases = {
        customer: len({row.invoice for row in rows if not is_cancellation(row.invoice)})
        for customer, rows in by_customer.items()
        if len(rows) <= CUSTOMER_LINES_MAX
    }
    drawn: list[str] = []
    for group in GROUPS:
        fitting = [name for name, count in purchases.items() if group.purchases_min <= count <= group.purchases_max]
        drawn.extend(sorted(fitting, key=_lot)[: group.drawn])
    return sorted(drawn)


def is_cancellation(invoice: str) -> bool:
    """Whether an invoice number is that of a cancellation."""
    return invoice.startswith(CANCELLATION_MARK)


def orders_of(customer: str, rows: Iterable[Row]) -> list[BaseOrder]:
    """One order for each invoice of a customer, in order of time; returns name the order they cancel."""
    invoices: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        invoices[row.invoice].append(row)
    orders: list[BaseOrder] = []
    for invoice, lines in sorted(invoices.items(), key=_moment_then_kind):
        back = is_cancellation(invoice)
        order = BaseOrder(
            kind="return" if back else "purchase",
            customer=customer,
            id=invoice,
            order_id=invoice,
            time_ms=moment_ms(lines),
            lines=[(row.sku, abs(row.quantity), pence(row)) for row in lines],
        )
        orders.append(cancelling(order, orders) if back else order)
    return orders


def cancelling(back: BaseOrder, earlier: Iterable[BaseOrder]) -> BaseOrder:
    """The return with the number of the order that it most plausibly cancels, or its own."""
    returned = _quantities(back)
    best, best_score = back.id, (0, 0, 0)
    for order in earlier:
        if order.kind != "purchase":
            continue
        bought = _quantities(order)
        covered = sum(bought[sku] >= quantity for sku, quantity in returned.items())
        score = (covered, len(returned.keys() & bought.keys()), order.time_ms)
        if score[1] and score >= best_score:
            best, best_score = order.id, score
    return BaseOrder(back.kind, back.customer, back.id, best, back.time_ms, back.lines)


def moment_ms(lines: Iterable[Row]) -> int:
    """When an invoice was made: its first row's local time, as milliseconds since 1970-01-01 UTC."""
    return (min(row.at for row in lines).replace(tzinfo=LONDON).astimezone(UTC) - EPOCH) // MILLISECONDS


def pence(row: Row) -> int:
    """A row's amount, positive, rounded half up."""
    exact = Decimal(str(row.price)) * abs(row.quantity) * 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _moment_then_kind(item: tuple[str, list[Row]]) -> tuple[int, bool, str]:
    invoice, lines = item
    return moment_ms(lines), is_cancellation(invoice), invoice


def _quantities(order: BaseOrder) -> Counter[str]:
    counts: Counter[str] = Counter()
    for sku, quantity, _ in order.lines:
        counts[sku] += quantity
    return counts


def _lot(customer: str) -> bytes:
    return blake2b(customer.encode(), digest_size=8).digest()
