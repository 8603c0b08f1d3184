"""What becomes of an erased person's rows, by table: the SQL that finds them, and what is left of those that stay.

The queries stand on small tables: `gone` has the members with their numbers among the people asked for (`nth`), `freed`
the identifiers they held, `returned` who linked one of these later, `parted` what splits had taken from them, `asked`
the events that asked. `{rows}` is a file's rows with `file_row_number`, `{unfolded}` the same by identifier.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Rule(NamedTuple):
    """How a table's rows are found (their spot in the file, and whose), which of them stay, and how they change.

    In `stays` and `changed` a row is `t`; `gone` is its member if that one is erased, `kept` what `kept` gave for it.
    """

    found: str
    kept: str = "SELECT spot FROM touched"
    stays: str = "false"
    changed: Mapping[str, str] = {}


OF_MEMBER: Final = "SELECT file_row_number AS spot, nth FROM {rows} AS t JOIN gone USING (member_id)"
# Places and identifiers of rows, one a line; one that has none has a line without.
UNFOLDED: Final = """
SELECT file_row_number AS spot, * EXCLUDE (file_row_number),
       unnest(range(1, greatest(len(ids), 1) + 1)) AS place,
       unnest(CASE WHEN len(ids) > 0 THEN ids ELSE [NULL] END) AS identifier FROM {rows} AS t
"""
EVENTS: Final = Rule(
    found="""
    WITH named AS NOT MATERIALIZED (
        SELECT *, member_id IN (SELECT member_id FROM returned) AS came_back FROM ({unfolded})
    )
    SELECT spot, nth FROM named JOIN gone USING (member_id) LEFT JOIN parted USING (space, identifier)
    WHERE place = 1 AND parted.identifier IS NULL
    UNION
    SELECT spot, nth FROM named JOIN freed USING (space, identifier)
    WHERE log_time_us < freed.at_us OR (log_time_us = freed.at_us AND NOT came_back)
    UNION
    SELECT spot, nth FROM named JOIN freed ON freed.space = named.space AND contains(data, freed.quoted)
    WHERE place = 1 AND type = 'split' AND log_time_us <= freed.at_us
    """,
    kept="""
    WITH named AS NOT MATERIALIZED (
        SELECT *, member_id IN (SELECT member_id FROM returned) AS came_back
        FROM ({unfolded}) WHERE spot IN (SELECT spot FROM touched)
    )
    SELECT named.spot, list(named.identifier ORDER BY place)
                         FILTER (freed.identifier IS NULL AND named.identifier IS NOT NULL) AS ids,
           bool_or(place = 1 AND freed.identifier IS NOT NULL) AS of_the_erased,
           bool_or(place = 1 AND parted.identifier IS NOT NULL) AS of_a_part
    FROM named LEFT JOIN parted ON parted.space = named.space AND parted.identifier = named.identifier
    LEFT JOIN freed ON freed.space = named.space AND freed.identifier = named.identifier
              AND (log_time_us < freed.at_us OR (log_time_us = freed.at_us AND NOT came_back))
    GROUP BY named.spot
    """,
    stays="""
    t.event_key IN (SELECT cause_key FROM asked)
    OR NOT (kept.of_the_erased OR (gone.member_id IS NOT NULL AND NOT kept.of_a_part))
    """,
    changed={
        "ids": "CASE WHEN t.event_key IN (SELECT cause_key FROM asked) THEN [] ELSE coalesce(kept.ids, []) END",
        "data": """json_merge_patch(t.data::JSON, '{"ids": null, "keep": null, "part": null}')""",
    },
)
IDENTITY: Final = Rule(
    found="""
    SELECT file_row_number AS spot, nth FROM {rows} AS t JOIN gone ON gone.member_id = t.member_id
    UNION
    SELECT file_row_number, nth FROM {rows} AS t JOIN gone ON gone.member_id = t.other_member_id
    UNION
    SELECT spot, nth FROM ({unfolded}) AS named JOIN freed USING (space, identifier) WHERE named.seq < freed.seq
    UNION
    SELECT file_row_number, nth FROM {rows} AS t JOIN freed ON freed.space = t.space AND contains(detail, identifier)
    WHERE kind IN ('refused', 'split') AND t.seq < freed.seq
    """,
    kept="""
    SELECT spot, list(named.identifier ORDER BY place)
               FILTER (freed.identifier IS NULL AND named.identifier IS NOT NULL) AS ids
    FROM ({unfolded}) AS named LEFT JOIN freed
         ON freed.space = named.space AND freed.identifier = named.identifier AND named.seq < freed.seq
    WHERE spot IN (SELECT spot FROM touched) GROUP BY spot
    """,
    stays="true",
    changed={
        "ids": "coalesce(kept.ids, [])",
        "detail": "CASE WHEN t.kind IN ('erase', 'export') THEN t.detail END",
        "cause_source": "CASE WHEN gone.nth IS NULL OR t.kind IN ('erase', 'export') THEN t.cause_source ELSE '' END",
        "cause_id": "CASE WHEN gone.nth IS NULL OR t.kind IN ('erase', 'export') THEN t.cause_id ELSE '' END",
    },
)  # fmt: skip
MEMBERS: Final = Rule(
    found=OF_MEMBER,
    stays="t.version = (SELECT max(version) FROM versions WHERE versions.member_id = t.member_id)",
    changed={
        "at_us": "gone.at_us", "created_at_us": "gone.at_us", "known": "false",
        "forgotten": "t.forgotten OR t.merged_into IS NULL",
    },
)  # fmt: skip
ENTRIES: Final = Rule(
    found=OF_MEMBER,
    stays="true",
    changed={
        "entry_id": "gone.anonymous || '-' || t.version", "member_id": "gone.anonymous", "cause_source": "''",
        "cause_id": "''",
    },
)  # fmt: skip
ACTIONS: Final = Rule(
    found=OF_MEMBER + """
    UNION
    SELECT file_row_number, nth FROM {rows} AS t JOIN freed ON freed.value = t.body->>'$.to' AND t.at_us < freed.at_us
    """,
)
ALERTS: Final = Rule(
    found=OF_MEMBER + """
    UNION
    SELECT file_row_number, nth FROM {rows} AS t JOIN freed ON contains(t.detail, identifier) AND t.at_us <= freed.at_us
    """,
    stays="gone.member_id IS NULL",
    changed={"detail": "''", "alert_id": "split_part(t.alert_id, ':', 1) || ':' || t.kind"},
)
DEAD_LETTERS: Final = Rule(
    found="SELECT spot, nth FROM letters", stays="true", changed={"raw": "''", "detail": "'erased'"}
)  # fmt: skip
RULES: Final = {
    "events": EVENTS, "identity": IDENTITY, "members": MEMBERS, "entries": ENTRIES, "actions": ACTIONS,
    "alerts": ALERTS, "dead_letters": DEAD_LETTERS,
}  # fmt: skip
LEAVE: Final = Rule(found=OF_MEMBER)
