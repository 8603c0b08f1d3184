"""What an accepted event does not do yet is said, not passed over."""

import pytest

from flows.fold import fold
from schemas.decode import EventDecoder, Rejected, time_us
from schemas.log import Place
from tests.config.samples import program

DATA = {
    "erase": b'"request_id":"r1","actor":"desk"',
    "export": b'"request_id":"r2","actor":"desk"',
    "split": b'"keep":{"loyalty":"L1"},"part":{"loyalty":"L2"},"actor":"desk","reason":"wrong"',
}


@pytest.mark.parametrize("kind", sorted(DATA))
def test_what_does_nothing_yet_is_a_refusal(kind: str) -> None:
    """The event is applied to its member, moves nothing, and leaves a row that says so."""
    envelope = b'"specversion":"1.0","id":"1","source":"t","time":"2026-01-01T10:00:00Z"'
    raw = b'{%s,"type":"%s","data":{"ids":{"loyalty":"L1"},%s}}' % (envelope, kind.encode(), DATA[kind])
    event = EventDecoder().decode(raw)
    assert not isinstance(event, Rejected), event
    at_us = time_us(event.time)

    folded = fold(program(), [(at_us, at_us, Place("t", 0), 0, raw, event)])

    assert b'"kind":"%s","reason":"NOT_YET_SUPPORTED"' % kind.encode() in folded.lines["refusals"]
    assert "entries" not in folded.lines
