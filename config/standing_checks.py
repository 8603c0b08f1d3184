"""What must hold between tiers, rewards and offers: names that exist, levels that rise, windows that are windows.

Like references, it is checked on the file's plain data, so that all problems of a file come out at once; what has the
wrong shape is passed over here, because the models report it.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from pydantic_core import InitErrorDetails, PydanticCustomError

from config.durations import DURATION_PATTERN, parse_duration
from config.expressions.names import Named, names_of
from config.expressions.problem import ExpressionError
from config.expressions.typed import compile_expression
from config.problems import Location
from schemas.events import EVENT_TYPES

Plain = Mapping[str, object]

MEASURE_KEYS: Final = {"points": "currency", "spend": "money"}
NO_EVENT: Final = "alias"  # an event with no field of its own: only the member's names are left
MONEY_GOALS: Final = ("amount", "single")
PERIOD_DAYS: Final = {"day": 1, "week": 7, "month": 31, "year": 366}
DAY_US: Final = 86_400_000_000


class _Found(NamedTuple):
    at: Location
    value: object
    expected: str


def standing_errors(data: Plain) -> list[InitErrorDetails]:
    """What is wrong between `tiers`, `rewards` and `offers` in a program's plain data."""
    problems = [*_tiers(data), *_named_tiers(data), *_rewards(data), *_offers(data), *_conditions(data)]
    return [
        InitErrorDetails(
            type=PydanticCustomError("standing", "{expected}", {"expected": found.expected}), loc=found.at,
            input=found.value,
        )
        for found in problems
    ]


def _map(value: object) -> Plain:
    """A mapping's entries; one that is nothing (as in a program that was dumped) is as if it were left out."""
    return {key: entry for key, entry in value.items() if entry is not None} if isinstance(value, Mapping) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _levels(data: Plain) -> list[Plain]:
    return [_map(level) for level in _list(_map(data.get("tiers")).get("levels"))]


def _level_ids(data: Plain) -> list[str]:
    return [str(level["id"]) for level in _levels(data) if "id" in level]


def _one_of(names: list[str], what: str) -> str:
    return f"{what}: {', '.join(names) or 'there is none'}"


def _tiers(data: Plain) -> Iterator[_Found]:
    measures = _map(_map(data.get("tiers")).get("measures"))
    for name, measure in measures.items():
        key = MEASURE_KEYS.get(str(_map(measure).get("of")))
        if key is not None and key not in _map(measure):
            yield _Found(("tiers", "measures", name), measure, f"`{key}` beside `of: {_map(measure)['of']}`")
    levels, rewards = _levels(data), [str(name) for name in _map(data.get("rewards"))]
    for number, level in enumerate(levels):
        at: Location = ("tiers", "levels", number)
        for part in ("needs", "lifetime"):
            for name in _map(level.get(part)):
                if name not in measures:
                    yield _Found((*at, part, name), name, _one_of(sorted(map(str, measures)), "one of `measures`"))
        for index, reward in enumerate(_list(level.get("rewards"))):
            if reward not in rewards:
                yield _Found((*at, "rewards", index), reward, _one_of(sorted(rewards), "one of `rewards`"))
        if number and not (level.get("needs") or level.get("lifetime") or level.get("plan")):
            yield _Found(at, level, "`needs`, `lifetime` or `plan`: only the first tier may need nothing")
    yield from _rising(levels)
    plans: dict[object, int] = {}
    for number, level in enumerate(levels):
        plan = level.get("plan")
        if plan is not None and plans.setdefault(plan, number) != number:
            expected = f"a plan of its own; tiers.levels.{plans[plan]} has this one already"
            yield _Found(("tiers", "levels", number, "plan"), plan, expected)


def _rising(levels: list[Plain]) -> Iterator[_Found]:
    """Each tier must need more than the one below it of every measure that both name, and name one in common."""
    for part in ("needs", "lifetime"):
        named = [(number, _map(level.get(part))) for number, level in enumerate(levels) if level.get(part)]
        for (lower, below), (number, needs) in pairwise(named):
            for name, least in below.items():
                value = needs.get(name)
                at: Location = ("tiers", "levels", number, part, name)
                if isinstance(value, int) and isinstance(least, int) and value <= least:
                    yield _Found(at, value, f"more than the {least} of tiers.levels.{lower}: tiers rise")
            if not below.keys() & needs.keys():
                place: Location = ("tiers", "levels", number, part)
                expected = f"a measure that tiers.levels.{lower} needs as well, so that one is above the other"
                yield _Found(place, needs, expected)


def _named_tiers(data: Plain) -> Iterator[_Found]:
    """Tiers that rewards and offers name."""
    known = _level_ids(data)
    expected = _one_of(known, "a tier of `tiers.levels`")
    for section in ("rewards", "offers"):
        for name, entry in _map(data.get(section)).items():
            for index, tier in enumerate(_list(_map(entry).get("tiers"))):
                if tier not in known:
                    yield _Found((section, name, "tiers", index), tier, expected)
            for tier in _map(_map(_map(entry).get("cost")).get("by_tier")):
                if tier not in known:
                    yield _Found((section, name, "cost", "by_tier", tier), tier, expected)


def _window(section: str, name: str, entry: Plain) -> Iterator[_Found]:
    start, end = entry.get("from"), entry.get("to")
    if isinstance(start, str) and isinstance(end, str) and end <= start:
        yield _Found((section, name, "to"), end, f"a moment after `from`, which is {start}")


def _rewards(data: Plain) -> Iterator[_Found]:
    for name, reward in _map(data.get("rewards")).items():
        yield from _window("rewards", name, _map(reward))


def _conditions(data: Plain) -> Iterator[_Found]:
    """Conditions that cannot be read: of a goal on its one event, of a reward on the member alone."""
    tiers = tuple(_level_ids(data)) if isinstance(data.get("tiers"), Mapping) else None
    for name, offer in _map(data.get("offers")).items():
        goal = _map(_map(offer).get("goal"))
        events, at = _list(goal.get("events", ["purchase"])), ("offers", name, "goal", "when")
        if "when" not in goal:
            continue
        if len(events) != 1:
            yield _Found(at, goal["when"], "one event in `events` beside it, whose names it uses")
            continue
        on = str(events[0]) if events[0] in EVENT_TYPES else "activity"
        yield from _condition(at, goal["when"], names_of(on, tiers))
    for name, reward in _map(data.get("rewards")).items():
        if "when" in _map(reward):
            yield from _condition(("rewards", name, "when"), _map(reward)["when"], names_of(NO_EVENT, tiers))


def _condition(at: Location, text: object, names: Mapping[str, Named]) -> Iterator[_Found]:
    if not isinstance(text, str):
        return
    try:
        compiled = compile_expression(text, names)
    except ExpressionError as error:
        yield _Found(at, text, f"at character {error.at} {error.expected}, not {error.found}")
        return
    if compiled.by_line:
        yield _Found(at, text, "a condition without `line.`; `categories` picks lines")


def _streak(name: str, offer: Plain) -> Iterator[_Found]:
    """A streak must have room in its window: a window of whole days may touch one more, where it begins at noon."""
    goal = _map(offer.get("goal"))
    days, least = PERIOD_DAYS.get(str(offer.get("every"))), goal.get("at_least")
    if isinstance(offer.get("lasts"), str) and re.fullmatch(DURATION_PATTERN, str(offer["lasts"])):
        days = -(-parse_duration(offer["lasts"]) // DAY_US) + 1
    if goal.get("kind") == "streak" and isinstance(least, int) and days is not None and least > days:
        expected = f"at most {days}: a window has no more days"
        yield _Found(("offers", name, "goal", "at_least"), least, expected)


def _offers(data: Plain) -> Iterator[_Found]:
    rewards = [str(name) for name in _map(data.get("rewards"))]
    for name, entry in _map(data.get("offers")).items():
        offer, at = _map(entry), ("offers", name)
        yield from _window("offers", name, offer)
        yield from _streak(name, offer)
        prize, goal = _map(offer.get("reward")), _map(offer.get("goal"))
        voucher = prize.get("voucher")
        if voucher is not None and voucher not in rewards:
            yield _Found((*at, "reward", "voucher"), voucher, _one_of(sorted(rewards), "one of `rewards`"))
        if "reward" in offer and voucher is None and not {"points", "currency"} <= prize.keys():
            yield _Found((*at, "reward"), prize, "`currency` and `points`, or `voucher`")
        if goal.get("kind") in MONEY_GOALS and "money" not in goal:
            yield _Found((*at, "goal"), goal, f"`money` beside `kind: {goal['kind']}`")
        granted = offer.get("granted", "by_event")
        if granted == "on_event" and "on" not in offer:
            yield _Found(at, offer, "`on` beside `granted: on_event`")
        if granted == "automatically" and "lasts" in offer:
            yield _Found((*at, "lasts"), offer["lasts"], "`from` and `to`, or `every`: nothing is granted to last from")
        if "every" in offer and granted != "automatically":
            yield _Found((*at, "every"), offer["every"], "`granted: automatically` beside it")
