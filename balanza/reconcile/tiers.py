"""Recomputes the tier of every member from what was recomputed of points and orders, and compares."""

from collections.abc import Iterator
from typing import Final

from duckdb import DuckDBPyConnection
from msgspec import Struct

from balanza.look.rows import Row, dictionaries
from balanza.reconcile.statements import sql
from balanza.reconcile.tier_story import Step, ranks
from balanza.reconcile.tier_terms import NO_TIER, Terms
from config.program import Program

FETCHED: Final = 10_000
COUNTS: Final = """
SELECT (SELECT count(*) FROM compared_tiers), (SELECT count(*) FROM compared_tiers WHERE drifts),
       (SELECT count(*) FROM people WHERE person IN (FROM zoned))
"""
DRIFTING: Final = """
SELECT member_id, expected, streamed FROM compared_tiers
WHERE drifts AND (len($members) = 0 OR member_id IN (SELECT unnest($members))) ORDER BY member_id LIMIT $most
"""
STEPS: Final = """
SELECT person, at_us, event_us, kind, member_id, other_id, given_by, measure, value, ids FROM tier_steps
ORDER BY person, at_us, seq, change
"""
END: Final = "SELECT at_us FROM clock"


class TierDrift(Struct):
    """Members whose tier was compared, how many drift, how many were left out for their time zone; the first ones."""

    compared: int
    drifting: int
    zoned: int
    first: list[Row]


def prepare_tiers(connection: DuckDBPyConnection, program: Program) -> None:
    """Put in what the program says of measures, and of points that do not qualify."""
    tiers = program.tiers
    if tiers is None:
        return
    measures: list[tuple[str, str, str | None, bool]] = []
    for name, measure in tiers.measures.items():
        if measure.of == "visits":
            measures += [(name, measure.of, event, False) for event in measure.events]
        else:
            counted = measure.currency if measure.of == "points" else measure.money
            measures.append((name, measure.of, counted, measure.of == "points" and measure.qualifying_only))
    rewards = {name: offer.reward for name, offer in program.offers.items()}
    unqualified = [
        *(rule.id for rule in program.earn if not rule.qualifying), *(f"tier.{level.id}" for level in tiers.levels),
        *(f"offer.{name}" for name, reward in rewards.items() if reward is not None and not reward.qualifying),
    ]  # fmt: skip
    if measures:
        connection.executemany("INSERT INTO measures VALUES (?, ?, ?, ?)", measures)
    connection.executemany("INSERT INTO unqualified VALUES (?)", [(rule,) for rule in dict.fromkeys(unqualified)])


def recompute_tiers(connection: DuckDBPyConnection, program: Program) -> None:
    """Fill `recomputed_tiers` from what `recompute` has left."""
    assert program.tiers is not None
    connection.execute(sql("tier_steps"))
    connection.execute("CREATE TABLE recomputed_tiers (member_id VARCHAR, tier VARCHAR)")
    found = connection.execute(END).fetchone()
    assert found is not None
    levels = program.tiers.levels
    rows = [
        (member_id, None if rank == NO_TIER else levels[rank].id)
        for member_id, rank in ranks(Terms(program.tiers, program.time_zone), _steps(connection.cursor()), found[0])
    ]
    if rows:
        connection.executemany("INSERT INTO recomputed_tiers VALUES (?, ?)", rows)


def compare_tiers(connection: DuckDBPyConnection, members: list[str], most: int) -> TierDrift:
    """Compare the tiers, after the balances; `members` limits what is listed (none: all)."""
    connection.execute(sql("compared_tiers"))
    found = connection.execute(COUNTS).fetchone()
    assert found is not None
    first = list(dictionaries(connection.execute(DRIFTING, {"members": members, "most": most})))
    return TierDrift(int(found[0]), int(found[1]), int(found[2]), first)


def _steps(cursor: DuckDBPyConnection) -> Iterator[tuple[str, Step]]:
    cursor.execute(STEPS)
    while rows := cursor.fetchmany(FETCHED):
        for person, *said in rows:
            yield person, Step(*said)
