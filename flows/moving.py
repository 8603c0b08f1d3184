"""Moving key groups from one member worker to another, with the state of their members.

Both workers are at rest. Each gets a new checkpoint beside its last one, and a note (`Moved`) that says which
checkpoint and which position count from now on in the place of those that its engine remembers. The receiving worker
begins where the one of the two stood that was less far; of the groups that were further it leaves out what was applied.

The move is done in an order in which a kill at any point leaves either the groups where they were, or a note of
intent on both sides that keeps them from starting until the same move is made again, which begins anew.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from connectors.stitched.progress import StitchedProgress
from flows.liability import count_account
from flows.runtime.deployment import Deployment
from flows.runtime.store import Store
from flows.runtime.table import group_prefix, group_width
from flows.stations import TOTALS_ROW, MemberHost
from flows.workers import HELD_TAG
from schemas.groups import partition_of
from schemas.states import MemberTotals, decode_member, decode_member_totals, encode_state

REST, MOVED, MOVING = "at_rest.json", "moved.json", "moving.json"
MEMBER_TAG, TIMER_TAG, SHELF_TAG, BUDGET_TAG = b"m", b"t", b"s", b"b"
TAGS = (MEMBER_TAG, TIMER_TAG, HELD_TAG, SHELF_TAG, BUDGET_TAG)
ROWS_AT_ONCE = 10_000


class Rest(Struct):
    """Where a member worker stood when it ended cleanly."""

    checkpoint: int
    progress: StitchedProgress


class Moved(Struct):
    """What counts since a move, for a worker whose engine remembers checkpoint `instead_of`."""

    instead_of: int
    checkpoint: int
    progress: StitchedProgress


decode_rest = msgspec.json.Decoder(Rest).decode
decode_moved = msgspec.json.Decoder(Moved).decode
encode_note = msgspec.json.Encoder().encode


def moved_state(deployment: Deployment) -> Moved | None:
    """Give what a move of groups left in a folder for its next start."""
    packed = deployment.noted(MOVED)
    return None if packed is None else decode_moved(packed)


class Worker:
    """One side of a move: its folder, the groups it has, and where it stands."""

    def __init__(self, folder: Path, ours: Collection[int], rest: Rest, moved: Moved | None) -> None:
        """`rest` is of its last clean end, `moved` the note of an earlier move."""
        self.folder = folder
        self.ours = frozenset(ours)
        self.instead_of = rest.checkpoint
        self.checkpoint, self.progress = rest.checkpoint, rest.progress
        if moved is not None and moved.progress.moves > rest.progress.moves:
            self.instead_of, self.checkpoint, self.progress = moved.instead_of, moved.checkpoint, moved.progress

    def note(self, checkpoint: int, progress: StitchedProgress) -> bytes:
        """Give the note that makes a new state count."""
        progress.moves = self.progress.moves + 1
        return encode_note(Moved(self.instead_of, checkpoint, progress))


class Count(Struct):
    """What was moved."""

    members: int = 0
    timers: int = 0
    held: int = 0


def received(to: Worker, giver: Worker, groups: Collection[int], count: int) -> StitchedProgress:
    """Give where the receiving worker goes on, with `groups` of the giver; `count` are all key groups."""
    mine, theirs = to.progress, giver.progress
    positions = {group: max(mine.applied, mine.ahead.get(group, 0)) for group in to.ours}
    positions |= {group: max(theirs.applied, theirs.ahead.get(group, 0)) for group in groups}
    applied = min(positions.values())
    ahead = {group: seq for group, seq in sorted(positions.items()) if seq > applied}
    partitions = theirs.partitions
    needed = {partition_of(group, count, partitions) for group in positions}
    offsets: dict[int, int] = {}
    clocks: dict[int, int] = {}
    copies: dict[int, int] = {}
    told: dict[int, tuple[int, int]] = {}
    for one in (mine, theirs):
        for place in sorted(needed & one.offsets.keys()):
            if place not in offsets or one.offsets[place] < offsets[place]:
                offsets[place], clocks[place] = one.offsets[place], one.clocks.get(place, -1)
                told[place] = one.told.get(place, (0, 0))
        for place in sorted(needed & one.copies.keys()):
            copies[place] = min(copies.get(place, one.copies[place]), one.copies[place])
    topics = mine.topics or theirs.topics
    return StitchedProgress(
        applied=applied, ahead=ahead, offsets=offsets, clocks=clocks, copies=copies, topics=dict(topics),
        partitions=partitions, told=told,
    )  # fmt: skip


def left(giver: Worker, groups: Collection[int], count: int) -> StitchedProgress:
    """Give where the giving worker goes on without `groups`."""
    old, kept = giver.progress, giver.ours - set(groups)
    needed = {partition_of(group, count, old.partitions) for group in kept}
    return StitchedProgress(
        applied=old.applied, ahead={group: seq for group, seq in old.ahead.items() if group in kept},
        offsets={place: at for place, at in old.offsets.items() if place in needed},
        clocks={place: at for place, at in old.clocks.items() if place in needed},
        copies={place: at for place, at in old.copies.items() if place in needed},
        topics=dict(old.topics), partitions=old.partitions,
        told={place: numbers for place, numbers in old.told.items() if place in needed},
    )  # fmt: skip


def rows_of(store: Store, groups: Collection[int], count: int) -> Iterator[tuple[bytes, bytes]]:
    """Give all rows of the groups."""
    for group in sorted(groups):
        for tag in TAGS:
            yield from store.scan(group_prefix(group, count) + tag)


def copy_rows(giver: Store, to: Store, groups: Collection[int], count: int) -> Count:
    """Write the rows of the groups into the other store, and what they are worth into its totals."""
    width, found = group_width(count), Count()
    totals = _totals(to)
    batch: list[tuple[bytes, bytes | None]] = []
    for key, value in rows_of(giver, groups, count):
        tag = key[width : width + 1]
        known = tag == MEMBER_TAG and to.get(key) is not None
        found.members += tag == MEMBER_TAG
        found.timers += tag == TIMER_TAG
        found.held += tag == HELD_TAG
        if tag == MEMBER_TAG and not known:
            _count(totals, value, 1)
        batch.append((key, value))
        if len(batch) >= ROWS_AT_ONCE:
            to.write(batch)
            batch = []
    to.write(batch)
    to.write([(TOTALS_ROW, encode_state(totals))])
    return found


def drop_rows(giver: Store, groups: Collection[int], count: int) -> None:
    """Remove the rows of the groups, and what they were worth from the totals."""
    width = group_width(count)
    totals = _totals(giver)
    rows: list[tuple[bytes, bytes | None]] = []
    for key, value in rows_of(giver, groups, count):
        if key[width : width + 1] == MEMBER_TAG:
            _count(totals, value, -1)
        rows.append((key, None))
    giver.write(rows)
    giver.write([(TOTALS_ROW, encode_state(totals))])


def _totals(store: Store) -> MemberTotals:
    packed = store.get(TOTALS_ROW)
    return MemberTotals() if packed is None else decode_member_totals(packed)


def _count(totals: MemberTotals, packed: bytes, sign: int) -> None:
    for currency, account in decode_member(packed).books.accounts.items():
        count_account(totals, currency, account, sign)


def open_store(worker: Worker) -> Store:
    """Open the worker's member state as it counts now."""
    return Store(worker.folder / "state" / MemberHost.name, worker.checkpoint)
