"""The stations: each a machine, its tables and timers on one store, its counts, behind `work` and `save`."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Struct

from config.program import Program
from flows.counted import MemberCounts, StitchCounts
from flows.identity.index import IdentityIndex, Tables
from flows.identity.people import People
from flows.identity.stitch import Stitcher
from flows.ledger.budgets import Budgets
from flows.ledger.stock import Stock
from flows.member import MemberMachine, Shared
from flows.runtime.collector import collect_now_and_then
from flows.runtime.marks import StoredMarks
from flows.runtime.metrics import Metrics
from flows.runtime.pool import Pool
from flows.runtime.seen import SeenEvents
from flows.runtime.store import Store
from flows.runtime.table import Table, Weight
from flows.runtime.timers import Timers
from schemas.earning_states import Spent, decode_spent
from schemas.groups import group_number
from schemas.log import LogBatch
from schemas.records import IdentityChanged, MemberChanged, Packet, Post
from schemas.standing import Shelf
from schemas.states import (
    Member,
    MemberTotals,
    Page,
    Person,
    Sighting,
    Totals,
    decode_member,
    decode_member_totals,
    decode_page,
    decode_person,
    decode_shelf,
    decode_sighting,
    decode_totals,
    encode_state,
    read_lines,
)
from schemas.stitched import StitchedBatch, encode_tables

TOTALS_ROW = b"\x00n"
RULES_ROW = b"\x00r"
NO_RULES = b"[]"  # what a state of an earlier release was made with, as far as anybody knows
NEVER_US = 1 << 63
DEFAULT_CACHE_BYTES = 384 << 20
OWNERS_SHARE, PERSONS_SHARE, SIGHTED_SHARE, RARE_SHARE, MEMBERS_SHARE = 0.26, 0.20, 0.06, 0.01, 0.46
OWNER_WEIGHT, PERSON_WEIGHT, MEMBER_WEIGHT = Weight(145, 1), Weight(200, 4), Weight(360, 8)
TIME_BYTES = 8


@dataclass
class Wiring:
    """What both stations are built with; `store_bytes` bounds each station's cache, None folder: nothing is kept.

    Where members stand in several processes, `ours` are the key groups of this one (None: all), and the topics between
    the processes have so many `partitions`; `waiting` tells how many members wait for another process. `checkpoints`
    are the last ones by station; `instead` says, after groups were moved, which one counts in the place of which.
    `erasure_key` hashes the identifiers of erased persons.
    """

    program: Program
    folder: Path | None = None
    groups: int = 256
    cache_bytes: int = DEFAULT_CACHE_BYTES
    metrics: Metrics = field(default_factory=Metrics)
    clocks: dict[str, Callable[[], int]] = field(default_factory=dict)
    spent: Counter[str] = field(default_factory=Counter)
    totals: dict[str, Totals | MemberTotals] = field(default_factory=dict)
    ours: frozenset[int] | None = None
    partitions: int = 1
    waiting: Callable[[], int] = lambda: 0
    checkpoints: dict[str, int] = field(default_factory=dict)
    instead: dict[str, tuple[int, int]] = field(default_factory=dict)
    load_member: Callable[[str], Member | None] | None = None
    read_before: int = 0
    steps_before: int = 0
    too_many_dead: Callable[[str], None] = print
    erasure_key: bytes = b""
    voucher_secret: bytes = b""

    def __post_init__(self) -> None:
        self.pool = Pool(self.cache_bytes)

    def next_due_us(self) -> int | None:
        """When the earliest timer of any station is due; None if there is none."""
        due_us = min((clock() for clock in self.clocks.values()), default=NEVER_US)
        return None if due_us >= NEVER_US else due_us

    def is_ours(self, member_id: str) -> bool:
        """Whether a member's group is one of this process."""
        return self.ours is None or group_number(member_id, self.groups) in self.ours

    def store(self, station: str, number: int) -> Store | None:
        """Open a station's store at a checkpoint."""
        if self.folder is None:
            return None
        of, other = self.instead.get(station, (-1, -1))
        store = Store(self.folder / station, other if number == of else number)
        self.checkpoints[station] = store.number
        return store


class StitchHost:
    """Rows in, steps out: decode's results become members' events."""

    name = "stitch"

    def __init__(self, wiring: Wiring, number: int) -> None:
        self._wiring, program = wiring, wiring.program
        self._store = store = wiring.store(self.name, number)
        packed = None if store is None else store.get(TOTALS_ROW)
        self.totals = Totals() if packed is None else decode_totals(packed)
        self._timers = Timers(store, wiring.groups)
        self._seen = SeenEvents(program.retention.events, store)
        self._tables = _identity_tables(wiring, store)
        self._index = IdentityIndex(program, self._tables)
        self._refused_by = self._index.refused_by.encode()
        people = People(self._index, self._timers, self.totals, program.identity.anonymous_days)
        self._stitcher = Stitcher(
            program, self._index, people, self._seen, self._timers, self.totals, wiring.erasure_key
        )
        if store is not None and not store.is_new and (store.get(RULES_ROW) or NO_RULES) != self._refused_by:
            self._stitcher.refused.judge()
        self._limits = program.limits
        self._counted = StitchCounts(wiring.metrics, self.totals)
        self.changes: list[IdentityChanged] = []
        self.versions: list[MemberChanged] = []
        self._warned = False
        self._looked_up = 0
        wiring.clocks[self.name] = lambda: self._timers.next_us
        wiring.totals[self.name] = self.totals
        wiring.read_before = read_lines(self.totals)

    def work(self, batch: LogBatch) -> StitchedBatch:
        """Stitch a batch."""
        began = time.perf_counter()
        stitcher, people, totals = self._stitcher, self._stitcher.people, self.totals
        first = batch.rows[0][0] if batch.rows else 0
        totals.first_log_us = totals.first_log_us or first
        totals.blank += batch.blank
        stitcher.apply(batch.rows)
        if batch.clock_us is not None:
            totals.log_us = max(totals.log_us, batch.clock_us)
            stitcher.advance(batch.clock_us)
        tables: dict[str, list[Struct]] = {
            "identity": [*people.changes], "members": [*people.versions], "events": [*stitcher.events],
            "dead_letters": [*stitcher.dead_letters], "alerts": [*people.alerts],
        }  # fmt: skip
        clock_us = -1 if batch.clock_us is None else batch.clock_us
        self._looked_up += sum([len(event.ids) for event in stitcher.events])
        lines = encode_tables(tables)
        self.changes, self.versions, alerts = people.changes, people.versions, people.alerts
        erased = stitcher.requests.erased
        out = StitchedBatch(
            stitcher.steps, clock_us, lines, people.moved, people.gone, batch.read_at, erased=erased
        )
        stitcher.steps, stitcher.events, stitcher.dead_letters, stitcher.requests.erased = [], [], [], []
        people.changes, people.versions, people.moved, people.gone, people.alerts = [], [], [], [], []
        self._judge_share()
        self._counted.batch(self._index.left_out, self.changes, alerts)
        self._note(batch, time.perf_counter() - began)
        return out

    def _note(self, batch: LogBatch, seconds: float) -> None:
        if batch.rows:
            self._wiring.metrics.batch_seconds.labels(self.name).observe(seconds)
            self._wiring.metrics.lag_seconds.set(max(0.0, time.time() - self.totals.log_us / 1e6))
        self._wiring.spent[self.name] += int(seconds * 1e9)

    def _judge_share(self) -> None:
        """Have the run stopped when so much is refused that our mapping must be wrong."""
        rejected, read = sum(self.totals.rejected.values()), read_lines(self.totals)
        limits = self._limits
        if read < limits.dead_letter_share_after or rejected <= limits.dead_letter_share_max * read or self._warned:
            return
        self._warned = True
        reasons = ", ".join(f"{reason} {count}" for reason, count in Counter(self.totals.rejected).most_common(3))
        self._wiring.too_many_dead(
            f"{rejected:,} of {read:,} lines were rejected ({rejected / read:.0%}; {reasons}), more than "
            f"limits.dead_letter_share_max allows ({limits.dead_letter_share_max:.0%}). Probably the mapping of the "
            "sender or the program is wrong. See `balanza deadletters list`, mend it and start with --fresh, or raise "
            "the limit in the program and run again."
        )

    def save(self) -> int:
        """End the epoch."""
        began = time.perf_counter()
        if self._store is None:
            return 0
        tables = self._tables
        self._index.forget_sightings()
        caches: list[Table[Any]] = [tables.owners, tables.persons, tables.pages, tables.sighted, tables.erased]
        for table in caches:
            table.flush()
        for marks in (tables.weak, tables.refused):
            marks.flush()
        self._store.write_changed(RULES_ROW, self._refused_by)
        self._timers.flush()
        self._seen.flush(self.totals.log_us)
        self._store.write_changed(TOTALS_ROW, encode_state(self.totals))
        number = self._store.checkpoint()
        self._wiring.pool.settle()
        _note_state(self._wiring, self.name, self._store, caches, self._timers, self._looked_up)
        self._looked_up = 0
        collect_now_and_then()
        self._wiring.spent[f"{self.name} epoch"] += int((time.perf_counter() - began) * 1e9)
        return number


class StoredTables(Tables):
    """The tables of identity as caches over a store."""

    owners: Table[str]
    persons: Table[Person]
    pages: Table[Page]
    sighted: Table[Sighting]
    erased: Table[int]
    weak: StoredMarks
    refused: StoredMarks


def _identity_tables(wiring: Wiring, store: Store | None) -> StoredTables:
    groups = wiring.groups
    tables = StoredTables(
        Table(b"i", str.encode, bytes.decode, store, groups, weight=OWNER_WEIGHT),
        Table(b"p", encode_state, decode_person, store, groups, weight=PERSON_WEIGHT),
        Table(b"g", encode_state, decode_page, store, groups),
        Table(b"s", encode_state, decode_sighting, store, groups),
        Table(b"x", _pack_time, _unpack_time, store, groups),
        StoredMarks(b"w", store, groups),
        StoredMarks(b"k", store, groups),
    )
    wiring.pool.add(tables.owners, OWNERS_SHARE)
    wiring.pool.add(tables.persons, PERSONS_SHARE)
    wiring.pool.add(tables.pages, RARE_SHARE)
    wiring.pool.add(tables.sighted, SIGHTED_SHARE)
    wiring.pool.add(tables.erased, RARE_SHARE)
    return tables


def _pack_time(time_us: int) -> bytes:
    return time_us.to_bytes(TIME_BYTES, "big")


def _unpack_time(packed: bytes) -> int:
    return int.from_bytes(packed, "big")


class MemberHost:
    """Steps in, records out: ledger, signals, decisions of all members of this worker."""

    name = "members"

    def __init__(self, wiring: Wiring, number: int) -> None:
        self._wiring = wiring
        self._store = store = wiring.store(self.name, number)
        packed = None if store is None else store.get(TOTALS_ROW)
        self.totals = MemberTotals() if packed is None else decode_member_totals(packed)
        self._members: Table[Member] = Table(
            b"m", encode_state, decode_member, store, wiring.groups, weight=MEMBER_WEIGHT
        )
        wiring.pool.add(self._members, MEMBERS_SHARE)
        self._timers = Timers(store, wiring.groups)
        self._shelves: Table[Shelf] = Table(b"s", encode_state, decode_shelf, store, wiring.groups)
        wiring.load_member = self._members.peek
        self._spent: Table[Spent] = Table(b"b", encode_state, decode_spent, store, wiring.groups)
        shared = Shared(
            Stock(self._shelves, wiring.groups),
            Budgets(self._spent, wiring.groups, wiring.program.retention.events),
            wiring.voucher_secret,
        )
        self._machine = MemberMachine(wiring.program, self._members, self._timers, shared)
        self._counted = MemberCounts(wiring.metrics, self.totals)
        self._looked_up = 0
        wiring.clocks[self.name] = lambda: self._timers.next_us
        wiring.totals[self.name] = self.totals
        wiring.steps_before = self.totals.steps

    def work(self, batch: StitchedBatch) -> Packet:
        """Apply a batch of steps."""
        began = time.perf_counter()
        machine = self._machine
        self._looked_up += len(batch.steps)
        self._apply(batch)
        if batch.steps:
            self.totals.steps += len(batch.steps)
            self.totals.log_us = max(self.totals.log_us, batch.steps[-1].log_us)
        self._counted.batch(machine.emit, machine.forgotten_events)
        machine.forgotten_events = 0
        lines = machine.emit.lines()
        for table, said in batch.lines.items():
            lines[table] = said + lines.get(table, b"")
        gone = list(dict.fromkeys([*batch.gone, *machine.gone]))
        packet = Packet(
            lines, dict(machine.touched), gone, batch.moved, batch.read_at, self._posts(), batch.erased,
            list(machine.exports),
        )  # fmt: skip
        for emptied in (machine.emit, machine.touched, machine.gone, machine.exports):
            emptied.clear()
        seconds = time.perf_counter() - began
        if batch.steps:
            self._wiring.metrics.batch_seconds.labels(self.name).observe(seconds)
        self._wiring.spent[self.name] += int(seconds * 1e9)
        return packet

    def _apply(self, batch: StitchedBatch) -> None:
        """Hand the batch to the machine."""
        self._machine.apply(batch.steps)
        if batch.clock_us >= 0:
            self._machine.advance(batch.clock_us)

    def _posts(self) -> list[Post]:
        """Give what goes to other workers: there are none."""
        return []

    def _flush(self) -> None:
        """Write what changed to the store."""
        self._members.flush()
        self._shelves.flush()
        self._spent.flush()
        self._timers.flush()

    def save(self) -> int:
        """End the epoch."""
        began = time.perf_counter()
        if self._store is None:
            return 0
        self._flush()
        self._store.write_changed(TOTALS_ROW, encode_state(self.totals))
        number = self._wiring.checkpoints[self.name] = self._store.checkpoint()
        self._wiring.pool.settle()
        _note_state(self._wiring, self.name, self._store, [self._members], self._timers, self._looked_up)
        self._looked_up = 0
        self._wiring.spent[f"{self.name} epoch"] += int((time.perf_counter() - began) * 1e9)
        return number


def _note_state(
    wiring: Wiring, name: str, store: Store, tables: list[Any], timers: Timers, looked_up: int
) -> None:  # fmt: skip
    """Bring the metrics of a station's state up to date, once an epoch."""
    metrics = wiring.metrics
    metrics.state_bytes.labels(name).set(store.size_bytes())
    metrics.state_rows.labels(name).set(store.rows_estimate())
    metrics.cache_bytes.labels(name).set(sum(table.cached_bytes for table in tables))
    metrics.timers_pending.labels(name).set(len(timers))
    misses = sum(table.misses for table in tables)
    metrics.cache_misses_total.labels(name).inc(misses)
    metrics.cache_hits_total.labels(name).inc(max(0, looked_up - misses))
    for table in tables:
        table.misses = 0
