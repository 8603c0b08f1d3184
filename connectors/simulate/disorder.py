"""What goes wrong on the way: deliveries twice, the same id with another body, and lines that are no events.

A conflict always comes after the event it contradicts, in the same partition, so that it is plain which one came first.
Every broken line breaks one rule only and carries identifiers that nobody has, so its dead-letter reason is certain.
"""

import json
from random import Random

import msgspec
import orjson

from connectors.simulate.lines import NOBODY, Body, Line
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import HOUR, SECOND, Stamp

AGAIN_MS_MAX = HOUR
CONFLICTING = frozenset({"page_view", "product_view", "app_session"})
GARBAGE_BYTES = 40
NEWLINE, RETURN = 0x0A, 0x0D


def disturb(plan: Plan, arrival_ms: int, line: Line) -> None:
    """Plan a second delivery or a contradiction of an event that just arrived."""
    rates, draw = plan.options.rates, plan.random.random()
    later = arrival_ms + SECOND + plan.below(AGAIN_MS_MAX)
    if draw < rates.duplicate:
        plan.again(later, msgspec.structs.replace(line, kind="duplicate", late=False))
    elif draw < rates.duplicate + rates.reserialised:
        plan.again(later, msgspec.structs.replace(line, kind="reserialised", late=False, raw=reserialise(line.raw)))
    if line.type in CONFLICTING and plan.chance(rates.conflict * conflict_scale(line.type)):
        other = contradict(line.raw)
        plan.again(later, msgspec.structs.replace(line, kind="conflict", late=False, raw=other, reason="ID_CONFLICT"))


def conflict_scale(type: str) -> float:
    """Browsing is about half of all events, so that its share of conflicts is doubled to meet the rate asked for."""
    return 2.0 if type in CONFLICTING else 0.0


def reserialise(raw: bytes) -> bytes:
    """The same event as another encoder writes it: keys in reverse order, blanks after separators, ASCII only."""
    return json.dumps(_reversed(orjson.loads(raw))).encode()


def _reversed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def contradict(raw: bytes) -> bytes:
    """The same source and id with another duration."""
    body: Body = orjson.loads(raw)
    body["data"]["duration_seconds"] = body["data"].get("duration_seconds", 0) + 1
    return orjson.dumps(body)


def broken_line(random: Random, stamp: Stamp, number: int, beside: Line) -> Line:
    """A line that is no event, standing beside an event in its partition; `reason` says what it must be refused for."""
    good: Body = {
        "specversion": "1.0", "type": "page_view", "source": "corner-shop/broken", "id": f"broken-{number}",
        "time": stamp.text(beside.time_ms), "data": {"ids": {"cookie": f"broken-{number}"}},
    }  # fmt: skip
    reason, raw = BREAKS[int(random.random() * len(BREAKS))]
    raw_bytes = raw(random, good)
    return Line(
        beside.topic, beside.partition, raw_bytes, "malformed", "", "corner-shop/broken", f"broken-{number}",
        beside.time_ms, NOBODY, reason=reason,
    )  # fmt: skip


def _garbage(random: Random, good: Body) -> bytes:
    drawn = bytes(int(random.random() * 256) for _ in range(GARBAGE_BYTES))
    return b"\x00" + bytes(byte for byte in drawn if byte not in (NEWLINE, RETURN))


def _half(random: Random, good: Body) -> bytes:
    whole = orjson.dumps(good)
    return whole[: 1 + int(random.random() * (len(whole) - 1))]


def _no_envelope(random: Random, good: Body) -> bytes:
    return orjson.dumps(good["data"])


def _no_object(random: Random, good: Body) -> bytes:
    return orjson.dumps([good["id"], good["time"]])


def _unknown_type(random: Random, good: Body) -> bytes:
    return orjson.dumps({**good, "type": "page_vieuw"})


def _wrong_type(random: Random, good: Body) -> bytes:
    return orjson.dumps({**good, "data": {**good["data"], "duration_seconds": "twelve"}})


def _missing_field(random: Random, good: Body) -> bytes:
    data = {**good["data"], "order_id": f"O-{good['id']}"}
    return orjson.dumps({**good, "type": "purchase", "data": data})


def _no_ids(random: Random, good: Body) -> bytes:
    return orjson.dumps({**good, "data": {"ids": {}}})


def _blocked(random: Random, good: Body) -> bytes:
    return orjson.dumps({**good, "data": {"ids": {"email": "none"}}})


BREAKS = (
    ("NOT_JSON", _garbage),
    ("NOT_JSON", _half),
    ("NOT_CLOUDEVENT", _no_envelope),
    ("NOT_CLOUDEVENT", _no_object),
    ("UNKNOWN_TYPE", _unknown_type),
    ("INVALID_DATA", _wrong_type),
    ("INVALID_DATA", _missing_field),
    ("NO_IDENTIFIER", _no_ids),
    ("BLOCKED_IDENTIFIER", _blocked),
)
