"""What the decoder gives: typed events, counted drops, declared activities, and checks beyond the types."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.decode import (
    CHECKED_TYPES,
    DROPPED_KEYS_MAX,
    DROPPED_OTHER,
    TIME_US_MAX,
    EventDecoder,
    Rejected,
    time_us,
)
from schemas.events import EVENT_TYPES, Activity, ActivityData, CloudEvent, Event
from schemas.explain import Envelope
from tests.schemas.wire import EXAMPLES, replaced

CLOUDEVENTS = Path(__file__).parents[3] / "shared" / "data" / "contracts" / "cloudevents" / "cloudevents.json"


def example(name: str, path: str = "", value: bytes = b"") -> bytes:
    """The example of a type, with another value at a dotted path if one is given."""
    return replaced(json.loads(EXAMPLES[name]), tuple(path.split(".")), value) if path else EXAMPLES[name]


def event(raw: bytes) -> Event:
    """The event of a line that is one."""
    decoded = EventDecoder().decode(raw)
    assert not isinstance(decoded, Rejected), decoded
    return decoded


def test_there_is_an_example_of_every_type() -> None:
    """The examples cover the contract, one line a type, in its order."""
    assert list(EVENT_TYPES) == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_decodes_strictly_and_passes_the_checks(name: str) -> None:
    """Every type of the contract decodes to its own struct, and both ways agree."""
    decoder = EventDecoder()
    strict = decoder.strict(EXAMPLES[name])
    assert (EVENT_TYPES[name], strict, None) == (type(strict), decoder.tolerant(EXAMPLES[name]), decoder.check(strict))


@pytest.mark.external
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_the_attributes_that_cloudevents_requires(name: str) -> None:
    """What we take is a CloudEvent by the published schema: required attributes, texts that are not empty."""
    if not CLOUDEVENTS.exists():
        pytest.skip("the schema of CloudEvents is not beside this repository")
    schema = json.loads(CLOUDEVENTS.read_text(encoding="utf-8"))
    sent = json.loads(EXAMPLES[name])
    texts = {key for key in schema["properties"] if key not in {"data", "data_base64"}}
    assert set(schema["required"]) <= set(sent)
    assert [key for key in texts & set(sent) if not (isinstance(sent[key], str) and sent[key])] == []


def test_the_envelope_that_explains_is_the_envelope_of_events() -> None:
    """The attributes are checked alike whether the type is known or not."""
    known = {field: CloudEvent.__annotations__[field] for field in CloudEvent.__struct_fields__}
    assert known == {field: hint for field, hint in Envelope.__annotations__.items() if field != "type"}


def test_unknown_fields_are_dropped_and_counted_by_their_place() -> None:
    """Surplus in the envelope, the data and the parts inside goes, and the event is the one without it."""
    decoder = EventDecoder()
    sent = json.loads(EXAMPLES["purchase"])
    sent["traceparent"] = "00-4bf9"
    sent["data"]["colour"] = {"deep": [1e300]}
    sent["data"]["total"]["tax"] = 21
    for line in sent["data"]["lines"]:
        line["weight"] = 1.5
    assert decoder.strict(EXAMPLES["purchase"]) == decoder.decode(json.dumps(sent).encode())
    assert decoder.dropped == {
        "purchase.traceparent": 1, "purchase.data.colour": 1, "purchase.data.total.tax": 1,
        "purchase.data.lines.weight": 2,
    }  # fmt: skip


def test_nothing_is_counted_for_a_line_that_is_refused() -> None:
    """Drops are counted for accepted lines only."""
    decoder = EventDecoder()
    assert isinstance(decoder.decode(example("erase", "data.actor", b'7,"surplus":1')), Rejected)
    assert not decoder.dropped


def test_a_number_that_no_float_holds_is_no_harm_in_an_unknown_field() -> None:
    """What is dropped need not be representable."""
    assert event(EXAMPLES["alias"]) == event(example("alias", "id", b'"e-25","surplus":1e400'))


def test_a_sender_that_invents_names_cannot_fill_the_memory() -> None:
    """Beyond a thousand names the drops count under one."""
    decoder = EventDecoder()
    for number in range(DROPPED_KEYS_MAX + 5):
        decoder.decode(example("alias", "id", b'"e-25","s%d":1' % number))
    assert (len(decoder.dropped), decoder.dropped[DROPPED_OTHER]) == (DROPPED_KEYS_MAX + 1, 5)


def test_a_declared_type_becomes_an_activity_of_that_kind() -> None:
    """The type stands in for a kind that is absent; a kind that is given stays."""
    decoder = EventDecoder(activities=frozenset({"workout"}))
    plain = decoder.decode(EXAMPLES["alias"].replace(b'"type":"alias"', b'"type":"workout"'))
    named = decoder.decode(EXAMPLES["activity"].replace(b'"type":"activity"', b'"type":"workout"'))
    assert isinstance(plain, Activity)
    assert (ActivityData(ids=plain.data.ids, kind="workout"), EVENT_TYPES["activity"]) == (plain.data, type(plain))
    assert event(EXAMPLES["activity"]) == named


def test_a_declared_type_is_explained_like_any_other() -> None:
    """A fault in the data of a declared activity has its path."""
    raw = example("activity", "data.quantity", b'"far"').replace(b'"activity"', b'"workout"')
    outcome = EventDecoder(activities=frozenset({"workout"})).decode(raw)
    assert isinstance(outcome, Rejected)
    assert outcome.detail == 'data.quantity: expected a number from -10^15 to 10^15, found "far"'


def test_a_type_of_the_contract_cannot_be_declared_anew() -> None:
    """An activity that hides a type of the contract is a mistake in the program."""
    with pytest.raises(ValueError, match="exist already and cannot be declared as activities: purchase"):
        EventDecoder(activities=frozenset({"purchase"}))


@pytest.mark.parametrize(("surplus_bytes", "reason"), [(0, None), (1, "TOO_LARGE")])
def test_size_is_bounded_to_the_byte(surplus_bytes: int, reason: str | None) -> None:
    """A line of the bound is taken, one byte more is not, whatever it holds."""
    raw = EXAMPLES["alias"] + b" " * surplus_bytes
    outcome = EventDecoder(event_bytes_max=len(EXAMPLES["alias"])).decode(raw)
    assert reason == (outcome.reason if isinstance(outcome, Rejected) else None)


DAY_OR_TIME = "expected a day (2026-01-31) or a time with offset (2026-01-31T10:00:00Z)"

# An example, a place in it, the value put there, what the check says.
CHECKS = (
    ("alias", "data.ids", b"{}", "NO_IDENTIFIER data.ids: expected at least one identifier, found none"),
    ("alias", "data.ids", b'{"email":"","phone":[]}',
     "NO_IDENTIFIER data.ids: expected at least one identifier, found none"),
    ("alias", "data.ids", b'{"email":[""," "]}',
     "NO_IDENTIFIER data.ids: expected at least one identifier, found none"),
    ("alias", "data.ids", b'{"email":["","a"]}', ""),
    ("receipt", "data.detail", b'"x","ids":{}', ""),
    ("split", "data.keep", b"{}", "NO_IDENTIFIER data.keep: expected at least one identifier, found none"),
    ("split", "data.part", b'{"email":[]}', "NO_IDENTIFIER data.part: expected at least one identifier, found none"),
    ("alias", "time", b'"1969-12-31T23:59:59Z"',
     "NOT_CLOUDEVENT time: expected a time within 1970..9999 UTC, found 1969-12-31T23:59:59+00:00"),
    ("alias", "time", b'"1970-01-01T01:00:00+01:00"', ""),
    ("alias", "time", b'"9999-12-31T23:59:59.999999Z"', ""),
    ("alias", "time", b'"9999-12-31T23:59:59-01:00"',
     "NOT_CLOUDEVENT time: expected a time within 1970..9999 UTC, found 9999-12-31T23:59:59-01:00"),
    ("survey_answer", "data.survey", b'"ces"',
     "INVALID_DATA data.score: expected an integer from 1 to 7 for ces, found 9"),
    ("survey_answer", "data.survey", b'"csat"',
     "INVALID_DATA data.score: expected an integer from 1 to 5 for csat, found 9"),
    ("survey_answer", "data.score", b"0", ""),
    ("subscription", "data.period_end", b'"2027-13-14"',
     f'INVALID_DATA data.period_end: {DAY_OR_TIME}, found "2027-13-14"'),
    ("subscription", "data.period_end", b'"2027-03-14T10:00:00+02:00"', ""),
    ("subscription", "data.period_end", b"null", ""),
    ("accrual", "data.hold_until", b'"0001-01-01T00:00:00+10:00"',
     "INVALID_DATA data.hold_until: expected a time within 1970..9999 UTC, found 0001-01-01T00:00:00+10:00"),
    ("invoice", "data.due_on", b'"1969-12-31"',
     "INVALID_DATA data.due_on: expected a day within 1970..9999, found 1969-12-31"),
    ("payment_promise", "data.promised_on", b'"0001-01-01"',
     "INVALID_DATA data.promised_on: expected a day within 1970..9999, found 0001-01-01"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value", "said"), CHECKS)
def test_what_types_cannot_say_is_checked(name: str, path: str, value: bytes, said: str) -> None:
    """Ranges that depend on another field, empty identifiers and times beyond all reason are found."""
    problem = EventDecoder().check(event(example(name, path, value)))
    assert said == (f"{problem.reason} {problem.detail}" if problem else "")


def test_the_hot_path_may_skip_the_check_for_the_types_it_says() -> None:
    """A type outside CHECKED_TYPES has nothing to check but its time and its identifiers."""
    own = {EVENT_TYPES[name] for name, path, _, said in CHECKS if said and path not in {"time", "data.ids"}}
    assert own == CHECKED_TYPES


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-12)), timezone(timedelta(minutes=345))])))
def test_microseconds_are_exact(moment: datetime) -> None:
    """No year, offset or fraction loses a microsecond."""
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us(moment)) == moment


def test_microseconds_at_the_edges() -> None:
    """The epoch is zero; the last microsecond of the year 9999 is the largest."""
    last = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert (time_us(datetime(1970, 1, 1, tzinfo=UTC)), time_us(last)) == (0, 253402300799999999)
    assert time_us(last) == TIME_US_MAX
