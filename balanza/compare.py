"""What a replay made against what lives: what differs of each table, as of the time that both have reached.

What of a table counts is in `balanza/comparable.py`. The Parquet files of both warehouses are read as their manifests
name them (the views show a live deployment as of now), up to the log time that the two have in common, and from where
the replay began. A live deployment of several processes is given by all its folders. Nothing is written into them, and
they may go on meanwhile.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import orjson
from duckdb import DuckDBPyConnection

from balanza.comparable import NAMED, REACHED, READ, TABLES, TIMES, query
from balanza.look.rows import Row, dictionaries
from config.compatibility import dump_program
from config.program import Program
from schemas.decode import time_us
from sinks.catalog import load_manifest, parquet_path
from sinks.destination import DestinationError
from sinks.readable import rfc3339
from sinks.stored import read_parquet

SHOWN: Final = 10
MEMORY_LIMIT: Final = "512MB"
SECOND_US: Final = 1_000_000
FILE_NAME: Final = "comparison.json"
COUNTS: Final = """
SELECT count(*), count(*) FILTER (replay.key IS NULL), count(*) FILTER (live.key IS NULL),
       count(*) FILTER (live.key IS NOT NULL AND replay.key IS NOT NULL AND live.told IS DISTINCT FROM replay.told)
FROM live_{table}_seen AS live FULL JOIN replay_{table}_seen AS replay USING (key)
"""
DIFFERENT: Final = """
SELECT {named}, make_timestamp(coalesce(live.at_us, replay.at_us)) AS at, live.told AS live, replay.told AS replay
FROM live_{table}_seen AS live FULL JOIN replay_{table}_seen AS replay USING (key)
WHERE live.key IS NULL OR replay.key IS NULL OR live.told IS DISTINCT FROM replay.told
ORDER BY coalesce(live.at_us, replay.at_us), key LIMIT {shown}
"""
AT_THE_END: Final = """
SELECT (SELECT count(*) FROM live_events WHERE log_time_us = $us),
       (SELECT count(*) FROM replay_events WHERE log_time_us = $us)
"""
ERASED_SINCE: Final = "SELECT count(DISTINCT seq) FROM {name}_identity WHERE kind = 'erase' AND at_us > $us"


class NotComparable(Exception):
    """A warehouse cannot be read; the message says which and why."""


@dataclass(frozen=True)
class Differing:
    """Of one table: how many rows were compared, are in one only, or are told differently; the first of them."""

    compared: int
    only_live: int
    only_replay: int
    changed: int
    first: list[Row]

    @property
    def total(self) -> int:
        """How many rows differ."""
        return self.only_live + self.only_replay + self.changed


@dataclass
class Comparison:
    """What was compared, what differs by table, and what a reader must know about it."""

    live: list[str]
    replay: str
    log_from: str | None
    log_until: str
    live_log_to: str
    replay_log_to: str
    equal: bool = True
    notes: list[str] = field(default_factory=list)
    differences: dict[str, Differing] = field(default_factory=dict)


@dataclass(frozen=True)
class Replayed:
    """The replay's side: its folder and program, how far its log went, from where it began (None: all of it)."""

    out: Path
    program: Program
    log_us: int
    from_us: int | None
    began: str


def compare(replayed: Replayed, live: Sequence[Path]) -> Comparison:
    """Compare, and write OUT/comparison.json.

    Raises:
        NotComparable: a warehouse is not there or not readable.

    """
    try:
        with duckdb.connect(":memory:", config=_bounds(replayed.out)) as connection:
            comparison = _compared(connection, replayed, live)
    except (DestinationError, duckdb.Error, msgspec.DecodeError, OSError) as error:
        raise NotComparable(f"the warehouses cannot be compared: {error}") from error
    text = orjson.dumps(asdict(comparison), option=orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)
    (replayed.out / FILE_NAME).write_bytes(text + b"\n")
    return comparison


def _bounds(out: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": MEMORY_LIMIT, "temp_directory": str(out / "warehouse" / "spill"),
        "autoinstall_known_extensions": False, "preserve_insertion_order": False,
    }  # fmt: skip


def _compared(connection: DuckDBPyConnection, replayed: Replayed, live: Sequence[Path]) -> Comparison:
    lives = [f"live_{number}" for number in range(len(live))]
    for name, folder in zip([*lives, "replay"], [*live, replayed.out], strict=True):
        _open(connection, name, folder / "warehouse")
    for table in READ:
        union = " UNION ALL ".join(f"FROM {name}_{table}" for name in lives)
        connection.execute(f"CREATE VIEW live_{table} AS {union}")
    live_us = min(_reached_us(connection, name, folder) for name, folder in zip(lives, live, strict=True))
    until_us = _common_us(connection, min(live_us, replayed.log_us))
    comparison = Comparison(
        [str(folder) for folder in live], str(replayed.out),
        None if replayed.from_us is None else rfc3339(replayed.from_us), rfc3339(until_us), rfc3339(live_us),
        rfc3339(replayed.log_us),
    )  # fmt: skip
    for table in TABLES:
        differing = _differing(connection, table, replayed.from_us or 0, until_us)
        comparison.differences[table] = differing
        comparison.equal = comparison.equal and not differing.total
    comparison.notes = _notes(comparison, replayed, live, abs(live_us - replayed.log_us))
    comparison.notes += _notes_of_erasures(connection, until_us)
    return comparison


def _open(connection: DuckDBPyConnection, name: str, warehouse: Path) -> None:
    """Make a view a table over what a warehouse has published by now."""
    manifest = load_manifest(warehouse)
    if manifest is None:
        raise DestinationError(f"there is none in {warehouse}")
    for table in READ:
        files = [parquet_path(warehouse, table, file.name) for file in manifest.tables[table]]
        connection.execute(f"CREATE VIEW {name}_{table} AS {read_parquet(table, files)}")


def _reached_us(connection: DuckDBPyConnection, name: str, folder: Path) -> int:
    """Give the log time that a folder has reached: that of its last record, or what its last summary says."""
    asked = [REACHED.format(column=column, name=name, table=table) for table, column in TIMES.items()]
    found = [row[0] for one in asked for row in connection.execute(one).fetchall()]
    record_us = max((us for us in found if us is not None), default=0)
    path = folder / "summary.json"
    told: dict[str, Any] = orjson.loads(path.read_bytes()) if path.exists() else {}
    said = told.get("log_to")
    return max(record_us, time_us(datetime.fromisoformat(said)) if isinstance(said, str) else 0)


def _common_us(connection: DuckDBPyConnection, us: int) -> int:
    """Give up to when both have read the same: where one has read more at that very log time, just before it."""
    live, replay = connection.execute(AT_THE_END, {"us": us}).fetchone() or (0, 0)
    return us if live == replay else us - 1


def _differing(connection: DuckDBPyConnection, table: str, from_us: int, until_us: int) -> Differing:
    for side in ("live", "replay"):
        connection.execute(
            f"CREATE TEMP TABLE {side}_{table}_seen AS {query(table, side)}", {"from_us": from_us, "until_us": until_us}
        )
    counts = connection.execute(COUNTS.format(table=table)).fetchone()
    assert counts is not None
    named = ", ".join(f"coalesce(live.{name}, replay.{name}) AS {name}" for name in NAMED[table])
    first = connection.execute(DIFFERENT.format(table=table, named=named, shown=SHOWN))
    compared, only_live, only_replay, changed = counts
    return Differing(compared, only_live, only_replay, changed, list(dictionaries(first)))


def _notes(comparison: Comparison, replayed: Replayed, live: Sequence[Path], apart_us: int) -> list[str]:
    notes = []
    if apart_us >= SECOND_US:
        notes.append(f"The live deployment is at log time {comparison.live_log_to}, the replay at "
                     f"{comparison.replay_log_to}: both are compared as of {comparison.log_until}.")
    if replayed.from_us is not None:
        notes.append(f"The replay began at {replayed.began}, without the state from before: members (also in their "
                     "ids), balances and decisions that stand on older events differ for that reason alone. "
                     f"Compared is what changed since {comparison.log_from}.")
    own = dump_program(replayed.program)
    if any(_program_text(folder) != own for folder in live):
        notes.append("The replay ran another program than the live deployment.")
    return notes


def _notes_of_erasures(connection: DuckDBPyConnection, until_us: int) -> list[str]:
    """Say where one side has erased people since: nothing of them is left there to compare."""
    notes = []
    for name, whose in (("live", "live deployment"), ("replay", "replay")):
        (people,) = connection.execute(ERASED_SINCE.format(name=name), {"us": until_us}).fetchone() or (0,)
        if people:
            notes.append(f"The {whose} has erased people since then ({people:,}): only the other side has their rows.")
    return notes


def _program_text(folder: Path) -> str | None:
    path = folder / "state" / "program.json"
    return path.read_text(encoding="utf-8") if path.exists() else None
