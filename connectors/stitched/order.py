"""The one order of the stitcher's steps, put together again from the partitions that a worker reads.

Every message says how far all steps are (`upto`), so the steps up to the smallest `upto` of the partitions are
complete and can be applied. Nothing depends on which message came first. A message that comes again (the stitcher was
killed and went on from before it) has steps with numbers that were passed, and they are left out.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from msgspec import Struct

from connectors.stitched.progress import StitchedProgress
from schemas.groups import group_number, partition_of
from schemas.handed import Handed
from schemas.records import ErasedMember, IdentifierMoved, IdentityChanged, MemberChanged
from schemas.stitched import Copy, Merged, Parted, Step, StitchedBatch, encode_tables, giver_taker

SEQ = itemgetter(0)


class _Read(NamedTuple):
    """A message whose steps are not complete yet on the other side: what to remember once they are."""

    upto: int
    next_offset: int
    clock_us: int
    handed: Handed


@dataclass
class Told:
    """What messages tell beside steps: records by their numbers, look-ups, whom to forget; when the oldest was read."""

    identity: dict[int, IdentityChanged]
    members: dict[int, MemberChanged]
    moved: list[IdentifierMoved]
    read_at: float = 0.0
    erased: list[ErasedMember] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.identity or self.members or self.moved or self.erased)


class _Part:
    """One partition: how far it is, and what waits for the others."""

    def __init__(self, reached: int, clock_us: int, *, whole: bool) -> None:
        self.reached = reached
        self.clock_us = clock_us
        self.whole = whole
        self.read: deque[_Read] = deque()
        self.steps: deque[tuple[int, Step]] = deque()


class StitchedOrder:
    """`add` messages of any partition in the order of their offsets, `take` what is complete."""

    def __init__(self, ours: Collection[int], groups: int, partitions: int, progress: StitchedProgress) -> None:
        """`ours` are the key groups of this worker, of `groups` in all; `progress` is changed as steps are taken."""
        mine = frozenset(ours)
        self._ours = [group in mine for group in range(groups)]
        self._groups, self._partitions = groups, partitions
        self.progress = progress
        wanted = sorted({partition_of(group, groups, partitions) for group in ours})
        self.parts = {
            place: _Part(progress.applied, progress.clocks.get(place, -1), whole=self._is_whole(place))
            for place in wanted
        }
        self._clock_us = -1

    def _is_whole(self, place: int) -> bool:
        return all(self._ours[group] for group in range(self._groups)
                   if partition_of(group, self._groups, self._partitions) == place)

    def waiting(self, place: int) -> int:
        """How many steps of a partition wait for the others."""
        return len(self.parts[place].steps)

    def add(self, place: int, next_offset: int, handed: Handed) -> None:
        """Take in a message; `next_offset` is the offset behind it."""
        part = self.parts[place]
        if handed.upto > part.reached:
            reached = part.reached
            part.steps.extend(pair for pair in zip(handed.seqs, handed.steps, strict=True) if pair[0] > reached)
            part.reached = handed.upto
        part.clock_us = max(part.clock_us, handed.clock_us)
        part.read.append(_Read(part.reached, next_offset, part.clock_us, handed))

    def late(self, copy: Copy) -> bool | None:
        """Whether the step of a copy was passed; None if the copy is for another worker."""
        group = group_number(copy.member_id, self._groups)
        if not self._ours[group]:
            return None
        return copy.seq <= max(self.progress.applied, self.progress.ahead.get(group, 0))

    def take(self, copies: list[Copy]) -> StitchedBatch | None:
        """Give all steps that are complete, in order, and the clock behind them; None if there is nothing new."""
        upto = min(part.reached for part in self.parts.values())
        told = self._settle(upto)
        steps = self._merged(upto)
        clock_us = min(part.clock_us for part in self.parts.values())
        progress = self.progress
        if upto > progress.applied:
            progress.applied = upto
            if progress.ahead:
                progress.ahead = {group: seq for group, seq in progress.ahead.items() if seq > upto}
        if not steps and not told and not copies and clock_us <= self._clock_us:
            return None
        self._clock_us = clock_us
        tables: dict[str, list[Struct]] = {"identity": [*told.identity.values()], "members": [*told.members.values()]}
        return StitchedBatch(steps, clock_us, encode_tables(tables), told.moved, [], told.read_at, copies, told.erased)

    def _settle(self, upto: int) -> Told:
        """Forget the messages that are complete; give what they tell beside their steps."""
        told = Told({}, {}, [])
        for place, part in self.parts.items():
            while part.read and part.read[0].upto <= upto:
                done = part.read.popleft()
                self.progress.offsets[place] = done.next_offset
                self.progress.clocks[place] = done.clock_us
                self._tell(place, done.handed, told)
        return told

    def _tell(self, place: int, handed: Handed, told: Told) -> None:
        """Add what a message tells of our members and did not tell before; it may stand in two partitions."""
        identity_upto, members_upto = self.progress.told.get(place, (0, 0))
        for change in handed.identity:
            if change.seq > identity_upto and self._tells(place, change.member_id, change.other_member_id):
                told.identity[change.seq] = change
        for number, version in handed.members:
            if number > members_upto and self._tells(place, version.member_id, version.merged_into):
                told.members[number] = version
        last_identity = handed.identity[-1].seq if handed.identity else 0
        last_member = handed.members[-1][0] if handed.members else 0
        self.progress.told[place] = (max(identity_upto, last_identity), max(members_upto, last_member))
        told.moved += [row for row in handed.moved if self._tells(place, row.member_id, row.before)]
        told.erased += [one for one in handed.erased if one not in told.erased]
        told.read_at = min(told.read_at or handed.read_at, handed.read_at)

    def _tells(self, place: int, *members: str | None) -> bool:
        """Whether this partition is the one that tells us of them: that of the first who is ours."""
        for member_id in members:
            if member_id is not None:
                group = group_number(member_id, self._groups)
                if self._ours[group]:
                    return partition_of(group, self._groups, self._partitions) == place
        return False

    def _merged(self, upto: int) -> list[Step]:
        """Give our steps up to `upto` in order, each once: a merge or split may stand in two partitions."""
        pairs: list[tuple[int, Step, _Part]] = []
        for part in self.parts.values():
            steps = part.steps
            while steps and steps[0][0] <= upto:
                seq, step = steps.popleft()
                pairs.append((seq, step, part))
        pairs.sort(key=SEQ)
        out: list[Step] = []
        last = 0
        for seq, step, part in pairs:
            if seq != last and self._is_for_us(seq, step, part):
                out.append(step)
            last = seq
        return out

    def _is_for_us(self, seq: int, step: Step, part: _Part) -> bool:
        if isinstance(step, Merged | Parted):
            giver, taker, _ = giver_taker(step)
            step.gives, step.takes = self._applies(seq, giver), self._applies(seq, taker)
            return step.gives or step.takes
        return (part.whole and not self.progress.ahead) or self._applies(seq, step.member_id)

    def _applies(self, seq: int, member_id: str) -> bool:
        group = group_number(member_id, self._groups)
        return self._ours[group] and seq > self.progress.ahead.get(group, 0)
