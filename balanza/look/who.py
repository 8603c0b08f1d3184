"""Who is meant: a member id, or `type:value` in any spelling, followed through merges to the member of today."""

import sqlite3
from contextlib import closing
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from duckdb import DuckDBPyConnection

from balanza.look.places import SURFACES, program_of
from balanza.output import FAILED, WRONG_USAGE, fail, moment, printable
from config.phrases import did_you_mean
from flows.identity.normalise import Normaliser
from sinks.read_surface import AmbiguousIdentifierError, find_member

MEMBER = "SELECT merged_into, forgotten, make_timestamp(at_us) FROM stored.members_now WHERE member_id = ?"
ERASED = "SELECT 1 FROM stored.identity WHERE kind = 'erase' AND member_id = ?"
OWNERS = """
SELECT DISTINCT space, member_id FROM identifiers
WHERE type = $type AND value = $value AND ($space IS NULL OR space = $space) ORDER BY space
"""
FAMILY = """
WITH RECURSIVE merged AS MATERIALIZED (
    SELECT member_id, merged_into FROM stored.members_now WHERE merged_into IS NOT NULL
), family(member_id) AS (
    SELECT $member UNION SELECT merged.member_id FROM merged JOIN family ON merged.merged_into = family.member_id
)
SELECT member_id FROM family WHERE member_id <> $member ORDER BY member_id
"""
LIKE = "SELECT DISTINCT value FROM identifiers WHERE type = ? AND value LIKE ? ESCAPE '!' LIMIT 500"
ALIKE_CHARS: Final = 3
CLOSENESS_MIN: Final = 0.8


class Who(NamedTuple):
    """The member of today, the ids that led there (each merged into the next), and everyone who was merged into it."""

    member_id: str
    followed: list[str]
    merged: list[str]

    @property
    def family(self) -> list[str]:
        """All ids under which the member's records stand."""
        return [self.member_id, *self.merged]


def find(connection: DuckDBPyConnection, folder: Path, asked: str, space: str | None) -> Who:
    """The member that `asked` means; ends the command with a hint if there is none."""
    start = _owner(connection, folder, asked, space) if ":" in asked else asked
    followed: list[str] = []
    current = start
    while True:
        row = connection.execute(MEMBER, [current]).fetchone()
        if row is None:
            _fail_unknown(connection, folder, asked)
        merged_into, forgotten, at = row
        if forgotten and connection.execute(ERASED, [current]).fetchone() is not None:
            when = f"{printable(current)} was erased on {moment(at)} UTC"
            fail(f"{when}, as was asked; `balanza erasures` lists such requests.", FAILED)
        if forgotten:
            fail(
                f"{printable(current)} was anonymous and without activity; it was forgotten on {moment(at)} UTC, as "
                "identity.anonymous_days of the program says.",
                FAILED,
            )
        if merged_into is None:
            return Who(current, followed, family_of(connection, current))
        followed.append(current)
        current = merged_into


def family_of(connection: DuckDBPyConnection, member_id: str) -> list[str]:
    """The members that were merged into this one, directly or through others."""
    return [row[0] for row in connection.execute(FAMILY, {"member": member_id}).fetchall()]


def _owner(connection: DuckDBPyConnection, folder: Path, asked: str, space: str | None) -> str:
    """The member that an identifier names, from the surfaces if they know, else from the warehouse."""
    kind, value = canonical(folder, asked)
    try:
        surface = find_member(folder / SURFACES, f"{kind}:{value}", space)
    except (FileNotFoundError, sqlite3.Error):
        surface = None
    except AmbiguousIdentifierError:
        _fail_ambiguous(connection, asked, kind, value)
    if surface is not None:
        return surface.member_id
    owners = connection.execute(OWNERS, {"type": kind, "value": value, "space": space}).fetchall()
    if not owners:
        _fail_no_identifier(folder, kind, value, space)
    if len(owners) > 1:
        _fail_ambiguous(connection, asked, kind, value)
    return str(owners[0][1])


def canonical(folder: Path, asked: str) -> tuple[str, str]:
    """Type and canonical value of `type:value`, by the rules of the program that ran in the folder."""
    program = program_of(folder)
    kind, _, value = asked.partition(":")
    types = program.identity.identifiers
    if kind not in types:
        fail(
            f"{printable(kind)!r} is no identifier type of the program; accepted: {', '.join(types)}"
            f"{did_you_mean(kind, types)}.",
            WRONG_USAGE,
        )
    normaliser = Normaliser(program)
    found, wrong = normaliser.canonical(kind, value)
    if wrong == "blocked":
        found = normaliser.unjudged(kind, value)  # the program blocks it, and somebody may have it from before
    if found is None:
        why = "names nobody (a placeholder, only zeros, or too long)" if wrong == "blocked" else f"is no {kind}"
        fail(f"{value!r} {why}, so no member can have it.", WRONG_USAGE)
    return kind, found


def _fail_ambiguous(connection: DuckDBPyConnection, asked: str, kind: str, value: str) -> NoReturn:
    rows = connection.execute(OWNERS, {"type": kind, "value": value, "space": None}).fetchall()
    spaces = ", ".join(printable(str(row[0])) for row in rows)
    fail(f"{printable(asked)} names members in several spaces; say --space with one of: {spaces}.", WRONG_USAGE)


def _fail_no_identifier(folder: Path, kind: str, value: str, space: str | None) -> NoReturn:
    near = _alike(folder / SURFACES, kind, value)
    some = f"select value from identifiers where type = '{kind}' limit 5"  # noqa: S608  a declared type, shown only
    hint = f"did you mean {kind}:{near}?" if near else f"some that are: {_listing(some, folder)}"
    where = f" in the space {printable(space)!r}" if space else ""
    fail(f"nobody has {kind}:{printable(value)}{where}; {hint}", FAILED)


def _fail_unknown(connection: DuckDBPyConnection, folder: Path, asked: str) -> NoReturn:
    hint = ""
    if "@" in asked:
        hint = f"for an identifier say its type too: email:{printable(asked)}"
    else:
        begin = asked[: max(ALIKE_CHARS + 2, len(asked) - 4)]
        rows = connection.execute("SELECT member_id FROM members WHERE starts_with(member_id, ?) LIMIT 1", [begin])
        row = rows.fetchone()
        some = "select member_id, known from members limit 5"
        hint = f"did you mean {row[0]}?" if row else f"some who are: {_listing(some, folder)}"
    fail(f"there is no member {printable(asked)} in {folder}; {hint}", FAILED)


def _alike(database: Path, kind: str, value: str) -> str | None:
    """An identifier of the same type that begins alike and is close, if there is one."""
    begin = value[:ALIKE_CHARS]
    for special in "!%_":
        begin = begin.replace(special, "!" + special)
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            values = [row[0] for row in connection.execute(LIKE, (kind, begin + "%"))]
    except sqlite3.Error:
        return None
    near = get_close_matches(value, values, n=1, cutoff=CLOSENESS_MIN)
    return printable(near[0]) if near else None


def _listing(query: str, folder: Path) -> str:
    """A command that lists some."""
    return f'balanza sql "{query}" --out {folder}'
