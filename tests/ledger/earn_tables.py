"""Earn rules as aligned text: what a member does, one event a line, and what each rule gives behind the arrow.

    purchase  2026-01-01T10:00  10.00 GBP  coffee:5.00  tea:2*3.00  tier=gold  store=soho  -> spend +10, bonus +5

Behind the time stand a total, lines (`category:amount`, `category:quantity*amount`, the category as sku too) and
fields of the event. `tier`, `zone`, and what begins with `my.` (attributes) are of the member. Times are UTC. An order
is named by `order`, else by its line. A grant is the rule and its points, then `held until …`, `held for …`,
`expires …`.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from config.expressions.scene import moment_of
from config.program import Program
from flows.ledger.budgets import Budgets
from flows.ledger.earning import Earnings
from flows.ledger.grants import Grant
from flows.runtime.table import Table
from schemas.decode import EventDecoder, Rejected, time_us
from schemas.earning_states import Earning, Spent, decode_spent
from schemas.events import CloudEvent, Purchase
from schemas.facts import Facts
from schemas.states import encode_state
from schemas.stitched import Cause
from tests.config.samples import program

NOTHING = "nothing"
GROUPS = 4
OWN = ("workout", "referral")
_decoder = EventDecoder(activities=frozenset(OWN))


TIERS = """
tiers:
  period: calendar_year
  measures: {spend: {of: spend, money: GBP}}
  levels: [{id: silver, name: Silver, needs: {spend: 5000}}, {id: gold, name: Gold, needs: {spend: 10000}}]
"""


def earning_program(rules: str, zone: str = "UTC") -> Program:
    """A program with two currencies and these rules (the YAML of the list `earn`); tiers if a rule speaks of them."""
    return program(f"""{TIERS if "tier" in rules else ""}
time_zone: {zone}
currencies: {{points: {{name: Points}}, miles: {{name: Miles}}}}
activities: [{", ".join(OWN)}]
earn:
{rules}""")


def event_of(kind: str, name: str, time: str, data: dict[str, Any]) -> CloudEvent:
    """An event as it comes out of the decoder."""
    wire = {"specversion": "1.0", "type": kind, "source": "till", "id": name, "time": f"{time}:00Z",
            "data": {"ids": {"loyalty": "ada"}, **data}}
    decoded = _decoder.decode(msgspec.json.encode(wire))
    assert not isinstance(decoded, Rejected), decoded
    return decoded


def cents(written: str) -> int:
    """`10.00` as 1000."""
    return int(written.replace(".", ""))


class Member:
    """One member for whom a table is run."""

    def __init__(self, program: Program, member_id: str = "ada", rows: Table[Spent] | None = None) -> None:
        spent: Table[Spent] = rows or Table(b"b", encode_state, decode_spent)
        self.earnings = Earnings(program, Budgets(spent, GROUPS, program.retention.events))
        self.member_id = member_id
        self.state = Earning()
        self.orders: set[str] = set()
        self.log_us = 0

    def does(self, event: CloudEvent, facts: Facts) -> list[Grant]:
        """What the event earns; log time never goes back."""
        at_us = time_us(event.time)
        self.log_us = max(self.log_us, at_us)
        again = False
        if isinstance(event, Purchase):
            again = event.data.order_id in self.orders
            self.orders.add(event.data.order_id)
        cause = Cause(event.id, event.source, event.id, at_us, self.log_us)
        return self.earnings.of_event(self.member_id, facts, event, cause, self.state, again=again)


def _field(data: dict[str, Any], facts: dict[str, Any], name: str, value: str) -> None:
    whole, decimal = value.isdigit(), value.replace(".", "", 1).isdigit()
    typed: Any = int(value) if whole else float(value) if decimal else value
    if name.startswith("my."):
        facts["attributes"][name.removeprefix("my.")] = typed
    elif name in {"tier", "zone"}:
        facts[{"zone": "time_zone"}.get(name, name)] = value
    else:
        data[{"order": "order_id"}.get(name, name)] = value if name == "order" else typed


def read_line(kind: str, name: str, words: list[str], purchases: int) -> tuple[dict[str, Any], Facts]:
    """The data and the member's facts that the words of a line say."""
    data: dict[str, Any] = {"order_id": name} if kind == "purchase" else {}
    facts: dict[str, Any] = {"attributes": {}, "purchases": purchases, "known": True}
    lines: list[dict[str, Any]] = []
    for word in words:
        category, colon, amount = word.partition(":")
        field, equals, value = word.partition("=")
        if equals:
            _field(data, facts, field, value)
        elif colon:
            quantity, star, each = amount.rpartition("*")
            lines.append({"sku": category, "category": category, "amount": cents(each),
                          "quantity": float(quantity) if "." in quantity else int(quantity) if star else 1})
        elif word.isalpha():
            data["total"]["currency"] = word
        else:
            data["total"] = {"amount": cents(word), "currency": "GBP"}
    if lines:
        data["lines"] = lines
    return data, Facts(**facts)


def shown(grant: Grant) -> str:
    """A grant as the tables write it."""
    text = f"{grant.rule} +{grant.points}"
    for word, us in (("held until", grant.held_until_us), ("expires", grant.expires_us)):
        if us is not None:
            text += f" {word} {moment_of(us).astimezone(UTC):%Y-%m-%dT%H:%M}"
    return text if grant.held_for is None else f"{text} held for {grant.held_for}"


def earn(
    rules: str, table: str, zone: str = "UTC", member_id: str = "ada", rows: Table[Spent] | None = None
) -> Member:  # fmt: skip
    """Run a table for one member, and compare every line's grants; gives the member."""
    member = Member(earning_program(rules, zone), member_id, rows)
    expected, found = [], []
    for number, text in enumerate(table.strip().splitlines()):
        said, arrow, outcome = text.partition("->")
        assert arrow, text
        kind, time, *words = said.split()
        datetime.fromisoformat(time)
        data, facts = read_line(kind, f"o{number}", words, member.state.purchases)
        grants = member.does(event_of(kind, f"e{number}", time, data), facts)
        expected.append(outcome.strip())
        found.append(", ".join(map(shown, grants)) or NOTHING)
    assert expected == found
    return member
