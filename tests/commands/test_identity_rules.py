"""The part of `balanza identity report` that tells what the rules kept apart."""

from pathlib import Path
from typing import Any

import pytest

from tests.commands.made import balanza
from tests.commands.test_identity import kept, report
from tests.sinks.examples import event, identity, member

TABLET, KIOSK, CARD = "device:tablet", "device:kiosk", "loyalty:L2"


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Conflicts, limits, quarantine and release, splits, and one who was erased."""
    return kept(
        tmp_path_factory.mktemp("ruled") / "out",
        *(member(who) for who in ("ada", "bob", "kid")), member("eve", 2, forgotten=True),
        identity(1, "conflict", "ada", (CARD,), "bob", detail="loyalty is unique"),
        identity(2, "conflict", "ada", (CARD, TABLET), "bob", detail="loyalty is unique"),
        identity(3, "conflict", "bob", ("external:7",), None, detail="external is unique"),
        identity(4, "limit", "ada", ("phone:+1", "phone:+2"), detail="phone: 2 values a year"),
        identity(5, "limit", "bob", ("phone:+3",), detail="phone: 2 values a year"),
        identity(6, "quarantine", "ada", (KIOSK,), detail="6 people in 30 days"),
        identity(7, "quarantine", "bob", (TABLET,)), identity(8, "release", "bob", (TABLET,)),
        identity(9, "split", "ada", (TABLET, "cookie:k"), "kid", detail="desk: a child's"),
        identity(10, "erase", "eve", ()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found(ruled: Path) -> dict[str, Any]:
    """The report as JSON."""
    return report(ruled)


def test_conflicts_are_counted_by_pair(found: dict[str, Any]) -> None:
    """With what was left out last; a conflict within one member has no other."""
    conflicts = found["conflicts"]
    assert (conflicts["events"], conflicts["pairs"]) == (3, 2)
    names = ("member_id", "other_member_id", "events", "last_ids")
    assert [tuple(one[name] for name in names) for one in conflicts["most"]] == [
        ("ada", "bob", 2, [CARD, TABLET]), ("bob", None, 1, ["external:7"]),
    ]  # fmt: skip


def test_a_released_value_is_not_quarantined(found: dict[str, Any]) -> None:
    """The last that was said of a value counts."""
    quarantined = found["quarantined"]
    assert (quarantined["values"], [(one["identifier"], one["member_id"]) for one in quarantined["latest"]]) == (
        1, [(KIOSK, "ada")],
    )  # fmt: skip


def test_limits_are_counted_by_type_and_rule(found: dict[str, Any]) -> None:
    """Identifiers, events and members."""
    assert found["limits"] == [
        {"type": "phone", "detail": "phone: 2 values a year", "identifiers": 3, "events": 2, "members": 2}
    ]


def test_splits_and_erasures_are_counted(found: dict[str, Any]) -> None:
    """Who was erased is not called forgotten."""
    assert (found["splits"]["total"], found["splits"]["latest"][0]["other_member_id"]) == (1, "kid")
    assert (found["members"]["erased"], found["members"]["forgotten"], found["members"]["total"]) == (1, 0, 3)


def test_people_read_tables_of_what_there_is(ruled: Path, out: Path) -> None:
    """What did not happen has no heading; a limit of no rows still counts."""
    shown = balanza("identity", "report", "--out", ruled).stdout
    headings = ("Conflicts: 3 events, 2 pairs of members", "Quarantined: 1 values", "Limits that were hit", "Splits: 1")
    assert [heading for heading in headings if f"\n{heading}" not in shown] == []
    assert "Conflicts" not in balanza("identity", "report", "--out", out).stdout
    assert report(ruled, "--limit", "0")["conflicts"] == {"events": 3, "pairs": 2, "most": []}


def test_after_a_split_an_event_is_judged_on_its_side(tmp_path: Path) -> None:
    """Two people who were one member by mistake are two again, with what each did before."""
    out = kept(
        tmp_path / "out",
        identity(1, "link", "ada", (TABLET, KIOSK)), identity(2, "split", "ada", (KIOSK,), "kid"), member("ada"),
        member("kid"), event(1, "ada", (TABLET,)), event(2, "ada", (KIOSK,)), event(3, "kid", (KIOSK,)),
    )  # fmt: skip
    truth = tmp_path / "truth.csv"
    truth.write_text("source,id,person\nshop,1,A\nshop,2,B\nshop,3,B\n")
    judged = report(out, "--truth", truth)["truth"]
    assert (judged["precision"], judged["recall"]) == (1.0, 1.0)
