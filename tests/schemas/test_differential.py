"""The pydantic models and the msgspec decoder take the same lines, but for a list of differences that stands here."""

import json
from datetime import date, datetime
from typing import Annotated, Any, Union

import msgspec
import pytest
from hypothesis import example, given, settings
from pydantic import Field, TypeAdapter, ValidationError

from schemas.decode import REFUSALS, EventDecoder, Rejected
from schemas.events import EVENT_TYPES
from schemas.models import model_of
from tests.schemas.wire import EXAMPLES, LEAVES, events, paths, replaced, spoiled

MODELS: Any = Annotated[
    Union[tuple(model_of(struct) for struct in EVENT_TYPES.values())],  # noqa: UP007 - built from a tuple
    Field(discriminator="type"),
]
STRICT = EventDecoder().strict
PYDANTIC: TypeAdapter[Any] = TypeAdapter(MODELS)

# What pydantic takes and msgspec, and with it Balanza, refuses. The other way round there is nothing.
ONLY_PYDANTIC_TAKES_AS_TIME = {
    b'"2026-01-31T10:00Z"':      "no seconds",
    b'"2026-01-31T10:00:00,5Z"': "a comma before the fraction",
    b'"2026-01-31_10:00:00Z"':   "an underscore before the time",
    b'"1767225600"':             "digits: seconds since 1970",
    b'"20260131"':               "digits, however few",
    b'"12"':                     "digits, however few",
    b'"9999-12-31T23:59:59.9999999Z"': "cut by pydantic, rounded out of range by msgspec",
}  # fmt: skip
ONLY_PYDANTIC_TAKES_AS_DATE = {
    b'"1767225600"': "digits: seconds since 1970",
}


def msgspec_takes(raw: bytes) -> bool:
    """Whether the strict decoder takes the line."""
    try:
        STRICT(raw)
    except REFUSALS:
        return False
    return True


def pydantic_takes(raw: bytes) -> bool:
    """Whether the strict models take the line."""
    try:
        PYDANTIC.validate_json(raw)
    except ValidationError:
        return False
    return True


def repeats_a_key(raw: bytes) -> bool:
    """Whether an object of the line has the same key twice (a line that is JSON to Python, which takes NaN)."""
    repeated = False

    def notice(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal repeated
        repeated = repeated or len({key for key, _ in pairs}) < len(pairs)
        return dict(pairs)

    json.loads(raw, object_pairs_hook=notice)
    return repeated


def explained_difference(raw: bytes) -> bool:
    """Whether the line holds one of the differences above or repeats a key."""
    odd = ONLY_PYDANTIC_TAKES_AS_TIME.keys() | ONLY_PYDANTIC_TAKES_AS_DATE.keys()
    return any(one in raw for one in odd) or repeats_a_key(raw)


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value without the members that are null: one library leaves them out, the other writes them."""
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


@settings(max_examples=150)
@given(spoiled())
def test_both_take_the_same_lines_but_for_the_listed_differences(raw: bytes) -> None:
    """What msgspec takes pydantic takes; the reverse fails only for odd times and dates and for repeated keys."""
    if msgspec_takes(raw):
        assert pydantic_takes(raw)
    elif pydantic_takes(raw):
        assert explained_difference(raw), raw


@settings(max_examples=150)
@given(spoiled())
def test_what_only_msgspec_refuses_is_still_explained(raw: bytes) -> None:
    """A refusal where pydantic finds no fault names a place and what belongs there."""
    outcome = EventDecoder().decode(raw)
    if isinstance(outcome, Rejected) and pydantic_takes(raw):
        assert (": expected " in outcome.detail) or outcome.reason.value == "NOT_JSON", outcome


@settings(max_examples=100)
@given(events())
def test_both_read_the_same_values(event: dict[str, Any]) -> None:
    """A valid event means the same to both, fields left out or null alike."""
    raw = json.dumps(event).encode()
    decoded = msgspec.to_builtins(STRICT(raw), builtin_types=(datetime, date))
    modelled = PYDANTIC.validate_json(raw).model_dump(by_alias=True)
    assert without_nulls(modelled) == without_nulls(decoded)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_value_at_every_place_is_taken_by_both_or_by_neither(name: str) -> None:
    """Each odd value at each place of each example: the only differences are the listed ones."""
    event = json.loads(EXAMPLES[name])
    lines = [replaced(event, path, leaf) for path in paths(event)[1:] for leaf in LEAVES]
    unlike = {raw for raw in lines if msgspec_takes(raw) != pydantic_takes(raw)}
    assert {raw for raw in unlike if msgspec_takes(raw) or not explained_difference(raw)} == set()


@pytest.mark.parametrize("odd", ONLY_PYDANTIC_TAKES_AS_TIME)
def test_an_odd_time_is_taken_by_pydantic_only(odd: bytes) -> None:
    """Each listed form of a time is one that pydantic takes and msgspec does not."""
    raw = replaced(json.loads(EXAMPLES["alias"]), ("time",), odd)
    assert (msgspec_takes(raw), pydantic_takes(raw)) == (False, True)


@pytest.mark.parametrize("odd", ONLY_PYDANTIC_TAKES_AS_DATE)
def test_an_odd_date_is_taken_by_pydantic_only(odd: bytes) -> None:
    """Each listed form of a date is one that pydantic takes and msgspec does not."""
    raw = replaced(json.loads(EXAMPLES["invoice"]), ("data", "due_on"), odd)
    assert (msgspec_takes(raw), pydantic_takes(raw)) == (False, True)


def test_a_repeated_key_must_be_valid_each_time_for_msgspec_only() -> None:
    """Pydantic looks at the last value of a repeated key, msgspec at each; both keep the last."""
    wrong_first = EXAMPLES["erase"].replace(b'"request_id":', b'"request_id":7,"request_id":')
    right_first = EXAMPLES["erase"].replace(b'"request_id":', b'"request_id":"q-0","request_id":')
    assert (msgspec_takes(wrong_first), pydantic_takes(wrong_first)) == (False, True)
    assert STRICT(EXAMPLES["erase"]) == STRICT(right_first)


def test_beyond_microseconds_msgspec_rounds_and_pydantic_cuts() -> None:
    """The seventh digit of a fraction makes a difference of one microsecond."""
    raw = replaced(json.loads(EXAMPLES["alias"]), ("time",), b'"2026-01-31T10:00:00.1234567Z"')
    read = (STRICT(raw).time.microsecond, PYDANTIC.validate_json(raw).time.microsecond)
    assert read == (123457, 123456)


@settings(max_examples=150)
@given(spoiled())
@example(EXAMPLES["purchase"])
def test_the_ways_differ_in_unknown_fields_only(raw: bytes) -> None:
    """What strict takes, tolerant takes alike; what only tolerant takes had unknown fields, and it counted them."""
    decoder = EventDecoder()
    outcome = decoder.tolerant(raw)
    if msgspec_takes(raw):
        assert decoder.strict(raw) == outcome
        assert not decoder.dropped
    elif not isinstance(outcome, Rejected):
        assert decoder.dropped or repeats_a_key(raw)
