"""The views of who is who under every kind of identity change, on records made by hand."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.sinks.examples import DAY_US, NOON_US, entry, event, identity, member
from tests.sinks.test_views import Folder

ADA, BOB, TABLET, CARD = "email:ada@x.org", "email:bob@x.org", "device:tablet:7", "loyalty:L1"
OWNERS = "SELECT type || ':' || value, member_id FROM identifiers ORDER BY ALL"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A warehouse in which nothing was written yet."""
    return Folder(tmp_path / "warehouse")


def test_a_split_gives_the_part_its_identifiers(folder: Folder) -> None:
    """What moved is the new member's, what was kept stays; a later merge moves it again."""
    folder.take(identity(1, "link", "ada", (ADA, BOB, TABLET)), identity(2, "split", "ada", (BOB, TABLET), "bob"))
    assert folder.rows(OWNERS) == [(TABLET, "bob"), (ADA, "ada"), (BOB, "bob")]
    folder.take(identity(3, "merge", "eve", (BOB, TABLET), "bob"))
    assert folder.rows(OWNERS) == [(TABLET, "eve"), (ADA, "ada"), (BOB, "eve")]


@pytest.mark.parametrize("kind", ["limit", "conflict", "refused", "release", "export"])
def test_what_was_left_out_is_not_owned(folder: Folder, kind: str) -> None:
    """A row that says what was kept from changing changes no owner, and makes none."""
    folder.take(identity(1, "link", "ada", (ADA,)))
    folder.take(replace(identity(2, "link", "bob", (ADA, CARD), "ada"), kind=kind))
    assert folder.rows(OWNERS) == [(ADA, "ada")]


@pytest.mark.parametrize("kind", ["quarantine", "block"])
def test_a_value_that_stopped_linking_is_nobodys_until_it_is_linked_again(folder: Folder, kind: str) -> None:
    """Its first day is then the day of that link."""
    stopped = replace(identity(2, "quarantine", "ada", (TABLET,)), kind=kind)
    folder.take(identity(1, "link", "ada", (ADA, TABLET)), stopped)
    assert folder.rows(OWNERS) == [(ADA, "ada")]
    later = NOON_US + 3 * DAY_US
    folder.take(identity(3, "release", "bob", (TABLET,)), identity(4, "link", "bob", (TABLET,), at_us=later))
    assert folder.rows("SELECT member_id, first_seen FROM identifiers WHERE type = 'device'") == [
        ("bob", date(2026, 1, 4))
    ]


def test_an_erasure_frees_what_its_member_held(folder: Folder) -> None:
    """Without naming it: what came by merges too, but not what a split had taken away before."""
    folder.take(
        identity(1, "link", "ada", (ADA, TABLET)), identity(2, "link", "bob", (BOB,)),
        identity(3, "link", "eve", (CARD,)), identity(4, "merge", "ada", (BOB,), "bob"),
        identity(5, "split", "ada", (TABLET,), "kid"), identity(6, "erase", "ada", ()),
    )  # fmt: skip
    assert folder.rows(OWNERS) == [(TABLET, "kid"), (CARD, "eve")]


def test_who_links_an_erased_identifier_is_someone_new(folder: Folder) -> None:
    """It is theirs, seen first on the day of their link."""
    folder.take(identity(1, "link", "ada", (ADA,)), identity(2, "erase", "ada", ()))
    folder.take(identity(3, "link", "new", (ADA,), at_us=NOON_US + DAY_US))
    assert folder.rows("SELECT member_id, first_seen FROM identifiers") == [("new", date(2026, 1, 2))]


def test_identity_events_say_what_was_left_out_and_why(folder: Folder) -> None:
    """The detail of these kinds names the identifiers, at most ten of them, and the rule."""
    many = tuple(f"cookie:{number:02}" for number in range(12))
    folder.take(
        identity(1, "conflict", "ada", (BOB,), "bob", detail="loyalty is unique"),
        identity(2, "split", "ada", (BOB, TABLET), "bob", detail="desk: wrong person"),
        identity(3, "quarantine", "ada", many), identity(4, "erase", "ada", (), detail="request r1"),
    )  # fmt: skip
    assert folder.rows("SELECT kind, detail FROM identity_events ORDER BY seq") == [
        ("conflict", f"{BOB}: loyalty is unique"),
        ("split", f"{BOB} {TABLET}: desk: wrong person"),
        ("quarantine", " ".join(many[:10]) + " and 2 more"),
        ("erase", "request r1"),
    ]


def test_any_id_leads_to_the_member_of_today(folder: Folder) -> None:
    """Through a chain of merges; one that stands for itself, or was forgotten, leads to itself."""
    folder.take(*(member(who) for who in ("ada", "bob", "cat", "dan", "eve")))
    folder.take(member("dan", 2, "cat"), member("cat", 2, "bob"), member("bob", 2, "ada"))
    folder.take(member("eve", 2, forgotten=True))
    assert folder.rows("SELECT member_id, current_member_id FROM members_current ORDER BY 1") == [
        ("ada", "ada"), ("bob", "ada"), ("cat", "ada"), ("dan", "ada"), ("eve", "eve"),
    ]  # fmt: skip


def test_an_event_belongs_to_whom_its_strongest_identifier_went(folder: Folder) -> None:
    """After a merge and a split; an owner who is a stranger to the event's member does not count."""
    folder.take(
        identity(1, "link", "ada", (ADA, TABLET)), identity(2, "link", "bob", (BOB,)),
        event(1, "ada", (ADA,)), event(2, "bob", (BOB, TABLET)), event(3, "ada", (TABLET,)),
        identity(3, "merge", "ada", (BOB,), "bob"), member("ada"), member("bob", 2, "ada"), event(4, "ada", (BOB,)),
        event(5, "ada", ()),
    )  # fmt: skip
    assert folder.rows("SELECT DISTINCT current_member_id FROM events_current") == [("ada",)]
    folder.take(
        identity(4, "split", "ada", (BOB,), "part"), member("part"), identity(5, "quarantine", "ada", (TABLET,)),
        identity(6, "link", "eve", (TABLET,)), member("eve"),
    )  # fmt: skip
    now = "SELECT id, member_id, current_member_id FROM events_current ORDER BY id"
    assert folder.rows(now) == [
        ("1", "ada", "ada"), ("2", "bob", "part"), ("3", "ada", "ada"), ("4", "ada", "part"), ("5", "ada", "ada"),
    ]  # fmt: skip
    folder.take(identity(7, "merge", "eve", (BOB,), "part"), member("part", 2, "eve"))
    assert folder.rows(now + " LIMIT 2") == [("1", "ada", "ada"), ("2", "bob", "eve")]


def test_a_part_that_is_merged_back_ends_the_search(folder: Folder) -> None:
    """A split and a merge in a circle lead to one member again."""
    folder.take(
        identity(1, "link", "ada", (ADA, BOB)), event(1, "ada", (BOB,)), identity(2, "split", "ada", (BOB,), "part"),
        identity(3, "merge", "ada", (BOB,), "part"), member("ada"), member("part", 2, "ada"),
    )  # fmt: skip
    assert folder.rows("SELECT current_member_id FROM events_current") == [("ada",)]


def test_divided_members_have_a_balance_each_and_erased_ones_none(folder: Folder) -> None:
    """What the split posted on both sides is their present; the anonymous account of an erased member is nobody's."""
    folder.take(entry("ada", 1, 30), member("ada"), member("part"), member("eve"), entry("eve", 1, 7))
    folder.take(entry("ada", 2, 20), entry("part", 1, 10), member("eve", 2, forgotten=True), entry("erased_00", 1, 0))
    assert folder.rows("SELECT member_id, available FROM balances ORDER BY 1") == [("ada", 20), ("part", 10)]
