"""The offer machine: grants, windows, goals, completion; challenges are offers that nobody had to be granted.

A grant makes an instance, named by the grant, so that the same offer can be open several times at once. An event counts
by its own time for the instances whose window holds it, once each; which of them, and how many it may complete, is the
program's to say (`counts_for`, `completes`). What happened is remembered for `late`, so a grant that comes after the
purchases it covers still finds them, and an instance is kept so much longer than its window. An instance is completed
once; what it gives is handed back as grants for the ledger, or given as a voucher. A grant that named itself is
remembered as long as orders are, so that it is given once.
"""

import msgspec
from msgspec import Struct

from config.challenges import Offer
from config.expressions.names import names_of
from config.expressions.scene import Scene
from config.expressions.typed import Test, compile_expression
from config.program import Program
from flows.ledger.goals import compact, goal_value, lower, part_of, progress_of
from flows.ledger.grants import Grant
from flows.ledger.instances import NO_END, cut, inside, reached_by, unite, when
from flows.ledger.refusing import refuse
from flows.ledger.rewards import Rewards
from flows.ledger.windows import Windows
from schemas.events import OfferGrant
from schemas.reasons import RefusalReason
from schemas.records import OfferChanged
from schemas.standing import Happened, Instance, Offers, OfferState, Part
from schemas.states import Member
from schemas.stitched import Cause, Emit, Parted, Stitched

TIMER = "offer"
PARTS_MAX, INSTANCES_MAX, RECENT_MAX = 256, 500, 1000
PRUNED_EVERY = 32


class Reward(Struct, frozen=True, gc=False):
    """Points that completing gave; with an `order_id` they go back when that order is returned."""

    grant: Grant
    order_id: str | None


class Challenges:
    """Changes a member's `offers`; says what changed through `emit`, and gives back what is to be posted."""

    def __init__(self, program: Program, rewards: Rewards) -> None:
        self.offers = dict(sorted(program.offers.items()))
        self._rewards = rewards
        self._grants_us = program.retention.orders
        self.windows = Windows(program)
        self._by_event: dict[str, list[str]] = {}
        self._triggers: dict[str, list[str]] = {}
        for name, offer in self.offers.items():
            for event in sorted(set(offer.goal.events)):
                self._by_event.setdefault(event, []).append(name)
            if offer.granted == "on_event":
                self._triggers.setdefault(str(offer.on), []).append(name)
        self._conditions: dict[str, list[tuple[str, Test]]] = {}
        for name, offer in self.offers.items():
            if offer.goal.when is not None:
                on = offer.goal.events[0]
                test = compile_expression(offer.goal.when, names_of(on)).test
                self._conditions.setdefault(on, []).append((name, test))
        self.names = frozenset(self._by_event) | frozenset(self._triggers)
        self._remembered_us = max(
            (offer.late or 0 for offer in self.offers.values() if offer.granted != "automatically"), default=0
        )

    # grants

    def granted(self, member: Member, event: OfferGrant, cause: Stitched, emit: Emit) -> list[Reward]:
        """Make an instance of the offer that an event grants, and count what it covers already."""
        data = event.data
        offer = self.offers.get(data.offer)
        if offer is None:
            refuse(member, "offer_grant", RefusalReason.UNKNOWN_OFFER, cause, emit, data.offer)
            return []
        key = f"{data.offer}:{data.grant_id or cause.key}"
        if member.offers is not None and member.offers.granted.get(key, 0) > cause.log_us - self._grants_us:
            refuse(member, "offer_grant", RefusalReason.ALREADY_GRANTED, cause, emit, key)
            return []
        given = self._open(member, data.offer, offer, key, cause, emit, "offer_grant")
        opened = None if member.offers is None else member.offers.instances.get(key)
        if member.offers is not None and data.grant_id and opened is not None and opened.cause == cause.key:
            self._note(member.offers, key, cause.log_us)
        return given

    def _note(self, offers: Offers, key: str, log_us: int) -> None:
        """Remember a grant, and now and then forget those that are older than orders are remembered."""
        if len(offers.granted) % PRUNED_EVERY == PRUNED_EVERY - 1:
            oldest_us = log_us - self._grants_us
            offers.granted = {known: at_us for known, at_us in offers.granted.items() if at_us > oldest_us}
        offers.granted[key] = log_us

    def _open(
        self, member: Member, name: str, offer: Offer, key: str, cause: Stitched, emit: Emit, kind: str | None
    ) -> list[Reward]:  # fmt: skip
        """Open an instance from the cause's time on; a refusal is recorded if it was asked for by a `kind` of event."""
        from_us, until_us = self.windows.of_grant(name, cause.event_us)
        reason = None
        if member.offers is not None and key in member.offers.instances:
            reason = RefusalReason.ALREADY_GRANTED
        elif offer.tiers and (member.standing is None or member.standing.tier not in offer.tiers):
            reason = RefusalReason.NOT_ELIGIBLE
        elif self._is_full(member):
            reason = RefusalReason.LIMIT_REACHED
        elif until_us and (until_us < from_us or cause.log_us > until_us + (offer.late or 0)):
            reason = RefusalReason.OFFER_ENDED
        if reason is not None:
            if kind is not None:
                refuse(member, kind, reason, cause, emit, key)
            return []
        instance = self._add(member, name, offer, key, from_us, until_us, cause, emit)
        assert member.offers is not None
        counted: set[str] = set()
        if offer.counts_for != "every":
            counted = {part.cause for other in member.offers.instances.values()
                       if other.offer == name for part in other.parts}  # fmt: skip
        for happened in member.offers.recent:
            part = _part(name, offer, happened)
            if part is not None and part.cause not in counted and inside(offer, instance, part.at_us):
                instance.parts.append(part)
        by = cause.key
        if offer.completes == "one":
            others = {other.done_by for other in member.offers.instances.values() if other.offer == name}
            by = reached_by(offer, instance.parts, others) or ""
        return self._completed(member, name, offer, [key], None, cause, emit, by) if by else []

    def _is_full(self, member: Member) -> bool:
        """Whether a member has as many instances as one may; the oldest that are done for good give way."""
        instances = {} if member.offers is None else member.offers.instances
        if len(instances) < INSTANCES_MAX:
            return False
        done = [key for key, instance in instances.items() if instance.done_us and instance.until_us == NO_END]
        for key in done[:1]:
            del instances[key]
        return not done

    def _add(
        self, member: Member, name: str, offer: Offer, key: str, from_us: int, until_us: int, cause: Stitched,
        emit: Emit,
    ) -> Instance:  # fmt: skip
        instance = Instance(name, from_us, until_us, cause.key, cause.by)
        if member.offers is None:
            member.offers = Offers()
        member.offers.instances[key] = instance
        self._say(member, key, instance, "granted", 0, cause, emit)
        if until_us:
            emit.wake(until_us + (offer.late or 0) + 1, member.member_id, TIMER, key)
        return instance

    def _open_automatic(self, member: Member, name: str, offer: Offer, cause: Stitched, emit: Emit) -> None:
        """See to it that a challenge for everybody is open when its first event comes."""
        found = self.windows.automatic(member, name, cause.event_us)
        if found is None:
            return
        key, start_us, end_us = found
        over = end_us and cause.log_us > end_us + (offer.late or 0)
        if not over and (member.offers is None or key not in member.offers.instances):
            self._add(member, name, offer, key, start_us, end_us, cause, emit)

    # counting

    def is_conditional(self, event: str) -> bool:
        """Whether an offer has a condition on events of this name."""
        return event in self._conditions

    def met(self, event: str, scene: Scene) -> list[str]:
        """Give the offers whose condition an event meets."""
        return [name for name, test in self._conditions[event] if test(scene)]

    def happened(self, member: Member, happened: Happened, cause: Stitched, emit: Emit) -> list[Reward]:
        """Count an event, and give what it completed."""
        given: list[Reward] = []
        for name in self._triggers.get(happened.name, ()):
            key = f"{name}:{cause.key}"
            given += self._open(member, name, self.offers[name], key, cause, emit, None)
        for name in self._by_event.get(happened.name, ()):
            offer = self.offers[name]
            automatic = offer.granted == "automatically"
            if not automatic and not self._open_keys(member, name, offer, happened.at_us):
                continue
            part = _part(name, offer, happened)
            if part is not None and automatic:
                self._open_automatic(member, name, offer, cause, emit)
            if part is None or member.offers is None:
                continue
            keys = self._open_keys(member, name, offer, part.at_us)
            for key in keys:
                _add_part(offer, member.offers.instances[key].parts, part)
            given += self._completed(member, name, offer, keys, happened.order_id or None, cause, emit)
        if self._remembered_us and happened.name in self._by_event:
            self._remember(member, happened, cause)
        return given

    def _open_keys(self, member: Member, name: str, offer: Offer, at_us: int) -> list[str]:
        """The instances that an event at a moment counts for, the oldest first."""
        found: list[tuple[int, str]] = []
        for key, instance in () if member.offers is None else member.offers.instances.items():
            if instance.offer == name and not instance.done_us and inside(offer, instance, at_us):
                found.append((instance.from_us, key))
        if len(found) > 1:
            found.sort()
        keys = [key for _, key in found]
        if offer.counts_for == "every" or not keys:
            return keys
        return keys[:1] if offer.counts_for == "oldest" else keys[-1:]

    def _completed(
        self, member: Member, name: str, offer: Offer, keys: list[str], order_id: str | None, cause: Cause, emit: Emit,
        by: str | None = None,
    ) -> list[Reward]:  # fmt: skip
        """Complete what has reached the goal, as many as one event may; points of all of them are one grant."""
        assert member.offers is not None
        times, goal = 0, goal_value(offer.goal)
        for key in keys:
            instance = member.offers.instances[key]
            reached = progress_of(offer.goal, instance.parts)
            if instance.done_us or reached < goal:
                continue
            instance.done_us, instance.progress, instance.done_by = cause.log_us, reached, by or cause.key
            self._say(member, key, instance, "completed", reached, cause, emit)
            if offer.reward is not None and offer.reward.voucher is not None:
                why = f"offer.{key.replace(':', '.')}"
                self._rewards.give(member, offer.reward.voucher, why, cause, emit)
            if offer.counts_for == "every":
                instance.parts = []
            times += 1
            if offer.completes == "one":
                break
        prize = offer.reward
        if not times or prize is None or prize.points is None or prize.currency is None:
            return []
        grant = Grant(f"offer.{name}", prize.currency, prize.points * times, qualifying=prize.qualifying)
        return [Reward(grant, order_id if prize.returns == "with_order" else None)]

    def returned(self, member: Member, order_id: str, amount: int) -> None:
        """Lower what an order counts in open instances by what was given back of it."""
        if member.offers is None:
            return
        for instance in member.offers.instances.values():
            offer = self.offers.get(instance.offer)
            if offer is not None and not instance.done_us:
                lower(offer.goal, instance.parts, order_id, amount)
        for happened in reversed(member.offers.recent):
            if happened.order_id == order_id and amount > 0:
                taken = min(happened.amount, amount)
                happened.amount -= taken
                amount -= taken

    def _remember(self, member: Member, happened: Happened, cause: Cause) -> None:
        if member.offers is None:
            member.offers = Offers()
        recent, oldest_us = member.offers.recent, cause.log_us - self._remembered_us
        if recent and recent[0].at_us < oldest_us:
            member.offers.recent = recent = [known for known in recent if known.at_us >= oldest_us]
        if happened.at_us >= oldest_us:
            late = recent and happened.at_us <= recent[-1].at_us
            recent.append(happened)
            if late:
                recent.sort(key=when)
            if len(recent) > RECENT_MAX:
                del recent[:-RECENT_MAX]

    # time

    def fire(self, member: Member, key: str, due_us: int, emit: Emit) -> bool:
        """Forget an instance whose time is over; say so if it was not completed."""
        instance = None if member.offers is None else member.offers.instances.get(key)
        if instance is None or member.offers is None:
            return False
        offer = self.offers.get(instance.offer)
        late_us = 0 if offer is None else offer.late or 0
        if instance.until_us + late_us + 1 > due_us:
            return False
        if not instance.done_us:
            cause = Cause(f"{key}:expired", "balanza", key, due_us, due_us)
            reached = 0 if offer is None else progress_of(offer.goal, instance.parts)
            self._say(member, key, instance, "expired", reached, cause, emit)
        del member.offers.instances[key]
        return True

    # what happens to members

    def absorb(self, into: Member, other: Member, cause: Cause, emit: Emit) -> list[Reward]:
        """Unite the instances; what both had counts together, each event once, and may complete now."""
        if other.offers is None:
            return []
        if into.offers is None:
            into.offers = Offers()
        given: list[Reward] = []
        mine = into.offers
        for key, at_us in other.offers.granted.items():
            mine.granted[key] = max(at_us, mine.granted.get(key, 0))
        known_causes = {happened.cause for happened in mine.recent}
        mine.recent += [happened for happened in other.offers.recent if happened.cause not in known_causes]
        mine.recent.sort(key=when)
        for key, theirs in other.offers.instances.items():
            ours = mine.instances.get(key)
            if ours is None:
                mine.instances[key] = theirs
                self._wake(into, key, theirs, emit)
                continue
            unite(ours, theirs)
            offer = self.offers.get(ours.offer)
            if offer is not None and not ours.done_us:
                given += self._completed(into, ours.offer, offer, [key], None, cause, emit)
        return given

    def _wake(self, member: Member, key: str, instance: Instance, emit: Emit) -> None:
        offer = self.offers.get(instance.offer)
        if instance.until_us:
            late_us = 0 if offer is None else offer.late or 0
            emit.wake(instance.until_us + late_us + 1, member.member_id, TIMER, key)

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm the instances of a member that comes from elsewhere."""
        for key, instance in ({} if member.offers is None else member.offers.instances).items():
            self._wake(member, key, instance, emit)

    def part(self, kept: Member, parted: Member, step: Parted, emit: Emit) -> None:
        """Give a split member the instances that were granted to it, and its part of those that are everybody's."""
        if kept.offers is None:
            return
        gone, ours, theirs = set(step.ids), kept.offers, Offers()
        for key in list(ours.instances):
            instance = ours.instances[key]
            offer = self.offers.get(instance.offer)
            if offer is not None and offer.granted == "automatically":
                theirs.instances[key] = cut(instance, gone)
            elif instance.by in gone:
                theirs.instances[key] = ours.instances.pop(key)
            else:
                continue
            self._wake(parted, key, theirs.instances[key], emit)
        theirs.granted = dict(ours.granted)     # with both, so that none is given twice
        theirs.recent = [happened for happened in ours.recent if happened.by in gone]
        ours.recent = [happened for happened in ours.recent if happened.by not in gone]
        if theirs.instances or theirs.recent or theirs.granted:
            parted.offers = theirs

    def progress(self, instance: Instance) -> tuple[int, int]:
        """Give what an instance has reached and what it must, in the goal's unit."""
        goal = self.offers[instance.offer].goal
        reached = instance.progress if instance.done_us else progress_of(goal, instance.parts)
        return reached, goal_value(goal)

    def _say(
        self, member: Member, key: str, instance: Instance, state: OfferState, progress: int, cause: Cause,
        emit: Emit,
    ) -> None:  # fmt: skip
        offer = self.offers.get(instance.offer)
        goal = 0 if offer is None else goal_value(offer.goal)
        emit.offers.append(
            OfferChanged(
                f"{member.member_id}:{key}:{state}:{cause.log_us}", member.member_id, instance.offer, key, state,
                progress, goal, cause.log_us, instance.until_us or None, cause.source, cause.id,
            )
        )  # fmt: skip


def _part(name: str, offer: Offer, happened: Happened) -> Part | None:
    """What an event counts for an offer, its condition included."""
    if offer.goal.when is not None and name not in happened.meets:
        return None
    return part_of(offer.goal, happened)


def _add_part(offer: Offer, parts: list[Part], part: Part) -> None:
    """Count an event in an instance, once; each instance has a copy of its own, which returns may lower."""
    for known in parts:
        if known.cause == part.cause:
            return
    if len(parts) >= PARTS_MAX:
        parts[:] = compact(offer.goal, parts)
    parts.append(msgspec.structs.replace(part))
