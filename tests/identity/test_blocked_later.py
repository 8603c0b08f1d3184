"""A value that members have when the program comes to block it: the first event that brings it takes it away."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from flows.stations import StitchHost, Wiring
from schemas.log import LogBatch
from schemas.records import DeadLetter, EventApplied, IdentityChanged
from tests.identity.compared import Log, fold_change, partition_of, program_of

OPEN: Final[dict[str, Any]] = {"identifiers": {"cookie": {"shared": {"members": 2, "within": "ever"}}}}
BLOCKS: Final[dict[str, Any]] = {"identifiers": {**OPEN["identifiers"], "email": {"blocked": ["desk@x.de"]}}}
DESK, ADA, BOB = {"email": "desk@x.de"}, {"crm": "ada"}, {"crm": "bob"}
ASKED: Final = {"actor": "desk"}
_changes = msgspec.json.Decoder(IdentityChanged)
_events = msgspec.json.Decoder(EventApplied)
_letters = msgspec.json.Decoder(DeadLetter)


class Lives:
    """A stitcher that is stopped and goes on with other rules, as often as a life is added."""

    def __init__(self, folder: Path, batch: int = 1) -> None:
        self.changes: list[IdentityChanged] = []
        self.events: list[EventApplied] = []
        self.letters: list[DeadLetter] = []
        self.left_out: dict[str, int] = {}
        self.said: dict[str, bytes] = {}
        self._folder, self._batch, self._log, self._number = folder, batch, Log(), 0

    def live(self, rules: dict[str, Any], *happened: tuple[str, dict[str, Any]]) -> "Lives":
        """Run with some rules over some events."""
        rows = [self._log.say(kind, 1, "default", data)[1] for kind, data in happened]
        station = StitchHost(Wiring(program_of(rules), self._folder), self._number)
        for begin in range(0, len(rows), self._batch):
            out = station.work(LogBatch(rows[begin : begin + self._batch], None, 0, 0.0))
            for table, lines in out.lines.items():
                self.said[table] = self.said.get(table, b"") + lines
            self.changes += _changes.decode_lines(out.lines.get("identity", b""))
            self.events += _events.decode_lines(out.lines.get("events", b""))
            self.letters += _letters.decode_lines(out.lines.get("dead_letters", b""))
        self.left_out = dict(station.totals.left_out)
        self._number = station.save()
        del station
        gc.collect()  # RocksDB lets go of its folder when the last object does
        return self

    def people(self) -> list[list[str]]:
        """Whose identifiers are together, by the rows of identity."""
        owners: dict[tuple[str, str], str] = {}
        for change in self.changes:
            fold_change(owners, change)
        return sorted(partition_of(owners).values())

    def kinds(self, since: int) -> list[tuple[str, list[str]]]:
        """What changed from the `since`-th change on."""
        return [(change.kind, change.ids) for change in self.changes[since:]]


def visit(*ids: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """Somebody is seen."""
    return "activity", {"ids": {kind: value for one in ids for kind, value in one.items()}, "kind": "visit"}


@pytest.mark.parametrize("written", ["desk@x.de", " DESK@x.de"])
def test_it_links_no_more_and_its_member_keeps_all_else(written: str, tmp_path: Path) -> None:
    """However it is written: it is left out, a row says from whom it was taken, and it is counted."""
    lives = Lives(tmp_path).live(OPEN, visit(ADA, DESK, {"phone": "+442079460900"}))
    lives.live(BLOCKS, visit(BOB, {"email": written}), visit(BOB, {"email": written}), visit(ADA))
    assert lives.kinds(1) == [("block", ["email:desk@x.de"]), ("link", ["crm:bob"])]
    assert lives.changes[1].member_id == lives.events[0].member_id == lives.events[-1].member_id
    assert lives.people() == [["crm:ada", "phone:+442079460900"], ["crm:bob"]]
    assert [event.ids for event in lives.events[1:]] == [["crm:bob"], ["crm:bob"], ["crm:ada"]]


def test_an_event_that_brings_nothing_else_is_refused(tmp_path: Path) -> None:
    """As one with any blocked value; what its member had is taken away by then."""
    lives = Lives(tmp_path).live(OPEN, visit(ADA, DESK)).live(BLOCKS, visit(DESK))
    assert [letter.reason for letter in lives.letters] == ["BLOCKED_IDENTIFIER"]
    assert lives.kinds(1) == [("block", ["email:desk@x.de"])]
    assert lives.people() == [["crm:ada"]]


def test_a_member_that_had_nothing_else_has_nothing_now(tmp_path: Path) -> None:
    """Nobody comes to it again; it is forgotten as an anonymous one."""
    lives = Lives(tmp_path).live(OPEN, visit(DESK)).live(BLOCKS, visit(DESK, BOB))
    assert lives.kinds(1) == [("block", ["email:desk@x.de"]), ("link", ["crm:bob"])]
    assert len({event.member_id for event in lives.events}) == 2


def test_people_may_still_ask_by_it(tmp_path: Path) -> None:
    """A split, an erasure or an export finds the member that has it, until an event has brought it."""
    split = ("split", {"keep": ADA, "part": DESK, "reason": "shared", **ASKED})
    export = ("export", {"ids": DESK, "request_id": "r", **ASKED})
    erase = ("erase", {"ids": DESK, "request_id": "r", **ASKED})
    lives = Lives(tmp_path).live(OPEN, visit(ADA, DESK)).live(BLOCKS, export, split, erase, visit(BOB, DESK))
    assert [change.kind for change in lives.changes[1:]] == ["export", "split", "erase", "link"]
    assert lives.people() == [["crm:ada"], ["crm:bob"]]


def test_an_alias_does_not_bring_it_back(tmp_path: Path) -> None:
    """A steward's word goes beyond limits, not beyond what is blocked."""
    lives = Lives(tmp_path).live(OPEN, visit(ADA, DESK)).live(BLOCKS, ("alias", {"ids": {**BOB, **DESK}}))
    assert lives.kinds(1) == [("block", ["email:desk@x.de"]), ("link", ["crm:bob"])]


def test_rules_that_let_it_through_again_in_time_leave_it_where_it_was(tmp_path: Path) -> None:
    """As long as no event brought it, nothing has happened."""
    lives = Lives(tmp_path).live(OPEN, visit(ADA, DESK)).live(BLOCKS, visit(BOB)).live(OPEN, visit(BOB, DESK))
    assert [change.kind for change in lives.changes] == ["link", "link", "merge"]


def test_it_is_taken_away_also_where_its_member_was_merged_or_parted_meanwhile(tmp_path: Path) -> None:
    """From whoever has it then."""
    lives = Lives(tmp_path).live(OPEN, visit(ADA, DESK), visit(BOB, {"phone": "+442079460900"}))
    lives.live(BLOCKS, ("alias", {"ids": {"crm": ["ada", "bob"]}}))
    lives.live(BLOCKS, ("split", {"keep": BOB, "part": ADA, "reason": "two", **ASKED}), visit(DESK, BOB))
    assert [change.kind for change in lives.changes[2:]] == ["merge", "split", "block"]
    assert lives.changes[-1].member_id == lives.changes[-2].other_member_id
    assert lives.people() == [["crm:ada"], ["crm:bob", "phone:+442079460900"]]


def test_a_quarantined_value_credits_nobody_when_it_is_blocked(tmp_path: Path) -> None:
    """It was nobody's, and its events are refused from then on."""
    kiosk = {"cookie": "kiosk"}
    blocks = {"identifiers": {"cookie": {"shared": {"members": 2, "within": "ever"}, "deny": ["^kiosk$"]}}}
    seen = [visit({"loyalty": str(number)}, kiosk) for number in (1, 2, 3)]
    lives = Lives(tmp_path).live(OPEN, *seen, visit(kiosk)).live(blocks, visit(kiosk))
    assert [letter.reason for letter in lives.letters] == ["BLOCKED_IDENTIFIER"]
    assert [(change.kind, change.member_id) for change in lives.changes[-1:]] == [("block", "")]


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize("cuts", [(), (1,), (2, 4)])
def test_neither_batches_nor_restarts_change_what_is_said(batch: int, cuts: Sequence[int], tmp_path: Path) -> None:
    """Every run with the same rules at the same place of the log says the same."""
    before = [visit(ADA, DESK), visit(BOB, {"cookie": "b"}), visit({"crm": "cem"}, {"email": "cem@x.de"})]
    after = [
        visit(BOB, {"cookie": "b"}), visit({"crm": "cem"}, DESK), ("alias", {"ids": {"crm": ["ada", "bob"]}}),
        visit(ADA, DESK), visit(DESK), visit(BOB),
    ]  # fmt: skip
    whole = Lives(tmp_path / "whole").live(OPEN, *before).live(BLOCKS, *after)
    parts = Lives(tmp_path / "parts", batch).live(OPEN, *before)
    for begin, end in zip((0, *cuts), (*cuts, len(after)), strict=True):
        parts.live(BLOCKS, *after[begin:end])
    assert parts.said == whole.said
