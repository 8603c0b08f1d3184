"""What the keys of one earn rule mean together: which fit each other, and what would earn by mistake."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import combinations
from typing import Final, NamedTuple

from config.earning import EarnRule, Hours, Rate, Window
from config.problems import Location, dotted

HAVE_TOTAL: Final = frozenset({"purchase", "invoice"})
HAVE_LINES: Final = frozenset({"purchase"})
HAVE_QUANTITY: Final = frozenset({"purchase", "activity"})

# Rounding up may give at most so many times what the rate says; a smaller amount needs a `minimum`.
ROUND_UP_GAIN_MAX: Final = 100

COUNTED_EXPECTED: Final = "`per` or `per_quantity` beside it: lines are not counted here"

# What a message calls "a list" and "a mapping".
A_LIST: Final[object] = [""]
A_MAPPING: Final[object] = {"": ""}

_DAY: Final = timedelta(days=1)
_ANY_WEEK: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - a Monday on nobody's clock; only distances matter
_WEEK: Final = timedelta(days=7)
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Said(NamedTuple):
    """A problem at a place inside the rule: what stands there, what is expected, and names to choose from."""

    at: Location
    value: object
    expected: str
    accepted: tuple[str, ...] = ()


def rule_problems(rule: EarnRule, on: str) -> Iterator[Said]:
    """What is wrong with a rule by itself; `on` is its event type, `activity` where it is one of the program's own."""
    yield from _gives(rule, on)
    yield from _money(rule, on)
    yield from _lines(rule, on)
    yield from _rates(rule)
    yield from _times(rule)
    yield from _caps(rule)
    yield from _hold(rule)
    if rule.group is not None and rule.stacking == "add":
        yield Said(("group",), rule.group, "`stacking: best` beside it")
    if rule.first is not None and rule.every is not None:
        yield Said(("every",), rule.every, "`first` or `every`, not both")


def _gives(rule: EarnRule, on: str) -> Iterator[Said]:
    """A rule gives by money, by pieces, by event, or as a bonus."""
    if rule.bonus is None:
        if rule.points is None:
            yield Said((), rule.id, "`points`, or `bonus`")
        if rule.per is not None and rule.per_quantity is not None:
            yield Said(("per_quantity",), rule.per_quantity, "`per` or `per_quantity`, not both")
        if rule.per_quantity is not None and on not in HAVE_QUANTITY:
            yield Said(("per_quantity",), rule.per_quantity, f"an event that has pieces: {_listed(HAVE_QUANTITY)}")
        return
    for key in ("points", "per", "per_quantity", "rates", "exclude"):
        value = getattr(rule, key)
        if value:
            yield Said((key,), _plain(value), f"`{key}` or `bonus`, not both: a bonus takes points from other rules")


def gives_by_event(rule: EarnRule) -> bool:
    """Whether a rule gives its points once for the event, whatever is in it."""
    return rule.points is not None and rule.per is None and rule.per_quantity is None


def _money(rule: EarnRule, on: str) -> Iterator[Said]:
    for key in ("per", "minimum"):
        money = getattr(rule, key)
        if money is not None and on not in HAVE_TOTAL:
            yield Said((key,), _plain(money), f"an event that has a total: {_listed(HAVE_TOTAL)}")
    if rule.per and rule.minimum and rule.per.currency != rule.minimum.currency:
        yield Said(("minimum", "currency"), rule.minimum.currency, f"{rule.per.currency!r}, the currency of `per`")
    if rule.bonus is None and gives_by_event(rule) and on in HAVE_TOTAL and rule.minimum is None:
        expected = "`per`, `per_quantity` or `minimum` beside it: an order of 0.00 would earn points"
        yield Said(("points",), rule.points, expected)
    if rule.per is not None and rule.points is not None and rule.rounding == "up":
        least = -(-rule.per.amount // (ROUND_UP_GAIN_MAX * max(rule.points, *(rate.points for rate in rule.rates), 1)))
        if least > (1 if rule.minimum is None else rule.minimum.amount):
            expected = (f"`minimum` of at least {least} beside it, or another rounding: the smallest amount would earn "
                        f"more than {ROUND_UP_GAIN_MAX} times its rate")
            yield Said(("rounding",), rule.rounding, expected)


def _lines(rule: EarnRule, on: str) -> Iterator[Said]:
    if rule.exclude is not None:
        if on not in HAVE_LINES:
            yield Said(("exclude",), _plain(rule.exclude), f"an event that has lines: {_listed(HAVE_LINES)}")
        if rule.exclude.categories is None and rule.exclude.skus is None:
            yield Said(("exclude",), _plain(rule.exclude), "`categories`, `skus` or both")
    excluded = set((rule.exclude and rule.exclude.categories) or ())
    for number, rate in enumerate(rule.rates):
        for index, category in enumerate(rate.categories or ()):
            if on not in HAVE_LINES:
                yield Said(("rates", number, "categories"), A_LIST, f"an event that has lines: {_listed(HAVE_LINES)}")
                break
            if gives_by_event(rule):
                yield Said(("rates", number, "categories"), A_LIST, COUNTED_EXPECTED)
                break
            if category in excluded:
                at: Location = ("rates", number, "categories", index)
                yield Said(at, category, "a category that `exclude` does not name")


def _rates(rule: EarnRule) -> Iterator[Said]:
    """A rate says for what it is, and something is left for it by the rates before it."""
    seen: list[tuple[int, Rate]] = []
    for number, rate in enumerate(rule.rates):
        if not any((rate.tiers, rate.categories, rate.stores, rate.channels, rate.when)):
            yield Said(("rates", number), _plain(rate), "`tiers`, `categories`, `stores`, `channels` or `when`")
            continue
        for earlier, before in seen:
            if _covers(before, rate):
                expected = f"something that rates.{earlier}, which comes first, does not cover already"
                yield Said(("rates", number), _plain(rate), expected)
                break
        seen.append((number, rate))


def _covers(before: Rate, rate: Rate) -> bool:
    """Whether `before` fits wherever `rate` does, as far as can be told without reading conditions."""
    if before.when is not None and before.when != rate.when:
        return False
    for key in ("tiers", "categories", "stores", "channels"):
        wide, narrow = getattr(before, key), getattr(rate, key)
        if wide is not None and (narrow is None or not set(narrow) <= set(wide)):
            return False
    return True


def _times(rule: EarnRule) -> Iterator[Said]:
    for number, window in enumerate(rule.between):
        start, end = span_of(window)
        if end <= start:
            expected = f"a moment after `from`, which is {window.start}"
            yield Said(("between", number, "to"), window.end, expected)
    spans = [(number, span_of(window)) for number, window in enumerate(rule.between)]
    for (one, first), (other, second) in combinations(spans, 2):
        if first[0] < second[1] and second[0] < first[1] and first[0] < first[1] and second[0] < second[1]:
            yield Said(("between", other), A_MAPPING, f"a window that does not overlap between.{one}")
    for number, hours in enumerate(rule.hours):
        if hours.start == hours.end:
            yield Said(("hours", number, "to"), hours.end, "another time than `from`")
    for (one, early), (other, late) in combinations(enumerate(rule.hours), 2):
        if early.start != early.end and late.start != late.end and _overlap(early, late):
            yield Said(("hours", other), A_MAPPING, f"hours that do not overlap hours.{one}")


def span_of(window: Window) -> tuple[datetime, datetime]:
    """First moment of a window and the first one after it, on a local clock without a zone."""
    end = datetime.fromisoformat(window.end)
    return datetime.fromisoformat(window.start), end + _DAY if "T" not in window.end else end


def _overlap(one: Hours, other: Hours) -> bool:
    return any(
        first < second_end + shift and second + shift < first_end
        for first, first_end in _in_a_week(one)
        for second, second_end in _in_a_week(other)
        for shift in (-_WEEK, timedelta(0), _WEEK)
    )


def _in_a_week(hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    for day in hours.days or _WEEKDAYS:
        midnight = _ANY_WEEK + _DAY * _WEEKDAYS.index(day)
        start = datetime.combine(midnight, time.fromisoformat(hours.start))
        end = datetime.combine(midnight, time.fromisoformat(hours.end))
        yield start, end + _DAY if end <= start else end


def _caps(rule: EarnRule) -> Iterator[Said]:
    seen: dict[object, int] = {}
    for number, cap in enumerate(rule.caps):
        at: Location = ("caps", number)
        if (cap.points is None) == (cap.times is None):
            yield Said(at, A_MAPPING, "`points` or `times`, one of them")
        elif (cap.period is None) == (cap.rolling is None):
            yield Said(at, A_MAPPING, "`period` or `rolling`, one of them")
        else:
            same = (cap.points is None, cap.period, cap.rolling)
            earlier = seen.setdefault(same, number)
            if earlier != number:
                yield Said(at, A_MAPPING, f"another period than {dotted(('caps', earlier))}")


def _hold(rule: EarnRule) -> Iterator[Said]:
    hold = rule.hold
    if hold is None:
        return
    if sum(value is not None for value in (hold.delay, hold.until, hold.event)) != 1:
        yield Said(("hold",), A_MAPPING, "`delay`, `until` or `event`, one of them")
    elif hold.delay is None and hold.rounding != "none":
        yield Said(("hold", "rounding"), hold.rounding, "`delay` beside it")


def _plain(value: object) -> object:
    """A value as a message names it."""
    return value if isinstance(value, str | int) else A_LIST if isinstance(value, list) else A_MAPPING


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
