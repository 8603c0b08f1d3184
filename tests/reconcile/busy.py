"""Logs for the shipped programs: drawn ones in which all that they speak of happens, and the stories of their tests."""

import ast
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from config.program import Program
from tests.config.samples import ROOT
from tests.programs.tables import parse, shipped, wire_event
from tests.reconcile.made import PAUSES, Event, ids_of_people

PACE: Final = 12
LATE: Final = (0, 0, 0, 5, 100, 5000)
CATEGORIES: Final = {
    "airline": ("main", "basic", "tax", "fee"), "coffee": ("breakfast", "gift_card", "tax", "latte"),
    "beauty": ("aurore", "sample", "gift_card", "serum"), "retail_membership": ("fuel", "pharmacy", "food"),
}  # fmt: skip
MONEY: Final = {"corner_shop": "GBP", "b2b_service": "EUR", "beauty": "EUR", "sport_membership": "EUR"}
KINDS: Final = {
    "purchase": 8, "return": 5, "redeem": 4, "redeem_cancel": 2, "points_adjust": 2, "accrual": 2, "activity": 8,
    "survey_answer": 1, "ticket": 1, "invoice": 2, "store_visit": 2, "member_update": 1, "subscription": 1,
}  # fmt: skip


def busy(name: str, seed: int, count: int) -> list[Event]:
    """So many events of few people in the course of a year; returns name orders and lines that were bought."""
    return _Busy(name, shipped(name), seed).events(count)


def stories(name: str) -> list[Event]:
    """All events that the tests of a program tell of, in order of their times."""
    tree = ast.parse((ROOT / "tests" / "programs" / f"test_{name}.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    told = [node.args[1] for node in calls if isinstance(node.func, ast.Name) and node.func.id == "check"]
    texts = [node.value for node in told if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert texts, name
    program = shipped(name)
    events = [
        wire_event(line, f"story {number} line {place}", "", program) for number, text in enumerate(texts)
        for place, line in enumerate(parse(text)) if line.kind != "later"
    ]  # fmt: skip
    return sorted(events, key=lambda event: str(event["time"]))


class _Busy:
    def __init__(self, name: str, program: Program, seed: int) -> None:
        self._program, self._chance = program, random.Random(seed)
        self._money = MONEY.get(name, "USD")
        self._categories = CATEGORIES.get(name, ("goods",))
        self._bought: list[Event] = []

    def events(self, count: int) -> list[Event]:
        chance, now, events = self._chance, datetime(2025, 1, 10, tzinfo=UTC), []
        kinds = dict(KINDS) if self._program.activities else {**KINDS, "activity": 0}
        for number in range(count):
            now += timedelta(minutes=PACE * chance.choice(PAUSES))
            at = now - timedelta(minutes=chance.choice(LATE))
            kind = chance.choices(list(kinds), list(kinds.values()))[0]
            event: Event = {
                "specversion": "1.0", "type": kind, "source": "shop", "id": f"e{number}", "time": at.isoformat(),
                "data": {"ids": ids_of_people(chance), **dict(self._data(kind, number, at))},
            }  # fmt: skip
            if self._program.identity.spaces:
                event["space"] = chance.choice(self._program.identity.spaces)
            events += [event] * (2 if chance.random() < 0.05 else 1)
            if kind == "purchase":
                self._bought.append(event["data"])
        return events

    def _data(self, kind: str, number: int, at: datetime) -> Iterator[tuple[str, Any]]:
        chance = self._chance
        if kind == "purchase":
            yield from self._order()
        elif kind == "return":
            yield "return_id", f"r{number}"
            yield from self._back()
        elif kind in {"redeem", "points_adjust", "accrual"}:
            yield "currency", chance.choice([*self._program.currencies, "gold"])
            yield from self._points(kind, at)
        elif kind == "activity":
            yield "kind", chance.choice(self._program.activities)
            yield "quantity", chance.choice([1, 3, 12, 2.5, 150, 2500])
            yield "unit", chance.choice(["usd", "km"])
        else:
            yield from self._other(kind, number).items()

    def _order(self) -> Iterator[tuple[str, Any]]:
        chance, amount = self._chance, self._chance.choice([0, 99, 100, 1250, 3330, 50000, 12345])
        yield "order_id", f"o{chance.randrange(40)}"
        yield "total", {"amount": amount, "currency": chance.choices([self._money, "JPY"], [12, 1])[0]}
        if amount and chance.random() < 0.6:
            parts = [amount // 3, amount - amount // 3 + chance.choice([0, 0, -10, 15])]
            yield "lines", [
                {"sku": f"s{chance.randrange(5)}", "quantity": chance.choice([1, 2, 0.5]), "amount": part,
                 "category": chance.choice(self._categories)} for part in parts
            ]  # fmt: skip
        if chance.random() < 0.5:
            yield "channel", chance.choice(["web", "app"])
        if chance.random() < 0.5:
            yield "store", chance.choice(["opera", "outlet", "agency"])

    def _back(self) -> Iterator[tuple[str, Any]]:
        chance = self._chance
        if not self._bought or chance.random() < 0.2:
            yield from ((name, value) for name, value in self._order() if name not in {"channel", "store"})
            return
        order = chance.choice(self._bought[-25:])
        lines = [line for line in order.get("lines", ()) if line["amount"] > 0 and chance.random() < 0.6]
        amount = order["total"]["amount"]
        back = min(amount, sum(line["amount"] for line in lines)) if lines else amount // chance.choice([1, 2, 3])
        yield "order_id", order["order_id"]
        yield "total", {**order["total"], "amount": back}
        if lines and chance.random() < 0.8:
            yield "lines", [{**line, "amount": line["amount"] // chance.choice([1, 2, -1])} for line in lines]

    def _points(self, kind: str, at: datetime) -> Iterator[tuple[str, Any]]:
        chance = self._chance
        if kind == "redeem":
            yield "redemption_id", f"x{chance.randrange(15)}"
            yield "points", chance.choice([5, 20, 100, 700])
        elif kind == "points_adjust":
            yield "points", chance.randrange(-300, 500)
            yield from (("reason", "goodwill"), ("actor", "desk"))
        else:
            yield "accrual_id", f"a{chance.randrange(60)}"
            yield "points", chance.randrange(1, 400)
            if chance.random() < 0.5:
                yield "hold_until", (at + timedelta(hours=500)).isoformat()

    def _other(self, kind: str, number: int) -> Event:
        chance = self._chance
        made: dict[str, Event] = {
            "redeem_cancel": {"redemption_id": f"x{chance.randrange(15)}"},
            "survey_answer": {"survey": chance.choice(["nps", "ces"]), "score": chance.randrange(1, 6)},
            "ticket": {"ticket_id": f"t{number}", "status": "solved", "first_contact": chance.random() < 0.5},
            "invoice": {"invoice_id": f"i{number}", "status": chance.choice(["paid", "issued"]),
                        "total": {"amount": chance.choice([500, 20000, 99999]), "currency": self._money}},
            "store_visit": {"store": "opera"},
            "member_update": {"attributes": chance.choice([
                {"birthday": f"1990-03-1{chance.randrange(9)}"}, {"payment": "loaded_card"}, {"contract": "framework"},
            ])},
            "subscription": {"plan": "plus", "status": chance.choice(["started", "renewed", "cancelled"])},
        }  # fmt: skip
        return made[kind]
