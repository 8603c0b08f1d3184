"""Which changes of a program continue on existing state, and the program kept beside the state."""
# ruff: noqa: E501  # a table's row is one line

import json

import pytest

from config.compatibility import dump_program, incompatibilities, parse_program
from config.loader import load_program
from config.program import Program
from tests.config.samples import CORNER_SHOP, SMALLEST, edited, plain, program

# the section as it was | as it is | what is refused ("" continues)
CHANGES = [
    ("",                                              "program: booth",                                 "The state belongs to the program 'kiosk'"),
    ("",                                              "identity: {default_region: ES}",                 "leave `identity.default_region` out"),
    ("identity: {default_region: GB}",                "identity: {default_region: ES}",                 "keep `identity.default_region: GB`"),
    ("identity: {default_region: GB}",                "identity: {}",                                   "changed from GB to none"),
    ("",                                              "identity: {spaces: [a]}",                        "accepted any space and is a list now"),
    ("identity: {spaces: [a, b]}",                    "identity: {spaces: [b, c]}",                     "no longer holds 'a'"),
    ("",                                              "identity: {identifiers: {pos: {known: true}}}",  "identifiers.pos.known changed from false to true"),
    ("",                                              "identity: {identifiers: {crm: {normalise: lower}}}", "identifiers.crm.normalise changed from trim to lower"),
    ("identity: {identifiers: {tag: {known: true, priority: 50}}}", "",                                               "The identifier type 'tag' is gone"),
    ("currencies: {a: {name: A}, b: {name: B}}",      "currencies: {a: {name: A}}",                     "The currency 'b' is gone"),
    ("identity: {spaces: [a]}",                       "identity: {spaces: [b, a]}",                     ""),
    ("identity: {spaces: [a]}",                       "identity: {}",                                   ""),
    ("",                                              "identity: {identifiers: {tag: {known: true, priority: 50}}}",  ""),
    ("",                                              "identity: {anonymous_days: 1}",                  ""),
    ("",                                              "currencies: {points: {name: Stars}, b: {name: B}}", ""),
    ("",                                              "retention: {events: 1d, orders: 1d}",            ""),
    ("",                                              "limits: {event_bytes_max: 256}",                 ""),
    ("",                                              "time_zone: Asia/Tokyo",                          ""),
    ("",                                              "version: 2",                                     ""),
    ("",                                              "activities: [workout]",                          ""),
    ("",                                              "channels: {post: {identifier: crm}}",            ""),
    ("",                                              "purposes: {news: {consent: required}}",          ""),
    ("",                                              "quiet_hours: {from: 20:00, to: 07:00}",          ""),
    ("",                                              "caps: [{id: a, max: 1, window: 1d}]",            ""),
    ("",                                              "signals: [{id: a, kind: abandoned_cart, after: 1h}]", ""),
    ("",                                              "templates: {a: {body: Hello}}",                  ""),
    ("earn: [{id: a, on: purchase, currency: points, points: 1, per: {amount: 1, currency: EUR}}]",
     "earn: [{id: a, on: purchase, currency: points, points: 2, per: {amount: 5, currency: USD}, rounding: up}]", ""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "refusal"), CHANGES)
def test_only_a_change_of_who_is_who_or_of_a_currency_is_refused(before: str, after: str, refusal: str) -> None:
    """What would make the past wrong is refused with one sentence and a remedy; everything else continues."""
    refusals = incompatibilities(program(before), program(after))

    if not refusal:
        assert refusals == []
        return
    assert len(refusals) == 1
    assert refusal in refusals[0]
    assert "`--fresh` and replay the log." in refusals[0]


def test_every_refused_change_is_named() -> None:
    """Several refused changes give several sentences."""
    new = program("{program: booth, identity: {default_region: ES, spaces: [a]}, currencies: {b: {name: B}}}")

    assert len(incompatibilities(program(), new)) == 4


def test_a_kept_program_is_the_same_program() -> None:
    """Dumping and parsing gives an equal program and the same text again, with durations as people write them."""
    shop = load_program(CORNER_SHOP)
    text = dump_program(shop)

    assert shop == parse_program(text)
    assert text == dump_program(parse_program(text))
    assert json.loads(text)["retention"] == {"events": "400d", "orders": "400d"}
    assert json.loads(text)["quiet_hours"] == {"from": "21:00", "to": "08:00"}


def test_the_order_of_mappings_does_not_show() -> None:
    """Two files that differ in the order of their keys are kept as the same text."""
    swapped = plain(edited("  events: 400d", "  #").replace("  orders: 400d", "  orders: 400d\n  events: 9600h"))

    assert dump_program(load_program(CORNER_SHOP)) == dump_program(Program.model_validate(swapped))


def test_a_kept_text_that_is_no_program_is_a_value_error() -> None:
    """A damaged file beside the state is refused, also for a reference to nothing."""
    dangling = json.dumps({**plain(SMALLEST), "channels": {"fax": {"identifier": "fax"}}})

    for text in ("", "{}", dangling):
        with pytest.raises(ValueError, match="validation error"):
            parse_program(text)


def test_a_program_kept_before_types_had_priorities_still_loads() -> None:
    """Built-in types get theirs, others one that nobody has."""
    kept = json.loads(dump_program(program("identity: {identifiers: {tag: {known: true, priority: 50}}}")))
    for kind in kept["identity"]["identifiers"].values():
        del kind["priority"]

    types = parse_program(json.dumps(kept)).identity.identifiers

    assert types["email"].priority == 600
    assert len({kind.priority for kind in types.values()}) == len(types)
