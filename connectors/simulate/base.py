"""Orders that a simulation is built around: one invoice or cancellation each, kept as JSON lines.

A line of the file reads {"kind", "customer", "id", "order_id", "time_ms", "lines": [[sku, quantity, amount], …]};
`kind` is "purchase" or "return", `order_id` the order that a return cancels, `amount` a line's total in pence (negative
for a discount), `time_ms` milliseconds since 1970-01-01 UTC. The file is in order of time.
"""

import gzip
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

COMPRESSION_LEVEL = 9


class BaseOrder(Struct, frozen=True):
    """An order (or its return) that really happened."""

    kind: Literal["purchase", "return"]
    customer: str
    id: str
    order_id: str
    time_ms: int
    lines: list[tuple[str, int, int]]

    @property
    def total(self) -> int:
        """Sum of the lines in pence, never below zero."""
        return max(0, sum(amount for _, _, amount in self.lines))


def gzip_bytes(content: bytes) -> bytes:
    """Compress without name and time, so that the same content gives the same bytes."""
    return gzip.compress(content, COMPRESSION_LEVEL, mtime=0)


def read_orders(path: Path) -> tuple[BaseOrder, ...]:
    """Read a file of orders; it must be in order of time."""
    decoder = msgspec.json.Decoder(BaseOrder)
    orders = tuple(decoder.decode(line) for line in gzip.decompress(path.read_bytes()).splitlines())
    if any(before.time_ms > after.time_ms for before, after in pairwise(orders)):
        raise ValueError(f"{path.name} is not in order of time")
    return orders


def write_orders(orders: Iterable[BaseOrder], path: Path) -> None:
    """Write a file of orders, the same bytes for the same orders."""
    encoder = msgspec.json.Encoder()
    path.write_bytes(gzip_bytes(b"".join(encoder.encode(order) + b"\n" for order in orders)))
