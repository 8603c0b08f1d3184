"""How the records are stored: columns and SQL types of each table, derived from its struct, so that no file decides.

A JSON file is read with exactly these columns (one that is absent is NULL), a Parquet file likewise; what a later
release adds is NULL in older files. Nothing is guessed from data: an empty or odd file cannot change a table's schema.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec.inspect as shapes

from schemas.records import TABLES

LEGS_READ = "VARCHAR[][]"  # a leg is [account, points]: two kinds in one JSON array
LEGS_STORED = "STRUCT(account VARCHAR, points BIGINT)[]"
LEGS_UNPACKED = "list_transform({}, lambda leg: {{'account': leg[1], 'points': leg[2]::BIGINT}})"
LOTS_READ = "BIGINT[][]"  # a change of lots is [expires_us, points]
LOTS_STORED = "STRUCT(expires_us BIGINT, points BIGINT)[]"
LOTS_UNPACKED = "list_transform({}, lambda lot: {{'expires_us': lot[1], 'points': lot[2]}})"

SQL_TYPES: dict[type[shapes.Type], str] = {
    shapes.StrType:     "VARCHAR",
    shapes.LiteralType: "VARCHAR",
    shapes.EnumType:    "VARCHAR",
    shapes.IntType:     "BIGINT",
    shapes.FloatType:   "DOUBLE",
    shapes.BoolType:    "BOOLEAN",
    shapes.DictType:    "JSON",
    shapes.RawType:     "JSON",
}  # fmt: skip


class Column(NamedTuple):
    """A stored column: the type the JSON is read as, the type it is kept as, and the SQL between the two."""

    name: str
    read: str
    stored: str
    expression: str


def columns(table: str) -> list[Column]:
    """Columns of a stored table in the order of its struct's fields; KeyError for a table that does not exist."""
    struct = shapes.type_info(TABLES[table])
    assert isinstance(struct, shapes.StructType)
    return [_column(field.encode_name, field.type) for field in struct.fields]


def read_json(table: str, files: Sequence[Path], *, numbered: bool = False) -> str:
    """SQL that reads a table's JSON lines files, in order, as it is stored.

    `numbered` adds `file_row_number`, which the lines then hold.
    """
    number = [Column("file_row_number", "BIGINT", "BIGINT", '"file_row_number"')] if numbered else []
    kept = [*columns(table), *number]
    chosen = ", ".join(f'{column.expression} AS "{column.name}"' for column in kept)
    types = ", ".join(f"\"{column.name}\": '{column.read}'" for column in kept)
    options = f"format = 'newline_delimited', auto_detect = false, columns = {{{types}}}"
    return f"SELECT {chosen} FROM read_json({paths(files)}, {options})"


def read_parquet(table: str, files: Sequence[Path], *, numbered: bool = False) -> str:
    """SQL that reads a table's Parquet files, in order; without files it has the same columns and no row.

    `numbered` adds `file_row_number`, the place of a row in its file.
    """
    kept = columns(table)
    empty = ", ".join(f'NULL::{column.stored} AS "{column.name}"' for column in kept)
    nothing = f"SELECT {empty} WHERE false"
    if not files:
        return nothing
    names = ", ".join([*(f'"{column.name}"' for column in kept), *(["file_row_number"] if numbered else [])])
    place = ", file_row_number = true" if numbered else ""
    found = f"SELECT * FROM read_parquet({paths(files)}, union_by_name = true{place})"
    return f"SELECT {names} FROM ({nothing} UNION ALL BY NAME {found})"


def paths(files: Sequence[Path]) -> str:
    """A SQL list of file names, taken literally (no globbing, quotes doubled)."""
    literal = {"[": "[[]", "*": "[*]", "?": "[?]", "'": "''"}
    quoted = ["'" + "".join(literal.get(character, character) for character in str(file)) + "'" for file in files]
    return f"[{', '.join(quoted)}]"


def quoted(path: Path) -> str:
    """A single file name as a SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


def _column(name: str, shape: shapes.Type) -> Column:
    if isinstance(shape, shapes.ListType) and isinstance(shape.item_type, shapes.TupleType):
        if isinstance(shape.item_type.item_types[0], shapes.IntType):
            return Column(name, LOTS_READ, LOTS_STORED, LOTS_UNPACKED.format(f'"{name}"'))
        return Column(name, LEGS_READ, LEGS_STORED, LEGS_UNPACKED.format(f'"{name}"'))
    kind = _sql_type(shape)
    return Column(name, kind, kind, f'"{name}"')


def _sql_type(shape: shapes.Type) -> str:
    match shape:
        case shapes.UnionType(types=types):
            (kind,) = {_sql_type(each) for each in types if not isinstance(each, shapes.NoneType)}
            return kind
        case shapes.ListType(item_type=item):
            return _sql_type(item) + "[]"
        case _ if type(shape) in SQL_TYPES:
            return SQL_TYPES[type(shape)]
        case _:
            raise TypeError(f"no column type for a record's field {shape!r}: give it one in sinks/stored.py")
