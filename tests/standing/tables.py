"""Stories of tiers, offers and vouchers as aligned text: an event a line, what it must do behind the arrow.

    purchase  ada  2026-01-01T10:00  o1  10.00 EUR       -> tier silver QUALIFIED until 2027-12-31T23:00, +10 points

Names are those of `tests.ledger.tables`. What an event does comes in the order: entries (`+10 points`), tiers, offers,
vouchers, refusals. Words behind a purchase's money are `category=12.00`, `at=store`, `by=channel`, `coupon=CODE`, where
`coupon=*` is the code of the voucher that was issued last. `later` lets time pass up to its moment: what timers did up
to then is its outcome.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from config.program import Program
from flows.fold import Folded, fold
from schemas.records import EntryPosted, OfferChanged, PointsRefused, TierChanged, VoucherChanged
from schemas.states import Member
from tests.ledger.tables import event_of, ids_of, row_of

NOTHING = "nothing"
RECORDS: dict[str, type[Struct]] = {
    "entries": EntryPosted, "tiers": TierChanged, "offers": OfferChanged, "vouchers": VoucherChanged,
    "refusals": PointsRefused,
}  # fmt: skip


def records(folded: Folded, table: str) -> list[Any]:
    """All records of a table, in order."""
    return msgspec.json.Decoder(RECORDS[table]).decode_lines(folded.lines.get(table, b""))


def moment(at_us: int | None) -> str:
    """A time as the tables write it, in UTC."""
    return "-" if at_us is None else datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M")


def say(record: Any) -> str:  # noqa: ANN401  # one of five kinds
    """What a record says, as the tables write it."""
    match record:
        case EntryPosted():
            points = sum(points for account, points in record.legs if account in {"available", "receivable"})
            return f"{points:+} {record.currency}"
        case TierChanged():
            until = "" if record.until_us is None else f" until {moment(record.until_us)}"
            return f"tier {record.tier} {record.reason}{until}"
        case OfferChanged():
            return f"{record.offer} {record.state}" + (f" {record.progress}" if record.state != "granted" else "")
        case VoucherChanged():
            return f"{record.reward} {record.state}"
        case _:
            return f"refused {record.reason}"


def _minor(amount: str) -> int:
    return int(amount.replace(".", ""))


def _purchase(words: list[str], code: str) -> dict[str, Any]:
    order, amount, currency, *more = words
    data: dict[str, Any] = {"order_id": order, "total": {"amount": _minor(amount), "currency": currency}}
    for word in more:
        name, _, value = word.partition("=")
        if name in {"at", "by", "coupon"}:
            data[{"at": "store", "by": "channel"}.get(name, name)] = code if value == "*" else value
        else:
            line = {"sku": name, "category": name, "quantity": 1, "amount": _minor(value)}
            data.setdefault("lines", []).append(line)
    return data


def data_of(kind: str, id: str, words: list[str], code: str) -> dict[str, Any]:  # noqa: PLR0911  # a case a kind
    """The data of an event without its identifiers; `code` is that of the voucher issued last."""
    match kind, words:
        case "purchase", _:
            return _purchase(words, code)
        case "return", [order, amount, currency]:
            total = {"amount": _minor(amount), "currency": currency}
            return {"return_id": id, "order_id": order, "total": total}
        case "redeem", [redemption, points, currency, *reward]:
            data = {"redemption_id": redemption, "points": int(points), "currency": currency}
            return {**data, "reward": reward[0]} if reward else data
        case "redeem_cancel", [redemption]:
            return {"redemption_id": redemption}
        case "offer_grant", [offer, *grant]:
            return {"offer": offer, "grant_id": grant[0]} if grant else {"offer": offer}
        case "subscription", [plan, status, *end]:
            return {"plan": plan, "status": status, **({"period_end": end[0]} if end else {})}
        case "activity", [what, *quantity]:
            return {"kind": what, **({"quantity": float(quantity[0])} if quantity else {})}
        case "store_visit", [store]:
            return {"store": store}
        case "preference", [zone]:
            return {"time_zone": zone}
        case "points_adjust", [points, currency]:
            return {"points": int(points), "currency": currency, "reason": "goodwill", "actor": "desk"}
        case _:
            return _identity(kind, words)


def _identity(kind: str, words: list[str]) -> dict[str, Any]:
    match kind, words:
        case "alias", []:
            return {}
        case "split", [part]:
            return {"part": ids_of(part), "actor": "desk", "reason": "wrong"}
        case _:
            raise AssertionError((kind, words))


def code_of(folded: Folded, voucher_id: str) -> str:
    """The code of a voucher, which only its member has; empty if it was forgotten."""
    held = [member.vouchers[voucher_id].code for member in folded.members.values() if voucher_id in member.vouchers]
    return held[0] if held else ""


def told(folded: Folded) -> list[str]:
    """Everything a fold said, in words, a table after the other."""
    return [say(record) for table in RECORDS for record in records(folded, table)]


def fold_table(table: str, program: Program) -> tuple[Folded, list[tuple[str, str]]]:
    """Run a table; give the fold of all of it, and (found, expected) of every line."""
    rows: list[Any] = []
    lines: list[tuple[str, str]] = []
    before: dict[str, int] = dict.fromkeys(RECORDS, 0)
    folded, code = fold(program, []), ""
    for number, text in enumerate(table.strip().splitlines()):
        said, arrow, expected = text.partition("->")
        assert arrow, text
        kind, who, time, *words = said.split()
        name = words.pop() if words and words[-1].startswith("#") else f"line{number}"
        clock_us = None
        if kind == "later":
            end = event_of("alias", "end", time, {"ids": ids_of("nobody")})
            clock_us = row_of(end, 0, 0)[0]
        else:
            names = {"keep" if kind == "split" else "ids": ids_of(who)}
            event = event_of(kind, name, time, {**names, **data_of(kind, name, words, code)})
            rows.append(row_of(event, rows[-1][0] if rows else 0, number))
        folded = fold(program, rows, clock_us)
        new: list[str] = []
        for record_table in RECORDS:
            found = records(folded, record_table)
            new += [say(record) for record in found[before[record_table] :]]
            before[record_table] = len(found)
        vouchers = records(folded, "vouchers")
        code = code_of(folded, vouchers[-1].voucher_id) if vouchers else ""
        lines.append((", ".join(new) or NOTHING, expected.strip()))
    return folded, lines


def check(table: str, program: Program) -> Folded:
    """Run a table and compare every line's outcome; no two records of a table may have one id."""
    folded, lines = fold_table(table, program)
    assert [found for found, _ in lines] == [expected for _, expected in lines]
    for name in ("entries", "tiers", "offers", "refusals"):
        ids = [record.__getattribute__(record.__struct_fields__[0]) for record in records(folded, name)]
        assert len(ids) == len(set(ids)), ids
    return folded


def only_member(folded: Folded) -> Member:
    """The one member that a story left."""
    (member,) = folded.members.values()
    return member
