"""What each event is worth by each earn rule, reckoned in SQL: conditions, rates, lines, minimums, windows, hours.

What a rule counts over several events (caps, budgets, the first so many, birthdays, which of a group is best) is not
known here: of such rules the run is believed how many points they gave, and only what the lines counted for is used.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from duckdb import DuckDBPyConnection

from balanza.reconcile.conditions import ATTRIBUTE, CLOCK, attribute_column, condition, quoted
from balanza.reconcile.rules import looks_at_lines, names_of_rule, reads
from balanza.reconcile.statements import sql
from config.earning import EarnRule, Hours, Rate
from config.program import Program
from schemas.events import EVENT_TYPES

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def fill_worths(connection: DuckDBPyConnection, program: Program, rules: Iterable[tuple[int, EarnRule]]) -> None:
    """Fill `worths` for these rules of the program, after `scenes`."""
    rules = list(rules)
    names = {name for _, rule in rules for name in reads(rule) if name.startswith(ATTRIBUTE)}
    for name in sorted(name.removeprefix(ATTRIBUTE) for name in names):
        path = quoted(f'$."{name}"')
        for statement in sql("attribute").format(column=attribute_column(name), path=path).split(";\n"):
            connection.execute(statement)
    for number, rule in rules:
        connection.execute(_worth(rule, number, program))


def _worth(rule: EarnRule, number: int, program: Program) -> str:
    when = None if rule.when is None else condition(rule.when, names_of_rule(rule))
    by_line = when is not None and when.by_line
    of_type = f"tag = {quoted(rule.on)}" if rule.on in EVENT_TYPES else f"tag = 'activity' AND kind = {quoted(rule.on)}"
    holds = [of_type, *_times(rule)]
    if when is not None and not by_line:
        holds.append(when.sql)
    if not program.identity.retroactive_earn:
        holds.append("known")
    money = rule.per or rule.minimum
    if money is not None:
        holds.append(f"(data ->> '$.total.currency') = {quoted(money.currency)}")
    counts = [] if when is None or not by_line else [when.sql]
    if rule.exclude is not None:
        for column, names in (("category", rule.exclude.categories), ("sku", rule.exclude.skus)):
            counts += [f"coalesce({column} NOT IN {_listed(names)}, true)"] if names else []
    of_pieces = rule.per_quantity is not None
    return sql("worth").format(
        rate=_rate(rule, on_line=False), line_rate=_rate(rule, on_line=True), holds=" AND ".join(holds),
        counts=" AND ".join(counts) or "true", looks="true" if of_pieces or looks_at_lines(rule) else "false",
        article="counts" if of_pieces else "amount > 0", article_amount="sum(amount)",
        article_weight="sum(CAST(pieces * 1000000 AS HUGEINT) * rate)" if of_pieces
        else "sum(CASE WHEN counts THEN amount::HUGEINT * rate ELSE 0 END)",
        lines_only="true" if by_line else "false", points=_points(rule), weight="pieces" if of_pieces else "weight",
        enough=_enough(rule, by_line=by_line), number=number, sure=_sure(rule), of_type=of_type,
    )  # fmt: skip


def _points(rule: EarnRule) -> str:
    rounding = quoted(rule.rounding)
    if rule.bonus is not None:
        return "1"
    if rule.per is not None:
        return f"rounded(weight * upper, lower * {rule.per.amount}, {rounding})"
    if rule.per_quantity is None:
        return "total_rate::HUGEINT"
    if rule.on == "purchase":
        return f"rounded(greatest(pieces, 0), 1000000::HUGEINT * {rule.per_quantity}, {rounding})"
    quantity = "CAST(coalesce(data ->> 'quantity', '1') AS DECIMAL(28, 6))"
    weighted = f"CAST(greatest({quantity}, 0) * 1000000 AS HUGEINT) * total_rate"
    return f"rounded({weighted}, 1000000::HUGEINT * {rule.per_quantity}, {rounding})"


def _enough(rule: EarnRule, *, by_line: bool) -> str:
    enough = []
    if rule.minimum is not None:
        enough.append(f"greatest(counts * upper, 0) >= {rule.minimum.amount} * lower")
    if rule.minimum is not None and rule.per is None:
        enough.append("counts * upper > 0")
    if by_line and rule.per is None:
        enough.append("coalesce(any_counts, false)")
    return " AND ".join(enough) or "true"


def _rate(rule: EarnRule, *, on_line: bool) -> str:
    cases = [f"WHEN {fits} THEN {rate.points}" for rate in rule.rates if (fits := _fits(rate, rule, on_line=on_line))]
    return f"CASE {' '.join(cases)} ELSE {rule.points or 1} END" if cases else str(rule.points or 1)


def _fits(rate: Rate, rule: EarnRule, *, on_line: bool) -> str:
    """When a rate counts; empty if it is of single lines and no line is looked at."""
    fits = []
    if rate.when is not None:
        when = condition(rate.when, names_of_rule(rule))
        if when.by_line and not on_line:
            return ""
        fits.append(when.sql)
    if rate.categories is not None and not on_line:
        return ""
    for column, names in (
        ("tier", rate.tiers), ("category", rate.categories), ("data ->> 'store'", rate.stores),
        ("data ->> 'channel'", rate.channels),
    ):  # fmt: skip
        if names is not None:
            fits.append(f"coalesce(({column}) IN {_listed(names)}, false)")
    return " AND ".join(fits) or "true"


def _sure(rule: EarnRule) -> str:
    names = reads(rule)
    sure = []
    if any(name.startswith(ATTRIBUTE) for name in names):
        sure.append("alone")
    if names & CLOCK.keys() or ((rule.between or rule.hours) and rule.clock == "member"):
        sure.append("of_this_zone")
    return " AND ".join(sure) or "true"


def _times(rule: EarnRule) -> Iterator[str]:
    if rule.between:
        windows = []
        for window in rule.between:
            start, end = datetime.fromisoformat(window.start), datetime.fromisoformat(window.end)
            end += timedelta(days=0 if "T" in window.end else 1)
            windows.append(f"local >= TIMESTAMP '{start}' AND local < TIMESTAMP '{end}'")
        yield f"({' OR '.join(windows)})"
    if rule.hours:
        yield f"({' OR '.join(map(_within, rule.hours))})"


def _within(hours: Hours) -> str:
    """Local clock times on some days; what spans midnight is of the day it begins on."""
    now, days = "strftime(local, '%H:%M')", _listed(list(hours.days or WEEKDAYS))
    today, yesterday = "lower(dayname(local))", "lower(dayname(local - INTERVAL 1 DAY))"
    if hours.start < hours.end:
        return f"({now} >= '{hours.start}' AND {now} < '{hours.end}' AND {today} IN {days})"
    return (
        f"({now} >= '{hours.start}' AND {today} IN {days} OR {now} < '{hours.end}' AND {now} < '{hours.start}' "
        f"AND {yesterday} IN {days})"
    )


def _listed(names: list[str]) -> str:
    return "(" + ", ".join(map(quoted, names)) + ")"
