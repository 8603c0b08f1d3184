"""The models: what the example means, what is assumed where a file is silent, what refers to what."""

import pytest
from pydantic import ValidationError

from config.identity import BUILT_IN_IDENTIFIERS, IdentifierType, Shared
from config.loader import load_program
from config.program import Channel, Program, Purpose
from tests.config.samples import CORNER_SHOP, plain, program

HOUR_US = 3_600_000_000
EARN = "id: a, on: purchase, points: 1, per: {amount: 1, currency: EUR}"
CART = "id: a, kind: abandoned_cart, after: 1h"


def test_the_corner_shop_reads_as_written() -> None:
    """The example loads, with durations in microseconds and `from` and `to` as start and end."""
    shop = load_program(CORNER_SHOP)

    assert (shop.program, shop.version, shop.time_zone) == ("corner_shop", 1, "Europe/London")
    assert shop.earn[0].per is not None
    assert (
        shop.earn[0].id, shop.earn[0].points, shop.earn[0].per.amount, shop.earn[0].per.currency, shop.earn[0].rounding,
    ) == ("spend", 1, 100, "GBP", "down")  # fmt: skip
    assert shop.signals[0].after == 2 * HOUR_US
    assert shop.rules[0].expires_after == 24 * HOUR_US
    assert shop.rules[0].channels == ["push", "email", "sms"]
    assert [cap.window // HOUR_US for cap in shop.caps] == [7 * 24, 24, 7 * 24, 30 * 24]
    assert shop.quiet_hours is not None
    assert (shop.quiet_hours.start, shop.quiet_hours.end) == ("21:00", "08:00")


def test_a_silent_program_has_the_examples_channels_and_purposes() -> None:
    """Channels and purposes default to the usual four and five; the rest is empty or at its default."""
    kiosk, shop = program(), load_program(CORNER_SHOP)

    assert shop.channels == kiosk.channels
    assert shop.purposes == kiosk.purposes
    assert shop.retention == kiosk.retention
    assert shop.limits == kiosk.limits
    assert dict(BUILT_IN_IDENTIFIERS) == kiosk.identity.identifiers
    assert (
        kiosk.activities, kiosk.earn, kiosk.signals, kiosk.rules, kiosk.caps, kiosk.templates, kiosk.quiet_hours,
    ) == ([], [], [], [], [], {}, None)  # fmt: skip


def test_channels_of_a_file_replace_the_default_ones() -> None:
    """A program that lists one channel has one channel, and likewise for purposes."""
    kiosk = program("{channels: {post: {identifier: crm}}, purposes: {news: {consent: required}}}")

    assert {"post": Channel(identifier="crm")} == kiosk.channels
    assert {"news": Purpose(consent="required", caps="apply", quiet_hours="apply")} == kiosk.purposes


def test_an_identifier_type_lies_over_the_built_in_one() -> None:
    """An entry changes only the keys it gives; a new type stands beside the built-in ones."""
    kiosk = program("""
        identity:
          identifiers: {email: {normalise: lower}, pos: {known: true}, badge: {known: true, priority: 400}}
        """)

    assert IdentifierType(known=True, normalise="lower", priority=600) == kiosk.identity.identifiers["email"]
    assert IdentifierType(known=True, priority=300, shared=Shared(members=2)) == kiosk.identity.identifiers["pos"]
    assert IdentifierType(known=True, priority=400) == kiosk.identity.identifiers["badge"]
    assert BUILT_IN_IDENTIFIERS["phone"] == kiosk.identity.identifiers["phone"]


def test_a_program_never_changes() -> None:
    """Attributes of a loaded program cannot be set."""
    kiosk = program()

    with pytest.raises(ValidationError, match="frozen"):
        kiosk.version = 2  # type: ignore[misc]  # the refusal is what is tested


@pytest.mark.parametrize(
    ("extra", "location"),
    [
        (f"earn: [{{{EARN}, currency: miles}}]", ("earn", 0, "currency")),
        ("channels: {fax: {identifier: fax}}", ("channels", "fax", "identifier")),
        ("caps: [{id: a, max: 1, window: 1d, channel: fax}]", ("caps", 0, "channel")),
        ("caps: [{id: a, max: 1, window: 1d, purpose: fun}]", ("caps", 0, "purpose")),
        ("caps: [{id: a, max: 1, window: 1d}, {id: a, max: 2, window: 1d}]", ("caps", 1, "id")),
        ("identity: {spaces: [north, south, north]}", ("identity", "spaces", 2)),
        ("activities: [workout, purchase]", ("activities", 1)),
    ],
)  # fmt: skip
def test_what_is_named_must_be_declared_once(extra: str, location: tuple[str | int, ...]) -> None:
    """A reference to nothing, a name used twice, or a built-in name is one error at its place."""
    with pytest.raises(ValidationError) as caught:
        program(extra)

    assert [location] == [error["loc"] for error in caught.value.errors()]


def test_there_is_one_signal_of_a_kind() -> None:
    """Two signals of one kind are refused: a cart has one time after which it counts as abandoned."""
    with pytest.raises(ValidationError, match="at most 1 item"):
        program(f"signals: [{{{CART}}}, {{{CART}}}]")


def test_a_rule_names_a_signal_a_purpose_channels_and_a_template() -> None:
    """All four references of a rule are checked, and a channel stands once in it."""
    rule = "{id: a, on: x, purpose: x, channels: [email, x, email], template: x, expires_after: 1d}"

    with pytest.raises(ValidationError) as caught:
        program(f"rules: [{rule}]")

    places = {error["loc"][2:] for error in caught.value.errors()}
    assert {("on",), ("purpose",), ("channels", 1), ("channels", 2), ("template",)} == places


def test_wrong_fields_and_dangling_references_come_together() -> None:
    """A field of the wrong type does not hide a reference to nothing."""
    with pytest.raises(ValidationError) as caught:
        Program.model_validate(plain("{program: kiosk, version: x, caps: [{id: a, max: 1, window: 1d, channel: fax}]}"))

    places = {error["loc"] for error in caught.value.errors()}
    assert {("version",), ("time_zone",), ("caps", 0, "channel")} == places
