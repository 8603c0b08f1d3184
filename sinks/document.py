"""The one document of a member that every surface shows: till, app, web, call centre.

It is made from the member's state alone, so that the same state gives the same bytes. Every currency of the program
stands in it, with zeros where the member never had any; what the program does not have (tiers, rewards, vouchers,
offers, challenges) or know yet (health) stands there empty, so that a surface needs no case of its own for it. Up to a
hundred thousand documents are made at the end of an epoch, hence what never changes is encoded once.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import orjson

from config.program import Program
from schemas.states import Account, Cart, Member, Relations

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive means UTC here, and orjson prints it with a Z
MICROSECOND = timedelta(microseconds=1)
PRINTED = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

OWES_POINTS = "owes points"
ABANDONED_CART = "has abandoned cart"
LOW_FREQUENCY = "asked for low frequency"

NONE: list[object] = []
NO_WISHES = Relations()

Json = object  # what orjson takes
DocumentOf = Callable[[str, object], tuple[int, bytes]]
PartsOf = Callable[[Member], dict[str, Json]]


def surface_document(program: Program, standing: PartsOf | None = None) -> DocumentOf:
    """The function from (member id, `schemas.states.Member`) to (version, document as JSON in UTF-8).

    `standing` gives the parts tier, rewards, vouchers, offers and challenges of a program that has them. The state is
    read while the call lasts and never changed.
    """
    currencies = tuple(program.currencies)
    no_points = orjson.Fragment(orjson.dumps(_balance(Account())))
    no_balances = dict.fromkeys(currencies, no_points)
    no_preferences = orjson.Fragment(orjson.dumps(_preferences(NO_WISHES)))

    def document(member_id: str, state: object) -> tuple[int, bytes]:
        assert isinstance(state, Member), type(state)
        relations, accounts, carts = state.relations, state.books.accounts, _open_carts(state)
        balances: dict[str, Json] = dict(no_balances)
        owes = False
        for currency in currencies if accounts else ():
            account = accounts.get(currency)
            if account is not None:
                balances[currency] = _balance(account)
                owes = owes or account.receivable > 0
        wished = relations.wished_us or relations.frequency == "low"
        shown = {
            "member_id": member_id,
            "version": state.version,
            "space": state.space,
            "known": state.known,
            "updated_at": EPOCH + state.updated_us * MICROSECOND,
            "identifiers": state.ids,
            "attributes": state.attributes,
            "balances": balances,
            "tier": None,
            "rewards": NONE,
            "vouchers": NONE,
            "offers": NONE,
            "challenges": NONE,
            "consents": _consents(relations) if relations.consents else NONE,
            "preferences": _preferences(relations) if wished else no_preferences,
            "modules": [_cart_module(cart_id, cart) for cart_id, cart in carts] if carts else NONE,
            "staff": _staff(relations, carts, owes=owes),
        }
        if standing is not None:
            shown.update(standing(state))
        return state.version, orjson.dumps(shown, option=PRINTED)

    return document


def _balance(account: Account) -> dict[str, Json]:
    """Points of one currency, with the whole calendar of what expires when."""
    expiries = _expiries(account) if account.lots else NONE
    return {
        "available": account.available,
        "pending": account.pending,
        "receivable": account.receivable,
        "lifetime_earned": account.earned,
        "lifetime_redeemed": account.redeemed,
        "lifetime_expired": account.expired,
        "next_expiry": expiries[0] if expiries else None,
        "expiries": expiries,
    }


def _expiries(account: Account) -> list[Json]:
    """Points by the time at which they expire, the next first."""
    sums: dict[int, int] = {}
    for lot in account.lots:
        sums[lot.expires_us] = sums.get(lot.expires_us, 0) + lot.left
    return [{"at": EPOCH + at_us * MICROSECOND, "points": points} for at_us, points in sums.items()]


def _consents(relations: Relations) -> list[Json]:
    """In order of channel and purpose, whatever was said first."""
    listed: list[Json] = []
    for key in sorted(relations.consents):
        said = relations.consents[key]
        channel, _, purpose = key.partition("/")
        since = EPOCH + said.event_us * MICROSECOND
        listed.append(
            {"channel": channel, "purpose": purpose, "state": said.state, "since": since, "origin": said.origin}
        )
    return listed


def _preferences(relations: Relations) -> dict[str, Json]:
    quiet = relations.quiet
    return {
        "channels": relations.channels,
        "topics": relations.topics,
        "frequency": relations.frequency,
        "quiet": None if quiet is None else {"from": quiet[0], "to": quiet[1]},
        "language": relations.language,
        "time_zone": relations.time_zone,
    }


def _open_carts(state: Member) -> list[tuple[str, Cart]]:
    """Carts that wait for their owner, the latest change first."""
    carts = [(cart_id, cart) for cart_id, cart in state.carts.items() if cart.active] if state.carts else []
    if len(carts) > 1:
        carts.sort(key=lambda pair: (-pair[1].event_us, pair[0]))
    return carts


def _cart_module(cart_id: str, cart: Cart) -> dict[str, Json]:
    """What a home page shows of a cart; `value` in minor units of `currency`."""
    return {
        "module": "cart",
        "cart_id": cart_id,
        "state": "abandoned" if cart.raised else "active",
        "value": cart.value,
        "currency": cart.money,
        "changed_at": EPOCH + cart.event_us * MICROSECOND,
    }


def _staff(relations: Relations, carts: list[tuple[str, Cart]], *, owes: bool) -> dict[str, Json]:
    """What staff should know at a glance, never shown to the member; health is not scored yet."""
    till: list[Json] = [OWES_POINTS] if owes else NONE
    abandoned = any(cart.raised for _, cart in carts) if carts else False
    low = relations.frequency == "low"
    if not (owes or abandoned or low):
        return NOTHING_FOR_STAFF
    flags = ((OWES_POINTS, owes), (ABANDONED_CART, abandoned), (LOW_FREQUENCY, low))
    return {"till": till, "call_centre": [flag for flag, stands in flags if stands], "health": None}


NOTHING_FOR_STAFF: dict[str, Json] = {"till": NONE, "call_centre": NONE, "health": None}
