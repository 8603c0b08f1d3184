"""Calendar periods as numbers, and what a member got in them: caps, budgets, and once a birthday.

A period is counted from its events' own times, so a late event counts in the period it belongs to. Counters are kept
as long as an event of their period may still come (`retention.events`), therefore a cap holds whatever comes late. In a
rolling window every window that the event falls in must have room, those that end after it too.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Mapping
from datetime import date

from config.earning import POINTS_MAX, EarnCap, Period
from config.expressions.scene import Scene, moment_of
from schemas.earning_states import Counter, Earning

COUNTERS_BEFORE_PRUNING = 64
A_DAY_ON_ANY_CLOCK_US = 2 * 86_400_000_000
EVER = 0
FEW = 32
NONE_YET: list[tuple[int, int]] = []

NumberOf = Callable[[date], int]

NUMBERS: Mapping[Period, NumberOf] = {
    "day": date.toordinal,
    "week": lambda day: (day.toordinal() - 1) // 7,
    "month": lambda day: day.year * 12 + day.month - 1,
    "year": lambda day: day.year,
    "ever": lambda _: EVER,
}


def remember(counter: Counter, number: int, points: int, number_of: NumberOf, kept_since_us: int) -> None:
    """Count in a period; from time to time those are forgotten that ended before `kept_since_us`."""
    known = counter.get(number)
    counter[number] = points if known is None else known + points
    if known is None and len(counter) % COUNTERS_BEFORE_PRUNING == 0:
        oldest = number_of(moment_of(max(0, kept_since_us - A_DAY_ON_ANY_CLOCK_US)).date())
        for past in [other for other in counter if other < oldest]:
            del counter[past]


class CalendarCap:
    """`points` or `times` of a rule in each period of a clock."""

    def __init__(self, rule: str, cap: EarnCap, *, by_member: bool, retention_us: int) -> None:
        assert cap.period is not None
        self._number = NUMBERS[cap.period]
        self._points = cap.points
        self._max = cap.points if cap.points is not None else cap.times or 0
        self._key = f"{rule}/{cap.period}" if cap.points is not None else f"{rule}/{cap.period}/times"
        self._by_member = by_member
        self._retention_us = retention_us

    def room(self, scene: Scene, state: Earning, points: int) -> int:
        """How many of `points` there is room for."""
        counter = state.counted.get(self._key)
        used = 0 if counter is None else counter.get(self._number(self._day(scene)), 0)
        if self._points is None:
            return points if used < self._max else 0
        return max(0, min(points, self._max - used))

    def take(self, scene: Scene, state: Earning, points: int, log_us: int) -> None:
        """Count what was given."""
        counter = state.counted.setdefault(self._key, {})
        count = 1 if self._points is None else points
        remember(counter, self._number(self._day(scene)), count, self._number, log_us - self._retention_us)

    def _day(self, scene: Scene) -> date:
        return scene.day if self._by_member else scene.brand_day


class RollingCap:
    """`points` or `times` of a rule in any window of a length; the ends of a window are not both in it."""

    def __init__(self, rule: str, cap: EarnCap, retention_us: int) -> None:
        assert cap.rolling is not None
        self.rule = rule
        self.kept_us = retention_us + cap.rolling
        self._window_us = cap.rolling
        self._points = cap.points
        self._max = cap.points if cap.points is not None else cap.times or 0

    def room(self, scene: Scene, state: Earning, points: int) -> int:
        """How many of `points` there is room for in the fullest window around the event."""
        recent = (state.recent or {}).get(self.rule, NONE_YET)
        if self._points is None:
            return points if len(recent) < self._max or self._fullest(recent, scene.at_us) < self._max else 0
        if len(recent) <= FEW and sum([given for _, given in recent]) + points <= self._max:
            return points
        return max(0, min(points, self._max - self._fullest(recent, scene.at_us)))

    def _fullest(self, recent: list[tuple[int, int]], at_us: int) -> int:
        """The most that a window holds in which an event at `at_us` falls."""
        counts_times, window_us = self._points is None, self._window_us
        low, high = bisect_right(recent, (at_us - window_us, POINTS_MAX)), bisect_left(recent, (at_us + window_us, 0))
        near = [(us, 1 if counts_times else points) for us, points in recent[low:high]]
        fullest = inside = sum(count for us, count in near if us <= at_us)
        first = 0
        for us, count in near:
            if us <= at_us:
                continue
            inside += count
            while near[first][0] + window_us <= us:
                inside -= near[first][1]
                first += 1
            fullest = max(fullest, inside)
        return fullest


def note_recent(state: Earning, rule: str, at_us: int, points: int, oldest_us: int) -> None:
    """Remember what a rule with rolling caps gave, and forget what no late event can come near any more."""
    if state.recent is None:
        state.recent = {}
    recent = state.recent.setdefault(rule, [])
    insort(recent, (at_us, points))
    while recent[0][0] < oldest_us:
        del recent[0]
