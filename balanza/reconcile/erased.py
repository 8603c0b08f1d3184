"""Lines of people who were erased: the log has them still, the run knows nothing of them any more.

A line that the run does not know is theirs if it stands before the request and carries an identifier of the request,
or one that stands beside such a one in another line of theirs.
"""

from collections.abc import Iterator
from typing import Any, Final

import orjson
from duckdb import DuckDBPyConnection

UNKNOWN: Final = "SELECT seq, ids FROM lines JOIN fates USING (seq) WHERE fate = 'lost' ORDER BY seq"
REQUESTS: Final = """
SELECT seq, ids FROM lines JOIN fates USING (seq) WHERE type = 'erase' AND fate = 'applied' ORDER BY seq
"""
FOUND: Final = "UPDATE fates SET fate = 'erased' WHERE seq IN (SELECT unnest($found))"


def find_erased(connection: DuckDBPyConnection) -> None:
    """Give the lines of erased people a fate of their own."""
    unknown = {seq: set(_named(ids)) for seq, ids in connection.execute(UNKNOWN).fetchall()}
    found: list[int] = []
    for request, ids in connection.execute(REQUESTS).fetchall() if unknown else ():
        theirs, grows = set(_named(ids)), True
        while grows:
            more = [seq for seq, names in unknown.items() if seq < request and names & theirs]
            for seq in more:
                theirs |= unknown.pop(seq)
            found += more
            grows = bool(more)
    if found:
        connection.execute(FOUND, {"found": found})


def _named(ids: str | None) -> Iterator[tuple[str, str]]:
    said: dict[str, Any] = orjson.loads(ids) if ids is not None else {}
    for kind, values in said.items():
        for value in values if isinstance(values, list) else [values]:
            yield kind, str(value).strip().lower()
