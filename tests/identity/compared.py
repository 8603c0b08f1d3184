"""The stitching station beside the reference model: the same wire events to both, and what each says of them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from config.program import Program
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.decode import EventDecoder, Rejected
from schemas.log import LogBatch, Place, Row
from schemas.records import EventApplied, IdentityChanged, MemberChanged
from schemas.states import Member
from schemas.stitched import Stitched
from tests.config.samples import SMALLEST, plain
from tests.identity.kinds import Ids
from tests.identity.members import Outcome, Told
from tests.identity.model import Model

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACE: Final = Place("events", 0)
BEGIN_US: Final = 1_767_261_600_000_000  # 2026-01-01T10:00Z
MINUTE_US: Final = 60_000_000
SOURCE: Final = "web"
SAYS_NO_MORE: Final = {"quarantine", "release", "conflict", "limit", "refused"}
_decoder = EventDecoder()
_events = msgspec.json.Decoder(EventApplied)
_changes = msgspec.json.Decoder(IdentityChanged)
_versions = msgspec.json.Decoder(MemberChanged)

Wire = dict[str, Any]


def program_of(identity: dict[str, Any]) -> Program:
    """The smallest program with these rules of identity."""
    return Program.model_validate({**plain(SMALLEST), "identity": identity})


class Log:
    """Wire events as they are said, each some minutes after the one before."""

    def __init__(self) -> None:
        self.events: list[Wire] = []
        self.rows: list[Row] = []
        self._now_us = BEGIN_US

    def say(self, kind: str, minutes: int, space: str, data: Wire) -> tuple[Wire, Row]:
        """Add an event, and give it with its row."""
        return self.say_at(self._now_us + minutes * MINUTE_US, kind, data, space)

    def say_at(self, at_us: int, kind: str, data: Wire, space: str = "default") -> tuple[Wire, Row]:
        """Add an event of a moment, and give it with its row."""
        self._now_us = at_us
        time = (EPOCH + timedelta(microseconds=self._now_us)).isoformat()
        event = {
            "specversion": "1.0", "type": kind, "source": SOURCE, "id": f"e{len(self.events)}", "time": time,
            "space": space, "data": data,
        }  # fmt: skip
        raw = msgspec.json.encode(event)
        decoded = _decoder.decode(raw)
        assert not isinstance(decoded, Rejected), decoded
        row = (self._now_us, self._now_us, PLACE, len(self.rows), raw, decoded)
        self.events.append(event)
        self.rows.append(row)
        return event, row


class Said:
    """The real thing: both stations in memory, event by event; `owners` is what the rows of identity alone say."""

    def __init__(self, program: Program) -> None:
        wiring = Wiring(program)
        self._stitch, self._members = StitchHost(wiring, 0), MemberHost(wiring, 0)
        self.owners: dict[tuple[str, str], str] = {}
        self.members: dict[str, Member] = {}
        self._into: dict[str, str] = {}

    def apply(self, row: Row) -> Outcome:
        """What comes of an event."""
        batch = self._stitch.work(LogBatch([row], None, 0, 0.0))
        changes = _changes.decode_lines(batch.lines.get("identity", b""))
        applied = _events.decode_lines(batch.lines.get("events", b""))
        steps = [step for step in batch.steps if isinstance(step, Stitched)]
        for version in _versions.decode_lines(batch.lines.get("members", b"")):
            if version.merged_into is not None:
                self._into[version.member_id] = version.merged_into
        packet = self._members.work(batch)
        for change in changes:
            fold_change(self.owners, change)
        for gone in packet.gone:
            self.members.pop(gone, None)
        for member_id, member in packet.touched.items():
            assert isinstance(member, Member)
            self.members[member_id] = member
        told = Outcome(rows=[
            (change.kind, change.member_id, change.other_member_id, tuple(sorted(change.ids))) for change in changes
        ])  # fmt: skip
        for event in applied:
            told.member_id = event.member_id
        for step in steps:
            assert step.member_id == told.member_id
            told.by, told.linked, told.erased_us = step.by, step.linked or [], step.erased_us
        return told

    def partition(self) -> dict[str, list[str]]:
        """The identifiers by member, by the rows of identity."""
        return partition_of(self.owners)

    def forwarding(self) -> dict[str, str]:
        """Who the id of every member that was merged leads to."""
        found = {}
        for member_id, into in self._into.items():
            found[member_id] = into
            while found[member_id] in self._into:
                found[member_id] = self._into[found[member_id]]
        return found


class Expected:
    """The reference model, one for each space."""

    def __init__(self, identity: dict[str, Any]) -> None:
        self._identity = identity
        self.spaces: dict[str, Model] = {}

    def apply(self, event: Wire, log_us: int) -> Outcome:
        """What must come of an event."""
        own = self.spaces.get(event["space"])
        if own is None:
            own = self.spaces[event["space"]] = Model(
                self._identity["identifiers"], self._identity.get("anonymous_days", 30)
            )
        rows: list[Told] = []
        for model in self.spaces.values():
            if model is not own:
                rows += model.advance(log_us).rows
        told = own.apply(event, log_us)
        told.rows = rows + told.rows
        return told

    def partition(self) -> dict[str, list[str]]:
        """The identifiers by member."""
        return {
            member_id: sorted(ids) for model in self.spaces.values() for member_id, ids in model.partition().items()
        }

    def forwarding(self) -> dict[str, str]:
        """Who the id of every member that was merged leads to."""
        return {
            person.member_id: model.resolved(person).member_id
            for model in self.spaces.values() for person in model.members if person.into is not None
        }  # fmt: skip


def fold_change(owners: dict[tuple[str, str], str], change: IdentityChanged) -> None:
    """What a row of identity says of who owns what."""
    keys = [(change.space, one) for one in change.ids]
    match change.kind:
        case "link" | "merge":
            owners.update(dict.fromkeys(keys, change.member_id))
        case "split":
            assert change.other_member_id is not None
            owners.update(dict.fromkeys(keys, change.other_member_id))
        case "quarantine" | "expire" | "block":
            for key in keys:
                owners.pop(key, None)
        case "erase":
            for key in [key for key, owner in owners.items() if owner == change.member_id]:
                del owners[key]
        case _:
            pass


def partition_of(owners: dict[tuple[str, str], str]) -> dict[str, list[str]]:
    """The identifiers by member."""
    found: dict[str, list[str]] = {}
    for (_, one), owner in owners.items():
        found.setdefault(owner, []).append(one)
    return {owner: sorted(ids) for owner, ids in found.items()}


def shown(outcome: Outcome) -> dict[str, object]:
    """What two outcomes are compared by; of rows that change no owner, kind and identifiers."""
    rows = sorted(
        (kind, "", "", ids) if kind in SAYS_NO_MORE else (kind, member_id, other or "", ids)
        for kind, member_id, other, ids in outcome.rows
    )
    return {
        "member": outcome.member_id, "by": outcome.by, "linked": outcome.linked, "erased": outcome.erased_us,
        "rows": rows,
    }  # fmt: skip


def ids_of(pairs: list[tuple[str, int]]) -> Ids:
    """Identifiers as an event states them."""
    ids: dict[str, str | list[str]] = {}
    for name, number in pairs:
        value = {"email": f"p{number}@x.de", "phone": f"+4420794609{number:02}"}.get(name, f"{name[0]}{number}")
        before = ids.get(name)
        ids[name] = value if before is None else [before, value] if isinstance(before, str) else [*before, value]
    return ids
