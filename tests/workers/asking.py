"""A log with people in it who ask: merges by a steward, most of them taken apart again, erasures and exports."""

import random
from typing import Any

import msgspec

from schemas.decode import EventDecoder, Rejected
from schemas.log import Place, Row

ASKED = Place("desk", 0)
EVERY, ERASED_OF = 15, 6
_decoder = EventDecoder()


def asking(rows: list[Row], draw: random.Random) -> list[Row]:
    """The rows, with requests about people that were seen between them."""
    out: list[Row] = []
    emails: list[str] = []
    joined: list[tuple[str, str]] = []
    for at, row in enumerate(rows):
        out.append(row)
        if not isinstance(row[5], Rejected):
            emails += [one for one in [(row[5].data.ids or {}).get("email")] if isinstance(one, str)]
        if at % EVERY or len(emails) < EVERY:
            continue
        kind, data = _request(draw, emails, joined, at)
        out.append(_row(kind, data, at, row[0]))
    return out


def _request(
    draw: random.Random, emails: list[str], joined: list[tuple[str, str]], at: int
) -> tuple[str, dict[str, Any]]:  # fmt: skip
    one, other = draw.choice(emails), draw.choice(emails)
    if joined and draw.random() < 0.5:
        kept, part = joined.pop(draw.randrange(len(joined)))
        return "split", {"keep": {"email": kept}, "part": {"email": part}, "actor": "steward", "reason": "two people"}
    if not draw.randrange(ERASED_OF):
        kind = draw.choice(["erase", "export"])
        return kind, {"ids": {"email": one}, "request_id": f"r{at}", "actor": "desk"}
    joined.append((one, other))
    return "alias", {"ids": {"email": [one, other]}}


def _row(kind: str, data: dict[str, Any], at: int, log_us: int) -> Row:
    wire = {"specversion": "1.0", "type": kind, "id": f"asked{at}", "source": "desk",
            "time": "2026-01-01T00:00:00Z", "data": data}
    raw = msgspec.json.encode(wire)
    event = _decoder.decode(raw)
    assert not isinstance(event, Rejected), event
    return log_us, log_us, ASKED, at, raw, event
