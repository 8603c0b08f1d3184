"""Recomputes all books from the lines: the SQL of `sql/`, wave by wave."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from duckdb import DuckDBPyConnection, Statement

from balanza.reconcile.coverage import OF_THE_CATALOGUE, Coverage
from balanza.reconcile.ends import fill_ends
from balanza.reconcile.erased import find_erased
from config.program import Program

UNSETTLED: Final = """
SELECT count(*) FROM joins JOIN people AS one ON one.member_id = joins.member_id
JOIN people AS other ON other.member_id = other_id WHERE one.person != other.person
"""
WAVES: Final = "SELECT coalesce(max(wave), 0) FROM moves"
TURNS: Final = "SELECT coalesce(max(turn), 0) FROM due"
POSTED: Final = "SELECT count(*) FROM posted"
TOUCHED: Final = "SELECT count(*) FROM touched"
LAPSING: Final = "SELECT count(*) FROM lots WHERE points > 0 AND expires_us <= (SELECT max(at_us) FROM now)"
KINDS: Final = "SELECT DISTINCT kind FROM now"

# Which statements a wave needs, by the kinds of its moves.
STEPS: Final = {
    "orders": frozenset({"purchase", "return"}),
    "spending": frozenset({"redeem", "redeem_cancel", "points_adjust"}),
    "given": frozenset({"accrual", "release", "granted"}),
    "members": frozenset({"merge", "forgotten"}),
    "splits": frozenset({"split"}),
}


@cache
def sql(name: str) -> str:
    """The text of a file of SQL that stands beside this one."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


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
        (name, currency.overdraw, currency.late_cancel == "renew", currency.returns)
        for name, currency in program.currencies.items()
    ]
    if currencies:
        connection.executemany("INSERT INTO currencies VALUES (?, ?, ?, ?)", currencies)
    expires = any(currency.expiry.policy != "never" for currency in program.currencies.values())
    connection.execute(f"SET VARIABLE expires = {expires}")
    if coverage.believed:
        connection.executemany("INSERT INTO believed_rules VALUES (?, ?)", list(coverage.believed.items()))
    if program.rewards:
        connection.executemany("INSERT INTO believed_refusals VALUES (?)", [(reason,) for reason in OF_THE_CATALOGUE])
    connection.execute(f"SET VARIABLE orders_us = {program.retention.orders}")
    connection.execute(f"SET VARIABLE events_us = {program.retention.events}")


def recompute(connection: DuckDBPyConnection, program: Program, tell: Callable[[int, int], None]) -> None:
    """Fill `accounts` and `changes` from the lines; `tell` gets the waves done and to do."""
    connection.execute(sql("applied"))
    find_erased(connection)
    connection.execute(sql("people"))
    while _number(connection, UNSETTLED):
        connection.execute(sql("joined_people"))
    expires = fill_ends(connection, program)
    connection.execute(sql("moves"))
    waves = _number(connection, WAVES)
    names = ("wave", "accounts", "fitted", "lapsed", "settled", "taken", *STEPS)
    steps = {name: connection.extract_statements(sql(name)) for name in names}
    for wave in range(1, waves + 1):
        connection.execute(f"SET VARIABLE wave = {wave}")
        _run(connection, steps["wave"])
        _wave(connection, steps, expires=expires)
        tell(wave, waves)
    if expires:
        connection.execute(sql("ended"))
        for name in ("lapsed", "accounts"):
            _run(connection, steps[name])


def _wave(connection: DuckDBPyConnection, steps: dict[str, list[Statement]], *, expires: bool) -> None:
    """Apply the moves of a wave; where points expire, those that are due by then have gone before, and go after."""

    def account() -> None:
        if not _number(connection, POSTED):
            return
        for name in ("accounts", "fitted") if expires else ("accounts",):
            _run(connection, steps[name])

    def lapse() -> None:
        if expires and _number(connection, LAPSING):
            _run(connection, steps["lapsed"])
            account()

    lapse()
    kinds = {kind for (kind,) in connection.execute(KINDS).fetchall()}
    for name, moved in STEPS.items():
        if kinds & moved:
            _run(connection, steps[name])
    account()
    if _number(connection, TOUCHED):
        _run(connection, steps["settled"])
        for turn in range(1, _number(connection, TURNS) + 1):
            connection.execute(f"SET VARIABLE turn = {turn}")
            _run(connection, steps["taken"])
            account()
    lapse()


def _run(connection: DuckDBPyConnection, statements: list[Statement]) -> None:
    for statement in statements:
        connection.execute(statement)


def _number(connection: DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])
