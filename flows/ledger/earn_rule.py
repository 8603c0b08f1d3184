"""One earn rule made ready: whether it holds for an event, what it would give, and what it has room for.

`would_give` asks the conditions and counts the event if it meets them; `room` cuts the points to what caps and budget
allow; `taken` counts what was given in the end. Between the last two the rules of an event settle which of them win.
"""

from datetime import date

from msgspec import Struct

from config.earning import EarnRule, Period
from config.expressions.names import names_of
from config.expressions.scene import Scene, zone_of
from config.expressions.typed import Test, compile_expression
from flows.ledger.budgets import Budgets
from flows.ledger.grants import Grant
from flows.ledger.periods import EVER, NUMBERS, CalendarCap, RollingCap, note_recent, remember
from flows.ledger.rounding import ROUNDINGS
from flows.ledger.times import Times, birthday_year, held_until_us
from flows.ledger.worth import NOTHING, Weigher, Worth
from schemas.earning_states import Earning
from schemas.events import EVENT_TYPES

BIRTHDAY_ATTRIBUTE = "birthday"


class Case(Struct, frozen=True, gc=False):
    """One event of a member before the rules; `again`: it is a further part of an order that was seen before."""

    scene: Scene
    state: Earning
    member_id: str
    log_us: int
    again: bool


class ReadyRule:
    """A rule of the program, compiled; it keeps nothing of any member, and counts its budget in `budgets`."""

    def __init__(self, rule: EarnRule, retention_us: int, budgets: Budgets | None) -> None:
        self.rule = rule
        self.id, self.currency, self.qualifying, self.bonus = rule.id, rule.currency, rule.qualifying, rule.bonus
        self.multiplies: list[str] = []
        self.kind = None if rule.on in EVENT_TYPES else rule.on
        on = rule.on if rule.on in EVENT_TYPES else "activity"
        names = names_of(on)
        when = None if rule.when is None else compile_expression(rule.when, names)
        self._weigh = _bonus if rule.bonus is not None else Weigher(rule, when, names).of
        times = Times(rule)
        self._conditions: list[Test] = [times.hold] if times.any else []
        if when is not None and not when.by_line:
            self._conditions.append(when.test)
        self.fixed = rule.bonus is None and rule.per is None and rule.per_quantity is None
        self._once_an_order = self.fixed or bool(rule.first or rule.every or rule.once_a)
        self._numbered = rule.first is not None or rule.every is not None or rule.once_a is not None
        self.round = ROUNDINGS[rule.rounding]
        self._calendar = [
            CalendarCap(rule.id, cap, by_member=rule.clock == "member", retention_us=retention_us)
            for cap in rule.caps if cap.period is not None
        ]  # fmt: skip
        self._rolling = [RollingCap(rule.id, cap, retention_us) for cap in rule.caps if cap.rolling is not None]
        self._rolling_kept_us = max((cap.kept_us for cap in self._rolling), default=0)
        self._budgets = budgets
        self._caps: list[CalendarCap | RollingCap] = [*self._calendar, *self._rolling]
        self._bounded = bool(self._caps or rule.budget)
        self._noted = self._bounded or rule.birthday is not None
        self._timed = rule.hold is not None or rule.expires_after is not None
        self._drops = rule.rounding == "down"
        self._birthday_key = f"{rule.id}/birthday"
        self._once_key = f"{rule.id}/once_a_{rule.once_a}"
        self._retention_us = retention_us
        self._count_key = f"{rule.id}/events"

    @property
    def plain(self) -> bool:
        """Whether money alone says what the rule gives, as in `{points, per}`."""
        rule = self.rule
        if rule.on != "purchase" or rule.per is None:
            return False
        alone = EarnRule(
            id=rule.id, on=rule.on, currency=rule.currency, points=rule.points, per=rule.per, rounding=rule.rounding,
            qualifying=rule.qualifying, clock=rule.clock,
        )  # fmt: skip
        return rule.model_dump() == alone.model_dump()

    @property
    def group(self) -> tuple[str, str | None] | None:
        """The rules that this one excludes, and that exclude it; None if it stands beside all others."""
        return (self.currency, self.rule.group) if self.rule.stacking == "best" else None

    def would_give(self, case: Case) -> Worth:
        """What the event is worth if it meets the rule, which then counts it."""
        scene = case.scene
        if case.again and self._once_an_order:
            return NOTHING
        for holds in self._conditions:
            if not holds(scene):
                return NOTHING
        if self.rule.birthday is not None and self._birthday(scene, case.state) is None:
            return NOTHING
        worth = self._weigh(scene)
        if worth.weighted <= 0 or (self._numbered and not self._is_its_turn(case)):
            return NOTHING
        return worth

    def give(self, case: Case) -> Grant | None:
        """What the event earns by the rule where no other rule has a say in it; counted."""
        worth = self.would_give(case)
        if worth is NOTHING:
            return None
        points = worth.weighted // worth.divisor if self._drops else self.round(worth.weighted, worth.divisor)
        if self._bounded:
            points = self.room(case, points)
        if not points:
            return None
        if self._noted or self._timed:
            return self.taken(case, points, worth)
        return Grant(self.id, self.currency, points, self.qualifying, None, None, None, worth.lines, worth.weight)

    def points(self, worth: Worth) -> int:
        """Whole points of a worth."""
        return self.round(worth.weighted, worth.divisor)

    def bonus_points(self, base: int) -> int:
        """What a bonus adds to points that other rules gave."""
        assert self.bonus is not None
        return self.round(base * self.bonus.percent, 100)

    def _birthday(self, scene: Scene, state: Earning) -> int | None:
        """The year of the birthday that is celebrated, None if none is or this one was already."""
        assert self.rule.birthday is not None
        year = birthday_year(self.rule.birthday, scene.facts.attributes.get(BIRTHDAY_ATTRIBUTE), self._day(scene))
        return None if year in state.counted.get(self._birthday_key, {}) else year

    def _is_new(self, case: Case, period: Period) -> bool:
        """Whether the event is the first that meets the rule in its period, which then has had one."""
        counter = case.state.counted.setdefault(self._once_key, {})
        number = NUMBERS[period](self._day(case.scene))
        if number in counter:
            return False
        remember(counter, number, 1, NUMBERS[period], case.log_us - self._retention_us)
        return True

    def _day(self, scene: Scene) -> date:
        return scene.day if self.rule.clock == "member" else scene.brand_day

    def _is_its_turn(self, case: Case) -> bool:
        """Whether the event is one of those that the rule asks for by their number, which it then counts in."""
        first, every, once_a = self.rule.first, self.rule.every, self.rule.once_a
        if once_a is not None and not self._is_new(case, once_a):
            return False
        if first is None and every is None:
            return True
        counter = case.state.counted.setdefault(self._count_key, {})
        met = counter.get(EVER, 0)
        if first is not None:
            counter[EVER] = min(met + 1, first)
            return met < first
        assert every is not None
        counter[EVER] = met + 1
        return (met + 1) % every == 0

    def room(self, case: Case, points: int) -> int:
        """How many of `points` caps and budget allow."""
        if not self._bounded or points <= 0:
            return max(0, points)
        for cap in self._caps:
            points = cap.room(case.scene, case.state, points)
        budget = self.rule.budget
        if budget is not None:
            assert self._budgets is not None, self.id
            number = NUMBERS[budget.period](case.scene.brand_day)
            points = max(0, min(points, self._budgets.left(self.id, budget, number, case.member_id)))
        return points

    def taken(self, case: Case, points: int, worth: Worth) -> Grant:
        """Count what is given, and give it."""
        scene, state = case.scene, case.state
        for cap in self._calendar:
            cap.take(scene, state, points, case.log_us)
        if self._rolling:
            note_recent(state, self.id, scene.at_us, points, case.log_us - self._rolling_kept_us)
        budget = self.rule.budget
        if budget is not None:
            assert self._budgets is not None, self.id
            number = NUMBERS[budget.period](scene.brand_day)
            self._budgets.take(self.id, budget, number, case.member_id, points, case.log_us)
        if self.rule.birthday is not None:
            year = self._birthday(scene, state)
            assert year is not None
            state.counted.setdefault(self._birthday_key, {})[year] = 1
        return self._grant(scene, points, worth)

    def _grant(self, scene: Scene, points: int, worth: Worth) -> Grant:
        rule = self.rule
        until_us = None if rule.hold is None else held_until_us(rule.hold, scene.at_us, zone_of(None, scene.brand))
        held_for = None if rule.hold is None else rule.hold.event
        expires_us = None if rule.expires_after is None else scene.at_us + rule.expires_after
        return Grant(
            rule.id, rule.currency, points, rule.qualifying, until_us, held_for, expires_us, worth.lines,
            worth.weight, rule.hold is not None and rule.hold.releases == "quantity",
        )  # fmt: skip


def _bonus(_scene: Scene) -> Worth:
    """Any event is worth a bonus; how much, what other rules give says."""
    return _BONUS


_BONUS = Worth(1, 1, 1, 1)
