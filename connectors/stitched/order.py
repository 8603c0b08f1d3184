"""The one order of the stitcher's steps, put together again from the partitions that a worker reads.

Every message says how far all steps are (`upto`), so the steps up to the smallest `upto` of the partitions are
complete and can be applied. Nothing depends on which message came first. A message that comes again (the stitcher was
killed and went on from before it) has steps with numbers that were passed, and they are left out.
"""

from collections import deque
from collections.abc import Collection
from operator import itemgetter
from typing import NamedTuple

from connectors.stitched.progress import StitchedProgress
from schemas.groups import group_number, partition_of
from schemas.handed import Handed
from schemas.records import IdentifierMoved
from schemas.stitched import Copy, Merged, Step, StitchedBatch

SEQ = itemgetter(0)


class _Read(NamedTuple):
    """A message whose steps are not complete yet on the other side: what to remember once they are."""

    upto: int
    next_offset: int
    clock_us: int
    moved: list[IdentifierMoved]
    read_at: float


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
        self._ours = [group in set(ours) for group in range(groups)]
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
        part.read.append(_Read(part.reached, next_offset, part.clock_us, handed.moved, handed.read_at))

    def late(self, copy: Copy) -> bool | None:
        """Whether the step of a copy was passed; None if the copy is for another worker."""
        group = group_number(copy.member_id, self._groups)
        if not self._ours[group]:
            return None
        return copy.seq <= max(self.progress.applied, self.progress.ahead.get(group, 0))

    def take(self, copies: list[Copy]) -> StitchedBatch | None:
        """Give all steps that are complete, in order, and the clock behind them; None if there is nothing new."""
        upto = min(part.reached for part in self.parts.values())
        moved, read_at = self._settle(upto)
        steps = self._merged(upto)
        clock_us = min(part.clock_us for part in self.parts.values())
        progress = self.progress
        if upto > progress.applied:
            progress.applied = upto
            if progress.ahead:
                progress.ahead = {group: seq for group, seq in progress.ahead.items() if seq > upto}
        if not steps and not moved and not copies and clock_us <= self._clock_us:
            return None
        self._clock_us = clock_us
        return StitchedBatch(steps, clock_us, {}, moved, [], read_at, copies)

    def _settle(self, upto: int) -> tuple[list[IdentifierMoved], float]:
        """Forget the messages that are complete; give their look-ups, and when the oldest was read."""
        moved: list[IdentifierMoved] = []
        read_at = 0.0
        for place, part in self.parts.items():
            while part.read and part.read[0].upto <= upto:
                done = part.read.popleft()
                self.progress.offsets[place] = done.next_offset
                self.progress.clocks[place] = done.clock_us
                moved += done.moved if part.whole else [row for row in done.moved if self._concerns(row)]
                read_at = min(read_at or done.read_at, done.read_at)
        return moved, read_at

    def _concerns(self, row: IdentifierMoved) -> bool:
        return any(owner is not None and self._ours[group_number(owner, self._groups)]
                   for owner in (row.member_id, row.before))

    def _merged(self, upto: int) -> list[Step]:
        """Give our steps up to `upto` in order, each once: a merge may stand in two partitions."""
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
        if type(step) is Merged:
            step.gives, step.takes = self._applies(seq, step.absorbed), self._applies(seq, step.member_id)
            return step.gives or step.takes
        return (part.whole and not self.progress.ahead) or self._applies(seq, step.member_id)

    def _applies(self, seq: int, member_id: str) -> bool:
        group = group_number(member_id, self._groups)
        return self._ours[group] and seq > self.progress.ahead.get(group, 0)
