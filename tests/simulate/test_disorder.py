"""What goes wrong on purpose: second deliveries, contradictions, and lines that are no events."""

import orjson
import pytest

from connectors.simulate import Line, Rates, SimulateOptions, simulate
from schemas.decode import EventDecoder, Rejected

FOUND_LATER = {"BLOCKED_IDENTIFIER", "ID_CONFLICT", "NO_IDENTIFIER"}     # further down than in the decoder
OPTIONS = SimulateOptions(
    events=6_000, members=200, rates=Rates(duplicate=0.05, reserialised=0.05, conflict=0.02, malformed=0.05)
)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """A very untidy log."""
    return list(simulate(OPTIONS))


def first_deliveries(lines: list[Line]) -> dict[tuple[str, str], tuple[int, Line]]:
    """Each event by source and id, with its place in the log."""
    return {(line.source, line.id): (place, line) for place, line in enumerate(lines) if line.kind == "event"}


@pytest.mark.parametrize("kind", ["duplicate", "reserialised", "conflict"])
def test_a_second_line_comes_after_the_first_in_the_same_partition(lines: list[Line], kind: str) -> None:
    """Whatever repeats an event stands behind it, where order is certain."""
    firsts = first_deliveries(lines)
    seconds = [(place, line) for place, line in enumerate(lines) if line.kind == kind]
    assert len(seconds) > 20
    for place, line in seconds:
        first_place, first = firsts[line.source, line.id]
        assert first_place < place
        assert (first.topic, first.partition) == (line.topic, line.partition)


def test_duplicates_are_the_same_bytes_and_reserialised_ones_the_same_event(lines: list[Line]) -> None:
    """A duplicate repeats the bytes, a reserialised one only the meaning."""
    firsts = first_deliveries(lines)
    for line in lines:
        if line.kind in {"duplicate", "reserialised"}:
            first = firsts[line.source, line.id][1]
            assert (line.kind == "duplicate") == (first.raw == line.raw)
            assert orjson.loads(first.raw) == orjson.loads(line.raw)


def test_conflicts_are_well_formed_and_say_something_else(lines: list[Line]) -> None:
    """A conflict has the source and id of an event, but another body."""
    firsts = first_deliveries(lines)
    for line in lines:
        if line.kind == "conflict":
            first = firsts[line.source, line.id][1]
            assert orjson.loads(first.raw)["data"] != orjson.loads(line.raw)["data"]
            assert line.reason == "ID_CONFLICT"


def test_the_decoder_refuses_malformed_lines_for_the_reason_announced(lines: list[Line]) -> None:
    """Every broken line breaks one rule, and the decoder says the same one."""
    decoder = EventDecoder()
    seen = set()
    for line in lines:
        if line.kind == "malformed" and line.reason not in FOUND_LATER:
            outcome = decoder.decode(line.raw)
            assert isinstance(outcome, Rejected), line
            assert outcome.reason == line.reason
            seen.add(line.reason)
    assert seen == {"NOT_JSON", "NOT_CLOUDEVENT", "UNKNOWN_TYPE", "INVALID_DATA"}


def test_nameless_lines_carry_no_identifier(lines: list[Line]) -> None:
    """The identifiers of a nameless line are an empty object."""
    nameless = [orjson.loads(line.raw) for line in lines if line.reason == "NO_IDENTIFIER"]
    assert nameless
    assert all(body["data"]["ids"] == {} for body in nameless)


def test_blocked_lines_carry_nothing_but_a_blocked_identifier(lines: list[Line]) -> None:
    """The only identifier of a blocked line is a word that no one is called by."""
    blocked = [orjson.loads(line.raw) for line in lines if line.reason == "BLOCKED_IDENTIFIER"]
    assert blocked
    assert all(body["data"]["ids"] == {"email": "none"} for body in blocked)


def test_no_line_holds_a_newline(lines: list[Line]) -> None:
    """Even garbage stays one line."""
    assert not [line for line in lines if b"\n" in line.raw or b"\r" in line.raw]
