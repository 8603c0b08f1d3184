"""The tiers of the members of one person, told anew from what counted, in its order.

A member rises as soon as it has reached enough, and is looked at again when its tier could end: then it falls if
nothing gives the tier any more. Sums are kept by the identifier under which they came, so that a split can part them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from balanza.reconcile.tier_terms import NO_TIER, Terms

Counted = dict[str, dict[int, int]]  # by measure, by bucket

ROLLING = "rolling"


class Step(NamedTuple):
    """Something that happened: an `event`, a `count` of a measure, a `merge` of `other_id`, or a `split` into it."""

    at_us: int
    event_us: int
    kind: str
    member_id: str
    other_id: str | None
    given_by: str | None
    measure: str | None
    value: int | None
    ids: list[str] | None


class Standing(Struct):
    """What a member has reached, its rank, when it is looked at again (0: never), when it landed on it (0: it rose)."""

    joined_us: int
    rank: int
    shares: dict[str, Counted] = field(default_factory=dict)
    due_us: int = 0
    landed_us: int = 0

    def sums(self) -> Counted:
        """All that was counted."""
        found: Counted = {}
        for share in self.shares.values():
            _add(found, share)
        return found


class Story:
    """The members of one person; `standings` is where they stand after the steps so far."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.standings: dict[str, Standing] = {}

    def go_on(self, at_us: int) -> None:
        """Look at every member whose tier could have ended by then."""
        for standing in self.standings.values():
            while standing.due_us and standing.due_us <= at_us:
                self._review(standing, standing.due_us)

    def happen(self, step: Step) -> None:
        """Take the next step."""
        self.go_on(step.at_us)
        match step.kind:
            case "merge":
                self._merge(step)
            case "split":
                self._split(step)
            case _:
                standing = self.standings.setdefault(step.member_id, Standing(step.event_us, self._terms.lowest))
                standing.joined_us = min(standing.joined_us, step.event_us)
                if step.kind == "count":
                    self._count(standing, step)

    # what is reached

    def _best(self, standing: Standing, at_us: int) -> int:
        terms, sums = self._terms, standing.sums()
        now = terms.period(at_us, standing.joined_us)
        periods = range(now - terms.kept, now + 1)
        given = [terms.reached(sums, terms.inside(period, standing.joined_us)) for period in periods]
        return max(terms.lowest, terms.for_ever(sums), *given)

    def _ends_us(self, standing: Standing, at_us: int) -> int:
        """When the tier ends if nothing more comes; 0 if it never does."""
        terms, sums, joined_us = self._terms, standing.sums(), standing.joined_us
        if standing.rank <= terms.lowest or terms.for_ever(sums) >= standing.rank or terms.tiers.period == "lifetime":
            return 0
        now = terms.period(at_us, joined_us)
        if terms.tiers.period == ROLLING:
            return self._leaves_us(standing, sums, now)
        ends = [
            terms.over_us(period + terms.kept, joined_us) for period in range(now - terms.kept - 1, now + 1)
            if terms.reached(sums, terms.inside(period, joined_us)) >= standing.rank
        ]  # fmt: skip
        return max([end for end in ends if end > at_us], default=terms.over_us(now, joined_us))

    def _leaves_us(self, standing: Standing, sums: Counted, today: int) -> int:
        """When the days looked at do not give the tier any more."""
        terms = self._terms
        days, window = terms.tiers.rolling_days, terms.inside(today, standing.joined_us)
        given = terms.reached(sums, window) >= standing.rank
        if standing.landed_us and not given:
            first = terms.day(standing.landed_us).toordinal() + days
        else:
            leaving = sorted({bucket + days for by_bucket in sums.values() for bucket in by_bucket if bucket in window})
            without = (day for day in leaving if terms.reached(sums, range(day - days + 1, today + 1)) < standing.rank)
            first = next(without, today + 1) if given else today + 1
        day = terms.day(0).fromordinal(first)
        return terms.begins_us(day) + terms.grace_us

    # rising and falling

    def _count(self, standing: Standing, step: Step) -> None:
        assert step.measure is not None
        assert step.value is not None
        lower = step.value < 0
        falls = lower and self._terms.tiers.returns == "at_once" and self._best(standing, step.at_us) >= standing.rank
        by_bucket = standing.shares.setdefault(step.given_by or "", {}).setdefault(step.measure, {})
        bucket = self._terms.bucket(step.event_us)
        by_bucket[bucket] = by_bucket.get(bucket, 0) + step.value
        best = self._best(standing, step.at_us)
        if best > standing.rank or (falls and best < standing.rank):
            self._move(standing, best, step.at_us)
        elif lower or not standing.due_us:
            self._wait(standing, step.at_us)

    def _move(self, standing: Standing, rank: int, at_us: int, *, landed: bool = False) -> None:
        standing.rank, standing.landed_us = rank, at_us if landed else 0
        self._wait(standing, at_us)

    def _wait(self, standing: Standing, at_us: int) -> None:
        """See that the member is looked at when its tier could end; an earlier look stays."""
        ends_us = self._ends_us(standing, at_us)
        if ends_us and (ends_us < standing.due_us or standing.due_us <= at_us):
            standing.due_us = max(ends_us, at_us + 1)

    def _review(self, standing: Standing, due_us: int) -> None:
        best, standing.due_us = self._best(standing, due_us), 0
        if best >= standing.rank:
            standing.landed_us = 0
            self._wait(standing, due_us)
            return
        one_down = standing.rank - 1
        lands = one_down > best and (
            self._terms.tiers.downgrade == "one_down" or self._came_near(standing, due_us)
        )
        self._move(standing, one_down if lands else best, due_us, landed=lands)

    def _came_near(self, standing: Standing, due_us: int) -> bool:
        terms = self._terms
        percent, level = terms.tiers.soft_landing_percent, terms.tiers.levels[standing.rank]
        if percent is None or not level.needs:
            return False
        ended = terms.period(due_us - terms.grace_us - 1, standing.joined_us)
        inside, sums = terms.inside(ended, standing.joined_us), standing.sums()
        near = [
            100 * sum(value for at, value in sums.get(name, {}).items() if at in inside) >= percent * least
            for name, least in level.needs.items()
        ]
        return all(near) if level.match == "all" else any(near)

    # who is who

    def _merge(self, step: Step) -> None:
        theirs = self.standings.pop(step.other_id or "", None)
        if theirs is None:
            return
        ours = self.standings.setdefault(step.member_id, Standing(theirs.joined_us, NO_TIER))
        ours.joined_us = min(ours.joined_us, theirs.joined_us)
        for by, share in theirs.shares.items():
            _add(ours.shares.setdefault(by, {}), share)
        best = max(self._best(ours, step.at_us), theirs.rank)
        if best > ours.rank:
            self._move(ours, best, step.at_us)
        self._wait_anew(ours, step.at_us)

    def _split(self, step: Step) -> None:
        kept = self.standings.get(step.member_id)
        if kept is None:
            return
        gone = set(step.ids or ())
        part = self.standings[step.other_id or ""] = Standing(kept.joined_us, NO_TIER)
        part.shares = {by: share for by, share in kept.shares.items() if by in gone}
        kept.shares = {by: share for by, share in kept.shares.items() if by not in gone}
        for standing in (kept, part):
            best = self._best(standing, step.at_us)
            if best != standing.rank:
                self._move(standing, best, step.at_us)
            self._wait_anew(standing, step.at_us)

    def _wait_anew(self, standing: Standing, at_us: int) -> None:
        standing.due_us = 0
        self._wait(standing, at_us)


def ranks(terms: Terms, steps: Iterator[tuple[str, Step]], end_us: int) -> Iterator[tuple[str, int]]:
    """Give the rank of every member at the end; `steps` come by person, in their order."""
    person, story = None, Story(terms)
    for whose, step in steps:
        if whose != person:
            yield from _ended(story, end_us)
            person, story = whose, Story(terms)
        story.happen(step)
    yield from _ended(story, end_us)


def _ended(story: Story, end_us: int) -> Iterator[tuple[str, int]]:
    story.go_on(end_us)
    for member_id, standing in story.standings.items():
        yield member_id, standing.rank


def _add(to: Counted, share: Counted) -> None:
    for measure, by_bucket in share.items():
        mine = to.setdefault(measure, {})
        for bucket, value in by_bucket.items():
            mine[bucket] = mine.get(bucket, 0) + value
