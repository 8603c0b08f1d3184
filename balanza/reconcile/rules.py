"""Which earn rules are reckoned in SQL, and which are believed because they count over several events."""

from typing import Any, Final

from msgspec import Struct

from balanza.reconcile.conditions import condition
from config.earning import EarnRule
from config.program import Program
from schemas.events import EVENT_TYPES

PLAIN: Final = frozenset({"id", "on", "currency", "points", "per", "rounding", "qualifying", "hold", "expires_after"})
PERCENT: Final = 100
ACTIVITY: Final = "activity"
ONE_EVENT: Final = PLAIN | {
    "per_quantity", "bonus", "when", "rates", "exclude", "minimum", "between", "hours", "clock", "stacking", "group",
}  # fmt: skip


class Reckoned(Struct, frozen=True):
    """A rule that one event alone decides: `group` is what it excludes, `late` whether a bonus is in that."""

    number: int
    rule: EarnRule
    group: str | None
    late: bool


def said(section: Any) -> list[str]:  # noqa: ANN401  any section of a program
    """The keys of a section that say something else than their default."""
    return [
        name for name, field in type(section).model_fields.items()
        if getattr(section, name) != field.get_default(call_default_factory=True)
    ]  # fmt: skip


def is_plain(rule: EarnRule, program: Program) -> bool:
    """Whether a rule asks for nothing but the money of a purchase."""
    return (
        rule.on == "purchase" and rule.per is not None and rule.points is not None and program.identity.retroactive_earn
        and PLAIN.issuperset(said(rule))
    )  # fmt: skip


def names_of_rule(rule: EarnRule) -> str:
    """The event type whose names the rule's conditions use."""
    return rule.on if rule.on in EVENT_TYPES else ACTIVITY


def reads(rule: EarnRule) -> frozenset[str]:
    """The names that the conditions of a rule read."""
    texts = [text for text in (rule.when, *(rate.when for rate in rule.rates)) if text is not None]
    return frozenset().union(*(condition(text, names_of_rule(rule)).reads for text in texts))


def looks_at_lines(rule: EarnRule) -> bool:
    """Whether the lines of an order decide what the rule gives."""
    return (
        rule.exclude is not None or any(rate.categories is not None for rate in rule.rates)
        or any(name.startswith("line.") for name in reads(rule))
    )  # fmt: skip


def reckoned(program: Program) -> list[Reckoned]:
    """The rules that are reckoned, beside the plain ones."""
    alone = {
        number: rule for number, rule in enumerate(program.earn)
        if not is_plain(rule, program) and _of_one_event(rule)
    }  # fmt: skip
    groups: dict[tuple[str, str], list[int]] = {}
    for number, rule in enumerate(program.earn):
        if rule.stacking == "best" and rule.group is not None:
            groups.setdefault((rule.currency, rule.group), []).append(number)
    mixed: set[int] = set()
    for numbers in groups.values():
        if not alone.keys() >= set(numbers):
            for number in numbers:
                alone.pop(number, None)
        if any(program.earn[number].bonus is not None for number in numbers):
            mixed.update(numbers)
    bonuses = [number for number, rule in alone.items() if rule.bonus is not None]
    for number in bonuses:
        if not mixed.isdisjoint(multiplied(program, number)):
            del alone[number]
    return [
        Reckoned(
            number, rule, rule.group if rule.stacking == "best" else None, number in mixed or rule.bonus is not None
        )
        for number, rule in alone.items()
    ]


def earning_types(program: Program) -> list[str]:
    """The types of events by which rules give that ask for more than the money of a purchase."""
    types = dict.fromkeys(rule.on for rule in program.earn if not is_plain(rule, program))
    if any(name == ACTIVITY or name not in EVENT_TYPES for name in types):
        types.update(dict.fromkeys((ACTIVITY, *program.activities)))
    return list(types)


def multiplied(program: Program, number: int) -> list[int]:
    """The rules of whose points a bonus is a percentage."""
    bonus = program.earn[number]
    assert bonus.bonus is not None
    return [
        other for other, rule in enumerate(program.earn)
        if rule.bonus is None and rule.on == bonus.on and (
            rule.id in bonus.bonus.of if bonus.bonus.of else rule.currency == bonus.currency
        )
    ]  # fmt: skip


def by_tier(program: Program) -> dict[str, list[str]]:
    """By currency what depends on the tier of a member: rules, and what a tier adds."""
    found: dict[str, list[str]] = {}
    for rule in program.earn:
        if any(rate.tiers is not None for rate in rule.rates) or "tier" in reads(rule):
            found.setdefault(rule.currency, []).append(rule.id)
    for level in program.tiers.levels if program.tiers is not None else ():
        for name in dict.fromkeys(rule.currency for rule in program.earn if rule.on == "purchase"):
            if level.earn_percent > PERCENT:
                found.setdefault(name, []).append(f"tier.{level.id}")
    return found


def _of_one_event(rule: EarnRule) -> bool:
    """Whether nothing but the event itself and the member's tier and attributes decide."""
    once_an_order = rule.per is None and rule.per_quantity is None and rule.bonus is None and rule.on == "purchase"
    return (
        ONE_EVENT.issuperset(said(rule)) and not once_an_order and rule.on != "cart_change"
        and "purchases" not in reads(rule)
    )  # fmt: skip
