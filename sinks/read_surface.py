"""Reading `surfaces.db`: a member's document by its id or by one of its identifiers."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

BY_MEMBER = "SELECT member_id, version, document FROM surfaces WHERE member_id = ?"
BY_FORMER = """
SELECT member_id, version, document FROM merged JOIN surfaces USING (member_id) WHERE former_id = ?
"""
BY_IDENTIFIER = """
SELECT member_id, version, document FROM identifiers JOIN surfaces USING (member_id)
WHERE type = :type AND value = :value AND (:space IS NULL OR space = :space) ORDER BY space
"""


class Surface(NamedTuple):
    """A member's document as it is shown: JSON text, with a version that only grows."""

    member_id: str
    version: int
    document: str


class AmbiguousIdentifierError(LookupError):
    """An identifier that names members in several identity spaces; say which space is meant."""


def find_member(database: Path, who: str, space: str | None = None) -> Surface | None:
    """The surface of `who`: a member id, also of one that was merged, or a canonical `type:value`; None if unknown.

    FileNotFoundError where there is no database, AmbiguousIdentifierError if `space` is not said and is needed.
    """
    if not database.exists():
        raise FileNotFoundError(f"there are no surfaces at {database}: nothing has run with this output folder yet")
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        for by in (BY_MEMBER, BY_FORMER):
            row = connection.execute(by, (who,)).fetchone()
            if row is not None:
                return Surface(*row)
        kind, _, value = who.partition(":")
        found = connection.execute(BY_IDENTIFIER, {"type": kind, "value": value, "space": space}).fetchall()
    if len(found) > 1:
        raise AmbiguousIdentifierError(f"{who} names members in several identity spaces: say which one")
    return Surface(*found[0]) if found else None
