"""The stations of a deployment of several processes: one stitcher, any number of member workers.

The stitcher numbers its steps and writes them to the topic `stitched`, whose partitions hold runs of key groups: of
each batch every partition gets one message with its part of the steps, and with how far all steps and the clock are.
So a worker that reads some of the partitions knows where it stands in the one order, also when nothing is for it.
Whatever is written again after a crash carries the same numbers, and who reads it leaves it out.
"""

import msgspec

from flows.handover import Handovers, Held, decode_held, encode_held
from flows.lanes import Lanes
from flows.runtime.store import Store
from flows.runtime.table import group_of, group_prefix, group_width
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.groups import home_of
from schemas.handed import HANDED_FORMAT, HANDOVERS, STITCHED, Handed
from schemas.log import LogBatch
from schemas.records import Packet, Post
from schemas.stitched import Copy, Merged, Parted, StitchedBatch, giver_taker

HELD_TAG = b"h"
NO_KEY = b""

_encode = msgspec.msgpack.Encoder().encode


class RoutingHost:
    """The stitcher's station where members are elsewhere: rows in; records, and steps for the member workers, out."""

    name = StitchHost.name

    def __init__(self, wiring: Wiring, number: int) -> None:
        self._stitch = StitchHost(wiring, number)
        self._groups, self._partitions = wiring.groups, wiring.partitions

    def work(self, batch: LogBatch) -> Packet:
        """Stitch a batch, and address its steps."""
        out = self._stitch.work(batch)
        posts = self._addressed(out)
        return Packet(out.lines, {}, [], [], out.read_at, posts, out.erased)

    def save(self) -> int:
        """End the epoch."""
        return self._stitch.save()

    def _partition(self, member_id: str) -> int:
        return home_of(member_id, self._groups, self._partitions)

    def _places(self, *members: str | None) -> set[int]:
        return {self._partition(member_id) for member_id in members if member_id is not None}

    def _addressed(self, out: StitchedBatch) -> list[Post]:
        """Divide the steps among the partitions; a merge or split goes to both of its members."""
        totals, partition = self._stitch.totals, self._partition
        clock_us = out.clock_us if out.clock_us >= 0 else totals.log_us
        before = totals.steps
        totals.steps += len(out.steps)
        parts = [
            Handed(HANDED_FORMAT, totals.steps, clock_us, out.read_at, [], [], []) for _ in range(self._partitions)
        ]
        for seq, step in enumerate(out.steps, before + 1):
            if isinstance(step, Merged | Parted):
                step.seq = seq
                giver, taker, _ = giver_taker(step)
                places = self._places(taker, giver)
            else:
                places = {partition(step.member_id)}
            for place in places:
                parts[place].seqs.append(seq)
                parts[place].steps.append(step)
        for moved in out.moved:
            for place in self._places(moved.member_id, moved.before):
                parts[place].moved.append(moved)
        for change in self._stitch.changes:
            for place in self._places(change.member_id, change.other_member_id):
                parts[place].identity.append(change)
        for version in self._stitch.versions:
            totals.versions += 1
            for place in self._places(version.member_id, version.merged_into):
                parts[place].members.append((totals.versions, version))
        for erased in out.erased:
            nobody = not erased.member_id  # anybody's events may name whom nobody knows
            for place in range(self._partitions) if nobody else self._places(erased.member_id, *erased.former):
                parts[place].erased.append(erased)
        return [Post(STITCHED, place, NO_KEY, _encode(part)) for place, part in enumerate(parts)]


class WorkerHost(MemberHost):
    """The member station of a worker that has some of the key groups."""

    def __init__(self, wiring: Wiring, number: int) -> None:
        super().__init__(wiring, number)
        self._groups, self._partitions = wiring.groups, wiring.partitions
        held = {} if self._store is None else load_held(self._store, wiring.groups)
        waiting = [name for name, one in held.items() if one.awaits is not None]
        lanes = Lanes(wiring.program, wiring.groups, waiting)
        self.handovers = Handovers(self._machine, self._timers, wiring.is_ours, held, lanes)
        wiring.waiting = lambda: len(self.handovers.waiting)

    def _apply(self, batch: StitchedBatch) -> None:
        handovers = self.handovers
        if batch.copies:
            handovers.arrive(batch.copies)
        handovers.apply(batch.steps)
        if batch.clock_us >= 0:
            handovers.advance(batch.clock_us)

    def _posts(self) -> list[Post]:
        """Copies for other workers; and for those absorbed here that their messages are of no use any more."""
        handovers = self.handovers
        posts = [self._post(copy, _encode(copy), after_commit=False) for copy in handovers.sent]
        posts += [self._post(copy, None, after_commit=True) for copy in handovers.absorbed]
        handovers.sent, handovers.absorbed = [], []
        return posts

    def _post(self, copy: Copy, value: bytes | None, *, after_commit: bool) -> Post:
        place = home_of(copy.member_id, self._groups, self._partitions)
        return Post(HANDOVERS, place, copy.absorbed.encode(), value, after_commit)

    def _flush(self) -> None:
        super()._flush()
        assert self._store is not None
        rows = []
        for lane, held in self.handovers.rows():
            key = group_of(lane, self._groups) + HELD_TAG + lane.encode()
            rows.append((key, None if held is None else encode_held(held)))
        self._store.write(rows)


def load_held(store: Store, groups: int) -> dict[str, Held]:
    """Give what the store holds for lanes that wait, by lane."""
    width = group_width(groups)
    held = {}
    for group in range(groups):
        for key, row in store.scan(group_prefix(group, groups) + HELD_TAG):
            held[key[width + 1 :].decode()] = decode_held(row)
    return held
