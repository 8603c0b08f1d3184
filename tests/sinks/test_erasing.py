"""A person is taken out of the warehouse, the outbox and the dead letters; everybody else stays as they are."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from msgspec.structs import replace

from schemas.records import TABLES
from sinks.erased_lines import ErasedLines
from sinks.erasing import anonymous_name
from sinks.erasing_rules import RULES
from sinks.stored import columns
from tests.sinks.examples import entry, event, identity, member, packet
from tests.sinks.people import (
    ADA,
    BOB,
    ERASED_US,
    KEY,
    KID,
    PERSONAL,
    Lives,
    erased,
    erasure,
    life,
    said,
)

AS_ADA, AS_OLD = anonymous_name(KEY, "ada"), anonymous_name(KEY, "old")


@pytest.fixture
def lives(tmp_path: Path) -> Lives:
    """An output folder in which Ada lived and was erased."""
    lives = Lives(tmp_path)
    lives.take(packet(*life()), erased())
    return lives


def test_nothing_in_the_folder_names_the_person(lives: Lives) -> None:
    """No stored row, no line and no rejected line holds an identifier of hers, in any spelling."""
    text = "\n".join(str(row) for table in TABLES for row in lives.rows(f"SELECT * FROM stored.{table}"))
    text += (lives.folder / "outbox.jsonl").read_text() + (lives.folder / "dead_letters.jsonl").read_text()
    letters = [b64decode(str(raw)).decode() for (raw,) in lives.rows("SELECT raw FROM dead_letters")]
    assert [word for word in PERSONAL if word in (text + str(letters)).lower()] == []
    assert letters == ["", "", '{"ids": {"email": "bob@x.org"}}', ""]


def test_no_file_with_the_person_is_left(lives: Lives) -> None:
    """What was superseded is gone when the run ends; nobody waits for the next one."""
    counted = json.loads((lives.folder / "warehouse" / "manifest.json").read_text())["tables"]
    there = {path.name for path in (lives.folder / "warehouse" / "parquet").rglob("*.parquet")}
    assert there == {file["name"] for files in counted.values() for file in files}
    assert not list((lives.folder / "warehouse" / "pending").iterdir())


def test_what_others_did_stays(lives: Lives) -> None:
    """Bob's events lose her address, the child's event stays the child's, Bob's decisions are untouched."""
    assert lives.rows("SELECT id, type, member_id, ids, data FROM events ORDER BY log_time, id") == [
        ("3", "purchase", "bob", [BOB], '{"total":12}'),
        ("4", "purchase", "ada", [KID], '{"toy":"car"}'),
        ("5", "purchase", "bob", [BOB], '{"ids":{"email":["bob@x.org"]}}'),
        ("90", "erase", "ada", [], '{"request_id":"request 1"}'),
    ]
    assert lives.rows("SELECT id, current_member_id FROM events_current WHERE id IN ('3', '4') ORDER BY id") == [
        ("3", "bob"), ("4", "kid"),
    ]  # fmt: skip
    stays = {"decisions": ["bob"], "actions": ["bob"], "signals": [], "receipts": [], "refusals": []}
    for table, left in stays.items():
        assert lives.rows(f"SELECT member_id FROM {table}") == [(who,) for who in left], table
    alerts = lives.rows("SELECT member_id, detail FROM alerts ORDER BY alert_id")
    assert alerts == [("bob", "shared by many"), ("bob", "")]


def test_the_books_balance_under_a_name_that_says_nothing(lives: Lives) -> None:
    """Every entry stays, without its cause; sums by account are what they were; she has no balance."""
    columns = "member_id, version, entry_id, cause_source, cause_id"
    assert lives.rows(f"SELECT {columns} FROM stored.entries ORDER BY ALL") == [
        ("bob", 1, "bob-1", "shop", "1"),
        *((who, version, f"{who}-{version}", "", "") for who, version in sorted(
            [(AS_ADA, 1), (AS_ADA, 2), (AS_ADA, 3), (AS_OLD, 1), (AS_OLD, 2)])),
    ]  # fmt: skip
    assert lives.rows("SELECT account, sum(points) FROM postings GROUP BY account ORDER BY account") == [
        ("available", 7), ("issued", -7),
    ]  # fmt: skip
    assert lives.rows("SELECT member_id, available FROM balances") == [("bob", 7)]


def test_the_member_is_a_stone(lives: Lives) -> None:
    """Her row says that she is no more; the id that she absorbed leads to it; nothing says when she came."""
    columns = "member_id, version, known, merged_into, forgotten, created_at_us = at_us"
    assert lives.rows(f"SELECT {columns} FROM stored.members WHERE member_id IN ('ada', 'old') ORDER BY 1") == [
        ("ada", 2, False, None, True, True), ("old", 2, False, "ada", False, True),
    ]  # fmt: skip
    assert lives.rows("SELECT type || ':' || value, member_id FROM identifiers ORDER BY ALL") == [
        (KID, "kid"), (BOB, "bob"),
    ]  # fmt: skip


def test_the_numbers_of_identity_changes_have_no_gap(lives: Lives) -> None:
    """The rows stay, without identifiers and causes; the erasure itself says who asked."""
    assert lives.rows("SELECT seq, kind, ids, detail, cause_id FROM stored.identity ORDER BY seq") == [
        (1, "link", [KID], None, ""), (2, "link", [], None, ""), (3, "link", [BOB], None, "3"),
        (4, "merge", [], None, ""), (5, "conflict", [], None, "5"), (6, "split", [KID], None, ""),
        (7, "erase", [], "desk", "7"),
    ]  # fmt: skip


def test_lines_of_the_person_give_way_to_lines_of_the_same_length(tmp_path: Path) -> None:
    """The outbox and the dead letters say which line was erased, and nobody else's moves."""
    lives = Lives(tmp_path)
    lives.take(packet(*life()))
    before = [(tmp_path / name).read_bytes() for name in ("outbox.jsonl", "dead_letters.jsonl")]
    lives.take(erased())
    outbox, letters = after = [(tmp_path / name).read_bytes() for name in ("outbox.jsonl", "dead_letters.jsonl")]
    assert [len(text) for text in after] == [len(text) for text in before]
    assert [json.loads(line).get("erased") for line in outbox.splitlines()] == ["request 1", None, "request 1"]
    assert [json.loads(line).get("erased") for line in letters.splitlines()] == ["request 1"] * 2 + [None, "request 1"]
    assert json.loads(letters.splitlines()[0]) == {
        "reason": "INVALID_DATA", "topic": "shop", "partition": 0, "offset": 1, "log_time": "2026-01-01T12:00:00Z",
        "erased": "request 1",
    }  # fmt: skip
    assert outbox.splitlines()[1] == before[0].splitlines()[1]


def test_the_report_counts_rows_by_table(lives: Lives) -> None:
    """A line a request, nothing in it that is personal."""
    (line,) = (lives.folder / "erasures.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "seq": 7, "request_id": "request 1", "at": "2026-01-01T13:00:00Z",
        "rows": {
            "events": 6, "identity": 6, "members": 4, "entries": 5, "refusals": 1, "signals": 1, "decisions": 1,
            "actions": 2, "receipts": 1, "alerts": 2, "dead_letters": 3, "outbox.jsonl": 2, "dead_letters.jsonl": 3,
        },
    }  # fmt: skip


@pytest.mark.parametrize("later", [0, 1], ids=["at the same time", "later"])
def test_who_comes_back_is_someone_new(tmp_path: Path, later: int) -> None:
    """What carries her address after the erasure stays, though it lies in the same files and is of the same moment."""
    lives = Lives(tmp_path)
    back = ERASED_US + later
    lives.take(
        packet(*life()),
        erased(
            said(80, "bob", (BOB, ADA), ERASED_US),
            after=(
                identity(8, "link", "new", (ADA,), at_us=back), member("new"), said(91, "new", (ADA,), back),
                said(92, "bob", (BOB, ADA), ERASED_US + 1),
            ),
        ),
    )  # fmt: skip
    assert lives.rows("SELECT id, ids FROM events WHERE id >= '8' ORDER BY id") == [
        ("80", [BOB]), ("90", []), ("91", [ADA]), ("92", [BOB, ADA]),
    ]  # fmt: skip
    assert lives.rows("SELECT member_id FROM identifiers WHERE value = 'ada@x.org'") == [("new",)]


def test_the_order_of_the_others_stays(tmp_path: Path) -> None:
    """Rows are where they were, over several files and row groups."""
    lives = Lives(tmp_path)
    others = [event(number, f"m{number}", (f"cookie:{number}",)) for number in range(70_000)]
    some = [said(number, "ada", (ADA,), 0) for number in range(5)]
    lives.take(packet(*others[:65_000], *some, *others[65_000:]), erased())
    assert [row[0] for row in lives.rows("SELECT id FROM events")] == [*(one.id for one in others), "90"]


def test_a_file_that_says_nothing_of_the_person_is_not_written_anew(tmp_path: Path) -> None:
    """Only what concerns them costs anything."""
    lives = Lives(tmp_path)
    lives.take(packet(event(1, "bob", (BOB,)), entry("bob", 1, 1)))
    lives.take(erased())
    names = {path.name for path in (tmp_path / "warehouse" / "parquet" / "events").iterdir()}
    assert names == {"0000000001-0000000001.parquet", "0000000002-0000000002-e0000000002.parquet"}


def test_two_people_at_once(tmp_path: Path) -> None:
    """Each has a line in the report and the rows that are theirs."""
    lives = Lives(tmp_path)
    both = erased(identity(8, "erase", "bob", ()), member("bob", 2, forgotten=True))
    also = replace(both.erased[0], member_id="bob", former=[], ids=[BOB], request_id="r/2", seq=8, cause_key="none")
    both.erased.append(also)
    lives.take(packet(*life()), both)
    assert lives.rows("SELECT id FROM events ORDER BY id") == [("4",), ("90",)]
    report = [json.loads(line) for line in (tmp_path / "erasures.jsonl").read_text().splitlines()]
    assert [(line["request_id"], line["rows"]["events"]) for line in report] == [("request 1", 6), ("r/2", 2)]


def test_a_person_of_whom_nothing_was_written_is_reported_too(tmp_path: Path) -> None:
    """With no rows but those of the request."""
    lives = Lives(tmp_path)
    asked = erased()
    asked.lines = {}
    lives.take(asked)
    assert json.loads((tmp_path / "erasures.jsonl").read_text())["rows"] == {}


def test_no_table_is_forgotten() -> None:
    """One that has no rule of its own names its member, so that its rows of the person go."""
    without = {table for table in TABLES if table not in RULES}
    assert [table for table in without if "member_id" not in [one.name for one in columns(table)]] == []
    assert RULES.keys() <= TABLES.keys()


@pytest.mark.parametrize("torn", [1, 40, 150])
def test_a_line_that_a_crash_left_half_written_is_erased_again(tmp_path: Path, torn: int) -> None:
    """It is no JSON, so it cannot be anybody else's."""
    lives = Lives(tmp_path)
    lives.take(packet(*life()))
    path = tmp_path / "outbox.jsonl"
    text = path.read_bytes()
    path.write_bytes(b'{"action_id":"ac1","erased":"request 1"}'.ljust(200)[:torn] + text[torn:])
    lives.take(erased())
    first, second, _ = path.read_bytes().splitlines()
    assert (len(path.read_bytes()), "ada@x.org" in path.read_text()) == (len(text), False)
    assert json.loads(first)["erased"] in {True, "request 1"}
    assert json.loads(second)["member_id"] == "bob"


def test_a_line_that_is_being_appended_is_left_alone(tmp_path: Path) -> None:
    """The worker goes on writing meanwhile: half a line at the end is not what a crash left."""
    path = tmp_path / "outbox.jsonl"
    half = b'{"action_id":"ac9","member_id":"ada","at":"2026-01'
    path.write_bytes(half)
    assert (ErasedLines([erasure()]).erase(path, "actions"), path.read_bytes()) == ([0], half)


def test_it_does_not_matter_how_many_passes_it_took(tmp_path: Path) -> None:
    """Rows, lines and report are the same whether the erasure became Parquet with what came before or by itself."""
    back = (identity(8, "link", "new", (ADA,), at_us=ERASED_US), member("new"), said(91, "new", (ADA,), ERASED_US))
    once, often = Lives(tmp_path / "once"), Lives(tmp_path / "often")
    once.take(packet(*life()), erased(), packet(*back))
    for each in (packet(*life()), erased(), packet(*back)):
        often.take(each)
    for table in TABLES:
        query = f"SELECT * FROM stored.{table} ORDER BY ALL"
        assert once.rows(query) == often.rows(query), table
    for name in ("outbox.jsonl", "dead_letters.jsonl", "erasures.jsonl"):
        assert (once.folder / name).read_bytes() == (often.folder / name).read_bytes()
