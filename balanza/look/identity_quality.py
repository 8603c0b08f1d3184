"""What the warehouse knows about stitching, as counts: how large members are, what is shared, what was credited.

Everything is asked in SQL over temporary tables that hold each member with the member it is today, so the cost follows
the records, not their pairs. Merges are followed by doubling steps: a chain of a thousand takes ten.
"""

from typing import Final

import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.rows import Row, dictionaries

DOUBLINGS_MAX: Final = 64  # a chain of merges cannot be longer than two to this power
# The histogram's first sizes stand alone, the others together: (least, most).
SIZES: Final = ((0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, 1000),
                (1001, None))  # fmt: skip

MOVED = """
CREATE TEMP TABLE moved AS
SELECT member_id, merged_into AS current FROM stored.members_now WHERE merged_into IS NOT NULL
"""
STILL_MOVED = "SELECT count(*) FROM moved AS one JOIN moved AS next ON one.current = next.member_id"
DOUBLED = """
CREATE OR REPLACE TEMP TABLE moved AS
SELECT one.member_id, coalesce(next.current, one.current) AS current
FROM moved AS one LEFT JOIN moved AS next ON one.current = next.member_id
"""
# Every member there ever was: who it is today, whether it named a person itself, and since when.
PEOPLE = """
CREATE TEMP TABLE people AS
WITH named_since AS (SELECT member_id, min(at_us) FILTER (known) AS known_us FROM stored.members GROUP BY member_id)
SELECT member_id, space, coalesce(current, member_id) AS current, current IS NOT NULL AS merged, known, forgotten,
       known_us, member_id IN (SELECT member_id FROM stored.identity WHERE kind = 'erase') AS erased
FROM stored.members_now LEFT JOIN moved USING (member_id) LEFT JOIN named_since USING (member_id)
"""
NAMED = "CREATE TEMP TABLE named AS SELECT space, type, value, member_id FROM identifiers"
SIZED = """
CREATE TEMP TABLE sized AS
SELECT people.member_id, people.space, known, count(named.member_id) AS identifiers
FROM people LEFT JOIN named ON named.member_id = people.member_id
WHERE NOT merged AND NOT forgotten GROUP BY ALL
"""

MEMBERS = """
SELECT count(*) FILTER (NOT merged AND NOT forgotten) AS total,
       count(*) FILTER (known AND NOT merged AND NOT forgotten) AS known,
       count(*) FILTER (NOT known AND NOT merged AND NOT forgotten) AS anonymous,
       count(*) FILTER (merged) AS merged, count(*) FILTER (forgotten AND NOT erased) AS forgotten,
       count(*) FILTER (erased) AS erased
FROM people
"""
BY_TYPE = "SELECT type, count(*) AS identifiers FROM named GROUP BY type ORDER BY 2 DESC, 1"
BY_SIZE = "SELECT identifiers, count(*) FROM sized GROUP BY identifiers"
LARGEST = """
WITH top AS (SELECT * FROM sized ORDER BY identifiers DESC, member_id LIMIT $most),
types AS (
    SELECT member_id, type, count(*) AS number FROM named JOIN top USING (member_id) GROUP BY ALL
), absorbed AS (
    SELECT current AS member_id, count(*) AS merged FROM people WHERE merged GROUP BY current
)
SELECT member_id, space, known, identifiers, coalesce(any_value(merged), 0) AS merged,
       coalesce(
           to_json(map_from_entries(list((type, number) ORDER BY number DESC, type) FILTER (type IS NOT NULL))), '{}'
       ) AS by_type
FROM top LEFT JOIN types USING (member_id) LEFT JOIN absorbed USING (member_id)
GROUP BY member_id, space, known, identifiers ORDER BY identifiers DESC, member_id
"""
# Whom a value named: the members whose events carried it, that it was linked to, and those a merge moved it to.
SHARED = """
WITH told AS (
    SELECT space, unnest(ids) AS identifier, member_id FROM stored.events
    UNION
    SELECT space, unnest(ids) AS identifier, member_id FROM stored.identity WHERE kind IN ('link', 'merge')
), several AS (
    SELECT space, identifier, list(member_id) AS members FROM told GROUP BY ALL HAVING count(*) > 1
    ORDER BY count(*) DESC, identifier LIMIT $most
), one_each AS (SELECT space, identifier, unnest(members) AS member_id FROM several)
SELECT one_each.space, identifier, count(*) AS members, count(*) FILTER (one.known) AS known,
       count(DISTINCT one.current) FILTER (NOT today.forgotten) AS today
FROM one_each JOIN people AS one USING (member_id) JOIN people AS today ON today.member_id = one.current
GROUP BY one_each.space, identifier ORDER BY members DESC, identifier
"""
KINDS = """
SELECT kind, count(*) AS changes, sum(len(ids))::BIGINT AS identifiers FROM stored.identity
GROUP BY kind ORDER BY changes DESC, kind
"""
ANONYMOUS = """
SELECT count(*) AS events,
       count(*) FILTER (one.known_us IS NOT NULL) AS by_identifying,
       count(*) FILTER (one.known_us IS NULL AND today.known) AS by_merge,
       count(*) FILTER (NOT today.known AND today.forgotten) AS forgotten,
       count(*) FILTER (NOT today.known AND NOT today.forgotten) AS waiting
FROM stored.events JOIN people AS one USING (member_id) JOIN people AS today ON today.member_id = one.current
WHERE one.known_us IS NULL OR log_time_us < one.known_us
"""


class Size(msgspec.Struct, frozen=True):
    """So many members have between `least` and `most` identifiers; `most` None is without end."""

    least: int
    most: int | None
    members: int


class Report(msgspec.Struct):
    """The counts of one epoch; `epoch` is the warehouse's."""

    epoch: int
    members: Row
    identifiers_by_type: list[Row]
    sizes: list[Size]
    largest: list[Row]
    shared: list[Row]
    kinds: list[Row]
    anonymous: Row


def prepare(connection: DuckDBPyConnection) -> None:
    """Make the temporary tables that every question here stands on."""
    connection.execute(MOVED)
    for _ in range(DOUBLINGS_MAX):
        if _number(connection, STILL_MOVED) == 0:
            break
        connection.execute(DOUBLED)
    for made in (PEOPLE, NAMED, SIZED):
        connection.execute(made)


def report_of(connection: DuckDBPyConnection, most: int) -> Report:
    """Ask everything; lists have `most` rows at the most. `prepare` comes first."""
    top = {"most": most}
    return Report(
        _number(connection, "SELECT epoch FROM about"),
        _one(connection, MEMBERS),
        list(dictionaries(connection.execute(BY_TYPE))),
        sizes_of(connection.execute(BY_SIZE).fetchall()),
        list(dictionaries(connection.execute(LARGEST, top))),
        list(dictionaries(connection.execute(SHARED, top))),
        list(dictionaries(connection.execute(KINDS))),
        _one(connection, ANONYMOUS),
    )


def sizes_of(counts: list[tuple[int, int]]) -> list[Size]:
    """The histogram from (identifiers, members) counts; a size that no member has is left out."""
    found = []
    for least, most in SIZES:
        members = sum(number for size, number in counts if size >= least and (most is None or size <= most))
        if members:
            found.append(Size(least, most, members))
    return found


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`; None where there is nothing to have a share of."""
    return part / whole if whole else None


def _one(connection: DuckDBPyConnection, query: str) -> Row:
    return next(dictionaries(connection.execute(query)))


def _number(connection: DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None, query
    return int(row[0])
