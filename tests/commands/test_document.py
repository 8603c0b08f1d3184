"""The document of a member that every surface shows."""

import json
from typing import Any

import msgspec

from config.currencies import Currency
from config.loader import load_program
from config.program import Program
from schemas.states import (
    Account,
    Books,
    Cart,
    Consent,
    Lot,
    Member,
    Relations,
    decode_member,
    encode_state,
)
from sinks.document import surface_document
from tests.config.samples import CORNER_SHOP

PROGRAM = load_program(CORNER_SHOP)
NOON_US = 1_772_452_800_000_000  # 2026-03-02T12:00:00Z


def ada(**changes: object) -> Member:
    """A member of few words."""
    return msgspec.structs.replace(Member("m_ada", "default", known=True, version=7, updated_us=NOON_US), **changes)


def shown(member: Member, program: Program = PROGRAM) -> dict[str, Any]:
    """The member's document, read back."""
    version, text = surface_document(program)(member.member_id, member)
    document: dict[str, Any] = json.loads(text)
    assert version == document["version"] == member.version
    return document


def test_a_member_without_anything_has_every_part() -> None:
    """Nothing is missing, so no surface needs a case of its own: zeros, empty lists, nulls."""
    zeros = dict.fromkeys(
        ("available", "pending", "receivable", "lifetime_earned", "lifetime_redeemed", "lifetime_expired"), 0
    )
    assert shown(ada()) == {
        "member_id": "m_ada", "version": 7, "space": "default", "known": True, "updated_at": "2026-03-02T12:00:00Z",
        "identifiers": {}, "attributes": {},
        "balances": {"points": {**zeros, "next_expiry": None, "expiries": []}},
        "tier": None, "rewards": [], "vouchers": [], "offers": [], "challenges": [], "consents": [],
        "preferences": {
            "channels": [], "topics": [], "frequency": "normal", "quiet": None, "language": None, "time_zone": None
        },
        "modules": [], "staff": {"till": [], "call_centre": [], "health": None},
    }  # fmt: skip


def test_every_currency_of_the_program_stands_in_it() -> None:
    """One the member holds with its numbers, one it never had with zeros, in the program's order."""
    program = PROGRAM.model_copy(update={"currencies": {"miles": Currency(name="M"), "points": Currency(name="P")}})
    balances = shown(ada(books=Books({"points": Account(30, 5, 2, 57, 20, 0)})), program)["balances"]
    assert (list(balances), balances["miles"]["available"]) == (["miles", "points"], 0)
    assert list(balances["points"].values()) == [30, 5, 2, 57, 20, 0, None, []]


def test_the_whole_calendar_of_expiry_stands_in_it() -> None:
    """What expires together is one line, the next first."""
    lots = [Lot(NOON_US, 1, 3), Lot(NOON_US, 2, 4, "email:ada@x.org"), Lot(NOON_US + 86_400_000_000, 3, 5)]
    points = shown(ada(books=Books({"points": Account(20, lots=lots, lotted=12)})))["balances"]["points"]
    expiries = [{"at": "2026-03-02T12:00:00Z", "points": 7}, {"at": "2026-03-03T12:00:00Z", "points": 5}]
    assert (points["next_expiry"], points["expiries"]) == (expiries[0], expiries)


def test_consents_and_wishes_are_told_with_their_origin() -> None:
    """In order of channel and purpose, whatever was said first."""
    denied, granted = Consent("denied", NOON_US, "call"), Consent("granted", NOON_US, "form")
    consents = {"sms/service": denied, "email/marketing": granted}
    wishes = Relations(consents, channels=["sms"], quiet=("21:00", "08:00"), language="en", wished_us=NOON_US)
    document = shown(ada(relations=wishes))
    assert document["consents"][0] == {
        "channel": "email", "purpose": "marketing", "state": "granted", "since": "2026-03-02T12:00:00Z",
        "origin": "form",
    }  # fmt: skip
    assert [one["channel"] for one in document["consents"]] == ["email", "sms"]
    assert document["preferences"]["quiet"] == {"from": "21:00", "to": "08:00"}
    assert (document["preferences"]["channels"], document["preferences"]["language"]) == (["sms"], "en")


def test_open_carts_are_modules_the_latest_first() -> None:
    """Active and abandoned ones; a closed cart is none."""
    carts = {
        "old":    Cart(NOON_US, active=True, due_us=0, value=1250, money="GBP", cause_key="k", raised=True),
        "new":    Cart(NOON_US + 1, active=True, due_us=1, value=None, money=None, cause_key="k"),
        "closed": Cart(NOON_US + 2, active=False, due_us=0, value=1, money="GBP", cause_key="k"),
    }  # fmt: skip
    modules = shown(ada(carts=carts))["modules"]
    assert [(one["module"], one["cart_id"], one["state"]) for one in modules] == [
        ("cart", "new", "active"), ("cart", "old", "abandoned")
    ]  # fmt: skip
    assert (modules[1]["value"], modules[1]["currency"]) == (1250, "GBP")


def test_staff_see_what_matters_at_their_place() -> None:
    """The till learns of points that are owed, the call centre also of carts and wishes."""
    member = ada(
        books=Books({"points": Account(receivable=3)}), relations=Relations(frequency="low"),
        carts={"c": Cart(NOON_US, active=True, due_us=0, value=None, money=None, cause_key="k", raised=True)},
    )  # fmt: skip
    assert shown(member)["staff"] == {
        "till": ["owes points"],
        "call_centre": ["owes points", "has abandoned cart", "asked for low frequency"],
        "health": None,
    }


def test_the_same_state_gives_the_same_bytes_and_stays_as_it_is() -> None:
    """Also after it was stored and read again."""
    member = ada(ids={"email": ["ada@example.com"]}, attributes={"name": "Ada"}, books=Books({"points": Account(1)}))
    packed = encode_state(member)
    document = surface_document(PROGRAM)
    assert document("m_ada", member) == document("m_ada", decode_member(packed))
    assert encode_state(member) == packed
