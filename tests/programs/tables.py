"""Stories of the shipped programs as aligned text: an event a line, what it does, and what every surface shows then.

    purchase  ada  2026-01-05T08:10  o1  4.50 USD
      -> spend +4 stars | stars 4, gold in 496 stars

Events are written as in `tests.standing.tables`; an event of another type, or with other fields, by `field=value`
words (`total=40.00EUR` is money, `~` a blank). `ada` is a loyalty card, `~web` a cookie, `crm:acme` says its type, `+`
joins them. `later` lets time pass for the member named in it.

Behind the arrow stands what the event made of the ledger, tiers, offers, vouchers, signals and decisions, `nothing` if
nothing; behind the bar what the member's surface document shows that it did not show before, and `no …` for what it
does not show any more. A story says which parts of the document it tells of.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from config.loader import load_program
from config.program import Program
from flows.fold import Folded, fold
from flows.shown import standing_parts
from schemas.decode import EventDecoder
from schemas.log import Row
from schemas.records import AlertRaised, DecisionMade, EntryPosted, SignalChanged
from schemas.states import Member
from sinks.document import surface_document
from tests.config.samples import ROOT
from tests.ledger.tables import event_of, row_of
from tests.standing.tables import RECORDS, code_of, data_of, records, say

PROGRAMS: Final = ROOT / "config" / "programs"
NOTHING = "nothing"
SAME = "-"
Document = dict[str, Any]
MORE: Final = {"signals": SignalChanged, "decisions": DecisionMade, "alerts": AlertRaised}


def shipped(name: str) -> Program:
    """A shipped program."""
    return load_program(PROGRAMS / f"{name}.yaml")


class Line(NamedTuple):
    """A line of a story: who, the event (None: only time passes), when, and what must come of it."""

    who: dict[str, list[str]]
    kind: str
    words: list[str]
    time: str
    did: str
    shown: str


def ids_of(text: str) -> dict[str, list[str]]:
    """The identifiers that a story writes as `ada+~web+crm:acme`."""
    ids: dict[str, list[str]] = {}
    for name in text.split("+"):
        kind, colon, value = name.partition(":")
        if not colon:
            kind, value = ("cookie", name[1:]) if name.startswith("~") else ("loyalty", name)
        ids.setdefault(kind, []).append(value)
    return ids


def parse(story: str) -> Iterator[Line]:
    """The lines of a story; one that is indented goes on with the one before it."""
    for text in re.sub(r"\n +", " ", dedent(story).strip()).splitlines():
        event, arrow, outcome = text.partition("->")
        did, bar, shown = outcome.partition("|")
        assert arrow, text
        assert bar, text
        kind, who, time, *words = event.split()
        yield Line(ids_of(who), kind, words, time, did.strip(), shown.strip())


def _value(text: str) -> Any:  # noqa: ANN401  # whatever a field of an event may be
    number = text.lstrip("-")
    if number.isdigit():
        return int(text)
    if number.replace(".", "", 1).isdigit():
        return float(text)
    if number[:-3].replace(".", "", 1).isdigit() and number[-3:].isupper():
        return {"amount": int(text[:-3].replace(".", "")), "currency": text[-3:]}
    return {"true": True, "false": False}.get(text, text.replace("~", " "))


def data_in_words(kind: str, name: str, words: list[str], code: str) -> dict[str, Any]:
    """An event's data: by fields, if all words name one, else as the stories of tiers write it."""
    fields = [word.partition("=") for word in words]
    if not all(equals for _, equals, _ in fields):
        return data_of(kind, name, words, code)
    data = {field: _value(value) for field, _, value in fields}
    return {"attributes": data} if kind == "member_update" else data


def wire_event(line: Line, name: str, code: str, program: Program) -> dict[str, Any]:
    """The event of a line as its sender writes it, in the first identity space that the program names."""
    event = event_of(line.kind, name, line.time, {"ids": line.who, **data_in_words(line.kind, name, line.words, code)})
    return event if program.identity.spaces is None else {**event, "space": program.identity.spaces[0]}


class Story:
    """A program's story as far as it was told: the rows of the log, and what was said and shown up to now."""

    def __init__(self, program: Program, parts: tuple[str, ...]) -> None:
        self._program, self._parts = program, parts
        self._decoder = EventDecoder(activities=frozenset(program.activities))
        self._zone = ZoneInfo(program.time_zone)
        self._document = surface_document(program, standing_parts(program))
        self._rows: list[Row] = []
        self._before: dict[str, int] = {}
        self._shown: dict[str, list[tuple[str, str]]] = {}
        self.folded = fold(program, [])

    def tell(self, line: Line, number: int) -> str:
        """Let a line happen; gives what it did and what is shown, as the line must have it."""
        vouchers = records(self.folded, "vouchers")
        wire = wire_event(line._replace(kind="alias", words=[]) if line.kind == "later" else line, f"line{number}",
                          code_of(self.folded, vouchers[-1].voucher_id) if vouchers else "", self._program)  # fmt: skip
        row = row_of(wire, self._rows[-1][0] if self._rows else 0, number, self._decoder)
        if line.kind != "later":
            self._rows.append(row)
        self.folded = fold(self._program, self._rows, row[0])
        return f"{', '.join(self._said()) or NOTHING} | {', '.join(self._news(line.who)) or SAME}"

    def _said(self) -> list[str]:
        said: list[str] = []
        for table in [*RECORDS, *MORE]:
            if table in RECORDS:
                found = records(self.folded, table)
            else:
                found = msgspec.json.Decoder(MORE[table]).decode_lines(self.folded.lines.get(table, b""))
            said += map(_told, found[self._before.get(table, 0) :])
            self._before[table] = len(found)
        return [text for text in said if text]

    def _news(self, who: dict[str, list[str]]) -> Iterator[str]:
        member = member_of(self.folded, who)
        document = self.document(member)
        words = [pair for part in self._parts for pair in PARTS[part](document, self._zone)]
        before = self._shown.get(member.member_id, [])
        self._shown[member.member_id] = words
        yield from (text for about, text in words if (about, text) not in before)
        subjects = {about for about, _ in words}
        yield from (f"no {about}" for about, _ in before if about not in subjects)

    def document(self, member: Member) -> Document:
        """What every surface shows of a member."""
        shown: Document = json.loads(self._document(member.member_id, member)[1])
        return shown


def member_of(folded: Folded, who: dict[str, list[str]]) -> Member:
    """The member that has most of these identifiers, however they are written."""
    wanted = {(kind, value.lower()) for kind, values in who.items() for value in values}

    def has(member: Member) -> int:
        return len(wanted & {(kind, value.lower()) for kind, values in member.ids.items() for value in values})

    found = max(folded.members.values(), key=has)
    assert has(found), who
    return found


def _told(record: object) -> str:
    """A record in the words of a story; empty for what a story does not tell."""
    match record:
        case EntryPosted(rule=rule):
            pending = dict(record.legs).get("pending", 0)
            held = f" ({pending:+} pending)" if pending else ""
            return f"{rule.partition('.m_')[0]} {say(record)}{held}"
        case SignalChanged():
            return f"{record.signal} {record.state}" + ("" if record.value is None else f" {record.value}")
        case DecisionMade():
            return f"{record.rule} {record.outcome}" + ("" if record.channel is None else f" by {record.channel}")
        case AlertRaised():
            return f"{record.kind} told to {record.owner}"
        case _:
            return say(record)


# what a surface shows, in words: (what the words are about, the words)

Words = Iterator[tuple[str, str]]


def _last_day(end: str, zone: ZoneInfo) -> str:
    """The local day that ends at a moment, or in which the moment lies."""
    return f"{datetime.fromisoformat(end).astimezone(zone) - timedelta(microseconds=1):%Y-%m-%d}"


def _balances(document: Document, _: ZoneInfo) -> Words:
    for currency, balance in document["balances"].items():
        if any(isinstance(value, int) and value for value in balance.values()):
            yield currency, f"{currency} {balance['available']}"
        for what, key in (("pending", "pending"), ("owed", "receivable")):
            if balance[key]:
                yield f"{currency} {what}", f"{currency} {what} {balance[key]}"


def _expiries(document: Document, zone: ZoneInfo) -> Words:
    for currency, balance in document["balances"].items():
        for expiry in balance["expiries"]:
            day = _last_day(expiry["at"], zone)
            yield f"{currency} to {day}", f"{expiry['points']} {currency} to {day}"


def _tier(document: Document, zone: ZoneInfo) -> Words:
    tier = document["tier"]
    if tier is not None and tier["tier"] is not None:
        until = "" if tier["until"] is None else f" until {_last_day(tier['until'], zone)}"
        yield "tier", f"tier {tier['tier']}{until}"


def _next(document: Document, _: ZoneInfo) -> Words:
    ahead = None if document["tier"] is None else document["tier"]["next"]
    if ahead is not None:
        join = " and " if ahead["match"] == "all" else " or "
        missing = join.join(f"{least} {measure}" for measure, least in ahead["missing"].items() if least)
        yield "next tier", f"{ahead['tier']} in {missing or ahead['plan']}"


def _perks(document: Document, _: ZoneInfo) -> Words:
    for perk in () if document["tier"] is None else document["tier"]["perks"]:
        of = "" if perk["quantity"] is None else f"/{perk['quantity']}"
        yield perk["perk"], f"{perk['perk']} {perk['used']}{of}"


def _rewards(document: Document, _: ZoneInfo) -> Words:
    for reward in document["rewards"]:
        if reward["affordable"]:
            yield f"{reward['reward']} for points", f"{reward['reward']} for {reward['points']}"


def _vouchers(document: Document, _: ZoneInfo) -> Words:
    counts: dict[str, int] = {}
    for voucher in document["vouchers"]:
        counts[voucher["reward"]] = counts.get(voucher["reward"], 0) + 1
    for name, count in counts.items():
        yield f"voucher {name}", f"voucher {name}" if count == 1 else f"{count} vouchers {name}"


def _offers(document: Document, _: ZoneInfo) -> Words:
    """Only what was begun: a challenge for everybody stands in the document before its first event."""
    for one in [*document["offers"], *document["challenges"]]:
        if one["completed_at"] is not None:
            yield one["offer"], f"{one['offer']} done"
        elif one["progress"] or one in document["offers"]:
            yield one["offer"], f"{one['offer']} {one['progress']}/{one['goal']}"


def _staff(document: Document, _: ZoneInfo) -> Words:
    for place in ("till", "call_centre"):
        for flag in document["staff"][place]:
            yield f"{place}: {flag}", f"{place}: {flag}"


PARTS: Final = {
    "balances": _balances, "expiries": _expiries, "tier": _tier, "next": _next, "perks": _perks,
    "rewards": _rewards, "vouchers": _vouchers, "offers": _offers, "staff": _staff,
}  # fmt: skip


def check(name: str, story: str, *parts: str) -> Story:
    """Tell a story of a shipped program, and compare every line; gives where it ended."""
    told = Story(shipped(name), parts)
    for number, line in enumerate(parse(story)):
        found = told.tell(line, number)
        assert f"{line.did} | {line.shown}" == found, (line.kind, line.time, found)
    return told


def write_log(program: Program, story: str, path: Path) -> None:
    """Write a story's events as a log file; no event of it may use the code of a voucher."""
    lines = [line for line in parse(story) if line.kind != "later"]
    wires = [wire_event(line, f"line{number}", "", program) for number, line in enumerate(lines)]
    path.write_bytes(b"".join(msgspec.json.encode(wire) + b"\n" for wire in wires))
