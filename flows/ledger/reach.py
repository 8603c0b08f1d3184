"""What a member has reached for the tiers: sums by measure in the program's period, and the highest tier they give.

A tier stays until the end of the `keeps_periods`th period after the one that reached it, plus the grace; with a rolling
period until the first day on which the days looked at do not give it any more, plus the grace. Here nothing is changed:
the same functions serve the machine and what the surfaces show.
"""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

from config.tiers import Level, Tiers
from flows.ledger.days import anniversary, day_start_us, local_date, years_since
from schemas.standing import Standing

Sums = Mapping[str, int]
Needs = tuple[tuple[str, int], ...]
NOWHERE = -1
FOR_EVER = 0


def meets(needs: Needs, sums: Sums, *, every: bool) -> bool:
    """Whether sums reach what is needed: all of it, or any; never where nothing is needed."""
    for measure, least in needs:
        if (sums.get(measure, 0) >= least) is not every:
            return not every
    return every and bool(needs)


class Reach:
    """The tiers of a program, ready to be asked; a rank is a tier's place in the list, -1 is no tier."""

    def __init__(self, tiers: Tiers) -> None:
        self.levels: list[Level] = tiers.levels
        self.ranks: dict[str | None, int] = {level.id: rank for rank, level in enumerate(tiers.levels)}
        first = tiers.levels[0]
        self.base = NOWHERE if first.needs or first.lifetime or first.plan else 0
        self._tiers = tiers
        self._grace_us = tiers.grace or 0
        self._plan_grace_us = tiers.plan_grace or 0
        self._needs = [(tuple(sorted(one.needs.items())), one.match == "all") for one in tiers.levels]
        self._lifetime = [(tuple(sorted(one.lifetime.items())), one.match == "all") for one in tiers.levels]
        self.has_lifetime = any(needs for needs, _ in self._lifetime)
        self._measures = dict.fromkeys(tiers.measures, 0)
        self._single = tiers.period in {"calendar_year", "lifetime"}
        self.by_plan = {level.plan: rank for rank, level in enumerate(tiers.levels) if level.plan is not None}
        self._least_above = _least_above([needs for needs, _ in self._needs])
        self._least_ever_above = _least_above([needs for needs, _ in self._lifetime])

    def rank(self, tier: str | None) -> int:
        """Give a tier's rank; -1 for none, and for one that the program does not have any more."""
        return self.ranks.get(tier, NOWHERE)

    # periods

    def bucket(self, at_us: int, local: ZoneInfo) -> int:
        """Give the bucket in which a moment is counted."""
        match self._tiers.period:
            case "calendar_year":
                return local_date(at_us, local).year
            case "lifetime":
                return 0
            case "rolling" | "join_date":
                return local_date(at_us, local).toordinal()

    def oldest_bucket(self, at_us: int, local: ZoneInfo) -> int:
        """Give the oldest bucket that can still matter at a moment, late events of a grace included."""
        day, tiers = local_date(at_us, local), self._tiers
        grace_days = self._grace_us // 86_400_000_000 + 2
        match tiers.period:
            case "calendar_year":
                return day.year - tiers.keeps_periods - 1
            case "join_date":
                return day.toordinal() - 366 * (tiers.keeps_periods + 2) - grace_days
            case "rolling":
                return day.toordinal() - tiers.rolling_days - grace_days
            case "lifetime":
                return 0

    def period(self, standing: Standing, at_us: int, local: ZoneInfo) -> int:
        """Give the number of the period that a moment lies in."""
        match self._tiers.period:
            case "calendar_year":
                return local_date(at_us, local).year
            case "join_date":
                return years_since(local_date(standing.joined_us, local), local_date(at_us, local))
            case "rolling":
                return local_date(at_us, local).toordinal()
            case "lifetime":
                return 0

    def _days(self, standing: Standing, period: int, local: ZoneInfo) -> tuple[int, int]:
        """The first bucket of a period, and the first after it."""
        match self._tiers.period:
            case "join_date":
                joined = local_date(standing.joined_us, local)
                return anniversary(joined, period).toordinal(), anniversary(joined, period + 1).toordinal()
            case "rolling":
                return period - self._tiers.rolling_days + 1, period + 1
            case "calendar_year" | "lifetime":
                return period, period + 1

    def period_end_us(self, standing: Standing, period: int, local: ZoneInfo) -> int:
        """Give when a period ends; 0 if it never does."""
        match self._tiers.period:
            case "calendar_year":
                return day_start_us(date(period + 1, 1, 1).toordinal(), local)
            case "lifetime":
                return FOR_EVER
            case "rolling" | "join_date":
                return day_start_us(self._days(standing, period, local)[1], local)

    # sums

    def sums(self, standing: Standing, period: int, local: ZoneInfo) -> dict[str, int]:
        """Give the sum of every measure in a period."""
        found = dict(self._measures)
        if self._single:
            for share in standing.shares.values():
                for measure, buckets in share.sums.items():
                    if measure in found:
                        found[measure] += buckets.get(period, 0)
            return found
        low, high = self._days(standing, period, local)
        for share in standing.shares.values():
            for measure, buckets in share.sums.items():
                if measure in found:
                    found[measure] += sum(value for bucket, value in buckets.items() if low <= bucket < high)
        return found

    def totals(self, standing: Standing) -> dict[str, int]:
        """Give the sum of every measure over all time."""
        found = dict(self._measures)
        for share in standing.shares.values():
            for measure, total in share.totals.items():
                if measure in found:
                    found[measure] += total
        return found

    def _reached(self, sums: Sums, at_least: int = NOWHERE) -> int:
        """The highest rank that sums give, above `at_least`."""
        for rank in range(len(self._needs) - 1, at_least, -1):
            needs, every = self._needs[rank]
            if meets(needs, sums, every=every):
                return rank
        return at_least

    # ranks

    def may_rise(self, standing: Standing, rank: int) -> bool:
        """Whether anything could give a tier above a rank: never wrong when it says no, which is nearly always.

        It looks at no period: of each measure a year's best, or all of it, is less than the least that is needed.
        """
        if not self._single or standing.plans or rank < self.base:
            return True
        shares = standing.shares.values()
        for measure, least in self._least_ever_above[rank + 1]:
            for share in shares:
                least -= share.totals.get(measure, 0)  # noqa: PLW2901  what is still missing of it
            if least <= 0:
                return True
        for measure, least in self._least_above[rank + 1]:
            for share in shares:
                buckets = share.sums.get(measure)
                if buckets and (most := max(buckets.values())) > 0:
                    least -= most  # noqa: PLW2901
            if least <= 0:
                return True
        return False

    def lifetime_rank(self, standing: Standing) -> int:
        """Give the rank that stays for ever."""
        if self.has_lifetime:
            totals = self.totals(standing)
            for rank in range(len(self._lifetime) - 1, self.base, -1):
                needs, every = self._lifetime[rank]
                if meets(needs, totals, every=every):
                    return rank
        return self.base

    def plan_end_us(self, standing: Standing, rank: int, at_us: int) -> int | None:
        """Give until when a paid plan gives the tier of a rank (0: no end), None if none does at that moment."""
        level_plan = self.levels[rank].plan if rank >= 0 else None
        plan = standing.plans.get(level_plan) if level_plan is not None else None
        if plan is None or plan.status == "lapsed":
            return None
        if plan.ends_us == FOR_EVER:
            return None if plan.status == "cancelled" else FOR_EVER
        end_us = plan.ends_us + self._plan_grace_us
        return end_us if at_us < end_us else None

    def plan_rank(self, standing: Standing, at_us: int) -> int:
        """Give the highest rank that a paid plan gives."""
        paid = [
            self.by_plan[plan] for plan in standing.plans
            if plan in self.by_plan and self.plan_end_us(standing, self.by_plan[plan], at_us) is not None
        ]  # fmt: skip
        return max(paid, default=NOWHERE)

    def period_rank(self, standing: Standing, at_us: int, local: ZoneInfo, above: int) -> int:
        """Give the highest rank above a given one that a period gives whose tiers have not ended yet, else that one."""
        rank = above
        if rank == len(self.levels) - 1:
            return rank
        now = self.period(standing, at_us, local)
        for period in range(now - self._kept(), now + 1):
            rank = self._reached(self.sums(standing, period, local), rank)
        return rank

    def _kept(self) -> int:
        return self._tiers.keeps_periods if self._tiers.period in {"calendar_year", "join_date"} else 0

    def until_us(self, standing: Standing, rank: int, at_us: int, local: ZoneInfo) -> int:
        """Give when the tier of a rank ends if nothing more comes; 0 if it does not.

        A tier that nothing gives any more (one that was landed on, or whose orders were returned) ends with the period.
        """
        if rank <= self.base or self.lifetime_rank(standing) >= rank:
            return FOR_EVER
        ends: list[int] = []
        for paid in range(rank, len(self.levels)):
            end_us = self.plan_end_us(standing, paid, at_us)
            if end_us is not None:
                ends.append(end_us)
        now = self.period(standing, at_us, local)
        if self._tiers.period == "rolling":
            ends.append(self._rolling_end_us(standing, rank, now, local))
        else:
            kept = self._kept()
            held = [
                self._end_us(standing, period + kept, local) for period in range(now - kept - 1, now + 1)
                if self._reached(self.sums(standing, period, local)) >= rank
            ]  # fmt: skip
            ends += [end_us for end_us in held if end_us == FOR_EVER or end_us > at_us]
            if not ends:
                ends.append(self._end_us(standing, now, local))
        return FOR_EVER if FOR_EVER in ends else max(ends)

    def _end_us(self, standing: Standing, period: int, local: ZoneInfo) -> int:
        """When a period and its grace are over; 0 if they never are."""
        end_us = self.period_end_us(standing, period, local)
        return FOR_EVER if end_us == FOR_EVER else end_us + self._grace_us

    def _rolling_end_us(self, standing: Standing, rank: int, today: int, local: ZoneInfo) -> int:
        """When the days looked at stop giving the rank, plus the grace; they leave the window one after the other."""
        days = self._tiers.rolling_days
        if standing.landed_us and self._reached(self.sums(standing, today, local)) < rank:
            landed = local_date(standing.landed_us, local).toordinal()
            return day_start_us(landed + days, local) + self._grace_us
        leaving: dict[int, dict[str, int]] = {}
        for share in standing.shares.values():
            for measure, buckets in share.sums.items():
                for bucket, value in buckets.items():
                    if today - days < bucket:
                        gone = leaving.setdefault(bucket + days, {})
                        gone[measure] = gone.get(measure, 0) + value
        left, day = self.sums(standing, today, local), today
        upcoming = iter(sorted(leaving))
        while self._reached(left) >= rank:
            day = next(upcoming)
            for measure, value in leaving[day].items():
                left[measure] = left.get(measure, 0) - value
        return day_start_us(max(day, today + 1), local) + self._grace_us


def _least_above(levels: list[Needs]) -> list[Needs]:
    """Of each measure the least that a level above asks for: first above no tier, then above each rank."""
    found: list[Needs] = []
    least: dict[str, int] = {}
    for needs in reversed([(), *levels]):
        found.append(tuple(least.items()))
        for measure, needed in needs:
            least[measure] = min(needed, least.get(measure, needed))
    return found[::-1]
