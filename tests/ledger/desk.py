"""Ledger stories told to the member machine without a stitcher: whose event it is stands in the table.

    purchase  m1/ada     2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
    merge     m1+m2      2026-01-02T10:00                 -> -4 = 0, +4 = 14
    split     m1-m3/bob  2026-01-03T10:00                 -> -4 = 10, +4 = 4
    erase     m1         2026-01-04T10:00                 -> -10 = 0

`m1/ada` is an event of member m1 that came under the identifier `ada`; `m1+m2` absorbs m2; `m1-m3/bob+cem` makes m3 of
what came under these identifiers. `later` only lets time pass; what timers did before a line is told with it.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from config.program import Program
from flows.ledger.budgets import Budgets
from flows.ledger.ledger import Ledger
from flows.ledger.stock import Stock
from flows.member import MemberMachine, Shared
from flows.runtime.table import Table
from flows.runtime.timers import Timers
from schemas.decode import EventDecoder, Rejected
from schemas.earning_states import decode_spent
from schemas.records import EntryPosted, PointsRefused, SignalChanged
from schemas.states import Books, Member, decode_member, decode_shelf, encode_state
from schemas.stitched import Erased, Merged, Parted, Stitched
from tests.ledger.tables import NOTHING, SOURCE, change, data_of, event_of

_decoder = EventDecoder()
GROUPS = 256


def micros(time: str) -> int:
    """Microseconds of a time without zone, in UTC."""
    return int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp()) * 1_000_000


def minute(at_us: int) -> str:
    """A time to the minute, in UTC."""
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M")


def shown(at_us: int) -> str:
    """A time to the minute, in UTC; only the day if it is midnight."""
    return minute(at_us).removesuffix("T00:00")


class Desk:
    """The member machine over plain tables; every step goes through packed state, as between workers."""

    def __init__(self, program: Program) -> None:
        self.members: Table[Member] = Table(b"m", encode_state, decode_member)
        shared = Shared(
            Stock(Table(b"k", encode_state, decode_shelf), GROUPS),
            Budgets(Table(b"b", encode_state, decode_spent), GROUPS, program.retention.events),
            b"",
        )
        self.machine = MemberMachine(program, self.members, Timers(), shared)
        self.ledger = Ledger(program)
        self.emit = self.machine.emit
        self.steps = 0

    def lots(self, member_id: str, currency: str = "points") -> list[tuple[str, int]]:
        """What of a balance expires when (the first moment of the day after, in UTC)."""
        lots = self.books(member_id).accounts[currency].lots
        return [(shown(lot.expires_us), lot.left) for lot in lots]

    def books(self, member_id: str) -> Books:
        """The books of a member, opened if need be."""
        member = self.members.get(member_id)
        if member is None:
            member = Member(member_id, "default")
        packed = decode_member(encode_state(member))
        self.members.put(member_id, packed)
        return packed.books

    def event(self, who: str, time: str, kind: str, data: dict[str, Any], id: str, late_us: int = 0) -> None:
        """Apply an event; `who` is `member/identifier`; it happened `late_us` before the log had it."""
        member_id, _, by = who.partition("/")
        self.books(member_id)
        wire = event_of(kind, id, time, {"ids": {"loyalty": by or "x"}, **data})
        event = _decoder.decode(msgspec.json.encode(wire))
        assert not isinstance(event, Rejected), event
        at_us = micros(time)
        step = Stitched(
            id, SOURCE, id, at_us - late_us, at_us, member_id, event, None, known=True, created=False, by=by
        )
        self.machine.apply([step])

    def merge(self, who: str, time: str, id: str) -> None:
        """Let one member absorb another."""
        into, other = who.split("+")
        self.books(into)
        self.books(other)
        self.machine.apply([Merged(id, SOURCE, id, micros(time), micros(time), into, other)])

    def split(self, who: str, time: str, id: str) -> None:
        """Make a member of what came under some identifiers."""
        members, _, names = who.partition("/")
        keep, part = members.split("-")
        ids = names.split("+")
        at_us = micros(time)
        self.machine.advance(at_us)
        step = Parted(id, SOURCE, id, at_us, at_us, keep, part, ids, known=True, keeps_known=True)
        self.ledger.part(keep, self.books(keep), part, self.books(part), frozenset(ids), step, self.emit)

    def erase(self, member_id: str, time: str, id: str) -> None:
        """Forget the person."""
        at_us = micros(time)
        self.machine.advance(at_us)
        step = Erased(id, SOURCE, id, at_us, at_us, member_id, "r1")
        self.ledger.erase(member_id, self.books(member_id), step, self.emit)

    def do(self, kind: str, who: str, time: str, words: list[str], id: str) -> None:
        """Do a line of a table."""
        match kind:
            case "merge":
                self.merge(who, time, id)
            case "split":
                self.split(who, time, id)
            case "erase":
                self.erase(who, time, id)
            case "later":
                self.machine.advance(micros(time))
            case _:
                self.event(who, time, kind, data_of(kind, id, words), id)

    def said(self) -> list[str]:
        """What was said since it was last asked: entries, refusals, signals."""
        outcomes = [_entry(entry) for entry in self.emit.entries] + [_refusal(one) for one in self.emit.refusals]
        outcomes += [_signal(one) for one in self.emit.signals]
        self.emit.clear()
        return outcomes


def _entry(entry: EntryPosted) -> str:
    """The change of the balance and the balance; behind it what is pending, if anything is."""
    pending = f" ({entry.pending} pending)" if any(account == "pending" for account, _ in entry.legs) else ""
    return f"{change(entry):+} = {entry.available - entry.receivable}{pending}"


def _signal(signal: SignalChanged) -> str:
    return f"{signal.state} {signal.value}" if signal.value is not None else signal.state


def _refusal(refusal: PointsRefused) -> str:
    return f"refused {refusal.reason}"


def tell(table: str, program: Program) -> Desk:
    """Run a table line by line, and compare every line's outcome; no two entries may have one id."""
    desk, found, meant, names = Desk(program), [], [], []
    for number, text in enumerate(table.strip().splitlines()):
        said, arrow, outcome = text.partition("->")
        assert arrow, text
        kind, who, time, *words = said.split()
        desk.do(kind, who, time, words, f"line{number}")
        names += [entry.entry_id for entry in desk.emit.entries]
        found.append(", ".join(desk.said()) or NOTHING)
        meant.append(outcome.strip())
    assert found == meant
    assert len(names) == len(set(names)), names
    return desk
