"""docs/warehouse.md and docs/surfaces.md say what is there."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from sinks.surfaces import Surfaces
from sinks.views import VIEWS
from sinks.warehouse import Warehouse
from tests.sinks.kinds import document

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| `(\w+)` \| ([\w\[\]]+) \| [^|]* \| [^|]+ \|$", re.MULTILINE)


def documented_views() -> dict[str, list[tuple[str, str]]]:
    """Columns and types by view, as the page's tables list them."""
    sections = re.split(r"^## ", (DOCS / "warehouse.md").read_text(), flags=re.MULTILINE)
    return {section.split("\n", 1)[0]: found for section in sections if (found := ROW.findall(section))}


@pytest.fixture
def views(tmp_path: Path) -> dict[str, list[tuple[str, str]]]:
    """Columns and types by view, as DuckDB describes them."""
    warehouse = Warehouse(tmp_path)
    warehouse.recover(0, {})
    warehouse.close()
    names = [name for name in VIEWS if "." not in name] + ["about"]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        return {
            name: [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {name}").fetchall()] for name in names
        }


def test_every_column_of_every_view_stands_in_the_page(views: dict[str, list[tuple[str, str]]]) -> None:
    """With its type, in its order, and none that is not there."""
    assert documented_views() == views


def test_every_stored_view_is_named(tmp_path: Path) -> None:
    """The records as they are have their names in the page."""
    warehouse = Warehouse(tmp_path)
    warehouse.recover(0, {})
    warehouse.close()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = 'stored'").fetchall()
    page = (DOCS / "warehouse.md").read_text()
    assert [name for (name,) in found if f"`stored.{name}`" not in page] == []
    assert len(found) > 10


def test_the_surfaces_page_lists_the_columns_that_are_there(tmp_path: Path) -> None:
    """All tables, every column with its type."""
    surfaces = Surfaces(tmp_path, document)
    surfaces.recover(0, {})
    surfaces.close()
    with closing(sqlite3.connect(tmp_path / "surfaces.db")) as connection:
        found = [
            (name, kind)
            for table in ("surfaces", "identifiers", "merged")
            for _, name, kind, *_ in connection.execute(f"PRAGMA table_info({table})")
        ]
    page = (DOCS / "surfaces.md").read_text()
    listed = re.findall(r"^\| (?:`\w+` )?\| `(\w+)` \| (TEXT|INTEGER)", page, re.MULTILINE)
    assert listed == found
