"""Online Retail whole, as a log: every invoice a purchase or a return of its customer, guests by their receipt.

A guest's receipt is all that is known of him, so it stands for a till's number: an anonymous member of one invoice.
Which order a cancellation is for is found as for the bundled example (tools/online_retail.py).
"""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from connectors.simulate.base import BaseOrder
from tools.online_retail import Row, orders_of

FILE: Final = "online_retail/online_retail_2010_2011.parquet"
GUEST: Final = "guest "
ROWS: Final = """
    SELECT coalesce(CAST(CAST(CustomerID AS INTEGER) AS VARCHAR), $guest || InvoiceNo), InvoiceNo, StockCode, Quantity,
           UnitPrice, InvoiceDate
    FROM read_parquet($path, file_row_number = true) ORDER BY file_row_number
"""


def read_invoices(parquet: Path) -> tuple[list[BaseOrder], int]:
    """All invoices in order of time (then of number), and how many rows they have."""
    with duckdb.connect() as connection:
        found = connection.execute(ROWS, {"path": str(parquet), "guest": GUEST}).fetchall()
    by_customer: dict[str, list[Row]] = defaultdict(list)
    for values in found:
        row = Row(*values)
        by_customer[row.customer].append(row)
    invoices = [order for customer, rows in by_customer.items() for order in orders_of(customer, rows)]
    return sorted(invoices, key=lambda order: (order.time_ms, order.id)), len(found)


def event_of(order: BaseOrder) -> bytes:
    """An invoice as a line of the log; identical lines of it stay apart."""
    guest = order.customer.startswith(GUEST)
    data: dict[str, object] = {
        "ids": {"pos": order.customer.removeprefix(GUEST)} if guest else {"loyalty": order.customer},
        "order_id": order.order_id,
        "total": {"amount": order.total, "currency": "GBP"},
        "lines": [{"sku": sku, "quantity": quantity, "amount": amount} for sku, quantity, amount in order.lines],
    }
    if order.kind == "return":
        data["return_id"] = order.id
    time = datetime.fromtimestamp(order.time_ms / 1000, UTC).isoformat()
    return msgspec.json.encode({
        "specversion": "1.0", "type": order.kind, "source": "online_retail", "id": order.id, "time": time, "data": data,
    })  # fmt: skip


def write_log(invoices: list[BaseOrder], folder: Path) -> None:
    """One partition, in order."""
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "0.jsonl").write_bytes(b"".join(event_of(order) + b"\n" for order in invoices))
