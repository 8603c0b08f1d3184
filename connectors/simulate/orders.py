"""What people buy and bring back, and the points they spend.

A redemption asks for no more points than the simulation believes the person has (one a full pound); a return that comes
in between may still leave too few, which is a case of its own.
"""

from connectors.simulate.catalogue import ARTICLES, CATALOGUE
from connectors.simulate.knowing import ensure_known, is_whole, may_merge, merge_ids, merged, purchase_ids
from connectors.simulate.lines import Body, Channel, money
from connectors.simulate.people import Person
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import DAY, HOUR, MINUTE, SECOND

MERGE_SHARE = 0.5           # of the purchases of a person with two identities: both are shown at once
RETURN_SHARE = 0.08         # of the purchases
RETURN_WITHOUT_SHARE = 0.04  # of the returns: no such order was ever seen
RETURN_FIRST_SHARE = 0.05   # of the returns: the line stands before its purchase
RETURN_DAYS_MAX = 20
FULL_RETURN_SHARE = 0.4
REDEEM_SHARE = 0.12         # of the purchases
REDEEM_STEP = 10
CANCEL_SHARE = 0.04         # of the redemptions
STORES = 12
TILL_LINES_MAX = 6


def till_visit(plan: Plan, person: Person, at_ms: int) -> None:
    """A purchase in a store, sometimes with the visit itself seen (beacon) minutes before."""
    store = f"store-{1 + plan.below(STORES)}"
    ensure_known(plan, person, at_ms, "till")
    if plan.chance(0.3):
        ids = purchase_ids(plan, person, "till")
        plan.say(at_ms + SECOND, "till", "store_visit", {"ids": ids, "store": store}, person.index)
    lines = []
    for _ in range(1 + plan.below(TILL_LINES_MAX)):
        article, quantity = CATALOGUE[plan.below(ARTICLES)], 1 + plan.below(3)
        lines.append({
            "sku": article.sku, "quantity": quantity, "amount": article.price * quantity, "category": article.category,
        })  # fmt: skip
    buy(plan, person, at_ms + 5 * MINUTE, "till", {}, lines, store)


def buy(
    plan: Plan, person: Person, at_ms: int, channel: Channel, ids: Body, lines: list[Body], store: str = ""
) -> None:
    """A purchase, and what follows from it; `ids` are the cookie or device of the session."""
    ensure_known(plan, person, at_ms - SECOND, channel)
    order = f"O-{person.index:x}-{at_ms:x}"
    merging = may_merge(plan, person) and plan.chance(MERGE_SHARE)
    names = merge_ids(plan, person) if merging else purchase_ids(plan, person, channel)
    data: Body = {"ids": {**names, **ids}, "order_id": order, "total": money(sum([line["amount"] for line in lines]))}
    data["lines"], data["channel"] = lines, channel
    if store:
        data["store"] = store
    if plan.say(at_ms, channel, "purchase", data, person.index) and merging:
        merged(plan, person)
    if is_whole(plan, person):
        plan.points[person.index] += data["total"]["amount"] // 100
    if plan.chance(RETURN_SHARE):
        bring_back(plan, person, at_ms, channel, order, lines)
    if plan.chance(REDEEM_SHARE):
        redeem(plan, person, at_ms + MINUTE + plan.below(HOUR))


def bring_back(plan: Plan, person: Person, bought_ms: int, channel: Channel, order: str, lines: list[Body]) -> None:
    """A return, whole or of one line, mostly days later, sometimes before its purchase or without any."""
    at_ms = bought_ms + HOUR + plan.below(RETURN_DAYS_MAX * DAY)
    if plan.chance(RETURN_FIRST_SHARE):
        at_ms = bought_ms - SECOND
    if plan.chance(RETURN_WITHOUT_SHARE):
        order = f"{order}-unknown"
    back = lines if plan.chance(FULL_RETURN_SHARE) else lines[:1]
    total = sum([line["amount"] for line in back])
    data = {
        "ids": purchase_ids(plan, person, channel), "return_id": f"R-{order[2:]}", "order_id": order,
        "total": money(total), "lines": back,
    }  # fmt: skip
    plan.say(at_ms, channel, "return", data, person.index)


def redeem(plan: Plan, person: Person, at_ms: int) -> None:
    """Points are spent on a voucher, rarely given back again."""
    points = plan.points[person.index] // REDEEM_STEP * REDEEM_STEP
    if points < REDEEM_STEP or not is_whole(plan, person):
        return
    points = min(points, REDEEM_STEP * (1 + plan.below(10)))
    plan.points[person.index] -= points
    redemption = f"X-{person.index:x}-{at_ms:x}"
    data = {
        "ids": {"loyalty": person.loyalty}, "redemption_id": redemption, "currency": "points", "points": points,
        "reward": "voucher",
    }  # fmt: skip
    plan.say(at_ms, "till", "redeem", data, person.index)
    if plan.chance(CANCEL_SHARE):
        cancel = {"ids": {"loyalty": person.loyalty}, "redemption_id": redemption}
        plan.say(at_ms + 10 * MINUTE, "till", "redeem_cancel", cancel, person.index)
        plan.points[person.index] += points
