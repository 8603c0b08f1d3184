"""Small logs to reconcile: chosen lines, or a few hundred drawn ones in which everything meets everybody."""

import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from config.program import Program
from tests.config.samples import program
from tests.ledger.tables import parse

Event = dict[str, Any]
KINDS: Final = {
    "purchase": 8, "return": 5, "redeem": 3, "redeem_cancel": 2, "points_adjust": 2, "accrual": 2, "page_view": 1,
}  # fmt: skip
AMOUNTS: Final = (0, 99, 100, 250, 1234, 333, 50)
PAUSES: Final = (0, 0, 1, 30, 60, 400, 1500)
LATE: Final = (0, 0, 0, 5, 100)
FOR_EVER: Final = "{points: {name: Points}, miles: {name: Miles}}"
EXPIRING: Final = """{
    points: {name: Points, expiry: {policy: days, days: 4}, late_cancel: renew},
    miles: {name: Miles, expiry: {policy: end_of_month, months: 0}, overdraw: true}
}"""

WAIVING: Final = """{
    points: {name: Points, expiry: {policy: days, days: 4}, returns: within_balance},
    miles: {name: Miles, returns: only_pending}
}"""


def crowded(currencies: str = FOR_EVER) -> Program:
    """Two currencies, every rounding, and anonymous members that are soon forgotten."""
    return program(f"""
        currencies: {currencies}
        identity: {{anonymous_days: 3}}
        earn:
          - {{on: purchase, id: one, currency: points, points: 3, per: {{amount: 99, currency: GBP}},
             rounding: half_even}}
          - {{on: purchase, id: more, currency: points, points: 2, per: {{amount: 50, currency: GBP}}, rounding: up}}
          - {{on: purchase, id: fly, currency: miles, points: 7, per: {{amount: 333, currency: GBP}},
             rounding: half_up}}
          - {{on: purchase, id: abroad, currency: miles, points: 1, per: {{amount: 90, currency: EUR}}}}
        """)


def write(folder: Path, *partitions: Iterable[Event]) -> Path:
    """A log of these partitions of one topic."""
    (folder / "shop").mkdir(parents=True, exist_ok=True)
    for number, events in enumerate(partitions):
        text = "".join(json.dumps(event) + "\n" for event in events)
        (folder / "shop" / f"{number}.jsonl").write_text(text, encoding="utf-8")
    return folder


def events_of(table: str) -> list[Event]:
    """The events of a table (see tests/ledger/tables.py); outcomes are not looked at."""
    lines = "\n".join(f"{line} -> any" for line in table.strip().splitlines())
    events = [line.event for line in parse(lines) if line.event is not None]
    return [{**event, "id": str(event["id"]).removeprefix("#")} for event in events]


def drawn(seed: int, count: int, pace: int = 1) -> list[Event]:
    """So many events of few people who share cookies, orders and redemptions, late ones and duplicates among them.

    With another `pace` so much more time passes, from 2020 on.
    """
    chance, now = random.Random(seed), datetime(2026 if pace == 1 else 2020, 1, 1, tzinfo=UTC)
    events = []
    for number in range(count):
        now += timedelta(minutes=pace * chance.choice(PAUSES))
        event = _drawn(chance, number, now - timedelta(minutes=chance.choice(LATE)))
        events += [event] * (2 if chance.random() < 0.05 else 1)
        if chance.random() < 0.03:
            events.append({**event, "data": {**event["data"], "ids": {"loyalty": "someone else"}}})
    return events


def _drawn(chance: random.Random, number: int, at: datetime) -> Event:
    kind = chance.choices(list(KINDS), list(KINDS.values()))[0]
    order = {
        "order_id": f"o{chance.randrange(40)}",
        "total": {"amount": chance.choice(AMOUNTS), "currency": chance.choices(["GBP", "EUR"], [8, 1])[0]},
    }
    redemption = {"redemption_id": f"x{chance.randrange(15)}"}
    held = {"hold_until": (at + timedelta(hours=50)).isoformat()} if chance.random() < 0.5 else {}
    currency = {"currency": chance.choices(["points", "miles", "gold"], [6, 4, 1])[0]}
    data: dict[str, Event] = {
        "purchase": order,
        "return": {"return_id": f"r{number}", **order},
        "redeem": {**redemption, **currency, "points": chance.randrange(1, 20)},
        "redeem_cancel": redemption,
        "points_adjust": {**currency, "points": chance.randrange(-15, 20), "reason": "goodwill", "actor": "desk"},
        "accrual": {"accrual_id": f"a{chance.randrange(60)}", **currency, "points": chance.randrange(1, 40), **held},
        "page_view": {},
    }
    event = {
        "specversion": "1.0", "type": kind, "source": "shop", "id": f"e{number}", "time": at.isoformat(),
        "data": {"ids": ids_of_people(chance), **data[kind]},
    }  # fmt: skip
    return event if chance.random() < 0.9 else {**event, "space": "other"}


def ids_of_people(chance: random.Random) -> dict[str, str]:
    """Identifiers of one of few people, who share them now and then."""
    ids = {}
    if chance.random() < 0.6:
        ids["loyalty"] = f"l{chance.randrange(1, 12)}"
    if chance.random() < 0.5 or not ids:
        ids["cookie"] = f"c{chance.randrange(1, 14)}"
    if chance.random() < 0.1:
        ids["email"] = f"e{chance.randrange(1, 6)}@example.com"
    return ids
