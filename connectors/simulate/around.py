"""Real orders in a simulated life: what leads up to an order on web or till, the order itself, points spent after it.

The order's lines, amounts and time are left as they are. What comes before it is simulated and never stands before the
plan's clock, so that the log stays in order of arrival.
"""

from connectors.simulate.base import BaseOrder
from connectors.simulate.knowing import cookie_linked, ensure_known, login, may_merge, merge_ids, merged, purchase_ids
from connectors.simulate.lines import Body, Channel, money
from connectors.simulate.orders import REDEEM_SHARE, redeem
from connectors.simulate.people import Person, mix
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import HOUR, MINUTE, SECOND
from connectors.simulate.shopping import view

WEB_SHARE_OF_16 = 10        # of sixteen customers so many order on the web, the others at the till
MERGE_SHARE = 0.3
CART_LINES_SHOWN = 3        # a real cart can hold hundreds of lines; the simulated cart names the first ones
LEAD_SHARE = 0.7
VIEWS_MAX = 4


def place(plan: Plan, person: Person, order: BaseOrder, clock_ms: int) -> None:
    """Plan a real order or return with what surrounds it."""
    by_hash = mix(person.index, WEB_SHARE_OF_16) & 15
    channel: Channel = "web" if by_hash < WEB_SHARE_OF_16 else "till"
    if person.two_identities:
        channel = "till" if plan.chance(0.5) else "web"
    ensure_known(plan, person, max(clock_ms, order.time_ms - 2 * HOUR), channel)
    if order.kind == "return":
        _say_return(plan, person, order, channel)
        return
    cookie: Body = {}
    if channel == "web":
        cookie = {"cookie": person.cookies[plan.below(len(person.cookies))]}
        if plan.chance(LEAD_SHARE):
            _lead_in(plan, person, order, clock_ms, person.cookies.index(cookie["cookie"]))
    _say_purchase(plan, person, order, channel, cookie)
    if plan.chance(REDEEM_SHARE):
        redeem(plan, person, order.time_ms + 5 * MINUTE)


def _lead_in(plan: Plan, person: Person, order: BaseOrder, clock_ms: int, number: int) -> None:
    """Views, a login if the cookie is new, a cart that is checked out with the order."""
    start = max(clock_ms, order.time_ms - 5 * MINUTE - plan.below(30 * MINUTE))
    if start + MINUTE > order.time_ms:
        return
    step = (order.time_ms - start) // (VIEWS_MAX + 3)
    for count in range(1 + plan.below(VIEWS_MAX)):
        view(plan, person, start + count * step, number)
    if not cookie_linked(plan, person, number):
        login(plan, person, start + VIEWS_MAX * step, number)
    ids = {"cookie": person.cookies[number]}
    shown = [{"sku": sku, "quantity": quantity, "amount": amount} for sku, quantity, amount in order.lines]
    data = {
        "ids": ids, "cart_id": f"cart-{order.id}", "status": "active", "value": money(order.total),
        "lines": shown[:CART_LINES_SHOWN],
    }  # fmt: skip
    plan.say(start + (VIEWS_MAX + 1) * step, "web", "cart_change", data, person.index)
    done = {"ids": ids, "cart_id": f"cart-{order.id}", "status": "checked_out"}
    plan.say(order.time_ms - SECOND, "web", "cart_change", done, person.index)


def _say_purchase(plan: Plan, person: Person, order: BaseOrder, channel: Channel, cookie: Body) -> None:
    merging = may_merge(plan, person) and plan.chance(MERGE_SHARE)
    names = merge_ids(plan, person) if merging else purchase_ids(plan, person, channel)
    data = {
        "ids": {**names, **cookie}, "order_id": order.id, "total": money(order.total), "lines": _lines(order),
        "channel": channel,
    }  # fmt: skip
    plan.say(order.time_ms, channel, "purchase", data, person.index, base=True)
    plan.points[person.index] += order.total // 100
    if merging:
        merged(plan, person)


def _say_return(plan: Plan, person: Person, order: BaseOrder, channel: Channel) -> None:
    data = {
        "ids": purchase_ids(plan, person, channel), "return_id": order.id, "order_id": order.order_id,
        "total": money(order.total), "lines": _lines(order),
    }  # fmt: skip
    plan.say(order.time_ms, channel, "return", data, person.index, base=True)
    plan.points[person.index] = max(0, plan.points[person.index] - order.total // 100)


def _lines(order: BaseOrder) -> list[Body]:
    return [{"sku": sku, "quantity": quantity, "amount": amount} for sku, quantity, amount in order.lines]
