"""Odd lines, each with the reason and the sentence its sender gets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import EventDecoder, Rejected
from tests.schemas.wire import EXAMPLES, replaced

TIME = 'expected a time with offset such as "2026-01-31T10:00:00Z"'
TEXT = "expected a text of 1 to 1024 characters"
AMOUNT = "expected an integer from 0 to 10^15 (minor units)"
EUR = 'expected an ISO 4217 code such as "EUR"'
IDS = 'expected an object of texts or lists of texts, such as {"email": "ada@example.org"}'
LINE = "an object of sku, quantity, amount, category"
QUANTITY = "expected a number from -10^15 to 10^15"

# The whole line, the reason, the detail.
LINES: tuple[tuple[bytes, str, str], ...] = (
    (b"",                          "NOT_JSON", "empty line"),
    (b" \t ",                      "NOT_JSON", "empty line"),
    (b"{",                         "NOT_JSON", "Input data was truncated"),
    (b"nul",                       "NOT_JSON", "Input data was truncated"),
    (b"hello",                     "NOT_JSON", "JSON is malformed: invalid character (byte 0)"),
    (b"{'id': 1}",                 "NOT_JSON", "JSON is malformed: object keys must be strings (byte 1)"),
    (b'{"id": 1,}',                "NOT_JSON", "JSON is malformed: trailing comma in object (byte 9)"),
    (b'{"id": NaN}',               "NOT_JSON", "JSON is malformed: invalid character (byte 7)"),
    (b'{"id": 01}',                "NOT_JSON", "JSON is malformed: invalid number (byte 8)"),
    (b'{"id": "a\nb"}',            "NOT_JSON", "JSON is malformed: invalid character (byte 9)"),
    (b'{"id": "\xff"}',            "NOT_JSON", "invalid UTF-8 (byte 8)"),
    (b"\xef\xbb\xbf{}",            "NOT_JSON", "JSON is malformed: invalid character (byte 0)"),
    (b"\xff\xfe{\x00}\x00",        "NOT_JSON", "invalid UTF-8 (byte 0)"),
    (b"{} {}",                     "NOT_JSON", "JSON is malformed: trailing characters (byte 4)"),
    (b"[" * 65 + b"]" * 65,        "NOT_JSON", "nested deeper than 64 levels"),
    (b'{"a":' * 100_000,           "NOT_JSON", "nested deeper than 64 levels"),
    (b"[" * 64 + b"]" * 64,        "NOT_CLOUDEVENT",
     f"expected a JSON object, found {'[' * 60}… (128 characters)"),
    (b"[]",                        "NOT_CLOUDEVENT", "expected a JSON object, found []"),
    (b"null",                      "NOT_CLOUDEVENT", "expected a JSON object, found null"),
    (b'"purchase"',                "NOT_CLOUDEVENT", 'expected a JSON object, found "purchase"'),
    (b"7",                         "NOT_CLOUDEVENT", "expected a JSON object, found 7"),
    (b"{}",                        "NOT_CLOUDEVENT",
     f'specversion: expected "1.0", found nothing; type: {TEXT}, found nothing; id: {TEXT}, found nothing; and 2 more'),
)  # fmt: skip

# A place in the example of `purchase` (its line of an order first), the value put there, the reason, the detail.
PLACES: tuple[tuple[str, bytes, str, str], ...] = (
    ("specversion", b'"0.3"', "NOT_CLOUDEVENT", 'specversion: expected "1.0", found "0.3"'),
    ("specversion", b"1.0", "NOT_CLOUDEVENT", 'specversion: expected "1.0", found 1.0'),
    ("id", b'""', "NOT_CLOUDEVENT", f'id: {TEXT}, found ""'),
    ("id", b"17", "NOT_CLOUDEVENT", f"id: {TEXT}, found 17"),
    ("id", b"null", "NOT_CLOUDEVENT", f"id: {TEXT}, found null"),
    ("source", b'["a"]', "NOT_CLOUDEVENT", f'source: {TEXT}, found ["a"]'),
    ("source", b'"a","source":7,"source":"b"', "NOT_CLOUDEVENT",
     f"source: {TEXT}, found the field repeated, an earlier value being wrong"),
    ("type", b"null", "NOT_CLOUDEVENT", f"type: {TEXT}, found null"),
    ("type", b'"alias","type":"purchase"', "NOT_CLOUDEVENT", "type: expected one value, found several"),
    ("type", b'"Purchase"', "UNKNOWN_TYPE",
     'type: expected an event type or an activity of the program, found "Purchase"'),
    ("type", b'"com.shop.sale"', "UNKNOWN_TYPE",
     'type: expected an event type or an activity of the program, found "com.shop.sale"'),
    ("time", b"1767225600", "NOT_CLOUDEVENT", f"time: {TIME}, found 1767225600"),
    ("time", b'"1767225600"', "NOT_CLOUDEVENT", f'time: {TIME}, found "1767225600"'),
    ("time", b'"2026-01-31"', "NOT_CLOUDEVENT", f'time: {TIME}, found "2026-01-31"'),
    ("time", b'"2026-01-31T10:00:00"', "NOT_CLOUDEVENT", f'time: {TIME}, found "2026-01-31T10:00:00"'),
    ("time", b'"2026-01-31T10:00Z"', "NOT_CLOUDEVENT", f'time: {TIME}, found "2026-01-31T10:00Z"'),
    ("time", b'"2026-02-30T10:00:00Z"', "NOT_CLOUDEVENT", f'time: {TIME}, found "2026-02-30T10:00:00Z"'),
    ("time", b'"2026-06-30T23:59:60Z"', "NOT_CLOUDEVENT", f'time: {TIME}, found "2026-06-30T23:59:60Z"'),
    ("time", b'"yesterday"', "NOT_CLOUDEVENT", f'time: {TIME}, found "yesterday"'),
    ("data", b"null", "INVALID_DATA", "data: expected an object, found null"),
    ("data", b'"text"', "INVALID_DATA", 'data: expected an object, found "text"'),
    ("data.ids", b"[]", "INVALID_DATA", f"data.ids: {IDS}, found []"),
    ("data.ids", b'"ada"', "INVALID_DATA", f'data.ids: {IDS}, found "ada"'),
    ("data.ids.email", b"7", "INVALID_DATA", "data.ids.email: expected a text or a list of texts, found 7"),
    ("data.ids.email", b"null", "INVALID_DATA", "data.ids.email: expected a text or a list of texts, found null"),
    ("data.ids.email", b'["a",1]', "INVALID_DATA",
     'data.ids.email: expected a text or a list of texts, found ["a",1]'),
    ("data.order_id", b'""', "INVALID_DATA", f'data.order_id: {TEXT}, found ""'),
    ("data.order_id", b"7", "INVALID_DATA", f"data.order_id: {TEXT}, found 7"),
    ("data.order_id", b'"\\ud800"', "NOT_JSON",
     "JSON is malformed: unexpected end of escaped utf-16 surrogate pair (byte 206)"),
    ("data.order_id", b'"' + b"x" * 1025 + b'"', "INVALID_DATA",
     f'data.order_id: {TEXT}, found "{"x" * 59}… (1027 characters)'),
    ("data.total", b"12.99", "INVALID_DATA", "data.total: expected an object of amount, currency, found 12.99"),
    ("data.total.amount", b'"12.99"', "INVALID_DATA", f'data.total.amount: {AMOUNT}, found "12.99"'),
    ("data.total.amount", b"12.99", "INVALID_DATA", f"data.total.amount: {AMOUNT}, found 12.99"),
    ("data.total.amount", b"1.0", "INVALID_DATA", f"data.total.amount: {AMOUNT}, found 1.0"),
    ("data.total.amount", b"-1", "INVALID_DATA", f"data.total.amount: {AMOUNT}, found -1"),
    ("data.total.amount", b"true", "INVALID_DATA", f"data.total.amount: {AMOUNT}, found true"),
    ("data.total.amount", b"1e400", "INVALID_DATA", f"data.total.amount: {AMOUNT}, found 1e400"),
    ("data.total.amount", b"9" * 80, "INVALID_DATA",
     f"data.total.amount: {AMOUNT}, found {'9' * 60}… (80 characters)"),
    ("data.total.currency", b'"eur"', "INVALID_DATA", f'data.total.currency: {EUR}, found "eur"'),
    ("data.total.currency", b'"\xe2\x82\xac"', "INVALID_DATA", f'data.total.currency: {EUR}, found "€"'),
    ("data.lines", b"{}", "INVALID_DATA", f"data.lines: expected a list, each item {LINE}, found {{}}"),
    ("data.lines.1", b"null", "INVALID_DATA", f"data.lines[1]: expected {LINE}, found null"),
    ("data.lines.1.sku", b"4711", "INVALID_DATA", f"data.lines[1].sku: {TEXT}, found 4711"),
    ("data.lines.0.quantity", b'"2"', "INVALID_DATA", f'data.lines[0].quantity: {QUANTITY}, found "2"'),
    ("data.lines.0.quantity", b"1e16", "INVALID_DATA", f"data.lines[0].quantity: {QUANTITY}, found 1e16"),
    ("data.lines.0.quantity", b'"2","colour":"red"', "INVALID_DATA",
     f'data.lines[0].quantity: {QUANTITY}, found "2"'),
    ("data.store", b'"a","surplus":"\xff"', "NOT_JSON", "invalid UTF-8 (byte 407)"),
    ("data.store", b'"a","surplus":NaN', "NOT_JSON", "JSON is malformed: invalid character (byte 406)"),
)  # fmt: skip


def steps(path: str) -> tuple[str | int, ...]:
    """A dotted path as steps; digits are places in a list."""
    return tuple(int(step) if step.isdigit() else step for step in path.split("."))


@pytest.mark.parametrize(("raw", "reason", "detail"), LINES)
def test_a_line_that_is_no_event(raw: bytes, reason: str, detail: str) -> None:
    """What is no JSON object with the attributes of a CloudEvent is told apart and described."""
    outcome = EventDecoder().decode(raw)
    assert isinstance(outcome, Rejected)
    assert (reason, detail) == (outcome.reason.value, outcome.detail)


@pytest.mark.parametrize(("path", "value", "reason", "detail"), PLACES)
def test_an_event_that_is_wrong_at_one_place(path: str, value: bytes, reason: str, detail: str) -> None:
    """The sender learns the place, what belongs there and what was there."""
    outcome = EventDecoder().decode(replaced(json.loads(EXAMPLES["purchase"]), steps(path), value))
    assert isinstance(outcome, Rejected)
    assert (reason, detail) == (outcome.reason.value, outcome.detail)


def test_several_problems_are_told_at_once() -> None:
    """The sender need not repair field by field."""
    raw = EXAMPLES["redeem"].replace(b'"points":150', b'"points":0').replace(b'"redemption_id":"x-1",', b"")
    outcome = EventDecoder().decode(raw)
    assert isinstance(outcome, Rejected)
    assert outcome.detail == (
        "data.points: expected an integer from 1 to 10^12 (points), found 0; "
        "data.redemption_id: expected a text of 1 to 1024 characters, found nothing"
    )


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,0eE.-\\u9', max_size=60).map(str.encode))
def test_no_bytes_make_the_decoder_raise(raw: bytes) -> None:
    """Arbitrary bytes are rejected with a reason and a sentence, never with an exception."""
    outcome = EventDecoder().tolerant(raw)
    assert isinstance(outcome, Rejected)
    assert outcome.detail
