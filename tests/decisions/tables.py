"""Tables of events with what is decided until the next line, and the fold that answers them.

A line is `log time [@event time] verb person words -> decisions`; times are UTC in 2026, decisions are separated by `;`
and read `time outcome channel reason`. Persons have an address by everything but `nora` (none) and `mel` (e-mail).
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from config.program import Program
from flows.fold import Folded, fold
from schemas.checks import time_us
from schemas.decode import EventDecoder, Rejected
from schemas.log import Place, Row
from tests.config.samples import plain

BASE: Final = """
program: kiosk
version: 1
time_zone: UTC
currencies: {points: {name: Points}}
signals: [{id: abandoned, kind: abandoned_cart, after: 2h}]
rules:
  - {id: remind, on: abandoned, purpose: marketing, channels: [push, email, sms], template: kept, expires_after: 24h}
templates:
  kept: {subject: Still there, body: It is kept for you.}
"""
PLACE: Final = Place("shop", 0)
DAY_US: Final = 86_400_000_000
DECODE: Final = EventDecoder()
PHONES: Final = {"ada": "+442071838750", "bea": "+442071838751", "cyd": "+442071838752"}
Record = dict[str, Any]


def kiosk(extra: str = "") -> Program:
    """A program with one signal and one rule, without caps and quiet hours, under the sections of `extra`."""
    return Program.model_validate({**plain(BASE), **(plain(extra) if extra else {})})


def instant_us(text: str) -> int:
    """Microseconds of `03-02T10:00` in UTC."""
    return time_us(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC))


def shown_time(at_us: int) -> str:
    """The inverse of `instant_us`."""
    return datetime.fromtimestamp(at_us / 1_000_000, UTC).strftime("%m-%dT%H:%M")


def ids_of(who: str) -> dict[str, object]:
    """The identifiers a person is named by; `ada+bea` names both by loyalty number."""
    if "+" in who:
        return {"loyalty": who.split("+")}
    if who == "nora":
        return {"loyalty": who}
    if who == "mel":
        return {"loyalty": who, "email": "mel@shop.example"}
    return {"loyalty": who, "email": f"{who}@shop.example", "phone": PHONES[who], "device": f"device-{who}"}


def row(number: int, kind: str, data: Record, log_us: int, event_us: int | None = None) -> Row:
    """An event as the log hands it over."""
    at_us = log_us if event_us is None else event_us
    when = datetime.fromtimestamp(at_us // 1_000_000, UTC).isoformat()
    line = {"specversion": "1.0", "id": f"e{number}", "source": "test", "type": kind, "time": when, "data": data}
    raw = json.dumps(line).encode()
    event = DECODE.decode(raw)
    assert not isinstance(event, Rejected), event
    return (log_us, at_us, PLACE, number, raw, event)


def records(folded: Folded, table: str) -> list[Record]:
    """The records of a table in order."""
    return [json.loads(line) for line in folded.lines.get(table, b"").splitlines()]


def _event(verb: str, words: list[str], actions: list[Record]) -> tuple[str, Record]:
    if verb == "unsubscribe":
        said = {"action_id": actions[-1]["action_id"], "channel": words[0], "status": "unsubscribed"}
        return "receipt", said
    who, *rest = words
    kind, data = _named_event(verb, rest)
    return kind, {"ids": ids_of(who), **data}


def _named_event(verb: str, words: list[str]) -> tuple[str, Record]:
    match verb, words:
        case "cart", [cart, status]:
            return "cart_change", {"cart_id": cart, "status": status}
        case "buy", [order]:
            return "purchase", {"order_id": order, "total": {"amount": 500, "currency": "GBP"}}
        case "consent", [channel, purpose, state]:
            return "consent", {"channel": channel, "purpose": purpose, "state": state, "origin": "web"}
        case "prefer", wishes:
            return "preference", dict(_wish(wish) for wish in wishes)
        case "update", [attribute]:
            return "member_update", {"attributes": dict([attribute.split("=")])}
        case _:
            assert (verb, words) == ("join", [])
            return "alias", {}


def _wish(text: str) -> tuple[str, object]:
    name, value = text.split("=")
    if name == "channels":
        return name, value.split(",")
    if name == "quiet":
        begin, end = value.split("-")
        return name, {"from": begin, "to": end}
    return name, value


def rows_of(program: Program, table: str) -> list[Row]:
    """The rows of a table's events; a receipt answers the last action before it."""
    rows: list[Row] = []
    for number, line in enumerate(table.strip().splitlines()):
        when, *words = line.partition("->")[0].split()
        event_us = instant_us(words.pop(0)[1:]) if words[0].startswith("@") else None
        verb = words.pop(0)
        log_us = instant_us(when)
        actions = records(fold(program, rows, log_us), "actions") if verb == "unsubscribe" else []
        rows.append(row(number, *_event(verb, words, actions), log_us, event_us))
    return rows


def play(table: str, extra: str = "") -> Folded:
    """Fold a table's events and the three days after them."""
    rows = rows_of(kiosk(extra), table)
    return fold(kiosk(extra), rows, rows[-1][0] + 3 * DAY_US)


def holds(table: str, extra: str = "") -> Folded:
    """Assert that after each line exactly its decisions follow, up to and with the time of the next line."""
    lines = [line.strip() for line in table.strip().splitlines()]
    program = kiosk(extra)
    rows = rows_of(program, table)
    ends = [row[0] for row in rows[1:]] + [rows[-1][0] + 3 * DAY_US]
    folded = fold(program, rows, ends[-1])
    decisions = records(folded, "decisions")
    expected, actual, taken = [], [], 0
    for line, row_, end_us in zip(lines, rows, ends, strict=True):
        event, _, outcome = line.partition("->")
        found = [_shown(one) for one in decisions if row_[0] < one["at_us"] <= end_us]
        taken += len(found)
        expected.append((event, [part.split() for part in outcome.split(";") if part.strip()]))
        actual.append((event, found))
    assert expected == actual
    assert taken == len(decisions)
    return folded


def _shown(decision: Record) -> list[str]:
    return [shown_time(decision["at_us"]), decision["outcome"], decision["channel"] or "-", decision["reason"]]
