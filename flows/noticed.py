"""What tiers and challenges notice of an event: the facts that goals look at, and until when something is paid."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flows.ledger.days import EPOCH, MICROSECOND, day_start_us
from schemas import events
from schemas.standing import Happened
from schemas.stitched import Stitched

THOUSAND = 1000
DAY_LENGTH = len("2026-01-01")


def happened_of(step: Stitched, name: str, day: int, amount: int) -> Happened:
    """Give the facts of an event that programs call `name`; `amount` is what a purchase added to its order's worth."""
    happened = Happened(step.key, step.event_us, day, name, by=step.by)
    match step.event:
        case events.Purchase(data=data):
            happened.amount, happened.money, happened.order_id = amount, data.total.currency, data.order_id
            happened.store, happened.channel = data.store or "", data.channel or ""
            for line in data.lines or ():
                if line.category is not None:
                    happened.lines[line.category] = happened.lines.get(line.category, 0) + line.amount
        case events.Activity(data=data):
            happened.quantity = THOUSAND if data.quantity is None else round(data.quantity * THOUSAND)
        case events.StoreVisit(data=data):
            happened.store = data.store
        case events.ProductView(data=data) | events.PageView(data=data) | events.AppSession(data=data):
            if data.category is not None:
                happened.lines[data.category] = 0
        case _:
            pass
    return happened


def paid_until_us(event: events.Subscription, local: ZoneInfo) -> int:
    """Give when the paid time of a subscription ends; a day is paid to its end. 0 if nothing was said."""
    text = event.data.period_end
    if text is None:
        return 0
    if len(text) == DAY_LENGTH:
        return day_start_us(datetime.fromisoformat(text).toordinal() + 1, local)
    return (datetime.fromisoformat(text.upper()) - EPOCH) // MICROSECOND
