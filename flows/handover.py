"""Hand-overs: merging two members, or parting one, where the two may stand in different workers.

A merge has two halves. The worker of `absorbed` gives: it leaves a forwarding stone and sends a copy of the state. The
worker of `member_id` takes: if the copy is there, the member absorbs it; if not, the member is put aside with
everything that comes for it meanwhile, its timers too, and goes on when the copy has come. Members do not see each
other otherwise, so what each says is what it would have said had both stood in one worker, however long the way was.

A split is the same in the other direction: the worker of `member_id` takes the part out and gives it, and that of
`part_id`, which nobody has seen before, takes it. So a copy is known by who travels: the absorbed member, or the part.

The rules are the same when both halves are ours: a copy then needs no way. A member that waits may itself be given
away, or be waited for by a second one: each item of its queue is a step like any other, so chains follow.
"""

from collections.abc import Callable, Iterator
from heapq import heapify, heappop

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from flows.member import MemberMachine
from schemas.hosting import Timer, TimerQueue
from schemas.states import STATE_FORMAT, decode_member, encode_state
from schemas.stitched import Copy, Halved, Merged, Parted, Step, giver_taker


class Held(Struct, array_like=True):
    """What is held for a member: early `copies`; while it waits for that of `awaits`, its `steps` and due `timers`.

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
        self, machine: MemberMachine, timers: TimerQueue, is_ours: Callable[[str], bool], held: dict[str, Held]
    ) -> None:
        self._machine, self._timers, self._is_ours, self._held = machine, timers, is_ours, held
        self.waiting = {member_id for member_id, one in held.items() if one.awaits is not None}
        for member_id in self.waiting:
            heapify(held[member_id].timers)
            machine.put_aside[member_id] = held[member_id].timers
        self.sent: list[Copy] = []
        self.absorbed: list[Copy] = []
        self._changed: set[str] = set()
        self._noted = self._timers_held()
        self._ready: list[str] = []
        self._clock_us = 0

    def _timers_held(self) -> dict[str, int]:
        return {member_id: len(self._held[member_id].timers) for member_id in self.waiting}

    def apply(self, steps: list[Step]) -> None:
        """Apply steps in order; runs of steps that concern no waiting member go to the machine as they are."""
        run: list[Step] = []
        for step in steps:
            if not is_halved(step) and step.member_id not in self.waiting:
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
        held = self._held.get(copy.member_id)
        return held is not None and any(
            (type(step) is Merged or type(step) is Parted) and step.takes and giver_taker(step)[2] == copy.absorbed
            for step in held.steps
        )

    def rows(self) -> Iterator[tuple[str, Held | None]]:
        """Give what changed since it was last asked, by member; None for one of whom nothing is held any more."""
        now = self._timers_held()
        self._changed.update(member_id for member_id, count in now.items() if self._noted.get(member_id) != count)
        self._noted = now
        for member_id in sorted(self._changed):
            yield member_id, self._held.get(member_id)
        self._changed = set()

    # the two halves

    def _do(self, step: Step) -> None:
        if type(step) is not Merged and type(step) is not Parted:
            self._put_aside(step.member_id, step)
            return
        if step.gives:
            self._give(step)
        if step.takes:
            self._take(step)

    def _give(self, step: Halved) -> None:
        giver, taker, traveller = giver_taker(step)
        if giver in self.waiting:
            self._put_aside(giver, replace(step, takes=False))
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
        if taker in self.waiting:
            self._put_aside(taker, replace(step, gives=False))
            return
        held = self._held.setdefault(taker, Held())
        self._changed.add(taker)
        copy = next((one for one in held.copies if one.absorbed == traveller), None)
        if copy is None:
            held.awaits, held.steps = traveller, [replace(step, gives=False)]
            held.timers = self._machine.put_aside.setdefault(taker, [])
            self.waiting.add(taker)
            return
        held.copies.remove(copy)
        if not held.copies:
            del self._held[taker]
        member = decode_member(copy.packed)
        if isinstance(step, Merged):
            self._machine.take(step, member)
        else:
            self._machine.take_part(step, member)
        if not self._is_ours(giver):
            self.absorbed.append(copy)

    def _put_aside(self, member_id: str, step: Step) -> None:
        self._held[member_id].steps.append(step)
        self._changed.add(member_id)

    def _deliver(self, copy: Copy) -> None:
        held = self._held.setdefault(copy.member_id, Held())
        if any(one.absorbed == copy.absorbed for one in held.copies):
            return
        held.copies.append(copy)
        self._changed.add(copy.member_id)
        if held.awaits == copy.absorbed:
            self._ready.append(copy.member_id)

    # going on

    def _settle(self) -> None:
        while self._ready:
            self._go_on(self._ready.pop(0))

    def _go_on(self, member_id: str) -> None:
        """Do what waited, in order, each of the member's timers in its place; it may have to wait again.

        Its timers stay apart until it has caught up, for the clock of the other members is ahead of it.
        """
        held, own = self._held[member_id], self._machine.put_aside[member_id]
        steps, held.awaits, held.steps, held.timers = held.steps, None, [], []
        self.waiting.remove(member_id)
        self._changed.add(member_id)
        for at, step in enumerate(steps):
            self._fire(own, step.log_us)
            if is_halved(step):
                self._do(step)
                if member_id in self.waiting:
                    self._held[member_id].steps.extend(steps[at + 1 :])
                    return
            else:
                self._machine.apply([step])
        self._fire(own, self._clock_us)
        del self._machine.put_aside[member_id]
        for timer in own:
            self._timers.arm(timer)

    def _fire(self, own: list[Timer], until_us: int) -> None:
        """Fire the member's own timers that are due; what they arm comes into the same heap."""
        while own and own[0].due_us <= until_us:
            self._machine.fire(heappop(own))


encode_held = msgspec.msgpack.Encoder().encode
decode_held = msgspec.msgpack.Decoder(Held).decode
