"""Everything that is held on a person as one JSON file: the member's document, and every row of every table about it.

Which tables there are is asked of the views, so that a new one is in the export as soon as it exists. Events are those
that are the person's today, also after splits; what is another person's by now is not handed out, neither in events
(identifiers of others that were left out of them) nor in the history of identifiers.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson
from duckdb import DuckDBPyConnection

from schemas.records import ExportAsked
from sinks.erased_words import Words
from sinks.readable import rfc3339
from sinks.views import VIEWS

FORMAT: Final = 1
FETCHED: Final = 1000
FOR_EVER_US: Final = 1 << 62
NAME_CHARS_MAX: Final = 100
UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]|^\.")
READABLE_BY_OWNER: Final = 0o600
PRINTED: Final = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
NOT_AS_THEY_ARE: Final = ("members_current", "events", "events_current", "identity_events", "identifiers", "balances")

NOW: Final = {
    "identifiers": "SELECT space, type, value, first_seen, last_seen FROM identifiers WHERE member_id = $member "
                   "ORDER BY ALL",
    "balances":    "SELECT * FROM balances WHERE member_id = $member ORDER BY currency",
}  # fmt: skip
# What an event carried of another's was left out of it: identifiers that never were the member's, or are no more.
EVENTS: Final = """
WITH own AS (
    SELECT * FROM events_current WHERE current_member_id = $member
), mine AS (
    SELECT space, identifier FROM stored.ownership WHERE owner IN (SELECT unnest($family))
    EXCEPT SELECT space, type || ':' || value FROM identifiers WHERE member_id <> $member
), others AS (
    SELECT event_key, list(identifier) AS named
    FROM (SELECT event_key, space, unnest(ids) AS identifier FROM own) AS carried
    ANTI JOIN mine USING (space, identifier) GROUP BY event_key
)
SELECT own.* EXCLUDE (current_member_id) REPLACE (
    CASE WHEN named IS NULL THEN ids ELSE list_filter(ids, lambda one: NOT list_contains(named, one)) END AS ids,
    CASE WHEN named IS NULL AND type <> 'split' THEN data::JSON
         ELSE json_merge_patch(data::JSON, '{"ids": null, "keep": null, "part": null}') END AS data
)
FROM own LEFT JOIN others USING (event_key) ORDER BY log_time, source, id
"""
# An alert of a conflict names what is another's.
WITHOUT_OTHERS: Final = {
    "alerts": "* REPLACE (CASE WHEN kind = 'identity_conflict' THEN '' ELSE detail END AS detail)",
}  # fmt: skip
# Identifiers that went to a part, or were another's and left out of an event, are somebody else's.
IDENTITY: Final = """
SELECT seq, make_timestamp(at_us) AS at, kind, space, member_id,
       CASE WHEN kind IN ('split', 'conflict') AND member_id IN (SELECT unnest($family)) THEN [] ELSE ids END AS ids,
       cause_source, cause_id, CASE WHEN kind IN ('split', 'conflict') THEN NULL ELSE detail END AS detail
FROM stored.identity
WHERE member_id IN (SELECT unnest($family)) OR (kind = 'split' AND other_member_id IN (SELECT unnest($family)))
ORDER BY seq
"""
LETTERS: Final = """
SELECT reason, detail, raw, topic, "partition", "offset", make_timestamp(log_time_us) AS log_time, log_time_us
FROM stored.dead_letters WHERE raw <> '' ORDER BY log_time_us, topic, "partition", "offset"
"""
WITH_MEMBERS: Final = """
SELECT table_name FROM information_schema.columns
WHERE table_catalog = current_database() AND table_schema = 'main' AND column_name = 'member_id'
"""

Row = dict[str, Any]  # a query's columns are whatever it asks for


def whole(missing: Sequence[str], command: str) -> Row:
    """What an export says of itself: whether it has everything, what is missing, and how to ask for it."""
    return {"complete": not missing, **({"missing": missing, "complete_with": command} if missing else {})}


def save_export(
    connection: DuckDBPyConnection, request: ExportAsked, document: bytes, folder: Path, about: Row | None = None
) -> Path:  # fmt: skip
    """Write the file of a request, as a whole or not at all; only its owner may read it.

    `document` is the member's as the surfaces show it, JSON in UTF-8; `about` is what the file says of itself.
    """
    content = {
        "format": FORMAT, **(about or whole([], "")), "request_id": request.request_id, "actor": request.actor,
        "asked_at": rfc3339(request.at_us),
        **held_on(connection, request.member_id, request.former, document),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(folder, request)
    save(path, content)
    return path


def save(path: Path, content: Row) -> None:
    """Put an export in its place."""
    built = path.with_name(f"{path.name}.tmp")
    built.touch(READABLE_BY_OWNER)
    built.write_bytes(orjson.dumps(content, option=PRINTED))
    built.replace(path)


def file_name(folder: Path, request: ExportAsked) -> str:
    """The request's id as far as it may be a file's name; one that another person's request had is told apart."""
    wanted = request.request_id
    name = UNSAFE.sub("_", wanted)[:NAME_CHARS_MAX] or "_"
    if name != wanted:
        name += "-" + blake2b(wanted.encode(), digest_size=4).hexdigest()
    taken = folder / f"{name}.json"
    if taken.exists() and orjson.loads(taken.read_bytes())["member_id"] != request.member_id:
        name += f"-{request.member_id}"
    return f"{name}.json"


def held_on(connection: DuckDBPyConnection, member_id: str, former: list[str], document: bytes) -> Row:
    """Everything held on a member and those it absorbed; `connection` is to the warehouse's views."""
    family = [member_id, *former]
    found: Row = {
        "member_id": member_id,
        "merged": former,
        "document": orjson.Fragment(document),
    }
    for name, query in NOW.items():
        found[name] = list(_rows(connection, query, {"member": member_id}))
    found["events"] = list(_rows(connection, EVENTS, {"member": member_id, "family": family}))
    found["identity_events"] = list(_rows(connection, IDENTITY, {"family": family}))
    have_members = {row[0] for row in connection.execute(WITH_MEMBERS).fetchall()}
    for view in VIEWS:
        if view in have_members and view not in NOT_AS_THEY_ARE:
            chosen = WITHOUT_OTHERS.get(view, "*")
            query = f"SELECT {chosen} FROM {view} WHERE member_id IN (SELECT unnest($family)) ORDER BY ALL"
            found[view] = list(_rows(connection, query, {"family": family}))
    ids = [f"{row['type']}:{row['value']}" for row in found["identifiers"]]
    found["dead_letters"] = list(_letters(connection, ids))
    return found


def _letters(connection: DuckDBPyConnection, ids: list[str]) -> Iterator[Row]:
    """Rejected lines that hold one of the identifiers, in any spelling."""
    words = Words([(ids, FOR_EVER_US)])
    for row in _rows(connection, LETTERS, {}):
        at_us = row.pop("log_time_us")
        if words.in_letter(row["raw"], row["detail"], at_us):
            yield row


def _rows(connection: DuckDBPyConnection, query: str, about: dict[str, object]) -> Iterator[Row]:
    """Rows by column; what DuckDB holds as JSON is JSON again."""
    result = connection.execute(query, about)
    columns = [(column[0], str(column[1]) == "JSON") for column in result.description or ()]
    while some := result.fetchmany(FETCHED):
        for row in some:
            yield {
                name: orjson.Fragment(value) if is_json and value is not None else value
                for (name, is_json), value in zip(columns, row, strict=True)
            }
