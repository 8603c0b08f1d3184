"""The views, on records made by hand."""

from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from msgspec import Struct

from sinks.warehouse import Warehouse
from tests.sinks.examples import DAY_US, NOON_US, entry, event, identity, member, one_of_each, packet

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001  the views' times are UTC without a zone
ADA, BOB = "email:ada@x.org", "device:tablet:7"

CONTRACT = {
    "members":         "member_id space known created_at merged_into version",
    "identifiers":     "space type value member_id first_seen last_seen",
    "identity_events": "at kind member_id other_member_id cause_source cause_id detail",
    "balances":        "member_id currency available pending lifetime_earned lifetime_redeemed lifetime_expired",
    "postings":        "posting_id entry_id member_id account currency points effective_at recorded_at rule "
                       "cause_source cause_id version",
    "tiers":           "member_id tier from_tier at until reason",
    "signals":         "member_id signal state value at detail",
    "scores":          "member_id score value parts at",
    "decisions":       "decision_id member_id at rule journey step channel purpose outcome reason detail",
    "actions":         "action_id decision_id member_id channel purpose template at expires_at body",
    "receipts":        "action_id channel status at",
    "alerts":          "at kind segment member_id owner playbook detail",
    "events":          "event_key source id type time log_time member_id data",
    "dead_letters":    "reason detail raw topic partition offset log_time",
}  # fmt: skip


class Folder:
    """A warehouse that takes records an epoch at a time and is read between."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._epoch = 0
        self._run()

    def _run(self, *records: Struct) -> None:
        warehouse = Warehouse(self._folder)
        warehouse.recover(self._epoch, {})
        if records:
            self._epoch += 1
            warehouse.write(packet(*records))
            warehouse.seal(self._epoch)
            warehouse.publish(self._epoch)
        warehouse.close()

    def take(self, *records: Struct) -> None:
        """Publish the records as one epoch."""
        self._run(*records)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the query finds now."""
        with duckdb.connect(str(self._folder / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A warehouse in which nothing was written yet."""
    return Folder(tmp_path / "warehouse")


def test_every_view_of_the_contract_has_its_columns_before_anything_came(folder: Folder) -> None:
    """An empty warehouse can be queried: all views, all columns, no rows."""
    for view, columns in CONTRACT.items():
        described = [str(row[0]) for row in folder.rows(f"DESCRIBE {view}")]
        assert set(columns.split()) <= set(described), view
        assert folder.rows(f"SELECT * FROM {view}") == []


def test_columns_and_types_do_not_depend_on_the_data(folder: Folder) -> None:
    """What DESCRIBE says of every view is the same before and after records came."""
    before = {view: folder.rows(f"DESCRIBE {view}") for view in CONTRACT}
    folder.take(*one_of_each(1))
    assert {view: folder.rows(f"DESCRIBE {view}") for view in CONTRACT} == before


def test_times_are_timestamps_and_bodies_are_json(folder: Folder) -> None:
    """Microseconds become TIMESTAMP, objects JSON that can be asked."""
    folder.take(*one_of_each(3))
    assert folder.rows("SELECT time, log_time, data->>'$.total.amount' FROM events") == [(NOON, NOON, "1299")]
    assert folder.rows("SELECT expires_at, \"at\", body->>'$.offers[0].id' FROM actions") == [
        (datetime(2026, 1, 2, 12), NOON, "a")  # noqa: DTZ001
    ]
    assert folder.rows("SELECT outcome, reason, detail->'caps_left' FROM decisions") == [("sent", "ALLOWED", "2")]
    assert folder.rows('SELECT reason, raw, "offset" FROM dead_letters') == [("NOT_JSON", "e30=", 3)]
    assert folder.rows("SELECT kind, reason, points FROM refusals") == [("redeem", "INSUFFICIENT_BALANCE", 500)]
    assert folder.rows("SELECT signal, state, value FROM signals") == [("cart_left", "raised", 4200)]
    assert folder.rows("SELECT action_id, status FROM receipts") == [("ac3", "opened")]


def test_postings_are_the_legs_of_the_entries(folder: Folder) -> None:
    """An entry of two legs is two postings with one sum: zero."""
    folder.take(entry("ada", 1, 10))
    assert folder.rows("SELECT posting_id, entry_id, account, points, version FROM postings ORDER BY 1") == [
        ("ada-1/1", "ada-1", "available", 10, 1),
        ("ada-1/2", "ada-1", "issued", -10, 1),
    ]


def test_a_balance_is_the_latest_entry_of_a_member_and_currency(folder: Folder) -> None:
    """The highest version counts, in whatever order and epoch it came."""
    folder.take(entry("ada", 3, 35), entry("ada", 1, 10), entry("ada", 4, 5, currency="miles"), entry("bob", 1, 7))
    folder.take(entry("ada", 2, 20))
    assert folder.rows("SELECT member_id, currency, available FROM balances ORDER BY ALL") == [
        ("ada", "miles", 5),
        ("ada", "stars", 35),
        ("bob", "stars", 7),
    ]


def test_who_was_merged_or_forgotten_has_no_balance(folder: Folder) -> None:
    """A merged member's points are in the other's balance; nobody is counted twice."""
    folder.take(*(member(who) for who in ("ada", "bob", "eve")), *(entry(who, 1, 10) for who in ("ada", "bob", "eve")))
    folder.take(member("bob", 2, merged_into="ada"), member("eve", 2, forgotten=True), entry("ada", 2, 20))
    assert folder.rows("SELECT member_id, available FROM balances") == [("ada", 20)]


def test_members_are_as_they_are_now(folder: Folder) -> None:
    """The latest version of each; a merged one says into whom, a forgotten one is not there."""
    folder.take(member("ada", known=False), member("bob"), member("eve"))
    folder.take(member("ada", 2), member("bob", 2, merged_into="ada"), member("eve", 2, forgotten=True))
    assert folder.rows("SELECT member_id, known, merged_into, version, created_at FROM members ORDER BY 1") == [
        ("ada", True, None, 2, NOON),
        ("bob", True, "ada", 2, NOON),
    ]


def test_an_identifier_belongs_to_its_latest_member(folder: Folder) -> None:
    """The highest `seq` counts; the type ends at the first colon."""
    folder.take(identity(2, "merge", "ada", (BOB,), "bob"), identity(1, "link", "bob", (BOB,)))
    folder.take(identity(3, "link", "ada", (ADA,)))
    assert folder.rows("SELECT type, value, member_id FROM identifiers ORDER BY ALL") == [
        ("device", "tablet:7", "ada"),
        ("email", "ada@x.org", "ada"),
    ]


def test_seen_is_the_day_of_the_first_link_and_of_the_last_event(folder: Folder) -> None:
    """Without an event after the link both are the day of the link."""
    folder.take(identity(1, "link", "ada", (ADA, BOB)), event(1, ids=(ADA,), at_us=NOON_US + 2 * DAY_US))
    assert folder.rows("SELECT type, first_seen, last_seen FROM identifiers ORDER BY 1") == [
        ("device", date(2026, 1, 1), date(2026, 1, 1)),
        ("email", date(2026, 1, 1), date(2026, 1, 3)),
    ]


def test_a_forgotten_identifier_is_free(folder: Folder) -> None:
    """It is nobody's, and who links it later is someone new, first seen then."""
    folder.take(identity(1, "link", "ada", (ADA,)), identity(2, "expire", "ada", (ADA,)))
    assert folder.rows("SELECT * FROM identifiers") == []
    folder.take(identity(3, "link", "new", (ADA,), at_us=NOON_US + DAY_US))
    assert folder.rows("SELECT member_id, first_seen FROM identifiers") == [("new", date(2026, 1, 2))]


def test_identity_events_tell_each_linked_identifier_and_each_merge(folder: Folder) -> None:
    """A link of two identifiers is two rows, a merge or an expiry is one."""
    folder.take(
        identity(1, "link", "ada", (ADA, BOB), detail="known"),
        identity(2, "merge", "ada", (BOB, "pos:9"), "bob", detail="shared email"),
        identity(3, "expire", "eve", ("cookie:c",)),
    )
    columns = "kind, member_id, other_member_id, cause_id, detail"
    assert folder.rows(f"SELECT {columns} FROM identity_events ORDER BY seq, detail DESC") == [
        ("link", "ada", None, "1", f"{ADA} known"),
        ("link", "ada", None, "1", f"{BOB} known"),
        ("merge", "ada", "bob", "2", "shared email"),
        ("expire", "eve", None, "3", None),
    ]
