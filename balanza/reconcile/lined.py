"""What returned lines take back of points that were given for lines, exactly, as fractions.

A rule that looked at lines gave for each article what its lines counted for. A return that names lines takes the part
of those articles; one that names none takes in proportion to the money. All returns of an order count together.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from duckdb import DuckDBPyConnection

ASKED: Final = """
SELECT owner, order_id, rule, currency, earning, points, lines, weight, sure, total, returned
FROM pieces JOIN orders USING (owner, order_id)
WHERE lines IS NOT NULL AND bought AND returned > 0 AND returned < total ORDER BY owner, order_id, place
"""
RETURNED: Final = """
SELECT owner, order_id, sku, sum(amount)::BIGINT FROM order_lines JOIN return_lines USING (seq)
WHERE NOT bought AND (owner, order_id) IN (SELECT (owner, order_id) FROM touched) GROUP BY ALL
"""


def fill_line_backs(connection: DuckDBPyConnection) -> None:
    """Fill `line_backs` with what is due of points given for lines, for the orders touched; note what is not sure."""
    rows = connection.execute(ASKED).fetchall()
    if not rows:
        return
    named: dict[tuple[str, str], dict[str, int]] = {}
    for owner, order_id, sku, amount in connection.execute(RETURNED).fetchall():
        named.setdefault((owner, order_id), {})[sku] = amount
    left: dict[tuple[str, ...], dict[str, int]] = {}
    backs = []
    for owner, order_id, rule, currency, earning, points, lines, weight, sure, total, returned in rows:
        told = named.get((owner, order_id), {})
        unnamed = max(0, int(returned) - sum(told.values()))
        rest = left.setdefault((owner, order_id, rule, currency), dict(told))
        backs.append((earning, taken(int(points), lines, int(weight), int(total), unnamed, rest)))
        if told and not sure:
            connection.execute("INSERT INTO uncertain VALUES (?)", [owner])
    connection.executemany("INSERT INTO line_backs VALUES (?, ?)", backs)


def taken(
    points: int, lines: Iterable[dict[str, Any]], weight: int, total: int, unnamed: int, left: dict[str, int]
) -> int:  # fmt: skip
    """How many of `points` go back; `left` of the lines named is what no earlier shipment has used, and goes down."""
    own, worth = 0, Fraction(0)
    for line in lines:
        part = min(left.get(line["sku"], 0), line["amount"])
        if part:
            left[line["sku"]] -= part
            own += part
            worth += Fraction(int(line["weight"]) * part, line["amount"])
    if own + unnamed >= total:
        return points
    if weight <= 0:
        return points * (own + unnamed) // total
    share = (worth + Fraction(weight * unnamed, total)) / weight
    return int(points * min(max(share, Fraction(0)), Fraction(1)))
