"""Everything that is held on a person becomes one file."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from schemas.records import Packet
from sinks.exporting import file_name, whole
from sinks.requests import Requests
from sinks.warehouse import Warehouse
from tests.sinks.examples import packet
from tests.sinks.people import KEY, Lives, erased, export, life


def asked(*requests: str) -> Packet:
    """Ada asks, once a request; her state is that of the packet."""
    made = packet(touched={"ada": {"name": "Ada"}})
    made.exports = [export(request) for request in requests]
    return made


def exported(folder: Path, name: str = "request-2.json") -> dict[str, Any]:
    """The file's content."""
    found: dict[str, Any] = json.loads((folder / "exports" / name).read_text())
    return found


def test_an_export_has_every_table(tmp_path: Path) -> None:
    """Rows of her and of whom she absorbed, her identifiers with their days, her document."""
    Lives(tmp_path).take(packet(*life()), asked("request-2"))
    found = exported(tmp_path)
    assert {name: found[name] for name in ("format", "request_id", "actor", "asked_at", "member_id", "merged")} == {
        "format": 1, "request_id": "request-2", "actor": "desk", "asked_at": "2026-01-01T12:00:00Z", "member_id": "ada",
        "merged": ["old"],
    }  # fmt: skip
    assert found["document"] == {"member_id": "ada", "attributes": {"name": "Ada"}}
    assert [(one["type"], one["value"], one["first_seen"]) for one in found["identifiers"]] == [
        ("cookie", "c-0123456789", "2026-01-01"), ("email", "ada@x.org", "2026-01-01"),
        ("phone", "+442079460958", "2026-01-01"),
    ]  # fmt: skip
    assert {name: len(rows) for name, rows in found.items() if isinstance(rows, list) and name != "merged"} == {
        "identifiers": 3, "balances": 1, "events": 3, "identity_events": 4, "members": 2, "postings": 8, "lots": 0,
        "tiers": 0, "offers": 0, "vouchers": 0,
        "signals": 1, "scores": 0, "decisions": 1, "actions": 1, "receipts": 1, "alerts": 1, "refusals": 1,
        "dead_letters": 3,
    }  # fmt: skip
    assert found["events"][0]["data"] == {"ids": {"email": ["ada@x.org"], "phone": ["+442079460958"]}, "name": "Ada"}


def test_what_is_somebody_elses_is_not_handed_out(tmp_path: Path) -> None:
    """Neither the child that was split off her, nor the event and the row in which her address came to Bob."""
    Lives(tmp_path).take(packet(*life()), asked("request-2"))
    found = exported(tmp_path)
    kid = {name for name, rows in found.items() if "kid" in json.dumps(rows)}
    assert (kid, "bob" in json.dumps(found)) == ({"identity_events"}, False)
    assert [row["ids"] for row in found["identity_events"]] == [
        ["email:ada@x.org", "phone:+442079460958", "cookie:kid"], ["cookie:c-0123456789"], ["cookie:c-0123456789"], [],
    ]  # fmt: skip


def test_who_is_exported_and_erased_gets_everything(tmp_path: Path) -> None:
    """Though both were asked for in one epoch, and the rows are gone afterwards."""
    both = erased()
    both.exports, both.touched = [export()], {"ada": {}}
    lives = Lives(tmp_path)
    lives.take(packet(*life()), both)
    assert len(exported(tmp_path)["events"]) == 4
    assert lives.rows("SELECT id FROM events WHERE ids[1] = 'email:ada@x.org'") == []


def test_without_member_states_the_rows_are_exported(tmp_path: Path) -> None:
    """As in the folder of a stitcher, which knows no documents."""
    made = asked("request-2")
    made.touched = {}
    Lives(tmp_path).take(packet(*life()), made)
    assert exported(tmp_path)["document"] is None


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """It holds everything on a person."""
    Lives(tmp_path).take(packet(*life()), asked("request-2"))
    assert stat.S_IMODE((tmp_path / "exports" / "request-2.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("request_id", "name"),
    [
        ("r-7.b_c",        "r-7.b_c.json"),
        ("../../passwd",   "_._.._passwd-8eebb4f1.json"),
        (".hidden",        "_hidden-b3c2ff37.json"),
        ("a b/ü",          "a_b__-e1b5a8ed.json"),
        ("",               "_-b4e8b4e8.json"),
    ],
)  # fmt: skip
def test_a_request_names_its_file_safely(tmp_path: Path, request_id: str, name: str) -> None:
    """What cannot be a file's name is replaced, and told apart by a hash."""
    found = file_name(tmp_path, replace(export(), request_id=request_id))
    assert (found.partition("-")[0], len(found), "/" in found) == (name.partition("-")[0], len(name), False)


def test_two_people_with_one_request_id_have_a_file_each(tmp_path: Path) -> None:
    """The sender's numbers may repeat; nobody gets another's data in the place of theirs."""
    lives = Lives(tmp_path)
    other = asked("r")
    other.exports = [replace(export("r"), member_id="bob", former=[])]
    lives.take(packet(*life()), asked("r"), other, asked("r"))
    assert [exported(tmp_path, name)["member_id"] for name in ("r.json", "r-bob.json")] == ["ada", "bob"]


def test_a_file_says_whether_it_has_everything(tmp_path: Path) -> None:
    """One process has all; what is said of a part stands in the file, with the command that asks for the whole."""
    Lives(tmp_path / "one").take(packet(*life()), asked("request-2"))
    assert exported(tmp_path / "one")["complete"] is True
    said: list[str] = []

    def about(member_id: str) -> dict[str, Any]:
        said.append(member_id)
        return whole(["the stitcher's"], f"ask for {member_id}")

    requests = Requests(tmp_path / "part", KEY, about=about)
    warehouse = Warehouse(tmp_path / "part" / "warehouse", requests=requests)
    warehouse.recover(0, {})
    warehouse.write(asked("request-2"))
    warehouse.seal(1)
    warehouse.publish(1)
    warehouse.close()
    found = exported(tmp_path / "part")
    assert [found[name] for name in ("complete", "missing", "complete_with")] == [
        False, ["the stitcher's"], "ask for ada",
    ]  # fmt: skip
    assert said == ["ada"]
