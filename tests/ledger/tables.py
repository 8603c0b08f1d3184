"""Ledger stories as aligned text: an event a line, what it must do behind the arrow.

    purchase  ada       2026-01-01T10:00  o1  10.00 GBP  -> +10 = 10
    return    ada       2026-01-01T11:00  o1   4.00 GBP  -> -4 = 6

`ada` is a loyalty card, `~web` a cookie, `+` joins them. Outcomes are the entries (the change and the balance after it,
below zero: owed) and refusals (by reason) that the event caused, `nothing` if none. `later` only lets time pass.
A last word `#e1` gives the event's id, else its line does.
"""

from typing import Any, NamedTuple

import msgspec

from config.program import Program
from flows.fold import Folded, fold
from schemas.decode import EventDecoder, Rejected, time_us
from schemas.log import Place, Row
from schemas.records import EntryPosted, PointsRefused
from tests.config.samples import program

SOURCE = "till"
PLACE = Place("events", 0)
NOTHING = "nothing"
_decoder = EventDecoder()
_entries = msgspec.json.Decoder(EntryPosted)
_refusals = msgspec.json.Decoder(PointsRefused)


def kiosk(rounding: str = "down", points: int = 1) -> Program:
    """A program that gives `points` for each pound, and lets any identifiers join members."""
    return program(f"""
        identity: {{identifiers: {{loyalty: {{unique: false}}, cookie: {{shared: null}}}}}}
        currencies: {{points: {{name: Points}}, miles: {{name: Miles}}}}
        earn:
          - {{id: spend, on: purchase, currency: points, points: {points}, per: {{amount: 100, currency: GBP}},
             rounding: {rounding}}}
        """)


class Line(NamedTuple):
    """A line of a table: the event (None: only time passes), when it was, and what must come of it."""

    event: dict[str, Any] | None
    id: str
    time: str
    outcome: str


def row_of(event: dict[str, Any], log_us: int, offset: int, decoder: EventDecoder = _decoder) -> Row:
    """The row a connector would make of an event; log time never goes back behind `log_us`."""
    raw = msgspec.json.encode(event)
    decoded = decoder.decode(raw)
    assert not isinstance(decoded, Rejected), decoded
    event_us = time_us(decoded.time)
    return max(log_us, event_us), event_us, PLACE, offset, raw, decoded


def rows_of(happened: list[dict[str, Any]]) -> list[Row]:
    """The rows of events in the order of the log."""
    rows: list[Row] = []
    for offset, event in enumerate(happened):
        rows.append(row_of(event, rows[-1][0] if rows else 0, offset))
    return rows


def event_of(kind: str, id: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    """A wire event; `time` is without seconds, in UTC."""
    return {"specversion": "1.0", "type": kind, "source": SOURCE, "id": id, "time": f"{time}:00Z", "data": data}


def ids_of(text: str) -> dict[str, list[str]]:
    """The identifiers that a table writes as `ada+~web`."""
    ids: dict[str, list[str]] = {}
    for name in text.split("+"):
        ids.setdefault("cookie" if name.startswith("~") else "loyalty", []).append(name.removeprefix("~"))
    return ids


def _total(amount: str, currency: str) -> dict[str, Any]:
    return {"amount": int(amount.replace(".", "")), "currency": currency}


def data_of(kind: str, id: str, words: list[str]) -> dict[str, Any]:
    """The data of an event, without its identifiers, as a table's words tell it."""
    data: dict[str, Any]
    match kind, words:
        case "purchase", [order, amount, currency]:
            data = {"order_id": order, "total": _total(amount, currency)}
        case "return", [order, amount, currency]:
            data = {"return_id": id, "order_id": order, "total": _total(amount, currency)}
        case "redeem", [redemption, points, currency]:
            data = {"redemption_id": redemption, "points": int(points), "currency": currency}
        case "redeem_cancel", [redemption]:
            data = {"redemption_id": redemption}
        case "points_adjust", [points, currency]:
            data = {"points": int(points), "currency": currency, "reason": "goodwill", "actor": "desk"}
        case "accrual", [accrual, points, currency, *until]:
            data = {"accrual_id": accrual, "points": int(points), "currency": currency}
            if until:
                data["hold_until"] = f"{until[0]}:00Z"
        case "activity", [name, *quantity]:
            data = {"kind": name, **({"quantity": float(quantity[0])} if quantity else {})}
        case "alias", []:
            data = {}
        case _:
            raise AssertionError((kind, words))
    return data


def parse(table: str) -> list[Line]:
    """The lines of a table."""
    lines = []
    for number, text in enumerate(table.strip().splitlines()):
        said, arrow, outcome = text.partition("->")
        assert arrow, text
        kind, who, time, *words = said.split()
        name = words.pop() if words and words[-1].startswith("#") else f"line{number}"
        happened = kind != "later"
        event = event_of(kind, name, time, {"ids": ids_of(who), **data_of(kind, name, words)}) if happened else None
        lines.append(Line(event, name, time, outcome.strip()))
    return lines


def entries_of(folded: Folded) -> list[EntryPosted]:
    """All entries, in order."""
    return _entries.decode_lines(folded.lines.get("entries", b""))


def refusals_of(folded: Folded) -> list[PointsRefused]:
    """All refusals, in order."""
    return _refusals.decode_lines(folded.lines.get("refusals", b""))


def change(entry: EntryPosted) -> int:
    """What an entry changed of its member's balance (available less owed)."""
    return sum(points for account, points in entry.legs if account in {"available", "receivable"})


def _outcomes(folded: Folded) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for entry in entries_of(folded):
        text = f"{change(entry):+} = {entry.available - entry.receivable}"
        said.setdefault("" if entry.cause_source == "balanza" else entry.cause_id, []).append(text)
    for refusal in refusals_of(folded):
        said.setdefault(refusal.cause_id, []).append(f"refused {refusal.reason}")
    return said


def check(table: str, by: Program | None = None) -> None:
    """Run a table through the fold, and compare every line's outcome; no two entries may have one id."""
    lines = parse(table)
    later = [line.time for line in lines if line.event is None]
    end = event_of("alias", "end", later[-1], {"ids": ids_of("nobody")}) if later else None
    until_us = None if end is None else row_of(end, 0, 0)[0]
    folded = fold(by or kiosk(), rows_of([line.event for line in lines if line.event is not None]), until_us)
    said = _outcomes(folded)
    names = [entry.entry_id for entry in entries_of(folded)]
    assert len(names) == len(set(names)), names
    found: list[str] = []
    seen: set[str] = set()
    for line in lines:
        key = "" if line.event is None else line.id
        found.append(NOTHING if key in seen else ", ".join(said.get(key, [])) or NOTHING)
        seen.add(key)
    assert found == [line.outcome for line in lines]
