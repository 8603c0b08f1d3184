"""What the fold makes of events that carry identifiers."""

from typing import Any

import msgspec

from config.program import Program
from flows.fold import Folded, fold
from flows.identity.index import Tables
from flows.runtime.marks import StoredMarks
from flows.runtime.table import Table
from schemas.decode import EventDecoder, Rejected, time_us
from schemas.log import Place, Row
from schemas.records import DeadLetter, EventApplied, IdentityChanged, MemberChanged
from schemas.states import Totals, decode_page, decode_person, decode_sighting, encode_state
from tests.config.samples import program

PLACE = Place("events", 0)
SOURCE = "web"
_decoder = EventDecoder()
_events = msgspec.json.Decoder(EventApplied)
_changes = msgspec.json.Decoder(IdentityChanged)
_versions = msgspec.json.Decoder(MemberChanged)
_letters = msgspec.json.Decoder(DeadLetter)

Ids = dict[str, str | list[str]]


def shop() -> Program:
    """A program that reads phone numbers as British ones."""
    return program("identity: {default_region: GB}")


def seen(
    ids: Ids, id: str, minute: int = 0, *, space: str = "default", kind: str = "alias", **data: object
) -> dict[str, Any]:
    """A wire event of the first of January 2026."""
    time = f"2026-01-01T{10 + minute // 60:02}:{minute % 60:02}:00Z"
    return {
        "specversion": "1.0", "type": kind, "source": SOURCE, "id": id, "time": time, "space": space,
        "data": {"ids": ids, **data},
    }  # fmt: skip


def lines_of(*events: Ids | dict[str, Any]) -> list[bytes]:
    """The events as lines, a minute apart; one that is only identifiers is an alias with an id `e0`, `e1`, ..."""
    return [
        msgspec.json.encode(event if "specversion" in event else seen(event, f"e{at}", at))
        for at, event in enumerate(events)
    ]


def rows_of(lines: list[bytes]) -> list[Row]:
    """The rows a connector would make of lines: log time is the running maximum of the events'."""
    rows: list[Row] = []
    log_us = 0
    for offset, raw in enumerate(lines):
        event = _decoder.decode(raw)
        assert not isinstance(event, Rejected), event
        event_us = time_us(event.time)
        log_us = max(log_us, event_us)
        rows.append((log_us, event_us, PLACE, offset, raw, event))
    return rows


def tables() -> Tables:
    """Empty tables of identity, in memory."""
    return Tables(
        Table(b"i", str.encode, bytes.decode),
        Table(b"p", encode_state, decode_person),
        Table(b"g", encode_state, decode_page),
        Table(b"s", encode_state, decode_sighting),
        Table(b"x", encode_state, int.from_bytes),
        StoredMarks(b"w"),
        StoredMarks(b"k"),
    )


class Story:
    """The fold's records of some lines, decoded; members are resolved through merges."""

    def __init__(self, lines: list[bytes], by: Program | None = None) -> None:
        self.folded: Folded = fold(by or shop(), rows_of(lines))
        said = self.folded.lines
        self.events = _events.decode_lines(said.get("events", b""))
        self.changes = _changes.decode_lines(said.get("identity", b""))
        self.letters = _letters.decode_lines(said.get("dead_letters", b""))
        versions = _versions.decode_lines(said.get("members", b""))
        self._into = {one.member_id: one.merged_into for one in versions if one.merged_into is not None}
        self.known = {one.member_id: one.known for one in versions if one.member_id not in self._into}

    @property
    def totals(self) -> Totals:
        """The stitcher's counts."""
        totals = self.folded.totals["stitch"]
        assert isinstance(totals, Totals)
        return totals

    def resolved(self, member_id: str) -> str:
        """The member that an id stands for in the end."""
        while member_id in self._into:
            member_id = self._into[member_id]
        return member_id

    def members(self) -> list[str]:
        """The member of each applied event in the end, numbered by first appearance: A, B, ..."""
        letters: dict[str, str] = {}
        return [
            letters.setdefault(self.resolved(event.member_id), chr(ord("A") + len(letters))) for event in self.events
        ]

    def groups(self) -> set[frozenset[str]]:
        """Identifiers by the member that owns them at the end, as the log of identity changes says it."""
        owners: dict[str, str] = {}
        for change in self.changes:
            for identifier in change.ids if change.kind in {"link", "merge"} else ():
                owners[f"{change.space}/{identifier}"] = change.member_id
            for identifier in change.ids if change.kind == "split" else ():
                owners[f"{change.space}/{identifier}"] = str(change.other_member_id)
        groups: dict[str, set[str]] = {}
        for identifier, owner in owners.items():
            groups.setdefault(owner, set()).add(identifier)
        return {frozenset(group) for group in groups.values()}

    def reasons(self) -> list[str]:
        """Why lines became dead letters, in order."""
        return [str(letter.reason) for letter in self.letters]


def story(*events: Ids | dict[str, Any], by: Program | None = None) -> Story:
    """What comes of some events."""
    return Story(lines_of(*events), by)
