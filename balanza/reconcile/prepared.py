"""Makes the tables, and puts in what the program says."""

from typing import Final

from duckdb import DuckDBPyConnection

from balanza.reconcile.coverage import OF_THE_CATALOGUE, Coverage
from balanza.reconcile.rules import earning_types, multiplied, reckoned
from balanza.reconcile.statements import sql
from config.program import Program

PERCENT: Final = 100


def prepare(connection: DuckDBPyConnection, program: Program, coverage: Coverage) -> None:
    """Make the tables, and put in what the program says."""
    connection.execute(sql("schema"))
    rules = [
        (number, rule.id, rule.currency, rule.points, rule.per.amount, rule.per.currency, rule.rounding)
        for number, rule in enumerate(program.earn) if rule.per is not None and rule.id not in coverage.believed
    ]  # fmt: skip
    if rules:
        connection.executemany("INSERT INTO rules VALUES (?, ?, ?, ?, ?, ?, ?)", rules)
    currencies = [
        (name, currency.overdraw, currency.late_cancel == "renew", currency.returns,
         currency.expiry.policy == "activity_extends")
        for name, currency in program.currencies.items()
    ]
    if currencies:
        connection.executemany("INSERT INTO currencies VALUES (?, ?, ?, ?, ?)", currencies)
    expires = any(currency.expiry.policy != "never" for currency in program.currencies.values())
    connection.execute(f"SET VARIABLE expires = {expires}")
    connection.execute(f"SET VARIABLE extends = {any(one[-1] for one in currencies)}")
    _prepare_believed(connection, program, coverage)
    if program.rewards:
        connection.executemany("INSERT INTO believed_refusals VALUES (?)", [(reason,) for reason in OF_THE_CATALOGUE])
    spends = [] if program.tiers is None else [one for one in program.tiers.measures.values() if one.of == "spend"]
    connection.execute(f"SET VARIABLE counts_spend = {bool(spends)}")
    connection.execute(f"SET VARIABLE orders_us = {program.retention.orders}")
    connection.execute(f"SET VARIABLE events_us = {program.retention.events}")


def _prepare_believed(connection: DuckDBPyConnection, program: Program, coverage: Coverage) -> None:
    places = {rule.id: number for number, rule in enumerate(program.earn)}
    believed = [(rule, with_order, places.get(rule)) for rule, with_order in coverage.believed.items()]
    terms = [
        (rule.id, None if rule.hold is None else rule.hold.event,
         rule.hold is not None and rule.hold.releases == "quantity", rule.expires_after) for rule in program.earn
    ]  # fmt: skip
    levels = [] if program.tiers is None else program.tiers.levels
    bonuses = [(f"tier.{level.id}", level.earn_percent - PERCENT) for level in levels if level.earn_percent > PERCENT]
    alone = reckoned(program)
    for query, rows in (
        ("INSERT INTO rule_names VALUES (?, ?, ?)", [
            (number, rule.id, rule.currency) for number, rule in enumerate(program.earn)
        ]),
        ("INSERT INTO reckoned VALUES (?, ?, ?, ?, ?, ?)", [
            (one.number, one.rule.currency, one.group, one.late,
             None if one.rule.bonus is None else one.rule.bonus.percent, one.rule.rounding) for one in alone
        ]),
        ("INSERT INTO bonus_of VALUES (?, ?)", [
            (one.number, base) for one in alone if one.rule.bonus is not None
            for base in multiplied(program, one.number)
        ]),
        ("INSERT INTO earning_types VALUES (?)", [(name,) for name in earning_types(program)]),
        ("INSERT INTO believed_rules VALUES (?, ?, ?)", believed),
        ("INSERT INTO terms VALUES (?, ?, ?, ?)", terms),
        ("INSERT INTO bonuses VALUES (?, ?)", bonuses),
        ("INSERT INTO activity_types VALUES (?)", [(name,) for name in ("activity", *program.activities)]),
    ):  # fmt: skip
        if rows:
            connection.executemany(query, rows)
