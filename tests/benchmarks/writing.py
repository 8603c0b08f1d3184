"""Purchases that a till appends to a log while a worker follows it."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import orjson
from msgspec import Struct

TAIL_BYTES = 65_536
START_AFTER = timedelta(minutes=1)


class Plan(Struct, frozen=True):
    """Who buys, one after the other; `after` is the log's last moment, which the first purchase follows."""

    loyalty: list[str]
    after: datetime
    per_second: int


def last_time(log: Path) -> datetime:
    """The latest event time at the log's end."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().splitlines()[1:]
    return max(datetime.fromisoformat(orjson.loads(line)["time"]) for line in lines)


def purchase_line(loyalty: str, number: int, at: datetime) -> bytes:
    """One purchase, newline included."""
    event = {
        "specversion": "1.0", "type": "purchase", "source": "corner-shop/till", "id": f"followed-{number}-{loyalty}",
        "time": at.isoformat(), "data": {
            "ids": {"loyalty": loyalty}, "order_id": f"F-{number}-{loyalty}",
            "total": {"amount": 1250, "currency": "GBP"}, "channel": "till", "store": "store-1",
            "lines": [{"sku": "SKU-1001", "quantity": 1, "amount": 1250, "category": "coffee"}],
        },
    }  # fmt: skip
    return orjson.dumps(event) + b"\n"


def append_one(log: Path, loyalty: str, after: datetime) -> None:
    """Append a purchase now."""
    with log.open("ab", buffering=0) as file:
        file.write(purchase_line(loyalty, 0, after + START_AFTER / 2))


def append_all(log: Path, plan: Plan) -> list[float]:
    """Append every purchase of the plan at its pace; give the moments (monotonic seconds) just before each."""
    appended = []
    began = time.monotonic()
    with log.open("ab", buffering=0) as file:
        for number, loyalty in enumerate(plan.loyalty):
            offset = number / plan.per_second
            time.sleep(max(0.0, began + offset - time.monotonic()))
            line = purchase_line(loyalty, number + 1, plan.after + START_AFTER + timedelta(seconds=offset))
            appended.append(time.monotonic())
            file.write(line)
    return appended


def plan_of(path: Path) -> Plan:
    """Read a plan."""
    return msgspec.json.decode(path.read_bytes(), type=Plan)
