"""The stream of simulated lines: reproducible, in order of arrival, decodable, and true to what it promises."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson
import pytest

from connectors.simulate import Line, Rates, SimulateOptions, simulate
from connectors.simulate.lines import NOBODY
from connectors.simulate.people import Census, national
from connectors.simulate.rhythm import HOUR, Rhythm, Stamp
from schemas.decode import EventDecoder
from schemas.events import Event
from tests.simulate.stitching import plain

OPTIONS = SimulateOptions(events=20_000, members=800, seed=11)
TWO_IDENTIFIERS = 2


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """A simulation of twenty thousand events."""
    return list(simulate(OPTIONS))


def identifiers(line: Line) -> set[tuple[str, str]]:
    """The identifiers of an event, e-mails and phones as one would compare them."""
    ids: dict[str, Any] = orjson.loads(line.raw)["data"]["ids"]
    return {(kind, plain(kind, value)) for kind, value in ids.items()}


def test_same_options_give_the_same_lines(lines: list[Line]) -> None:
    """Two runs of the same options give the same lines in the same order."""
    assert lines == list(simulate(OPTIONS))


def test_another_seed_gives_another_log(lines: list[Line]) -> None:
    """The seed decides what happens."""
    other = msgspec.structs.replace(OPTIONS, seed=12)
    assert [line.raw for line in lines] != [line.raw for line in simulate(other)]


@pytest.mark.parametrize("count", [0, 1, 2, 17, 1_000])
def test_there_are_exactly_as_many_events_as_asked_for(count: int) -> None:
    """`events` counts distinct well-formed events, to the one."""
    small = SimulateOptions(events=count, members=50)
    assert count == sum(line.kind == "event" for line in simulate(small))


def test_every_well_formed_line_decodes_strictly(lines: list[Line]) -> None:
    """Events and their second deliveries are what the contract's decoder takes, but for unknown fields on purpose."""
    decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
    for line in lines:
        if line.kind != "malformed" and not line.unknown_field:
            event = decoder.decode(line.raw)
            assert (line.source, line.id) == (event.source, event.id)


def test_unknown_fields_are_all_that_is_wrong_where_they_are_announced(lines: list[Line]) -> None:
    """A line with an unknown field is an event to the tolerant decoder."""
    decoder = EventDecoder()
    marked = [line for line in lines if line.unknown_field]
    assert len(marked) > 10
    for line in marked:
        assert type(decoder.decode(line.raw)).__name__ != "Rejected", line


def test_event_ids_are_unique_within_their_source(lines: list[Line]) -> None:
    """No two distinct events share source and id."""
    keys = Counter((line.source, line.id) for line in lines if line.kind == "event")
    assert max(keys.values()) == 1


def test_no_identifier_belongs_to_two_people(lines: list[Line]) -> None:
    """Without shared devices every identifier names one person."""
    owners = defaultdict(set)
    for line in lines:
        if line.kind == "event":
            for identifier in identifiers(line):
                owners[identifier].add(line.person)
    assert not [identifier for identifier, people in owners.items() if len(people) > 1]


def test_shared_tablets_are_used_by_several_people() -> None:
    """The option makes households share a device."""
    options = SimulateOptions(events=5_000, members=60, rates=Rates(shared_device=1.0))
    users = defaultdict(set)
    for line in simulate(options):
        if line.type == "app_session":
            users[orjson.loads(line.raw)["data"]["ids"]["device"]].add(line.person)
    assert any(len(people) > 1 for device, people in users.items() if device.startswith("tablet-"))


def test_events_stand_at_most_the_late_hours_behind_their_neighbours(lines: list[Line]) -> None:
    """A line's event time is never further behind the youngest one before it than a late line may be."""
    youngest = 0
    for line in lines:
        if line.kind == "event":
            youngest = max(youngest, line.time_ms)
            assert youngest - line.time_ms <= OPTIONS.late_hours_max * HOUR


def test_only_late_lines_are_out_of_order() -> None:
    """Without late lines the event times never go back."""
    options = msgspec.structs.replace(OPTIONS, rates=Rates(late=0.0))
    times = [line.time_ms for line in simulate(options) if line.kind == "event"]
    assert sorted(times) == times


def test_everything_happens_within_the_span(lines: list[Line]) -> None:
    """Event times begin at the start and stay before the end."""
    times = [line.time_ms for line in lines if line.kind == "event"]
    assert OPTIONS.start_ms <= min(times)
    assert max(times) < OPTIONS.end_ms


def test_people_with_two_identities_are_few() -> None:
    """The share of people who are known twice before they are one is that of its rate."""
    census = Census(5, email_share=0.85, phone_share=0.3, two_identities_share=0.04, shared_device_share=0.0)
    two = sum(census.person(index).two_identities for index in range(20_000))
    assert 0.03 < two / 20_000 < 0.05


def test_malformed_lines_belong_to_nobody(lines: list[Line]) -> None:
    """A line that is no event says why and has no person."""
    for line in lines:
        assert (line.kind == "malformed") == (line.person == NOBODY)
        assert (line.reason is not None) == (line.kind in {"malformed", "conflict"})


def test_anonymous_and_identified_browsing_both_occur(lines: list[Line]) -> None:
    """Some views carry a cookie alone, some a known identifier beside it."""
    sizes = {len(identifiers(line)) for line in lines if line.kind == "event" and line.type == "page_view"}
    assert {1, TWO_IDENTIFIERS} <= sizes


def test_moments_never_go_back_and_stay_inside() -> None:
    """A growing share gives a growing moment between start and end."""
    start, end = OPTIONS.start_ms, OPTIONS.end_ms
    moments = [Rhythm(start, end).moment(step / 5_000) for step in range(5_001)]
    assert sorted(moments) == moments
    assert abs(start - moments[0]) <= 1
    assert moments[-1] == end - 1


def test_stamps_are_read_back_as_the_same_moment() -> None:
    """The text of a moment is RFC 3339 in UTC with milliseconds."""
    moment = datetime(2026, 2, 28, 23, 59, 58, 7_000, tzinfo=UTC)
    text = Stamp().text(int(moment.timestamp() * 1000))
    assert text == "2026-02-28T23:59:58.007Z"
    assert moment == datetime.fromisoformat(text)


def test_a_phone_is_written_as_at_home() -> None:
    """The national form of a British number."""
    assert national("+447100000042") == "07100 000042"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": -1}, "events must not be negative"),
        ({"members": 0}, "members must be between"),
        ({"start": datetime(2026, 1, 1)}, "start needs an offset"),  # noqa: DTZ001  the fault under test
        ({"span_days": 0.0}, "span must be longer"),
        ({"late_hours_max": 25.0}, "within a day"),
        ({"rates": Rates(late=1.5)}, "the rate late must be between 0 and 1"),
    ],
)
def test_what_cannot_be_simulated_is_refused(change: dict[str, Any], message: str) -> None:
    """A wrong option is named."""
    with pytest.raises(ValueError, match=message):
        msgspec.structs.replace(OPTIONS, **change)
