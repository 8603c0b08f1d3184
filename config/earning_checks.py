"""What the rules of the section `earn` refer to and mean together, checked on the file's plain data.

A rule whose shape is wrong is passed over here; the models report it. Conditions are compiled once to see that they can
be. Then rules are checked against each other: what a bonus multiplies, and what excludes what.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from config.delays import format_delay
from config.earning import EARNS_NOT, EarnRule
from config.earning_rule_checks import A_LIST, A_MAPPING, COUNTED_EXPECTED, Said, gives_by_event, rule_problems
from config.expressions.names import Named, names_of
from config.expressions.problem import ExpressionError
from config.expressions.typed import compile_expression
from config.problems import Location, printable
from schemas.events import EVENT_TYPES

DAY_US: Final = 86_400_000_000
MONTH_DAYS_LEAST: Final = 28
EARNING_TYPES: Final = frozenset(EVENT_TYPES) - EARNS_NOT

Rules = dict[int, EarnRule]


def earn_errors(data: Mapping[str, object]) -> list[InitErrorDetails]:
    """What is wrong with the rules of `earn` beyond their shape."""
    return list(_errors(data))


def _errors(data: Mapping[str, object]) -> Iterator[InitErrorDetails]:
    declared = data.get("activities", [])
    activities = {name for name in declared if isinstance(name, str)} if isinstance(declared, list) else set()
    tiers = _declared_tiers(data)
    rules = _shaped(data.get("earn"))
    for number, rule in rules.items():
        at: Location = ("earn", number)
        if rule.on not in EARNING_TYPES | activities:
            accepted = EARNING_TYPES | activities
            said = Said(("on",), rule.on, f"an event type that earns: {', '.join(map(printable, sorted(accepted)))}",
                        tuple(sorted(accepted)))
            yield _error(at, said)
            continue
        on = rule.on if rule.on in EVENT_TYPES else "activity"
        yield from (_error(at, said) for said in rule_problems(rule, on))
        awaited = None if rule.hold is None else rule.hold.event
        if awaited is not None and awaited not in EVENT_TYPES.keys() | activities:
            types = sorted(EVENT_TYPES.keys() | activities)
            expected = f"an event type: {', '.join(map(printable, types))}"
            yield _error(at, Said(("hold", "event"), awaited, expected, tuple(types)))
        if rule.hold is not None and rule.hold.releases == "quantity" and awaited not in {"activity"} | activities:
            yield _error(at, Said(("hold", "releases"), "quantity", "an `event` with a quantity: an activity"))
        yield from _outlasting(at, rule, data)
        yield from _conditions(at, rule, names_of(on, tiers), tiers)
    yield from (_error((), said) for said in _bonuses(rules))


def _outlasting(at: Location, rule: EarnRule, data: Mapping[str, object]) -> Iterator[InitErrorDetails]:
    """A hold that is longer than the points live: they would expire as they are released."""
    if rule.hold is None or rule.hold.delay is None:
        return
    lives_us = rule.expires_after
    if lives_us is None:
        currencies = data.get("currencies")
        currency = currencies.get(rule.currency) if isinstance(currencies, Mapping) else None
        expiry = currency.get("expiry") if isinstance(currency, Mapping) else None
        if not isinstance(expiry, Mapping) or expiry.get("policy") != "days" or not isinstance(expiry.get("days"), int):
            return
        lives_us = (expiry["days"] + 1) * DAY_US        # to the end of the last day
    least_us = rule.hold.delay.months * MONTH_DAYS_LEAST * DAY_US + rule.hold.delay.us
    if least_us >= lives_us:
        expected = "less than the points live: they would expire as they are released"
        yield _error(at, Said(("hold", "delay"), format_delay(rule.hold.delay), expected))


def _shaped(entries: object) -> Rules:
    """The rules whose shape is right, by their place in the file."""
    rules: Rules = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        try:
            rules[number] = EarnRule.model_validate(entry)
        except ValidationError:
            continue
    return rules


def _declared_tiers(data: Mapping[str, object]) -> tuple[str, ...] | None:
    """The tiers that the program declares; None if that section's shape is wrong, so that nothing can be said."""
    section = data.get("tiers")
    if section is None:
        return ()
    levels = section.get("levels") if isinstance(section, Mapping) else None
    if not isinstance(levels, list):
        return None
    return tuple(str(level["id"]) for level in levels if isinstance(level, Mapping) and "id" in level)


def _conditions(
    at: Location, rule: EarnRule, names: Mapping[str, Named], tiers: Collection[str] | None
) -> Iterator[InitErrorDetails]:  # fmt: skip
    """Conditions that cannot be compiled, tiers that nobody declared, stores of an event that has none."""
    texts: list[tuple[Location, str]] = [] if rule.when is None else [(("when",), rule.when)]
    for number, rate in enumerate(rule.rates):
        place: Location = ("rates", number)
        if rate.when is not None:
            texts.append(((*place, "when"), rate.when))
        for index, tier in enumerate(rate.tiers or ()):
            if tiers is not None and tier not in tiers:
                expected = f"a tier declared in `tiers.levels`: {', '.join(map(printable, tiers)) or 'there is none'}"
                yield _error(at, Said((*place, "tiers", index), tier, expected, tuple(tiers)))
        for key, name in (("stores", "store"), ("channels", "channel")):
            if getattr(rate, key) is not None and name not in names:
                yield _error(at, Said((*place, key), A_LIST, f"an event that has a `{name}`"))
    for place, text in texts:
        try:
            compiled = compile_expression(text, names)
        except ExpressionError as error:
            yield _refused((*at, *place), error)
            continue
        if compiled.by_line and place[0] == "rates" and gives_by_event(rule):
            yield _error(at, Said(place, text, COUNTED_EXPECTED))
        if compiled.by_line and rule.bonus is not None:
            yield _error(at, Said(place, text, "a condition without `line.`: a bonus looks at whole events"))


def _bonuses(rules: Rules) -> Iterator[Said]:
    """A bonus multiplies rules of its own event and currency that are settled before it."""
    mixed = {(rule.currency, rule.group) for rule in rules.values() if rule.bonus and rule.stacking == "best"}
    for number, rule in rules.items():
        if rule.bonus is None:
            continue
        fitting = [
            other.id for other in rules.values()
            if other.bonus is None and other.on == rule.on and other.currency == rule.currency
            and not (other.stacking == "best" and (other.currency, other.group) in mixed)
        ]  # fmt: skip
        expected = (f"a rule for {rule.on} in {rule.currency} that is no bonus and in no group with one: "
                    f"{', '.join(fitting) or 'there is none'}")
        if rule.bonus.of is None and not fitting:
            yield Said(("earn", number, "bonus"), A_MAPPING, expected)
        named = rule.bonus.of or []
        for index, name in enumerate(named):
            if name not in fitting:
                yield Said(("earn", number, "bonus", "of", index), name, expected, tuple(fitting))
            elif name in named[:index]:
                yield Said(("earn", number, "bonus", "of", index), name, "each rule once")


def _error(at: Location, said: Said) -> InitErrorDetails:
    kind = PydanticCustomError("earn", "{expected}", {"expected": said.expected, "accepted": list(said.accepted)})
    return InitErrorDetails(type=kind, loc=(*at, *said.at), input=said.value)


def _refused(at: Location, error: ExpressionError) -> InitErrorDetails:
    """An expression that is refused; what was found, and at which character, stands in the context."""
    found = f"{error.found} at character {error.at}"
    context = {"found": found, "expected": error.expected, "accepted": error.accepted}
    word = error.found.strip("'\"")
    return InitErrorDetails(type=PydanticCustomError("expression", "{expected}", context), loc=at, input=word)
