"""What the rules of identity kept from happening, as the warehouse tells it: conflicts, limits, quarantine, splits."""

from typing import Final

import msgspec
from duckdb import DuckDBPyConnection
from rich.console import Console

from balanza.look.rows import Row, dictionaries
from balanza.output import shortened, table

VALUE_CHARS_MAX: Final = 60

CONFLICTS = """
SELECT member_id, other_member_id, count(*) AS events, max(make_timestamp(at_us)) AS last_at,
       max_by(ids, seq) AS last_ids, max_by(detail, seq) AS detail, count(*) OVER () AS pairs,
       sum(count(*)) OVER ()::BIGINT AS all_events
FROM stored.identity WHERE kind = 'conflict' GROUP BY member_id, other_member_id
ORDER BY events DESC, last_at DESC, member_id, other_member_id LIMIT $most
"""
# A value is quarantined if that is the last that was said of it; each says when it began and whom it is attributed to.
QUARANTINED = """
WITH said AS (
    SELECT space, unnest(ids) AS identifier, seq, kind, at_us, member_id, detail
    FROM stored.identity WHERE kind IN ('quarantine', 'release', 'block')
), last AS (
    SELECT * FROM said QUALIFY row_number() OVER (PARTITION BY space, identifier ORDER BY seq DESC) = 1
)
SELECT space, identifier, make_timestamp(at_us) AS since, member_id, detail, count(*) OVER () AS quarantined
FROM last WHERE kind = 'quarantine' ORDER BY seq DESC LIMIT $most
"""
LIMITS = """
SELECT split_part(identifier, ':', 1) AS type, detail, count(*) AS identifiers, count(DISTINCT seq) AS events,
       count(DISTINCT member_id) AS members
FROM (SELECT seq, member_id, detail, unnest(ids) AS identifier FROM stored.identity WHERE kind = 'limit')
GROUP BY ALL ORDER BY events DESC, type, detail LIMIT $most
"""
SPLITS = """
SELECT make_timestamp(at_us) AS at, member_id, other_member_id, len(ids) AS identifiers, detail,
       count(*) OVER () AS splits
FROM stored.identity WHERE kind = 'split' ORDER BY seq DESC LIMIT $most
"""


class Kept(msgspec.Struct):
    """The most frequent conflicts and limits, the latest quarantined values and splits, and how many there are."""

    conflicts: list[Row]
    conflict_pairs: int
    conflict_events: int
    quarantined: list[Row]
    quarantined_values: int
    limits: list[Row]
    splits: list[Row]
    all_splits: int


def kept_of(connection: DuckDBPyConnection, most: int) -> Kept:
    """Ask everything; lists have `most` rows at the most."""
    about = {"most": max(most, 1)}  # a row of each carries the totals
    conflicts, quarantined, limits, splits = (
        list(dictionaries(connection.execute(query, about))) for query in (CONFLICTS, QUARANTINED, LIMITS, SPLITS)
    )
    pairs, events = _total(conflicts, "pairs"), _total(conflicts, "all_events")
    values, all_splits = _total(quarantined, "quarantined"), _total(splits, "splits")
    return Kept(
        conflicts[:most], pairs, events, quarantined[:most], values, limits[:most], splits[:most], all_splits
    )  # fmt: skip


def as_plain(kept: Kept) -> Row:
    """The same for machines."""
    return {
        "conflicts": {"events": kept.conflict_events, "pairs": kept.conflict_pairs, "most": kept.conflicts},
        "quarantined": {"values": kept.quarantined_values, "latest": kept.quarantined},
        "limits": kept.limits,
        "splits": {"total": kept.all_splits, "latest": kept.splits},
    }


def print_kept(to: Console, kept: Kept) -> None:
    """Tables of what there is; what did not happen has none."""
    if kept.conflicts:
        how_many = f"{kept.conflict_events:,} events, {kept.conflict_pairs:,} pairs of members"
        to.print(f"\nConflicts: {how_many}", style="bold")
        rows = [
            (one["member_id"], one["other_member_id"], one["events"], one["last_at"], _names(one["last_ids"]),
             one["detail"]) for one in kept.conflicts
        ]  # fmt: skip
        to.print(table(("member_id", "other", "events", "last", "left out last", "why"), rows, right=["events"]))
    if kept.quarantined:
        to.print(f"\nQuarantined: {kept.quarantined_values:,} values", style="bold")
        values = [
            (shortened(one["identifier"], VALUE_CHARS_MAX), one["space"], one["since"], one["member_id"], one["detail"])
            for one in kept.quarantined
        ]
        to.print(table(("identifier", "space", "since", "attributed to", "why"), values))
    if kept.limits:
        to.print("\nLimits that were hit", style="bold")
        names = ("type", "detail", "identifiers", "events", "members")
        heads = ("type", "limit", *names[2:])
        to.print(table(heads, [tuple(one[name] for name in names) for one in kept.limits], right=names[2:]))
    if kept.splits:
        to.print(f"\nSplits: {kept.all_splits:,}", style="bold")
        names = ("at", "member_id", "other_member_id", "identifiers", "detail")
        parts = [tuple(one[name] for name in names) for one in kept.splits]
        to.print(table(("at (UTC)", "member_id", "part", "identifiers", "why"), parts, right=["identifiers"]))


def _total(rows: list[Row], name: str) -> int:
    """What every row says of all of them, taken out of the rows."""
    totals = [int(row.pop(name)) for row in rows]
    return totals[0] if totals else 0


def _names(ids: list[str]) -> str:
    return shortened(" ".join(ids), VALUE_CHARS_MAX)
