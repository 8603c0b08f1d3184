"""What people do on web and app: look around, fill carts, log in, buy, leave."""

from connectors.simulate.catalogue import ARTICLES, CATALOGUE
from connectors.simulate.knowing import app_login, cookie_linked, known_ids, login
from connectors.simulate.lines import Body, Channel, money
from connectors.simulate.orders import buy
from connectors.simulate.people import Person
from connectors.simulate.plan import Plan
from connectors.simulate.rhythm import MINUTE, SECOND

PAGES = ("/", "/new", "/offers", "/recipes", "/stores", "/account", "/basket", "/help")
LOGIN_SHARE = 0.35          # of the sessions on a cookie that is not linked yet
SIGNED_SHARE = 0.25         # of the views on a linked cookie that also carry a known identifier
CART_SHARE = 0.35           # of the web sessions
BOUGHT_SHARE = 0.45         # of the carts
EMPTIED_SHARE = 0.12
APP_LOGIN_SHARE = 0.6
APP_CART_SHARE = 0.2
VIEWS_MAX = 5
CART_LINES_MAX = 4


def web_session(plan: Plan, person: Person, at_ms: int, may_buy: bool) -> None:
    """Views on one cookie, perhaps a login, perhaps a cart and how it ends."""
    number = plan.below(len(person.cookies))
    moment = at_ms
    for _ in range(1 + plan.below(VIEWS_MAX)):
        view(plan, person, moment, number)
        moment += 5 * SECOND + plan.below(3 * MINUTE)
    if not cookie_linked(plan, person, number) and plan.chance(LOGIN_SHARE):
        login(plan, person, moment, number)
        moment += 5 * SECOND
    if plan.chance(CART_SHARE):
        cart(plan, person, moment, {"cookie": person.cookies[number]}, number, may_buy)


def view(plan: Plan, person: Person, at_ms: int, number: int) -> None:
    """One page or product view; anonymous unless the cookie is linked and the person signed in."""
    ids: Body = {"cookie": person.cookies[number]}
    if cookie_linked(plan, person, number) and plan.chance(SIGNED_SHARE):
        ids.update(known_ids(plan, person, "web"))
    if plan.chance(0.5):
        article = CATALOGUE[plan.below(ARTICLES)]
        data: Body = {"ids": ids, "sku": article.sku, "category": article.category}
        plan.say(at_ms, "web", "product_view", data, person.index)
    else:
        data = {"ids": ids, "url": f"https://shop.example.com{PAGES[plan.below(len(PAGES))]}"}
        data["duration_seconds"] = 2 + plan.below(120)
        plan.say(at_ms, "web", "page_view", data, person.index)


def cart(plan: Plan, person: Person, at_ms: int, ids: Body, number: int, may_buy: bool) -> None:
    """A cart that is filled and then bought, emptied, or left."""
    cart_id = f"cart-{person.index:x}-{at_ms:x}"
    channel: Channel = "web" if "cookie" in ids else "app"
    lines: list[Body] = []
    moment = at_ms
    for _ in range(1 + plan.below(CART_LINES_MAX - 1)):
        article, quantity = CATALOGUE[plan.below(ARTICLES)], 1 + plan.below(3)
        lines.append({
            "sku": article.sku, "quantity": quantity, "amount": article.price * quantity, "category": article.category,
        })  # fmt: skip
        value = sum([line["amount"] for line in lines])
        data = {"ids": ids, "cart_id": cart_id, "status": "active", "value": money(value), "lines": lines}
        plan.say(moment, channel, "cart_change", data, person.index)
        moment += 10 * SECOND + plan.below(4 * MINUTE)
    fate = plan.draw()
    if fate < BOUGHT_SHARE and may_buy:
        if channel == "web" and not cookie_linked(plan, person, number):
            login(plan, person, moment, number)
        data = {"ids": ids, "cart_id": cart_id, "status": "checked_out"}
        plan.say(moment + SECOND, channel, "cart_change", data, person.index)
        buy(plan, person, moment + 3 * SECOND, channel, ids, lines)
    elif fate < BOUGHT_SHARE + EMPTIED_SHARE:
        plan.say(moment, channel, "cart_change", {"ids": ids, "cart_id": cart_id, "status": "emptied"}, person.index)


def app_session(plan: Plan, person: Person, at_ms: int, may_buy: bool) -> None:
    """The app is opened; perhaps a login on this device; perhaps a cart."""
    number = plan.below(len(person.devices))
    ids: Body = {"device": person.devices[number]}
    data = {"ids": ids, "duration_seconds": 10 + plan.below(900)}
    plan.say(at_ms, "app", "app_session", data, person.index)
    if plan.chance(APP_LOGIN_SHARE):
        app_login(plan, person, at_ms + 2 * SECOND, number)
        if plan.chance(APP_CART_SHARE):
            cart(plan, person, at_ms + 20 * SECOND, ids, number, may_buy)
