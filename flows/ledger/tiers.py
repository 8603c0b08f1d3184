"""The tier machine: what counts for a tier, and when a member rises or falls.

The ledger tells what was earned (what was held, when it is released; signed: returns lower it), orders tell what was
spent, events count as visits. All of it is kept by bucket of time and by the identifier it came with, so a late event
counts in its own period, and a split can be just. A member rises at once to the highest tier that the period, all time
or a paid plan gives. It falls only when a timer finds that nothing gives the tier any more: at the end of the period
and its grace, or of the paid time. The timer is armed for the earliest time at which that could be; what is earned in
between is seen when it fires.
"""

from config.program import Program
from config.tiers import Level, Measure, Perk
from flows.ledger.days import local_date, member_zone, period_name
from flows.ledger.reach import NOWHERE, Reach
from flows.ledger.refusing import refuse
from flows.ledger.rewards import Rewards
from schemas.events import Activity, Subscription
from schemas.reasons import RefusalReason, TierReason
from schemas.records import TierChanged
from schemas.standing import Plan, Share, Standing
from schemas.states import Member
from schemas.stitched import Cause, Emit, Merged, Parted, Stitched

Change = tuple[str, int]  # (measure, signed value)

TIMER = "tier"
PERK_PERIODS_KEPT = 4
UNKNOWN_ONE = ""
NO_CHANGES: list[Change] = []


class Tiers:
    """Changes a member's `standing`; says what changed through `emit`, and gives vouchers that come with a tier."""

    def __init__(self, program: Program, rewards: Rewards) -> None:
        assert program.tiers is not None
        self._config = program.tiers
        self._zone = program.time_zone
        self._rewards = rewards
        self.reach = Reach(program.tiers)
        points: dict[str, list[tuple[str, Measure]]] = {}
        self._spend: dict[str, list[str]] = {}
        visits: dict[str, list[str]] = {}
        for name, measure in sorted(program.tiers.measures.items()):
            if measure.of == "points":
                points.setdefault(str(measure.currency), []).append((name, measure))
            elif measure.of == "spend":
                self._spend.setdefault(str(measure.money), []).append(name)
            else:
                for event in measure.events:
                    visits.setdefault(event, []).append(name)
        self.points = {
            (currency, qualifying): [name for name, one in measures if qualifying or not one.qualifying_only]
            for currency, measures in points.items() for qualifying in (True, False)
        }  # fmt: skip
        self.visits: dict[str, list[Change]] = {
            event: [(name, 1) for name in names] for event, names in visits.items()
        }  # fmt: skip
        self.perks = frozenset(perk.activity for level in program.tiers.levels for perk in level.perks)
        self.names = frozenset(self.visits) | self.perks

    # what is told

    def joined(self, member: Member, cause: Cause, emit: Emit) -> Standing:
        """Give the member's standing, made with its first event; the first tier may be everybody's."""
        standing = member.standing
        if standing is None:
            standing = member.standing = Standing(cause.event_us)
            if self.reach.base != NOWHERE:
                self._move(member, standing, self.reach.base, cause.log_us, TierReason.JOINED, cause, emit)
        standing.joined_us = min(standing.joined_us, cause.event_us)
        return standing

    def of_spend(self, money: str, amount: int) -> list[Change]:
        """Give what money that was spent changes, or given back if below zero."""
        return [(name, amount) for name in self._spend.get(money, ())] if amount else []

    def of_visit(self, event: str) -> list[Change]:
        """Give what an event of this type changes, or an activity of this kind."""
        return self.visits.get(event, NO_CHANGES)

    def count(
        self, member: Member, changes: list[Change], cause: Cause, emit: Emit, by: str | None = None
    ) -> None:  # fmt: skip
        """Count changes of measures at the time of their event, and let the member rise if they are enough.

        They are the doing of the identifier `by`; None: of that of the event.
        """
        if not changes:
            return
        standing = member.standing
        if standing is None or cause.event_us < standing.joined_us:
            standing = self.joined(member, cause, emit)
        lower = False
        for _, value in changes:
            lower = lower or value < 0
        fall = self._falls_at_once(member, standing, cause) if lower else None
        bucket = self.reach.bucket(cause.event_us, member_zone(member, self._zone))
        if by is None:
            by = cause.by if type(cause) is Stitched else UNKNOWN_ONE
        share = standing.shares.get(by)
        if share is None:
            share = standing.shares[by] = Share()
        sums, totals = share.sums, share.totals
        for measure, value in changes:
            buckets = sums.get(measure)
            if buckets is None:
                buckets = sums[measure] = {}
            if bucket not in buckets:
                self._forget_old(member, buckets, cause)
            buckets[bucket] = buckets.get(bucket, 0) + value
            totals[measure] = totals.get(measure, 0) + value
        rank, reach = self.reach.ranks.get(standing.tier, NOWHERE), self.reach
        if lower or (rank > reach.base and not standing.due_us) or reach.may_rise(standing, rank):
            self._settle(member, standing, cause, emit, lower=lower, fall=fall)

    def _forget_old(self, member: Member, buckets: dict[int, int], cause: Cause) -> None:
        oldest = self.reach.oldest_bucket(cause.log_us, member_zone(member, self._zone))
        for old in [known for known in buckets if known < oldest]:
            del buckets[old]

    def _falls_at_once(self, member: Member, standing: Standing, cause: Cause) -> TierReason | None:
        """Whether a return may end the tier now: it does so by the program, and something still gives the tier."""
        if self._config.returns != "at_once":
            return None
        best, _ = self._best(member, standing, cause.log_us)
        return TierReason.RETURNED if best >= self.reach.rank(standing.tier) else None

    def subscribed(self, member: Member, event: Subscription, ends_us: int, cause: Stitched, emit: Emit) -> None:
        """Take a paid plan's news, the latest by event time; `ends_us`: when the paid time ends, 0 if not said."""
        standing, data = self.joined(member, cause, emit), event.data
        rank = self.reach.by_plan.get(data.plan)
        known = standing.plans.get(data.plan)
        if rank is None or (known is not None and known.event_us > cause.event_us):
            return
        kept_us = known.ends_us if known is not None and data.status == "cancelled" and not ends_us else ends_us
        paid = self.reach.plan_end_us(standing, rank, cause.log_us) is not None
        standing.plans[data.plan] = Plan(data.status, cause.event_us, kept_us, cause.by)
        over = paid and self.reach.plan_end_us(standing, rank, cause.log_us) is None
        self._settle(member, standing, cause, emit, lower=True, fall=TierReason.SUBSCRIPTION_ENDED if over else None)

    # rising and falling

    def _settle(
        self, member: Member, standing: Standing, cause: Cause, emit: Emit, *, lower: bool = False,
        fall: TierReason | None = None,
    ) -> None:  # fmt: skip
        """Rise if there is reason to; fall only where that is at once; see to it that the timer is early enough."""
        rank, at_us = self.reach.rank(standing.tier), cause.log_us
        looked_above = NOWHERE if lower else rank
        best, reason = self._best(member, standing, at_us, looked_above)
        if best > rank:
            self._move(member, standing, best, at_us, reason, cause, emit)
        elif best < rank and fall is not None:
            self._move(member, standing, best, at_us, fall, cause, emit)
        elif lower or not standing.due_us:
            self._arm(member, standing, at_us, emit)

    def _best(
        self, member: Member, standing: Standing, at_us: int, above: int = NOWHERE
    ) -> tuple[int, TierReason]:  # fmt: skip
        """The highest rank above a given one that anything gives, else that one, and what gives it."""
        local, reach = member_zone(member, self._zone), self.reach
        best, reason = max(reach.base, above), TierReason.JOINED
        if reach.has_lifetime and (rank := reach.lifetime_rank(standing)) > best:
            best, reason = rank, TierReason.LIFETIME
        if (rank := reach.period_rank(standing, at_us, local, best)) > best:
            best, reason = rank, TierReason.QUALIFIED
        if standing.plans and (rank := reach.plan_rank(standing, at_us)) > best:
            best, reason = rank, TierReason.SUBSCRIBED
        return best, reason

    def _move(
        self, member: Member, standing: Standing, rank: int, at_us: int, reason: TierReason, cause: Cause | None,
        emit: Emit,
    ) -> None:  # fmt: skip
        """Change the tier, and say so."""
        before = standing.tier
        rises = rank > self.reach.rank(before)
        standing.tier = None if rank == NOWHERE else self.reach.levels[rank].id
        standing.since_us = at_us
        standing.landed_us = at_us if reason in {TierReason.ONE_DOWN, TierReason.SOFT_LANDING} else 0
        standing.changes += 1
        until_us = self._arm(member, standing, at_us, emit)
        emit.tiers.append(
            TierChanged(
                f"{member.member_id}:tier:{standing.changes}", member.member_id, standing.tier, before, at_us,
                until_us or None, reason,
            )
        )  # fmt: skip
        if rises and cause is not None:
            self._welcome(member, self.reach.levels[rank], at_us, cause, emit)

    def _welcome(self, member: Member, level: Level, at_us: int, cause: Cause, emit: Emit) -> None:
        """Give the vouchers that come with a tier, once in a local year."""
        year = local_date(at_us, member_zone(member, self._zone)).year
        for reward in level.rewards:
            self._rewards.give(member, reward, f"tier.{level.id}.{reward}.{year}", cause, emit)

    def _arm(self, member: Member, standing: Standing, at_us: int, emit: Emit) -> int:
        """Arm the timer for when the tier could end, unless an earlier one is; give when it could end (0: never)."""
        local = member_zone(member, self._zone)
        until_us = self.reach.until_us(standing, self.reach.rank(standing.tier), at_us, local)
        if until_us and (until_us < standing.due_us or standing.due_us <= at_us):
            standing.due_us = max(until_us, at_us + 1)
            emit.wake(standing.due_us, member.member_id, TIMER, "")
        return until_us

    def fire(self, member: Member, due_us: int, emit: Emit) -> bool:
        """Review the tier; whether that was due."""
        standing = member.standing
        if standing is None or standing.due_us != due_us:
            return False
        rank = self.reach.rank(standing.tier)
        best, _ = self._best(member, standing, due_us)
        standing.due_us = 0
        if best >= rank:
            standing.landed_us = 0
            self._arm(member, standing, due_us, emit)
            return True
        target, reason = self._landing(member, standing, rank, best, due_us)
        self._move(member, standing, target, due_us, reason, None, emit)
        return True

    def after(self, member: Member, standing: Standing, rank: int, end_us: int) -> tuple[int, TierReason]:
        """Give where a member of a rank comes to when its tier is reviewed, and why."""
        best, reason = self._best(member, standing, end_us)
        return (best, reason) if best >= rank else self._landing(member, standing, rank, best, end_us)

    def _landing(
        self, member: Member, standing: Standing, rank: int, best: int, due_us: int
    ) -> tuple[int, TierReason]:  # fmt: skip
        """Where a member falls that had `rank` and has earned `best`."""
        one_down = rank - 1
        level = self.reach.levels[rank]
        paid = standing.plans.get(level.plan) if level.plan is not None else None
        if one_down <= best:
            return best, TierReason.PERIOD_ENDED if paid is None else TierReason.SUBSCRIPTION_ENDED
        if paid is not None and not level.needs:
            return best, TierReason.SUBSCRIPTION_ENDED
        if self._config.downgrade == "one_down":
            return one_down, TierReason.ONE_DOWN
        share = self._config.soft_landing_percent
        if share is not None and self._came_near(member, standing, level, share, due_us):
            return one_down, TierReason.SOFT_LANDING
        return best, TierReason.PERIOD_ENDED

    def _came_near(self, member: Member, standing: Standing, level: Level, percent: int, due_us: int) -> bool:
        """Whether the period that just ended came to so much of what the tier needs."""
        local = member_zone(member, self._zone)
        ended_us = due_us - (self._config.grace or 0) - 1
        sums = self.reach.sums(standing, self.reach.period(standing, ended_us, local), local)
        near = [sums.get(name, 0) * 100 >= least * percent for name, least in level.needs.items()]
        return bool(near) and (all(near) if level.match == "all" else any(near))

    # what a tier gives

    def level(self, member: Member) -> Level | None:
        """Give the tier that a member has."""
        standing = member.standing
        rank = NOWHERE if standing is None else self.reach.rank(standing.tier)
        return None if rank == NOWHERE else self.reach.levels[rank]

    def used(self, member: Member, event: Activity, cause: Stitched, emit: Emit) -> None:
        """Count the use of a perk (an activity of `perks`), or refuse it: the tier has none, or they are used up."""
        standing, level = self.joined(member, cause, emit), self.level(member)
        found = [perk for perk in level.perks if perk.activity == event.data.kind] if level is not None else []
        if not found:
            refuse(member, "perk", RefusalReason.NOT_ELIGIBLE, cause, emit, event.data.kind)
            return
        wanted = max(1, int(event.data.quantity or 1))
        for perk in found:
            uses, name = standing.uses.setdefault(perk.id, {}), self.perk_period(member, perk, cause.event_us)
            if perk.quantity is not None and uses.get(name, 0) + wanted > perk.quantity:
                refuse(member, "perk", RefusalReason.PERK_USED_UP, cause, emit, perk.id)
                continue
            uses[name] = uses.get(name, 0) + wanted
            if len(uses) > PERK_PERIODS_KEPT:
                for old in sorted(uses)[:-PERK_PERIODS_KEPT]:
                    del uses[old]

    def perk_period(self, member: Member, perk: Perk, at_us: int) -> str:
        """Give the name of the day, month or year in which a use at a moment counts."""
        return period_name(local_date(at_us, member_zone(member, self._zone)), perk.per)

    # what happens to members

    def absorb(self, into: Member, other: Member, step: Merged, emit: Emit) -> None:
        """Join both histories; the better tier stands, or the one that they give together."""
        theirs = other.standing
        if theirs is None:
            return
        ours = into.standing
        if ours is None:
            ours = into.standing = Standing(theirs.joined_us)
        ours.joined_us = min(ours.joined_us, theirs.joined_us)
        for by, share in theirs.shares.items():
            _add(ours.shares.setdefault(by, Share()), share)
        for name, plan in theirs.plans.items():
            known = ours.plans.get(name)
            if known is None or plan.event_us > known.event_us:
                ours.plans[name] = plan
        for perk, uses in theirs.uses.items():
            mine = ours.uses.setdefault(perk, {})
            for period, used in uses.items():
                mine[period] = mine.get(period, 0) + used
        rank, their_rank = self.reach.rank(ours.tier), self.reach.rank(theirs.tier)
        best, _ = self._best(into, ours, step.log_us)
        if max(best, their_rank) > rank:
            cause = step if best > max(rank, their_rank) else None      # what one of them had was welcomed then
            self._move(into, ours, max(best, their_rank), step.log_us, TierReason.MERGED, cause, emit)
        ours.due_us = 0
        self._arm(into, ours, step.log_us, emit)

    def wake(self, member: Member, emit: Emit) -> None:
        """Arm the review of a member that comes from elsewhere."""
        if member.standing is not None and member.standing.due_us:
            emit.wake(member.standing.due_us, member.member_id, TIMER, "")

    def part(self, kept: Member, parted: Member, step: Parted, emit: Emit) -> None:
        """Give each side what its identifiers counted; what nobody can tell stays, and each has the tier it earned."""
        ours = kept.standing
        if ours is None:
            return
        gone = set(step.ids)
        theirs = parted.standing = Standing(ours.joined_us)
        theirs.shares = {by: share for by, share in ours.shares.items() if by in gone}
        theirs.plans = {name: plan for name, plan in ours.plans.items() if plan.by in gone}
        ours.shares = {by: share for by, share in ours.shares.items() if by not in gone}
        ours.plans = {name: plan for name, plan in ours.plans.items() if plan.by not in gone}
        for member, standing in ((kept, ours), (parted, theirs)):
            best, _ = self._best(member, standing, step.log_us)
            if best != self.reach.rank(standing.tier):
                self._move(member, standing, best, step.log_us, TierReason.SPLIT, None, emit)
            standing.due_us = 0
            self._arm(member, standing, step.log_us, emit)


def _add(share: Share, other: Share) -> None:
    for measure, buckets in other.sums.items():
        mine = share.sums.setdefault(measure, {})
        for bucket, value in buckets.items():
            mine[bucket] = mine.get(bucket, 0) + value
    for measure, total in other.totals.items():
        share.totals[measure] = share.totals.get(measure, 0) + total
