"""Compares what was recomputed with what the run streamed, and finds where they part."""

from collections.abc import Mapping
from typing import Final

import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.rows import Row, dictionaries
from balanza.reconcile.statements import sql

FATES: Final = "SELECT fate, count(*) FROM fates GROUP BY fate ORDER BY fate"
LOST: Final = """
SELECT topic, partition, place AS "offset", source, id, type, make_timestamp(log_us) AS log_time
FROM lines JOIN fates USING (seq) WHERE fate = 'lost' ORDER BY seq LIMIT $most
"""
UNFOUNDED: Final = """
SELECT source, id, type, member_id, make_timestamp(log_time_us) AS log_time FROM unfounded
ORDER BY log_time_us, source, id LIMIT $most
"""
TWICE: Final = """
SELECT source, id, member_id, make_timestamp(log_time_us) AS log_time FROM twice
ORDER BY log_time_us, source, id LIMIT $most
"""
CURRENCIES: Final = """
SELECT currency, count(*) FILTER (NOT is_gone) AS balances, count(*) FILTER (drifts) AS drifting,
       sum(expected.available)::BIGINT AS expected, sum(streamed.available)::BIGINT AS streamed
FROM compared WHERE currency IN (SELECT unnest($currencies)) GROUP BY currency ORDER BY currency
"""
DRIFTING: Final = """
SELECT member_id, currency, expected, streamed FROM compared
WHERE drifts AND currency IN (SELECT unnest($currencies))
  AND (len($members) = 0 OR member_id IN (SELECT unnest($members)))
ORDER BY abs(expected.available - streamed.available) DESC, member_id, currency LIMIT $most
"""
LOTS: Final = """
SELECT currency, count(*) AS lots, count(*) FILTER (expected != streamed) AS drifting,
       sum(expected)::BIGINT AS expected, sum(streamed)::BIGINT AS streamed
FROM compared_lots WHERE currency IN (SELECT unnest($currencies)) GROUP BY currency ORDER BY currency
"""
LOTS_DRIFTING: Final = """
SELECT member_id, currency, make_timestamp(expires_us) AS expires_at, expected, streamed FROM compared_lots
WHERE expected != streamed AND currency IN (SELECT unnest($currencies))
  AND (len($members) = 0 OR member_id IN (SELECT unnest($members)))
ORDER BY abs(expected - streamed) DESC, member_id, currency, expires_us LIMIT $most
"""
REFUSED: Final = "SELECT kind, why, count(*) AS events FROM refused GROUP BY kind, why ORDER BY kind, why"
COUNTS: Final = """
SELECT (SELECT count(*) FROM unfounded), (SELECT count(*) FROM twice), (SELECT count(*) FROM changes),
       (SELECT count(*) FROM left_out) - (SELECT count(*) FROM unsure), (SELECT count(*) FROM unsure)
"""


class Drift(msgspec.Struct):
    """The comparison: lines by what became of them, balances and lots by currency, what differs, where they part."""

    lines: dict[str, int]
    changes: int
    left_out: int
    unsure: int
    unfounded: int
    applied_twice: int
    lost_first: list[Row]
    unfounded_first: list[Row]
    applied_twice_first: list[Row]
    currencies: list[Row]
    drifting: list[Row]
    parting: list[Row]
    lots: list[Row]
    lots_drifting: list[Row]
    refused: list[Row]

    @property
    def equal(self) -> bool:
        """Whether every line has its event, every event its line, and every balance and lot is the same."""
        return not (
            self.lines.get("lost") or self.unfounded or self.applied_twice
            or any(row["drifting"] for row in (*self.currencies, *self.lots))
        )  # fmt: skip


def compare(connection: DuckDBPyConnection, currencies: list[str], members: list[str], most: int) -> Drift:
    """Compare balances and lots of these currencies; `members` limits what is listed, not what is compared."""
    for name in ("compared", "compared_lots"):
        connection.execute(sql(name))
    top = {"most": most}
    found = connection.execute(COUNTS).fetchone()
    assert found is not None
    asked = {**top, "currencies": currencies, "members": members}
    drifting = _rows(connection, DRIFTING, asked)
    named = members or [row["member_id"] for row in drifting]
    parting = [
        row for row in _rows(connection, sql("parting"), {"members": named})
        if row["currency"] in currencies
    ] if named else []  # fmt: skip
    return Drift(
        lines={str(fate): int(count) for fate, count in connection.execute(FATES).fetchall()},
        changes=int(found[2]),
        left_out=int(found[3]),
        unsure=int(found[4]),
        unfounded=int(found[0]),
        applied_twice=int(found[1]),
        lost_first=_rows(connection, LOST, top),
        unfounded_first=_rows(connection, UNFOUNDED, top),
        applied_twice_first=_rows(connection, TWICE, top),
        currencies=_rows(connection, CURRENCIES, {"currencies": currencies}),
        drifting=drifting,
        parting=parting,
        lots=_rows(connection, LOTS, {"currencies": currencies}),
        lots_drifting=_rows(connection, LOTS_DRIFTING, asked),
        refused=_rows(connection, REFUSED, {}),
    )


def _rows(connection: DuckDBPyConnection, query: str, given: Mapping[str, object]) -> list[Row]:
    return list(dictionaries(connection.execute(query, given)))
