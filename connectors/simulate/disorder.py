"""What goes wrong on the way: deliveries twice, the same id with another body, and lines that are no events.

A conflict always comes after the event it contradicts, in the same partition, so that it is plain which one came first.
Every broken line breaks one rule only and carries identifiers that nobody has, so its dead-letter reason is certain.
"""

import json
from collections.abc import Callable
from hashlib import blake2b
from zlib import crc32

import orjson
from msgspec.structs import replace

from connectors.simulate.lines import NOBODY, Body, Line
from connectors.simulate.people import mix
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import HOUR, SECOND, Stamp

AGAIN_MS_MAX = HOUR
CONFLICTING = frozenset({"page_view", "product_view", "app_session"})
CONFLICT_SCALE = 2.0        # these types are about half of all events: doubled, their share meets the rate
GARBAGE_BYTES = 40
BREAKS_SEED = 5             # which rule each line breaks is drawn from its number
BROKEN_SOURCE = "corner-shop/broken"


def disturb(plan: Plan, arrival_ms: int, line: Line) -> None:
    """Plan a second delivery or a contradiction of an event that just arrived."""
    rates, draw = plan.options.rates, plan.draw()
    if draw < rates.duplicate:
        _again(plan, arrival_ms, replace(line, kind="duplicate", late=False))
    elif draw < rates.duplicate + rates.reserialised:
        _again(plan, arrival_ms, replace(line, kind="reserialised", late=False, raw=reserialise(line.raw)))
    if line.type in CONFLICTING and plan.draw() < rates.conflict * CONFLICT_SCALE:
        other = contradict(line.raw)
        _again(plan, arrival_ms, replace(line, kind="conflict", late=False, raw=other, reason="ID_CONFLICT"))


def _again(plan: Plan, arrival_ms: int, line: Line) -> None:
    plan.again(arrival_ms + SECOND + plan.below(AGAIN_MS_MAX), line)


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


def broken_line(stamp: Stamp, number: int, beside: Line) -> Line:
    """A line that is no event, standing beside an event in its partition; `reason` says what it must be refused for."""
    good: Body = {
        "specversion": "1.0", "type": "page_view", "source": BROKEN_SOURCE, "id": f"broken-{number}",
        "time": stamp.text(beside.time_ms), "data": {"ids": {"cookie": f"broken-{number}"}},
    }  # fmt: skip
    reason, broken = BREAKS[mix(number, BREAKS_SEED) % len(BREAKS)]
    return Line(
        beside.topic, beside.partition, broken(good), "malformed", "", BROKEN_SOURCE, f"broken-{number}",
        beside.time_ms, NOBODY, reason=reason,
    )  # fmt: skip


def _garbage(good: Body) -> bytes:
    drawn = blake2b(good["id"].encode(), digest_size=GARBAGE_BYTES).digest()
    return b"\x00" + drawn.replace(b"\n", b"").replace(b"\r", b"")


def _half(good: Body) -> bytes:
    whole = orjson.dumps(good)
    return whole[: 1 + crc32(whole) % (len(whole) - 1)]


def _no_envelope(good: Body) -> bytes:
    return orjson.dumps(good["data"])


def _no_object(good: Body) -> bytes:
    return orjson.dumps([good["id"], good["time"]])


def _unknown_type(good: Body) -> bytes:
    return orjson.dumps({**good, "type": "page_vieuw"})


def _wrong_type(good: Body) -> bytes:
    return orjson.dumps({**good, "data": {**good["data"], "duration_seconds": "twelve"}})


def _missing_field(good: Body) -> bytes:
    data = {**good["data"], "order_id": f"O-{good['id']}"}
    return orjson.dumps({**good, "type": "purchase", "data": data})


def _no_ids(good: Body) -> bytes:
    return orjson.dumps({**good, "data": {"ids": {}}})


def _blocked(good: Body) -> bytes:
    return orjson.dumps({**good, "data": {"ids": {"email": "none"}}})


Break = Callable[[Body], bytes]
BREAKS: tuple[tuple[str, Break], ...] = (
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
