"""Brings a log into a database, one row a well-formed line, in the order in which the run read it.

The order is the connectors' (with the exceptions to it that the run wrote down). What they decode is used only to leave
out what is no event; the lines themselves go on as they are.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

import msgspec
from duckdb import DuckDBPyConnection

from schemas.decode import Rejected
from schemas.log import LogBatch, Row

CHUNK_LINES: Final = 50_000
OBJECT_BYTES_MIN: Final = 16 << 20
TYPES: Final = (
    "purchase", "return", "redeem", "redeem_cancel", "points_adjust", "accrual", "activity", "preference",
    "member_update",
)  # fmt: skip

CHUNK: Final = """
INSERT INTO lines
SELECT seq, log_us, event_us, topic, partition, place, event ->> 'source', event ->> 'id', event ->> 'type',
       CASE WHEN (event ->> 'type') IN (SELECT unnest($types)) THEN event -> 'data' END,
       coalesce(event -> '$.data.ids', event -> '$.data.keep')
FROM read_json($path, format = 'newline_delimited', maximum_object_size = $bytes, columns = {
    seq: 'BIGINT', log_us: 'BIGINT', event_us: 'BIGINT', topic: 'VARCHAR', partition: 'INTEGER', place: 'BIGINT',
    event: 'JSON'
})
ORDER BY seq
"""


class OrderedLog(Protocol):
    """What is read: batches in order until it has ended."""

    ended: bool

    def read(self) -> LogBatch | None:
        """Give the next batch, None if there is nothing now."""


def read_lines(
    connection: DuckDBPyConnection, log: OrderedLog, folder: Path, bytes_max: int, types: Iterable[str],
    tell: Callable[[int], None],
) -> int:  # fmt: skip
    """Fill `lines`, through a file in `folder` that is removed again; gives how many lines were read.

    Of events of these `types` too the data is kept.
    """
    path = folder / "lines.jsonl"
    seq = 0
    for rows in _chunks(log):
        with path.open("wb") as file:
            file.writelines(_line(seq + at, row) for at, row in enumerate(rows))
        seq += len(rows)
        options = {"path": str(path), "bytes": max(OBJECT_BYTES_MIN, 2 * bytes_max), "types": [*TYPES, *types]}
        connection.execute(CHUNK, options)
        tell(seq)
    path.unlink(missing_ok=True)
    return seq


def _chunks(log: OrderedLog) -> Iterator[list[Row]]:
    rows: list[Row] = []
    while True:
        batch = log.read()
        if batch is not None:
            rows += batch.rows
        if len(rows) >= CHUNK_LINES:
            yield rows
            rows = []
        if batch is None and log.ended:
            break
    if rows:
        yield rows


def _line(seq: int, row: Row) -> bytes:
    log_us, event_us, place, offset, raw, event = row
    head = msgspec.json.encode({
        "seq": seq, "log_us": log_us, "event_us": event_us, "topic": place.topic, "partition": place.partition,
        "place": offset,
    })  # fmt: skip
    body = b"null" if isinstance(event, Rejected) else raw.replace(b"\n", b" ").replace(b"\r", b" ")
    return head[:-1] + b',"event":' + body + b"}\n"
