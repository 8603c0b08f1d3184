"""Events of an airline's members, a batch of one kind after another: what the ledger benchmark is measured on.

A member has some fifty events in a year: tickets, boardings, flights, partner nights and card dollars, redemptions,
returns, perks. Each batch holds one kind of event, so that the processor time of a batch is what that kind costs; who
the members are is random, so that nobody's row stays warm. The kinds take turns in the same order for ever.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from config.program import Program
from schemas.decode import EventDecoder, Rejected, time_us
from schemas.log import Place, Row

SEED: Final = 11
EVENTS_PER_MEMBER: Final = 50
BATCH_ROWS: Final = 1_000
FIRST_SECOND: Final = 1_767_268_800         # 2026-01-01T12:00:00Z
YEAR_SECONDS: Final = 365 * 86_400
PLACE: Final = Place("flyers", 0)
ORDERS_KEPT: Final = 10_000

TURN: Final = (
    "ticket", "boarding", "flight", "card_spend", "ticket", "boarding", "flight", "hotel_night", "accrual",
    "survey_answer", "redeem", "return", "perk", "ticket", "boarding", "flight", "card_spend",
)  # fmt: skip
WHAT: Final = {
    "ticket": "money, rates, exclusion, hold until an event",
    "boarding": "releases what waited for it",
    "flight": "pieces, first, every, measures, offers",
    "card_spend": "pieces, caps, hold of a month, challenge",
    "hotel_night": "pieces, budget, hold of days",
    "accrual": "from a partner, half of them held",
    "survey_answer": "condition, once a month",
    "redeem": "price by tier, lots, voucher",
    "return": "in proportion, of what is held or was spent",
    "perk": "activity against a quantity a month",
}

Data = dict[str, Any]


class Flyers:
    """The members of so many events."""

    def __init__(self, program: Program, events: int) -> None:
        self.batches_due = max(len(TURN), events // BATCH_ROWS)
        self.events = self.batches_due * BATCH_ROWS
        self.members = max(1, self.events // EVENTS_PER_MEMBER)
        self._decoder = EventDecoder(activities=frozenset(program.activities))
        self._draw = random.Random(SEED)
        self._orders: list[tuple[int, str, int]] = []
        self._number = 0
        self._made: dict[str, Callable[[int, str], tuple[str, Data]]] = {
            "ticket": self._ticket, "boarding": self._boarding, "flight": self._flight, "card_spend": self._card,
            "hotel_night": self._hotel, "accrual": self._accrual, "survey_answer": self._survey,
            "redeem": self._redeem, "perk": self._perk,
        }  # fmt: skip

    def batches(self) -> Iterator[tuple[str, list[Row]]]:
        """(kind, rows) of every batch; log time is spread evenly over a year."""
        for number in range(self.batches_due):
            kind = TURN[number % len(TURN)]
            yield kind, [self._row(kind) for _ in range(BATCH_ROWS)]

    def _row(self, kind: str) -> Row:
        self._number += 1
        name = f"e{self._number}"
        who = self._draw.randrange(self.members)
        if kind == "return":
            who, event_type, data = self._return(name)
        else:
            event_type, data = self._made[kind](who, name)
        second = FIRST_SECOND + self._number * YEAR_SECONDS // self.events
        return row_of(self._decoder, event_type, name, who, second, self._number, data)

    # one of each kind

    def _ticket(self, who: int, name: str) -> tuple[str, Data]:
        fare = self._draw.randrange(5_000, 90_000)
        cabin = self._draw.choice(["main", "main", "main", "basic", "first"])
        self._orders.append((who, name, fare + 4_000))
        del self._orders[:-ORDERS_KEPT]
        lines = [{"sku": cabin, "category": cabin, "quantity": 1, "amount": fare},
                 {"sku": "tax", "category": "tax", "quantity": 1, "amount": 4_000}]  # fmt: skip
        return "purchase", {"order_id": name, "total": usd(fare + 4_000), "lines": lines, "channel": "web"}

    def _return(self, name: str) -> tuple[int, str, Data]:
        who, order, total = self._draw.choice(self._orders)
        return who, "return", {"return_id": name, "order_id": order, "total": usd(total // 4)}

    def _boarding(self, _who: int, _name: str) -> tuple[str, Data]:
        return "boarding", {"kind": "boarding"}

    def _flight(self, _who: int, _name: str) -> tuple[str, Data]:
        return "flight", {"kind": "flight", "quantity": self._draw.randrange(50, 900), "unit": "usd"}

    def _card(self, _who: int, _name: str) -> tuple[str, Data]:
        return "card_spend", {"kind": "card_spend", "quantity": self._draw.randrange(5, 700), "unit": "usd"}

    def _hotel(self, _who: int, _name: str) -> tuple[str, Data]:
        return "hotel_night", {"kind": "hotel_night", "quantity": self._draw.randrange(1, 5)}

    def _accrual(self, _who: int, name: str) -> tuple[str, Data]:
        data: Data = {"accrual_id": name, "currency": "miles", "points": self._draw.randrange(100, 5_000)}
        held = {"hold_until": "2026-12-24T00:00:00Z"} if self._draw.random() < 0.5 else {}
        return "accrual", {**data, **held, "qualifying": False}

    def _survey(self, _who: int, _name: str) -> tuple[str, Data]:
        return "survey_answer", {"survey": "nps", "score": self._draw.randrange(11)}

    def _redeem(self, _who: int, name: str) -> tuple[str, Data]:
        return "redeem", {"redemption_id": name, "currency": "miles", "points": 12_500, "reward": "short_flight"}

    def _perk(self, _who: int, _name: str) -> tuple[str, Data]:
        return "activity", {"kind": "seat_upgrade"}


def usd(amount: int) -> Data:
    """An amount in cents."""
    return {"amount": amount, "currency": "USD"}


def row_of(
    decoder: EventDecoder, event_type: str, name: str, who: int, second: int, offset: int, data: Data
) -> Row:  # fmt: skip
    """The row that a connector would make of an event of a member."""
    days, seconds = divmod(second - FIRST_SECOND + 43_200, 86_400)
    month, day = _MONTHS[days % 365]
    time = f"{2026 + days // 365}-{month:02}-{day:02}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"
    raw = msgspec.json.encode({
        "specversion": "1.0", "type": event_type, "source": "airline", "id": name, "time": time,
        "data": {"ids": {"loyalty": f"s{who}"}, **data},
    })  # fmt: skip
    decoded = decoder.decode(raw)
    assert not isinstance(decoded, Rejected), decoded
    at_us = time_us(decoded.time)
    return at_us, at_us, PLACE, offset, raw, decoded


_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTHS: Final = [(month, day) for month, length in enumerate(_LENGTHS, 1) for day in range(1, length + 1)]
