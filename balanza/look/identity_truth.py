"""Stitching against the truth: pairs that are right, wrong and missed, counted by the sizes of groups.

The truth is a CSV file, plain or gzip, with a head. Its columns say what it is about: `source,id,person` names who did
an event (what `balanza simulate` writes), `identifier,person` whom an identifier (`type:value`) belongs to, with a
column `space` where it is not the default one. Rows without a person are not judged.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import duckdb
import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.places import program_of
from balanza.look.rows import Row, dictionaries
from balanza.output import FAILED, WRONG_USAGE, fail, printable
from connectors.simulate.quality import Quality
from flows.identity.normalise import Normaliser

CHUNK: Final = 50_000
About = Literal["events", "identifiers"]
HEAD: Final = """
SELECT * FROM read_csv($file, delim = ',', quote = '"', all_varchar = true, header = true) LIMIT 0
"""
EVENTS_TOLD: Final = """
CREATE TEMP TABLE told AS
SELECT DISTINCT source AS one, id AS two, person
FROM read_csv($file, delim = ',', quote = '"', all_varchar = true, header = true)
WHERE person IS NOT NULL
"""
IDENTIFIERS_TOLD: Final = """
CREATE TEMP TABLE told AS
SELECT DISTINCT 'default' AS one, identifier AS two, person
FROM read_csv($file, delim = ',', quote = '"', all_varchar = true, header = true)
WHERE person IS NOT NULL
"""
SPACES_TOLD: Final = IDENTIFIERS_TOLD.replace("'default'", "coalesce(space, 'default')")
CONTRADICTION: Final = "SELECT one, two FROM told GROUP BY one, two HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
EVENTS_FOUND: Final = """
CREATE TEMP TABLE found AS
SELECT source AS one, id AS two, max_by(current, log_time_us) AS member_id
FROM stored.events JOIN people USING (member_id) GROUP BY source, id
"""
ANY_SPLIT: Final = "SELECT 1 FROM stored.identity WHERE kind = 'split' LIMIT 1"
# After a split an event is of the side that its strongest identifier is on (as in the view events_current).
EVENTS_FOUND_AFTER_SPLITS: Final = """
CREATE TEMP TABLE found AS
SELECT source AS one, id AS two, max_by(coalesce(lineage.current_member_id, current), log_time_us) AS member_id
FROM stored.events JOIN people ON people.member_id = events.member_id
LEFT JOIN named ON named.space = events.space AND named.type || ':' || named.value = events.ids[1]
LEFT JOIN stored.lineage
          ON lineage.member_id = events.member_id AND lineage.current_member_id = named.member_id
GROUP BY source, id
"""
IDENTIFIERS_FOUND: Final = """
CREATE TEMP TABLE found AS SELECT space AS one, type || ':' || value AS two, member_id FROM named
"""
STRANGE: Final = "SELECT DISTINCT two FROM told WHERE two NOT IN (SELECT two FROM found)"
SPELT: Final = """
CREATE OR REPLACE TEMP TABLE told AS
SELECT DISTINCT one, coalesce(canonical, two) AS two, person FROM told LEFT JOIN spelling ON spelling.given = told.two
"""
CELLS: Final = """
CREATE TEMP TABLE cells AS
SELECT person, member_id, count(*) AS number FROM told LEFT JOIN found USING (one, two) GROUP BY person, member_id
"""
PAIRS: Final = """
WITH people_sizes AS (SELECT sum(number) AS number FROM cells GROUP BY person),
member_sizes AS (SELECT sum(number) AS number FROM cells WHERE member_id IS NOT NULL GROUP BY member_id)
SELECT (SELECT coalesce(sum(number * (number - 1) // 2), 0) FROM people_sizes),
       (SELECT coalesce(sum(number * (number - 1) // 2), 0) FROM member_sizes),
       (SELECT coalesce(sum(number * (number - 1) // 2), 0) FROM cells WHERE member_id IS NOT NULL),
       (SELECT coalesce(sum(number), 0) FROM cells),
       (SELECT coalesce(sum(number), 0) FROM cells WHERE member_id IS NULL)
"""
# Of members, or of people: how many there are, how many have several of the other, and what share of it is in those.
GROUPS: Final = """
WITH grouped AS (
    SELECT {one} AS one, count(*) AS others, sum(number) AS number FROM cells WHERE member_id IS NOT NULL GROUP BY {one}
)
SELECT count(*), count(*) FILTER (others > 1), coalesce(sum(number), 0),
       coalesce(sum(number) FILTER (others > 1), 0)
FROM grouped
"""
MIXED: Final = """
SELECT member_id, count(*) AS people, sum(number)::BIGINT AS items, max(number) AS of_one FROM cells
WHERE member_id IS NOT NULL GROUP BY member_id HAVING count(*) > 1 ORDER BY people DESC, items DESC, member_id
LIMIT $most
"""


class Spread(msgspec.Struct, frozen=True):
    """Of `groups`, `wrong` ones have several of the other side; they hold `items_in_wrong` of the `items`."""

    groups: int
    wrong: int
    items: int
    items_in_wrong: int


class Judged(msgspec.Struct):
    """`over`: members with several people. `under`: people with several members. `mixed`: the worst of `over`."""

    about: About
    quality: Quality
    over: Spread
    under: Spread
    mixed: list[Row]


def judged(connection: DuckDBPyConnection, folder: Path, truth: Path, most: int) -> Judged:
    """Compare with the truth in a file; ends the command where it cannot be read. `prepare` comes first."""
    about = _load(connection, truth)
    events_found = EVENTS_FOUND if connection.execute(ANY_SPLIT).fetchone() is None else EVENTS_FOUND_AFTER_SPLITS
    connection.execute(events_found if about == "events" else IDENTIFIERS_FOUND)
    if about == "identifiers":
        _spell(connection, canonical_by(folder))
    contradiction = connection.execute(CONTRADICTION).fetchone()
    if contradiction is not None:
        which = printable(" ".join(map(str, contradiction)))
        fail(f"{truth} names two people for {which}; a truth has one.", WRONG_USAGE)
    connection.execute(CELLS)
    pairs = connection.execute(PAIRS).fetchone()
    assert pairs is not None
    return Judged(
        about, Quality(*map(int, pairs)), _spread(connection, "member_id"), _spread(connection, "person"),
        list(dictionaries(connection.execute(MIXED, {"most": most}))),
    )  # fmt: skip


def canonical_by(folder: Path) -> Callable[[str], str | None]:
    """What makes an identifier (`type:value`) canonical by the rules of the program that ran; None: it names nobody."""
    program = program_of(folder)
    types, normaliser = program.identity.identifiers, Normaliser(program)

    def canonical(identifier: str) -> str | None:
        kind, _, value = identifier.partition(":")
        found = normaliser.canonical(kind, value)[0] if kind in types else None
        return None if found is None else f"{kind}:{found}"

    return canonical


def _load(connection: DuckDBPyConnection, truth: Path) -> About:
    """Read the file into the table `told`; give what its columns say it is about."""
    if not truth.is_file():
        fail(f"there is no file {truth}; --truth wants a CSV file, plain or gzip.", WRONG_USAGE)
    file = {"file": str(truth)}
    try:
        columns = {str(column[0]) for column in connection.execute(HEAD, file).description or ()}
        about = _about(columns)
        if about == "events":
            connection.execute(EVENTS_TOLD, file)
        elif about == "identifiers":
            connection.execute(SPACES_TOLD if "space" in columns else IDENTIFIERS_TOLD, file)
    except duckdb.Error as error:
        fail(f"{truth} cannot be read as CSV: {str(error).splitlines()[0]}", FAILED)
    if about is None:
        fail(
            f"{truth} has the columns {printable(', '.join(sorted(columns)))}; expected source,id,person (who did an "
            "event) or identifier,person (whose type:value it is).",
            WRONG_USAGE,
        )
    return about


def _about(columns: set[str]) -> About | None:
    if {"source", "id", "person"} <= columns:
        return "events"
    return "identifiers" if {"identifier", "person"} <= columns else None


def _spell(connection: DuckDBPyConnection, canonical: Callable[[str], str | None]) -> None:
    """Make canonical what the truth spells otherwise; most identifiers stand there as they are kept."""
    connection.execute("CREATE TEMP TABLE spelling (given VARCHAR, canonical VARCHAR)")
    strange = [str(row[0]) for row in connection.execute(STRANGE).fetchall()]
    for begin in range(0, len(strange), CHUNK):
        given = strange[begin : begin + CHUNK]
        pairs = {"given": given, "canonical": [canonical(identifier) for identifier in given]}
        connection.execute("INSERT INTO spelling SELECT unnest($given), unnest($canonical)", pairs)
    connection.execute(SPELT)


def _spread(connection: DuckDBPyConnection, one: str) -> Spread:
    row = connection.execute(GROUPS.format(one=one)).fetchone()
    assert row is not None
    return Spread(*map(int, row))
