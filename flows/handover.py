"""Hand-overs: merging two members, or parting one, where the two may stand in different workers.

A merge has two halves. The worker of `absorbed` gives: it leaves a forwarding stone and sends a copy of the state. The
worker of `member_id` takes: if the copy is there, the member absorbs it; if not, its lane is put aside with everything
that comes for it meanwhile, its timers too, and goes on when the copy has come. A lane is a member, or all who share
something with it (flows/lanes.py); lanes do not see each other otherwise, so what each says is what it would have said
had both stood in one worker, however long the way was.

A split is the same in the other direction: the worker of `member_id` takes the part out and gives it, and that of
`part_id`, which nobody has seen before, takes it. So a copy is known by who travels: the absorbed member, or the part.

The rules are the same when both halves are ours: a copy then needs no way. A member that waits may itself be given
away, or be waited for by a second one: each item of a lane's queue is a step like any other, so chains follow.
"""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flows.lanes import Lanes
from flows.member import MemberMachine
from schemas.hosting import Timer, TimerQueue
from schemas.states import STATE_FORMAT, decode_member, encode_state
from schemas.stitched import Copy, Halved, Merged, Parted, Step, giver_taker


class Held(Struct, array_like=True):
    """What is held for a lane: early `copies`; while it waits for that of `awaits`, its `steps` and due `timers`.

    The first of the steps is the merge itself.
    """

    awaits: str | None = None
    steps: list[Step] = []
    timers: list[Timer] = []
    copies: list[Copy] = []


def is_halved(step: Step) -> bool:
    """Say whether a step has two halves, for two members."""
    return type(step) is Merged or type(step) is Parted


class Handovers:
    """Does the merges and splits of a worker: `apply` steps and `arrive` copies, then collect `sent` and `absorbed`.

    `sent` are copies for other workers; `absorbed` those from other workers that are of no use any more.
    """

    def __init__(
        self, machine: MemberMachine, timers: TimerQueue, is_ours: Callable[[str], bool], held: dict[str, Held],
        lanes: Lanes,
    ) -> None:  # fmt: skip
        self._machine, self._timers, self._is_ours, self._held = machine, timers, is_ours, held
        self._lanes = lanes
        machine.lane = lanes.of
        self.waiting = {lane for lane, one in held.items() if one.awaits is not None}
        for lane in self.waiting:
            heapify(held[lane].timers)
            machine.put_aside[lane] = held[lane].timers
        self.sent: list[Copy] = []
        self.absorbed: list[Copy] = []
        self._changed: set[str] = set()
        self._ready: list[str] = []
        self._place_copies()
        self._noted = self._timers_held()
        self._clock_us = 0

    def _place_copies(self) -> None:
        """Put early copies into the lanes of today: the program may have changed since they came."""
        for lane in sorted(self._held.keys() - self.waiting):
            for copy in self._held[lane].copies[:]:
                if self._lanes.of(copy.member_id) != lane:
                    self._held[lane].copies.remove(copy)
                    self._deliver(copy)
                    self._changed.add(lane)
            if not self._held[lane].copies:
                del self._held[lane]

    def _timers_held(self) -> dict[str, int]:
        return {lane: len(self._held[lane].timers) for lane in self.waiting}

    def apply(self, steps: list[Step]) -> None:
        """Apply steps in order; runs of steps that concern no waiting lane go to the machine as they are."""
        run: list[Step] = []
        lane, waiting = self._lanes.of, self.waiting
        for step in steps:
            if not is_halved(step) and not (waiting and lane(step.member_id) in waiting):
                run.append(step)
                continue
            self._machine.apply(run)
            run = []
            self.advance(step.log_us)
            self._do(step)
            self._settle()
        self._machine.apply(run)
        if steps:
            self._clock_us = max(self._clock_us, steps[-1].log_us)

    def advance(self, until_us: int) -> None:
        """Fire the timers that are due."""
        self._machine.advance(until_us)
        self._clock_us = max(self._clock_us, until_us)

    def arrive(self, copies: list[Copy]) -> None:
        """Take in copies from other workers; one that comes twice is of no use the second time."""
        for copy in copies:
            if not copy.late or self._is_expected(copy):
                self._deliver(copy)
            else:
                self.absorbed.append(copy)
        self._settle()

    def _is_expected(self, copy: Copy) -> bool:
        held = self._held.get(self._lanes.of(copy.member_id))
        return held is not None and any(
            (type(step) is Merged or type(step) is Parted) and step.takes and giver_taker(step)[2] == copy.absorbed
            for step in held.steps
        )

    def rows(self) -> Iterator[tuple[str, Held | None]]:
        """Give what changed since it was last asked, by lane; None for one of which nothing is held any more."""
        now = self._timers_held()
        self._changed.update(lane for lane, count in now.items() if self._noted.get(lane) != count)
        self._noted = now
        for lane in sorted(self._changed):
            yield lane, self._held.get(lane)
        self._changed = set()

    # the two halves

    def _do(self, step: Step) -> None:
        if type(step) is not Merged and type(step) is not Parted:
            self._put_aside(self._lanes.of(step.member_id), step)
            return
        if step.gives:
            self._give(step)
        if step.takes:
            self._take(step)

    def _give(self, step: Halved) -> None:
        giver, taker, traveller = giver_taker(step)
        lane = self._lanes.of(giver)
        if lane in self.waiting:
            self._put_aside(lane, replace(step, takes=False))
            return
        member = self._machine.give(step) if isinstance(step, Merged) else self._machine.give_part(step)
        if member is None:
            return
        copy = Copy(STATE_FORMAT, step.seq, taker, traveller, encode_state(member))
        if self._is_ours(taker):
            self._deliver(copy)
        else:
            self.sent.append(copy)

    def _take(self, step: Halved) -> None:
        giver, taker, traveller = giver_taker(step)
        lane = self._lanes.of(taker)
        if lane in self.waiting:
            self._put_aside(lane, replace(step, gives=False))
            return
        held = self._held.setdefault(lane, Held())
        self._changed.add(lane)
        copy = next((one for one in held.copies if one.absorbed == traveller), None)
        if copy is None:
            held.awaits, held.steps = traveller, [replace(step, gives=False)]
            held.timers = self._machine.put_aside.setdefault(lane, [])
            self.waiting.add(lane)
            return
        held.copies.remove(copy)
        if not held.copies:
            del self._held[lane]
        member = decode_member(copy.packed)
        if isinstance(step, Merged):
            self._machine.take(step, member)
        else:
            self._machine.take_part(step, member)
        if not self._is_ours(giver):
            self.absorbed.append(copy)

    def _put_aside(self, lane: str, step: Step) -> None:
        self._held[lane].steps.append(step)
        self._changed.add(lane)

    def _deliver(self, copy: Copy) -> None:
        lane = self._lanes.of(copy.member_id)
        held = self._held.setdefault(lane, Held())
        if any(one.absorbed == copy.absorbed for one in held.copies):
            return
        held.copies.append(copy)
        self._changed.add(lane)
        if held.awaits == copy.absorbed:
            self._ready.append(lane)

    # going on

    def _settle(self) -> None:
        while self._ready:
            self._go_on(self._ready.pop(0))

    def _go_on(self, lane: str) -> None:
        """Do what waited, in order, each of the lane's timers in its place; it may have to wait again.

        Its timers stay apart until it has caught up, for the clock of the other lanes is ahead of it.
        """
        held, own = self._held[lane], self._machine.put_aside[lane]
        steps, held.awaits, held.steps, held.timers = held.steps, None, [], []
        self.waiting.remove(lane)
        self._changed.add(lane)
        for at, step in enumerate(steps):
            self._fire(own, step.log_us)
            if is_halved(step):
                self._do(step)
                if lane in self.waiting:
                    self._held[lane].steps.extend(steps[at + 1 :])
                    return
            else:
                self._machine.apply([step])
        self._fire(own, self._clock_us)
        del self._machine.put_aside[lane]
        for timer in own:
            self._timers.arm(timer)
        if lane in self._lanes.alone:
            self._lanes.alone.discard(lane)
            self._place_copies()

    def _fire(self, own: list[Timer], until_us: int) -> None:
        """Fire the lane's own timers that are due; what they arm comes into the same heap."""
        while own and own[0].due_us <= until_us:
            self._machine.fire(heappop(own))


encode_held = msgspec.msgpack.Encoder().encode
decode_held = msgspec.msgpack.Decoder(Held).decode
