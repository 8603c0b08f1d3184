"""Stitching against the reference model (`tests.identity.model`): the same members after every event.

The rules of the types are tight, the values few, and time jumps, so that limits, quarantines and expiries happen often.
"""

import gc
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows.stations import StitchHost, Wiring
from schemas.log import LogBatch, Row
from tests.identity.compared import Expected, Log, Said, ids_of, program_of, shown

TIGHT: Final[dict[str, Any]] = {"anonymous_days": 10, "identifiers": {
    "crm":    {"max": {"values": 2, "within": "ever"}},
    "email":  {"max": {"values": 2, "within": "week"}, "blocked": [" P4@X.de "]},
    "phone":  {"shared": {"members": 2, "within": "ever"}},
    "device": {"shared": {"members": 1, "within": "month", "undo": True}},
    "cookie": {"shared": {"members": 2, "within": "week", "undo": False}},
}}  # fmt: skip
TURNED: Final[dict[str, Any]] = {"anonymous_days": 30, "identifiers": {
    "loyalty": {"unique": False, "priority": 150, "max": {"values": 1, "within": "ever"}},
    "device":  {"priority": 950, "unique": True, "shared": None},
    "cookie":  {"priority": 940, "shared": {"members": 2, "within": "month"}, "deny": ["4$"]},
    "crm":     {"unique": True, "allow": ["^c[1-3]$"]},
    "badge":   {"known": False, "priority": 50, "shared": {"members": 1, "within": "ever"}},
}}  # fmt: skip
DEFAULTS: Final[dict[str, Any]] = {"identifiers": {}}
SMALL_CACHE_BYTES: Final = 64 << 10
PROGRAMS: Final = {"tight": TIGHT, "turned": TURNED, "defaults": DEFAULTS}
TYPES: Final = ("loyalty", "crm", "email", "phone", "device", "cookie", "badge")
ONE = st.tuples(st.sampled_from(TYPES), st.sampled_from([1, 1, 2, 2, 3, 4]))
IDS = st.lists(ONE, min_size=1, max_size=4, unique=True).map(ids_of)
DAY = 24 * 60
GAPS = st.sampled_from([1, 1, 1, 1, 60, DAY, 3 * DAY, 8 * DAY, 12 * DAY, 31 * DAY, 32 * DAY, 400 * DAY])
SPACES = st.sampled_from(["default", "default", "default", "other"])
VISITS = st.fixed_dictionaries({"ids": IDS, "kind": st.just("visit")})
SPLITS = st.fixed_dictionaries({"keep": IDS, "part": IDS, "actor": st.just("desk"), "reason": st.just("wrong")})
REQUESTS = st.fixed_dictionaries({"ids": IDS, "request_id": st.just("r"), "actor": st.just("desk")})
WHAT = (
    st.tuples(st.just("activity"), VISITS)
    | st.tuples(st.just("activity"), VISITS)
    | st.tuples(st.just("alias"), st.fixed_dictionaries({"ids": IDS}))
    | st.tuples(st.just("split"), SPLITS)
    | st.tuples(st.sampled_from(["erase", "erase", "export"]), REQUESTS)
)
HAPPENED = st.tuples(WHAT, GAPS, SPACES)
NAMES = st.sampled_from(sorted(PROGRAMS))
Data = dict[str, Any]
Happened = tuple[tuple[str, Data], int, str]


class Stitching(RuleBasedStateMachine):
    """Events of all kinds, to the stations and to the model."""

    @initialize(name=NAMES)
    def start(self, name: str) -> None:
        """Nothing has happened yet."""
        self.name, self.log = name, Log()
        self.said, self.expected = Said(program_of(PROGRAMS[name])), Expected(PROGRAMS[name])

    @rule(what=WHAT, minutes=GAPS, space=SPACES)
    def happens(self, what: tuple[str, Data], minutes: int, space: str) -> None:
        """An event goes to both, and they make the same of it."""
        event, row = self.log.say(what[0], minutes, space, what[1])
        expected = self.expected.apply(event, row[0])
        assert shown(self.said.apply(row)) == shown(expected)

    @invariant()
    def the_same_people(self) -> None:
        """What the rows of identity alone say is the model's partition; the members hold the same identifiers."""
        assert self.said.forwarding() == self.expected.forwarding()
        expected = self.expected.partition()
        assert self.said.partition() == expected
        held = {
            member.member_id: sorted(f"{kind}:{value}" for kind, values in member.ids.items() for value in values)
            for member in self.said.members.values()
        }
        assert {name: ids for name, ids in held.items() if ids} == expected

    def teardown(self) -> None:
        """Batches change no byte."""
        rows, identity = self.log.rows, PROGRAMS[self.name]
        one_by_one = stitched(identity, rows, 1)
        assert stitched(identity, rows, 3) == one_by_one
        assert stitched(identity, rows, len(rows) + 1) == one_by_one


TestStitching = pytest.mark.slow(Stitching.TestCase)
TestStitching.settings = settings(max_examples=15, stateful_step_count=30)


def stitched(
    identity: Data, rows: list[Row], batch: int, restarts: tuple[int, ...] = (), folder: Path | None = None
) -> dict[str, bytes]:
    """What the stitching station says: batches of a size, saved and opened anew after so many rows."""
    said: dict[str, bytes] = {}
    number = 0
    for begin, end in pairwise((0, *restarts, len(rows))):
        wiring = Wiring(program_of(identity), folder, cache_bytes=SMALL_CACHE_BYTES)
        station = StitchHost(wiring, number)
        for some in range(begin, end, batch):
            out = station.work(LogBatch(rows[some : min(some + batch, end)], None, 0, 0.0))
            for table, lines in out.lines.items():
                said[table] = said.get(table, b"") + lines
        number = station.save()
        del station, wiring
        gc.collect()  # RocksDB lets go of its folder when the last object does
    return said


@settings(max_examples=10)
@given(name=NAMES, happened=st.lists(HAPPENED, min_size=4, max_size=40), data=st.data())
def test_restarts_change_no_byte(name: str, happened: list[Happened], data: st.DataObject) -> None:
    """A station that is saved and opened from its store goes on as one that never stopped."""
    log = Log()
    for (kind, said), minutes, space in happened:
        log.say(kind, minutes, space, said)
    restarts = data.draw(st.sets(st.integers(1, len(log.rows) - 1), min_size=1, max_size=3).map(sorted))
    with TemporaryDirectory() as folder:
        again = stitched(PROGRAMS[name], log.rows, 5, tuple(restarts), Path(folder))
    assert again == stitched(PROGRAMS[name], log.rows, 1)


def test_a_restart_does_not_change_who_was_seen_with_a_shared_value(tmp_path: Path) -> None:
    """Not even on the day on which two names of one person used it, who are found to be two later."""
    ada, adas, tablet = {"crm": "1"}, {"email": "ada@x.de"}, {"device": "tablet"}
    visits: list[Data] = [
        {"ids": {**ada, **adas}, "kind": "visit"},
        {"ids": {**ada, **tablet}, "kind": "visit"},
        {"ids": {**adas, **tablet}, "kind": "visit"},
    ]
    log = Log()
    for visit in visits:
        log.say("activity", 1, "default", visit)
    log.say("split", 1, "default", {"keep": ada, "part": adas, "actor": "desk", "reason": "wrong"})
    log.say("activity", 1, "default", visits[-1])
    assert stitched(TIGHT, log.rows, 1, (2,), tmp_path) == stitched(TIGHT, log.rows, 1)
