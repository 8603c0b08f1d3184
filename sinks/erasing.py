"""Takes people out of the warehouse's Parquet files: each file that says something of them is written anew without it.

What a row becomes depends on its table. What the person did and what was decided about them goes. Entries stay, for the
books must balance, under a name that nobody can compute without the deployment's key, and without their cause. Rows of
who is who stay without identifiers, so that their numbers have no gap; the member's own row stays as a stone. Rows of
others lose the person's identifiers. A table that has no rule here loses its rows of the member.

Members divided by a split are two people: an event that went to the part with its strongest identifier is the part's.
An identifier that somebody links after the erasure is theirs, so only what came before is looked at: by number where
changes are numbered, else by log time; at one and the same time whoever linked it later counts as the new one.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from schemas.records import TABLES, ErasedMember
from sinks import stored
from sinks.catalog import Manifest, ParquetFile, parquet_path
from sinks.erased_words import Words
from sinks.erasing_rules import DEAD_LETTERS, LEAVE, RULES, UNFOLDED, Rule
from sinks.parquet import write

ANONYMOUS: Final = "erased_"
ANONYMOUS_BYTES: Final = 12
FETCHED: Final = 1000

OF_GONE: Final = "LEFT JOIN gone ON gone.member_id = t.member_id"

Counts = list[dict[str, int]]  # of each person: rows by table


class Touched(NamedTuple):
    """A line of a person: its place, the person's place among those asked for, and what changes (None: it goes)."""

    spot: int
    nth: int
    changed: dict[str, object] | None


PREPARED: Final = """
CREATE OR REPLACE TEMP TABLE returned AS
SELECT DISTINCT CASE kind WHEN 'split' THEN other_member_id ELSE member_id END AS member_id
FROM (SELECT *, unnest(ids) AS identifier FROM {identity}) AS named JOIN freed USING (space, identifier)
WHERE named.seq > freed.seq AND kind IN ('link', 'merge', 'split');

CREATE OR REPLACE TEMP TABLE parted AS
SELECT space, identifier FROM (
    SELECT space, unnest(ids) AS identifier FROM {identity} WHERE kind = 'split'
    AND member_id IN (SELECT member_id FROM gone) AND other_member_id NOT IN (SELECT member_id FROM gone)
) EXCEPT SELECT space, identifier FROM freed;

CREATE OR REPLACE TEMP TABLE versions AS
SELECT member_id, max(version) AS version FROM {members} WHERE member_id IN (SELECT member_id FROM gone) GROUP BY ALL;
"""
GONE: Final = """
CREATE OR REPLACE TEMP TABLE gone AS
SELECT unnest($1::VARCHAR[]) AS member_id, unnest($2::VARCHAR[]) AS anonymous, unnest($3::BIGINT[]) AS at_us,
       unnest($4::INTEGER[]) AS nth
"""
FREED: Final = """
CREATE OR REPLACE TEMP TABLE freed AS
SELECT *, substr(identifier, strpos(identifier, ':') + 1) AS value,
       to_json(substr(identifier, strpos(identifier, ':') + 1))::VARCHAR AS quoted
FROM (SELECT unnest($1::VARCHAR[]) AS space, unnest($2::VARCHAR[]) AS identifier, unnest($3::BIGINT[]) AS at_us,
             unnest($4::BIGINT[]) AS seq, unnest($5::INTEGER[]) AS nth)
"""
ASKED: Final = "CREATE OR REPLACE TEMP TABLE asked AS SELECT unnest($1::VARCHAR[]) AS cause_key"
LETTERS: Final = """
CREATE OR REPLACE TEMP TABLE letters AS SELECT unnest($1::BIGINT[]) AS spot, unnest($2::INTEGER[]) AS nth
"""
FOUND: Final = "CREATE OR REPLACE TEMP TABLE found AS "
TOUCHED: Final = "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT spot FROM found"
KEPT: Final = "CREATE OR REPLACE TEMP TABLE kept AS "
# The rows stay in their order: the file is read on one side, the few that change are looked up on the other.
IN_ORDER: Final = "SET disabled_optimizers = 'join_order,build_side_probe_side'"


def anonymous_name(key: bytes, member_id: str) -> str:
    """The name under which an erased member's entries stay; without the deployment's key nobody can tell whose."""
    return ANONYMOUS + blake2b(member_id.encode(), digest_size=ANONYMOUS_BYTES, key=key).hexdigest()


class Erasing:
    """Rewrites the files of a manifest for some people; `counts` has the rows of each, by table."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, people: Sequence[ErasedMember], key: bytes
    ) -> None:
        """`folder` is the warehouse's. `key` has 1 to 64 bytes."""
        self._connection = connection
        self._folder = folder
        self._people = people
        self._key = key
        self._words = Words([(person.ids, person.at_us) for person in people])
        self.counts: Counts = [{} for _ in people]

    def rewrite(self, manifest: Manifest, epoch: int) -> list[Path]:
        """Put files without the people in the place of those with them; give the paths of the latter.

        The manifest is changed, not saved: until it is, the new files count as little as any that a crash leaves.
        """
        superseded: list[Path] = []
        self._prepare(manifest)
        self._connection.execute(IN_ORDER)
        for table in TABLES:
            files = manifest.tables[table]
            kept: list[ParquetFile] = []
            for file in files:
                path = parquet_path(self._folder, table, file.name)
                written = self._rewritten(table, file, path, epoch)
                kept += [] if written is not None and not written.rows else [written or file]
                superseded += [path] if written is not None else []
            files[:] = kept
        self._connection.execute("RESET disabled_optimizers")
        return superseded

    def _prepare(self, manifest: Manifest) -> None:
        """Make the small tables that the rules ask."""
        gone: dict[str, tuple[str, int, int]] = {}
        for nth, person in enumerate(self._people):
            for member_id in (person.member_id, *person.former) if person.member_id else ():
                gone[member_id] = (anonymous_name(self._key, member_id), person.at_us, nth)
        freed = [
            (person.space, identifier, person.at_us, person.seq, nth)
            for nth, person in enumerate(self._people)
            for identifier in person.ids
        ]
        self._connection.execute(GONE, _columns([(name, *rest) for name, rest in gone.items()], 4))
        self._connection.execute(FREED, _columns(freed, 5))
        self._connection.execute(ASKED, [[person.cause_key for person in self._people]])
        identity, members = (self._read(table, manifest.tables[table]) for table in ("identity", "members"))
        self._connection.execute(PREPARED.format(identity=identity, members=members))

    def _read(self, table: str, files: Iterable[ParquetFile]) -> str:
        found = [parquet_path(self._folder, table, file.name) for file in files]
        return f"({stored.read_parquet(table, found)})"

    def _rewritten(self, table: str, file: ParquetFile, path: Path, epoch: int) -> ParquetFile | None:
        """The file that takes the place of `file`, None if this one says nothing of anybody who is erased."""
        names = [column.name for column in stored.columns(table)]
        if table not in RULES and "member_id" not in names:
            return None
        rule = RULES.get(table, LEAVE)
        rows = f"({stored.read_parquet(table, [path], numbered=True)})"
        if not self._find(table, rule, rows):
            return None
        chosen = ", ".join(f'{_chosen(rule, name)} AS "{name}"' for name in names)
        joined = OF_GONE if "member_id" in names else ""
        query = f"""
        SELECT {chosen} FROM {rows} AS t LEFT JOIN touched ON touched.spot = t.file_row_number
        LEFT JOIN kept ON kept.spot = t.file_row_number {joined}
        WHERE touched.spot IS NULL OR ({rule.stays})
        """
        name = f"{file.first:010}-{file.last:010}-e{epoch:010}.parquet"
        return write(self._connection, self._folder, table, query, (name, file.first, file.last))

    def _find(self, said_of: str, rule: Rule, rows: str) -> bool:
        """Fill `found`, `touched` and `kept` for some rows, counted under a name; False if nothing is found."""
        execute = self._connection.execute
        if rule is DEAD_LETTERS:
            self._find_letters(rows)
        whole = {"rows": rows, "unfolded": UNFOLDED.format(rows=rows)}
        execute(FOUND + rule.found.format(**whole))
        found = execute("SELECT nth, count(DISTINCT spot) FROM found GROUP BY nth ORDER BY nth").fetchall()
        for nth, count in found:
            self.counts[nth][said_of] = self.counts[nth].get(said_of, 0) + count
        if found:
            execute(TOUCHED)
            execute(KEPT + rule.kept.format(**whole))
        return bool(found)

    def touched(self, table: str, lines: Path, said_of: str) -> Iterator[Touched]:
        """What becomes of the rows of a file of JSON lines, each with its `file_row_number`; `rewrite` comes first."""
        names = [column.name for column in stored.columns(table)]
        if table not in RULES and "member_id" not in names:
            return
        rule = RULES.get(table, LEAVE)
        rows = f"({stored.read_json(table, [lines], numbered=True)})"
        if not self._find(said_of, rule, rows):
            return
        changed = "".join(f', {sql} AS "{name}"' for name, sql in rule.changed.items())
        joined = OF_GONE if "member_id" in names else ""
        query = f"""
        SELECT touched.spot, touched.nth, ({rule.stays}){changed} FROM {rows} AS t
        JOIN (SELECT spot, min(nth) AS nth FROM found GROUP BY spot) AS touched ON touched.spot = t.file_row_number
        LEFT JOIN kept ON kept.spot = t.file_row_number {joined} ORDER BY touched.spot
        """
        result = self._connection.execute(query)
        while some := result.fetchmany(FETCHED):
            for spot, nth, stays, *values in some:
                yield Touched(spot, nth, dict(zip(rule.changed, values, strict=True)) if stays else None)

    def _find_letters(self, rows: str) -> None:
        """Look for the people's identifiers in rejected lines, which may hold them anywhere, in any spelling."""
        found: list[tuple[int, int]] = []
        for at, raw, detail, log_time_us in self._letters(rows):
            found += [(at, nth) for nth in self._words.in_letter(raw, detail, log_time_us)]
        self._connection.execute(LETTERS, _columns(found, 2))

    def _letters(self, rows: str) -> Iterator[tuple[int, str, str, int]]:
        query = f"SELECT file_row_number, raw, detail, log_time_us FROM {rows} WHERE raw <> ''"
        result = self._connection.execute(query)
        while some := result.fetchmany(FETCHED):
            yield from some


def _chosen(rule: Rule, name: str) -> str:
    own, changed = f't."{name}"', rule.changed.get(name)
    return own if changed is None else f"CASE WHEN touched.spot IS NULL THEN {own} ELSE {changed} END"


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as columns, which DuckDB takes as lists."""
    return [[row[place] for row in rows] for place in range(width)]
