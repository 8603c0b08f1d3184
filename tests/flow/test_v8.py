"""V8, V5 and the quality of stitching on the bundled example, against what stands beside it."""

import csv
import gzip
import json
from pathlib import Path

import duckdb
import pytest

from balanza.summary import Summary
from connectors.simulate.quality import pairwise
from tests.flow.lives import EXAMPLE, live, settings

BALANCES = (Path(__file__).parent / "balances.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run over the example leaves."""
    folder = tmp_path_factory.mktemp("example")
    live(EXAMPLE / "log", folder, settings(epoch_seconds=1))
    return folder


@pytest.fixture(scope="module")
def summary(out: Path) -> Summary:
    """The summary of that run."""
    return Summary(**json.loads((out / "summary.json").read_bytes()))


def asked(out: Path, query: str) -> list[tuple[object, ...]]:
    """Rows of the warehouse."""
    with duckdb.connect(str(out / "warehouse" / "warehouse.duckdb"), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


def paired(out: Path, query: str) -> dict[str, object]:
    """The second column of a query by its first."""
    return {str(key): value for key, value in asked(out, query)}


def test_balances_equal_sql_over_the_raw_log(out: Path) -> None:
    """Every member's points are what SQL finds for the person behind its identifiers, and nobody else has any."""
    with duckdb.connect() as raw:
        raw.execute("SET threads = 1")  # the order of lines is the file's
        rows = raw.execute(BALANCES, {"log": str(EXAMPLE / "log" / "*" / "*.jsonl.gz")}).fetchall()
    person_of = {identifier: person for identifier, person, *_ in rows}
    expected = {person: (available, receivable) for _, person, available, receivable, _ in rows}
    found: dict[str, tuple[object, object]] = {}
    balances = asked(out, """
        SELECT available, receivable, list(type || ':' || value) FROM balances JOIN identifiers USING (member_id)
        GROUP BY member_id, available, receivable
    """)  # fmt: skip
    for available, receivable, owned in balances:
        assert isinstance(owned, list)
        (person,) = {person_of[identifier] for identifier in owned if identifier in person_of}
        assert found.setdefault(person, (available, receivable)) == (available, receivable)
    assert [(len(found),)] == asked(out, "SELECT count(*) FROM balances")
    assert {person: points for person, points in expected.items() if person in found or points != (0, 0)} == found
    assert len(found) > 250
    assert sum(moves for _, _, _, _, moves in rows) > 2000


def test_postings_balance_and_add_up(out: Path) -> None:
    """V1 in SQL: every entry sums to zero, and a member's postings sum to its balance."""
    assert asked(out, "SELECT entry_id FROM postings GROUP BY entry_id, member_id HAVING sum(points) != 0") == []
    added = asked(out, """
        SELECT member_id, currency FROM balances JOIN postings USING (member_id, currency)
        WHERE account IN ('available', 'receivable') GROUP BY member_id, currency, available, receivable
        HAVING sum(points) != available - receivable OR available < 0 OR receivable < 0
    """)  # fmt: skip
    assert added == []


def test_every_line_is_accounted_for(out: Path, summary: Summary) -> None:
    """V5: read = applied + duplicate + rejected + expired, and each count is what the example was made with."""
    made = json.loads((EXAMPLE / "summary.json").read_bytes())
    assert summary.read == made["lines"]
    assert summary.read == summary.applied + summary.duplicate + summary.rejected + summary.expired_anonymous
    assert summary.duplicate == made["duplicates"] + made["reserialised"]
    assert summary.applied + summary.expired_anonymous == made["events"]
    assert summary.rejected_by_reason == made["dead_letters"]
    assert summary.rejected == made["conflicts"] + made["malformed"]
    assert sum(summary.dropped_fields.values()) >= made["unknown_fields"]
    assert paired(out, "SELECT type, count(*) FROM events GROUP BY type") == made["by_type"]
    assert paired(out, "SELECT reason, count(*) FROM dead_letters GROUP BY reason") == made["dead_letters"]


def test_stitching_finds_people_and_mixes_none(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Against the truth beside the example: precision 1.0, for nobody shares an identifier there; recall is printed."""
    with gzip.open(EXAMPLE / "truth.csv.gz", "rt", encoding="utf-8", newline="") as file:
        truth = [((row["source"], row["id"]), row["person"]) for row in csv.DictReader(file)]
    into = paired(out, "SELECT member_id, merged_into FROM members WHERE merged_into IS NOT NULL")
    found: dict[tuple[str, str], str] = {}
    for source, name, credited in asked(out, "SELECT source, id, member_id FROM events"):
        member_id = str(credited)
        while member_id in into:
            member_id = str(into[member_id])
        found[str(source), str(name)] = member_id
    quality = pairwise(truth, found)
    with capsys.disabled():
        print(f" [stitching: precision {quality.precision:.4f}, recall {quality.recall:.4f}]", end=" ")  # noqa: T201
    assert quality.missing == 0
    assert quality.precision == 1.0
    assert quality.recall > 0.95
