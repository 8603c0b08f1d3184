"""`balanza member`."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from schemas.records import SignalChanged
from tests.commands.made import balanza
from tests.commands.test_identity import kept
from tests.sinks.examples import alert, identity, member

ADA = "loyalty:BZ00000001"


def page(out: Path, who: str, *options: str) -> dict[str, Any]:
    """A member's page as JSON."""
    result = balanza("member", who, "--out", out, "--json", *options)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_page_holds_what_the_tables_and_the_surface_know(out: Path) -> None:
    """Balances, identifiers, consents and decisions of the first steps' person."""
    ada = page(out, ADA)
    assert ada["identifiers"] == {"cookie": ["ck-ada"], "email": ["ada@example.com"], "loyalty": ["BZ00000001"]}
    assert ada["balances"]["points"]["available"] == 34 + 12 - 20 - 4
    assert [(one["channel"], one["state"]) for one in ada["consents"]] == [("email", "withdrawn")]
    assert [one["outcome"] for one in ada["decisions"]] == ["sent"]
    assert ada["surface_written"]


def test_the_timeline_is_in_order_and_whole(out: Path) -> None:
    """Every kind of record stands in it, by time, cause before consequence; `--limit` keeps the latest."""
    lines = page(out, ADA, "--all")["timeline"]
    times = [line["at"] for line in lines]
    assert times == sorted(times)
    assert {line["kind"] for line in lines} == {
        "event", "identity", "entry", "refusal", "signal", "decision", "action", "receipt"
    }  # fmt: skip
    kinds = [line["kind"] for line in lines]
    assert kinds.index("signal") < kinds.index("decision") < kinds.index("action")
    assert page(out, ADA, "--limit", "3")["timeline"] == lines[-3:]


def test_the_timeline_speaks_in_words(out: Path) -> None:
    """Money, points and refusals read as a person would say them."""
    said = [line["what"] for line in page(out, ADA, "--all")["timeline"]]
    assert "purchase: order O-1, total 34.50 GBP, 1 line, channel web" in said
    assert "+34 points by spend = 34" in said
    assert "redeem of 500 points refused: insufficient balance" in said
    assert "abandoned_cart raised (cart-1, worth 34.50 GBP)" in said


@pytest.mark.parametrize("who", ["email:ADA@Example.com ", "email: ada@example.com", "cookie:ck-ada"])
def test_any_spelling_of_an_identifier_finds_its_member(out: Path, who: str) -> None:
    """A value is made canonical by the rules of the program that ran."""
    assert page(out, who, "--space", "default")["member_id"] == page(out, ADA)["member_id"]


def test_people_get_one_readable_page(out: Path) -> None:
    """Within the terminal's width; sections by name; nothing of a sender moves the cursor or is taken for markup."""
    result = balanza("member", "email:bob@example.com", "--out", out)
    assert result.exit_code == 0, result.output
    for heading in ("Balances", "Consents", "Signals that stand", "Last decisions", "Timeline"):
        assert heading in result.stdout
    assert "cart-9" in result.stdout
    assert "12.50 GBP" in result.stdout
    assert r"Bob [red]\x1b[2J" in result.stdout
    assert "frequency low" in result.stdout
    assert max(len(line.rstrip()) for line in result.stdout.splitlines()) <= 120


def test_a_merged_id_leads_to_the_member_of_today(out: Path) -> None:
    """Following is said, and the page tells what happened to both before."""
    query = "select member_id, merged_into from members where merged_into is not null"
    (merge,) = json.loads(balanza("sql", query, "--out", out, "--json").stdout)
    old, bob = merge["member_id"], merge["merged_into"]
    assert f"{old} was merged into {bob}." in balanza("member", old, "--out", out).stdout
    today = page(out, old, "--all")
    assert (today["member_id"], today["followed"], today["merged"]) == (bob, [old], [old])
    assert f"turned out to be one with {old} (cookie:ck-bob)" in [line["what"] for line in today["timeline"]]
    assert "page_view" in [line["what"] for line in today["timeline"]]


@pytest.mark.parametrize(
    ("who", "status", "words"),
    [
        ("m_000000000000000000000000", 1, ["there is no member", "balanza sql"]),
        ("nobody@example.com",         1, ["email:nobody@example.com"]),
        ("email:bob@example.co",       1, ["did you mean email:bob@example.com?"]),
        ("loyalty:QQ1",                1, ["nobody has loyalty:QQ1", "balanza sql"]),
        ("emial:bob@example.com",      2, ["no identifier type", "did you mean 'email'?"]),
        ("email:bob",                  2, ["is no email"]),
        ("email:none",                 2, ["'none'", "no member can have it"]),
        ("email:ada@example.com",      2, ["several spaces", "b, default", "--space"]),
    ],
)  # fmt: skip
def test_who_cannot_be_shown_is_explained(out: Path, who: str, status: int, words: list[str]) -> None:
    """One sentence on stderr with a way out, nothing on stdout."""
    result = balanza("member", who, "--out", out)
    assert (result.exit_code, result.stdout) == (status, "")
    assert [word for word in words if word not in result.stderr] == []


def test_an_id_that_is_nearly_right_is_guessed(out: Path) -> None:
    """Somebody who lost the last characters of a member id is shown the whole."""
    whole = page(out, ADA)["member_id"]
    assert f"did you mean {whole}?" in balanza("member", whole[:-2], "--out", out).stderr


def test_a_forgotten_member_is_named_as_such(out: Path) -> None:
    """An anonymous member that was forgotten is no mystery."""
    query = "select distinct member_id from identity_events where kind = 'expire'"
    gone = json.loads(balanza("sql", query, "--json", "-o", out).stdout)[0]["member_id"]
    result = balanza("member", gone, "--out", out)
    assert (result.exit_code, "was forgotten on 2026-02-" in result.stderr) == (1, True)


def test_without_surfaces_the_warehouse_answers(out: Path, tmp_path: Path) -> None:
    """While a long run has not written its surfaces, identity and balances come from the tables, and it is said."""
    copy = tmp_path / "copy"
    shutil.copytree(out, copy)
    with closing(sqlite3.connect(copy / "surfaces.db")) as database, database:
        database.execute("DELETE FROM surfaces")
        database.execute("DELETE FROM identifiers")
    with_surface, without = page(out, ADA), page(copy, ADA)
    assert without["balances"] == with_surface["balances"]
    assert without["identifiers"] == with_surface["identifiers"]
    assert not without["surface_written"]
    assert "surface is not written yet" in balanza("member", ADA, "--out", copy).stdout


def test_the_timeline_tells_what_the_rules_did(tmp_path: Path) -> None:
    """Conflicts and splits on both sides, quarantine, refusals, and alerts with whose they are."""
    out = kept(
        tmp_path / "out", member("m_ada"), member("m_kid"),
        identity(1, "conflict", "m_ada", ("loyalty:L2",), "m_kid", detail="loyalty is unique"),
        identity(2, "quarantine", "m_ada", ("device:d",)),
        identity(3, "limit", "m_ada", ("phone:+1",), detail="2 a year"),
        identity(4, "split", "m_ada", ("cookie:k",), "m_kid", detail="desk: a child's"),
        identity(5, "refused", "m_ada", (), detail="nothing to part"), identity(6, "release", "m_ada", ("device:d",)),
        identity(7, "export", "m_ada", ()), alert(1, "m_ada"),
    )  # fmt: skip
    told = [line["what"] for line in page(out, "m_ada", "--all")["timeline"]]
    assert told == [
        "loyalty:L2 left out of an event of m_ada, which are m_kid's: loyalty is unique",
        "device:d is shared by too many and links nobody from now on",
        "phone:+1 left out: a limit was reached: 2 a year",
        "cookie:k of m_ada became a member of its own, m_kid: desk: a child's",
        "asked for what could not be done: nothing to part",
        "device:d links again",
        "export was asked for",
        "shared identifier for identity desk: shared by many (look at the device)",
    ]
    assert [line["what"] for line in page(out, "m_kid", "--all")["timeline"]] == [told[0], told[3]]


def test_points_that_end_soon_stand_as_points(tmp_path: Path) -> None:
    """Each currency and day of its own, as many as they are, not as money."""
    ends_us = [1_768_518_000_000_000, 1_768_950_000_000_000]
    out = kept(tmp_path / "out", member("m_ada"), *(
        SignalChanged(f"s{number}", "m_ada", "points_expiring", "raised", 1200, 1,
                      {"currency": name, "expires_at_us": at})
        for number, (name, at) in enumerate([("points", ends_us[0]), ("points", ends_us[1]), ("stars", ends_us[1])])
    ))  # fmt: skip
    said = page(out, "m_ada")
    assert [one["about"] for one in said["signals"]] == [
        "points ending 2026-01-15 23:00", "points ending 2026-01-20 23:00", "stars ending 2026-01-20 23:00",
    ]  # fmt: skip
    assert said["timeline"][0]["what"] == "points_expiring raised (ending 2026-01-15 23:00, worth 1,200 points)"
