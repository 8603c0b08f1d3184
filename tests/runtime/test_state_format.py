"""Rows of state as released versions packed them: they must load, or a migration comes in the same commit.

A new field at the end of a struct gets a new row here beside the old one; an old row is never edited.
"""

# ruff: noqa: FBT003 -- a packed row is an array: its fields have places, not names

from collections.abc import Callable

import msgspec
import pytest
from msgspec import Struct, structs

from schemas.earning_states import Earning
from schemas.standing import Happened, Instance, Offers, Part, Plan, Share, Shelf, Standing, Voucher
from schemas.states import (
    STATE_FORMAT,
    Account,
    Accrual,
    Books,
    Cart,
    Consent,
    Contact,
    Deferred,
    Earned,
    Hold,
    Lapsed,
    Lot,
    Member,
    MemberTotals,
    Order,
    Person,
    Redemption,
    Relations,
    Totals,
    decode_member,
    decode_member_totals,
    decode_person,
    decode_shelf,
    decode_totals,
    encode_state,
)
from schemas.states import Share as Done

PERSON_1 = (
    "98a66d5f30303131a56e6f727468c3cf00060a24181e4000cd4cdb92b5656d61696c3a616461406578616d706c652e636f6da9636f6f"
    "6b69653a633103a66d5f30303232"
)
MEMBER_1 = (
    "9ea66d5f30303131a764656661756c74c30705cf00060a24181e4000c082a5656d61696c91af616461406578616d706c652e636f6da6"
    "64657669636592a26431a2643286a46e616d65a3416461a361676524a3766970c3a47461677392a161a162a4676f6e65c0a573686172"
    "65cb3fe0000000000000cf0005af3107a40000cf0005dcaa8fe120009481a6706f696e7473960a0100190f0281a26f319601a3474250"
    "cd0a27cd01f4c39194a57370656e64a6706f696e7473190481a272319402a6706f696e74730fc30681a263319703c304cd0513a34742"
    "50d9206162616261626162616261626162616261626162616261626162616261626162c39a81af656d61696c2f6d61726b6574696e67"
    "93a76772616e74656405a3776562919306a5656d61696ca96d61726b6574696e6781b0636172745f72656d696e6465723a633195ad63"
    "6172745f72656d696e646572a263310708d920636463646364636463646364636463646364636463646364636463646364636492a565"
    "6d61696ca47075736891a573686f6573a36c6f7792a532313a3030a530383a3030ad4575726f70652f4c6f6e646f6ea2656e09"
)
MEMBER_STANDING_1 = (
    "dc0012a66d5f30303131a764656661756c74c30705cf00060a24181e4000c082a5656d61696c91af616461406578616d706c652e636f"
    "6da664657669636592a26431a2643286a46e616d65a3416461a361676524a3766970c3a47461677392a161a162a4676f6e65c0a57368"
    "617265cb3fe0000000000000cf0005af3107a40000cf0005dcaa8fe120009a81a6706f696e74739b0a0100190f02900000009081a26f"
    "319801a3474250cd0a27cd01f4c39198a57370656e64a6706f696e74731904000000c3a09081a272319602a6706f696e74730fc3a090"
    "06a0800080808081a263319803c304cd0513a3474250d920616261626162616261626162616261626162616261626162616261626162"
    "6162c3a09b81af656d61696c2f6d61726b6574696e6793a76772616e74656405a3776562919306a5656d61696ca96d61726b6574696e"
    "6781b0636172745f72656d696e6465723a633195ad636172745f72656d696e646572a263310708d92063646364636463646364636463"
    "6463646364636463646364636463646364636492a5656d61696ca47075736891a573686f6573a36c6f7792a532313a3030a530383a30"
    "30ad4575726f70652f4c6f6e646f6ea2656e0900930080c09901a4676f6c6402030481b5656d61696c3a616461406578616d706c652e"
    "636f6d9281a57370656e6481cd07ea0581a57370656e640681a4706c757394a7737461727465640708b5656d61696c3a616461406578"
    "616d706c652e636f6d81a66c6f756e676581a7323032362d3033090a9281a76465616c3a673198a46465616c0b0cd920656665666566"
    "6566656665666566656665666566656665666566656665666566b5656d61696c3a616461406578616d706c652e636f6d9197d9206162"
    "6162616261626162616261626162616261626162616261626162616261620dce000b46b80e91a4736b696ea26f31b5656d61696c3a61"
    "6461406578616d706c652e636f6d0f10919cd92061626162616261626162616261626162616261626162616261626162616261620dce"
    "000b46b8a870757263686173650ea347425081a4736b696e0e11a56e6f727468a3617070a26f31a5706f733a3181a2763199a6636f66"
    "666565b3303132332d343536372d383941422d43444546a475736564121302a2723114b5656d61696c3a616461406578616d706c652e"
    "636f6d"
)
SHELF_1 = "9115"
TOTALS_1 = "9c01020381a84e4f545f4a534f4e0405060708090a0b81ad656d61696c2f626c6f636b65640c"
MEMBER_TOTALS_1 = (
    "990181a6706f696e74730281a6706f696e74730381b4494e53554646494349454e545f42414c414e43450481b56162616e646f6e6564"
    "5f63617274207261697365640581ac73656e7420414c4c4f5745440681a5656d61696c070809"
)
BOOKS_OF_LOTS_1 = (
    "9b81a6706f696e74739b0a0700240f049295160106a0c395170403a5706f733a31c2091819911681a26f319901a3474250cd0a27cd01"
    "f4c3919aa57370656e64a6706f696e74731904011602c29193a3746561090808ab656d61696c3a6140622e63919902a34742500064c2"
    "90a5706f733a319081a37465610981a46d696c6b0381a272319602a6706f696e74730fc2a5706f733a319195160105a0c306ab656d61"
    "696c3a6140622e6381a5706f733a3181a6706f696e7473930a0f010481039aa6706f696e747307a6666c696768741aa7626f61726465"
    "641ba5706f733a31a474696c6ca26531c381a7626f6172646564910381a26131941ca6706f696e747307a5706f733a318102931d04a5"
    "706f733a31"
)
MEMBER_TOTALS_OF_LOTS_1 = (
    "dc00100181a6706f696e74730281a6706f696e74730381b4494e53554646494349454e545f42414c414e43450481b56162616e646f6e"
    "65645f63617274207261697365640581ac73656e7420414c4c4f5745440681a5656d61696c07080900008081a6706f696e74730a81ae"
    "706f696e747320323032362d30350b81a6706f696e74730c81ac706f696e7473207370656e640d"
)
MEMBER_TOTALS_STANDING_1 = (
    "dc00130181a6706f696e74730281a6706f696e74730381b4494e53554646494349454e545f42414c414e43450481b56162616e646f6e"
    "65645f63617274207261697365640581ac73656e7420414c4c4f5745440681a5656d61696c07080900008081a6706f696e74730a81ae"
    "706f696e747320323032362d30350b81a6706f696e74730c81ac706f696e7473207370656e640d81ae676f6c64205155414c49464945"
    "440e81ae6461736820636f6d706c657465640f81aa6d75672069737375656410"
)
BOOKS_OF_PARTS_1 = (
    "9b80808000a0800081039ca6706f696e747307a6666c696768741aa7626f61726465641ba5706f733a31a474696c6ca26531c3c2c3"
    "81a7626f617264656491038080"
)
OFFERS_GRANTED_1 = (
    "9381a76465616c3a673199a46465616c0b0cd9206566656665666566656665666566656665666566656665666566656665666566a5"
    "706f733a31900f10d92061626162616261626162616261626162616261626162616261626162616261629081a76465616c3a673111"
)
EARNING_1 = (
    "930782ab7370656e642f6d6f6e746881cd5ef819ac76697369742f6576656e747381000381a7726576696577739192cf00060a24181e4000"
    "0a"
)

PERSON = Person(
    "m_0011", "north", True, 1_700_000_000_000_000, 19675, ["email:ada@example.com", "cookie:c1"], 3, "m_0022"
)  # fmt: skip
BOOKS = Books(
    {"points": Account(10, 1, 0, 25, 15, 2)},
    {"o1": Order(1, "GBP", 2599, 500, True, [Earned("spend", "points", 25, 4)])},
    {"r1": Redemption(2, "points", 15, True)},
    6,
)
RELATIONS = Relations(
    {"email/marketing": Consent("granted", 5, "web")},
    [Contact(6, "email", "marketing")],
    {"cart_reminder:c1": Deferred("cart_reminder", "c1", 7, 8, "cd" * 16)},
    ["email", "push"], ["shoes"], "low", ("21:00", "08:00"), "Europe/London", "en", 9,
)  # fmt: skip
MEMBER = Member(
    "m_0011", "default", True, 7, 5, 1_700_000_000_000_000, None,
    {"email": ["ada@example.com"], "device": ["d1", "d2"]},
    {"name": "Ada", "age": 36, "vip": True, "tags": ["a", "b"], "gone": None, "share": 0.5},
    1_600_000_000_000_000, 1_650_000_000_000_000, BOOKS,
    {"c1": Cart(3, True, 4, 1299, "GBP", "ab" * 16, True)}, RELATIONS,
)  # fmt: skip
TOTALS = Totals(1, 2, 3, {"NOT_JSON": 4}, 5, 6, 7, 8, 9, 10, 11, {"email/blocked": 12})
MEMBER_TOTALS = MemberTotals(
    1, {"points": 2}, {"points": 3}, {"INSUFFICIENT_BALANCE": 4}, {"abandoned_cart raised": 5}, {"sent ALLOWED": 6},
    {"email": 7}, 8, 9,
)  # fmt: skip

EARNING = Earning(
    7, {"spend/month": {24312: 25}, "visit/events": {0: 3}}, {"reviews": [(1_700_000_000_000_000, 10)]}
)  # fmt: skip
decode_earning = msgspec.msgpack.Decoder(Earning).decode    # a part of a member's row
STANDING = Standing(
    1, "gold", 2, 3, 4, {"email:ada@example.com": Share({"spend": {2026: 5}}, {"spend": 6})},
    {"plus": Plan("started", 7, 8, "email:ada@example.com")}, {"lounge": {"2026-03": 9}}, 10,
)  # fmt: skip
OFFERS = Offers(
    {"deal:g1": Instance("deal", 11, 12, "ef" * 16, "email:ada@example.com",
                         [Part("ab" * 16, 13, 739000, 14, ["skin"], "o1", "email:ada@example.com")], 15, 16)},
    [Happened("ab" * 16, 13, 739000, "purchase", 14, "GBP", {"skin": 14}, 17, "north", "app", "o1", "pos:1")],
)  # fmt: skip
VOUCHERS = {"v1": Voucher("coffee", "0123-4567-89AB-CDEF", "used", 18, 19, 2, "r1", 20, "email:ada@example.com")}
MEMBER_STANDING = structs.replace(MEMBER, standing=STANDING, offers=OFFERS, vouchers=VOUCHERS)
SHELF = Shelf(21)
BOOKS_OF_LOTS = Books(
    {"points": Account(10, 7, 0, 36, 15, 4, [Lot(22, 1, 6, "", True), Lot(23, 4, 3, "pos:1")], 9, 24, 25, [22])},
    {"o1": Order(1, "GBP", 2599, 500, True, [Earned("spend", "points", 25, 4, 1, 22, 2, False, [("tea", 9, 8)], 8)],
                 "email:a@b.c", [Order(2, "GBP", 0, 100, False, [], "pos:1", [], {"tea": 9})], {"milk": 3})},
    {"r1": Redemption(2, "points", 15, False, "pos:1", [Lot(22, 1, 5, "", True)])},
    6, "email:a@b.c", {"pos:1": {"points": Done(10, 15, 1)}}, 4,
    {3: Hold("points", 7, "flight", 26, "boarded", 27, "pos:1", "till", "e1", True)}, {"boarded": [3]},
    {"a1": Accrual(28, "points", 7, "pos:1")}, {2: Lapsed(29, 4, "pos:1")},
)  # fmt: skip
BOOKS_OF_PARTS = Books(
    holds={3: Hold("points", 7, "flight", 26, "boarded", 27, "pos:1", "till", "e1", True, False, True)},
    awaited={"boarded": [3]},
)
OFFERS_GRANTED = Offers(
    {"deal:g1": Instance("deal", 11, 12, "ef" * 16, "pos:1", [], 15, 16, "ab" * 16)}, [], {"deal:g1": 17}
)
MEMBER_TOTALS_OF_LOTS = structs.replace(
    MEMBER_TOTALS, pending={"points": 10}, expiring={"points 2026-05": 11}, breakage={"points": 12},
    costs={"points spend": 13},
)  # fmt: skip
MEMBER_TOTALS_STANDING = structs.replace(
    MEMBER_TOTALS_OF_LOTS, tiers={"gold QUALIFIED": 14}, offers={"dash completed": 15}, vouchers={"mug issued": 16}
)
decode_offers = msgspec.msgpack.Decoder(Offers).decode
decode_books = msgspec.msgpack.Decoder(Books).decode    # a part of a member's row

Decode = Callable[[bytes], Struct]
ROWS: list[tuple[Decode, str, Struct]] = [
    (decode_person,        PERSON_1,        PERSON),
    (decode_member,        MEMBER_1,        MEMBER),
    (decode_earning,       EARNING_1,       EARNING),
    (decode_member,        MEMBER_STANDING_1, MEMBER_STANDING),
    (decode_shelf,         SHELF_1,         SHELF),
    (decode_totals,        TOTALS_1,        TOTALS),
    (decode_member_totals, MEMBER_TOTALS_1, MEMBER_TOTALS),
    (decode_books,         BOOKS_OF_LOTS_1, BOOKS_OF_LOTS),
    (decode_books,         BOOKS_OF_PARTS_1, BOOKS_OF_PARTS),
    (decode_offers,        OFFERS_GRANTED_1, OFFERS_GRANTED),
    (decode_member_totals, MEMBER_TOTALS_OF_LOTS_1, MEMBER_TOTALS_OF_LOTS),
    (decode_member_totals, MEMBER_TOTALS_STANDING_1, MEMBER_TOTALS_STANDING),
]  # fmt: skip


@pytest.mark.parametrize(("decode", "packed", "meant"), ROWS)
def test_a_released_row_loads(decode: Decode, packed: str, meant: Struct) -> None:
    """What a released version wrote means today what it meant then."""
    assert decode(bytes.fromhex(packed)) == meant


@pytest.mark.parametrize(("decode", "packed", "meant"), ROWS)
def test_fields_are_only_added_at_the_end(decode: Decode, packed: str, meant: Struct) -> None:
    """A row written today begins as the released one: what an older worker knew stands where it stood."""
    assert _begins_as(_array(encode_state(meant)), _array(bytes.fromhex(packed)))
    assert encode_state(decode(encode_state(meant))) == encode_state(meant)


def test_the_format_is_the_released_one() -> None:
    """Raising the number means: no folder of an older version opens any more, so a migration comes with it."""
    assert STATE_FORMAT == 1


def _begins_as(now: object, then: object) -> bool:
    """Whether arrays, at any depth, are the released ones with nothing but more at their end."""
    if isinstance(then, list) and isinstance(now, list):
        return len(now) >= len(then) and all(map(_begins_as, now, then))
    if isinstance(then, dict) and isinstance(now, dict):
        return now.keys() == then.keys() and all(_begins_as(now[key], value) for key, value in then.items())
    return now == then


def _array(packed: bytes) -> list[object]:
    return msgspec.msgpack.decode(packed, type=list[object])
