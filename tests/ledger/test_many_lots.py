"""A member with thousands of lots costs about what one with five does."""

from time import process_time

import msgspec

from schemas.decode import EventDecoder, Rejected
from schemas.stitched import Step, Stitched
from tests.ledger.desk import Desk, minute
from tests.ledger.tables import event_of
from tests.ledger.test_lots import shop

_decoder = EventDecoder()
FEW, MANY = 5, 5_000
EVENTS, TRIES = 90, 5
TIMES_MAX = 3
START_US = 1_767_225_600_000_000
DAY_US = 86_400_000_000
TERMS = "expiry: {policy: days, days: 3000}, warn_before: 7d"


def step_of(desk: Desk, kind: str, data: dict[str, object]) -> Stitched:
    """The next event of the member, a second later."""
    desk.steps += 1
    at_us, name = START_US + desk.steps * 1_000_000, f"e{desk.steps:09}"
    wire = event_of(kind, name, minute(at_us), {"ids": {"loyalty": "ada"}, **data})
    event = _decoder.decode(msgspec.json.encode(wire))
    assert not isinstance(event, Rejected), event
    return Stitched(name, "till", name, at_us, at_us, "m1", event, None, known=True, created=False, by="loyalty:ada")


def purchase(desk: Desk, order_id: str, day: int = 0) -> Stitched:
    """An order of a day so many days before."""
    total = {"amount": 1000, "currency": "GBP"}
    step = step_of(desk, "purchase", {"order_id": order_id, "total": total})
    step.event_us -= day * DAY_US
    return step


def seconds(lots: int) -> float:
    """What purchases, redemptions and returns cost a member of so many lots; the best of some tries."""
    desk, best = Desk(shop(TERMS)), float("inf")
    desk.machine.apply([purchase(desk, f"o{day}", day % 2_000) for day in range(lots)])
    for number in range(TRIES):
        steps: list[Step] = []
        for at in range(EVENTS // 3):
            name = f"t{number}-{at}"
            steps.append(purchase(desk, name))
            steps.append(step_of(desk, "redeem", {"redemption_id": name, "points": 7, "currency": "points"}))
            total = {"amount": 300, "currency": "GBP"}
            steps.append(step_of(desk, "return", {"return_id": name, "order_id": name, "total": total}))
        began = process_time()
        desk.machine.apply(steps)
        best = min(best, process_time() - began)
        desk.emit.clear()
    assert len(desk.books("m1").accounts["points"].lots) >= lots // 2
    return best


def test_five_thousand_lots_cost_no_more_than_three_times_five() -> None:
    """Nothing is searched through: the earliest lot is in front, any other is found by bisection."""
    assert seconds(MANY) < TIMES_MAX * seconds(FEW)
