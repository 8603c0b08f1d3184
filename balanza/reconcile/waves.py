"""Recomputes all books from the lines: the SQL of `sql/`, wave by wave."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from duckdb import DuckDBPyConnection, Statement

from balanza.reconcile.coverage import OF_THE_CATALOGUE, Coverage
from balanza.reconcile.ends import fill_ends, fill_held
from balanza.reconcile.erased import find_erased
from balanza.reconcile.lined import fill_line_backs
from balanza.reconcile.rules import earning_types, multiplied, reckoned
from balanza.reconcile.worths import fill_worths
from config.program import Program

UNSETTLED: Final = """
SELECT count(*) FROM joins JOIN people AS one ON one.member_id = joins.member_id
JOIN people AS other ON other.member_id = other_id WHERE one.person != other.person
"""
WAVES: Final = "SELECT coalesce(max(wave), 0) FROM moves"
TURNS: Final = "SELECT coalesce(max(turn), 0) FROM due"
POSTED: Final = "SELECT count(*) FROM posted"
INCOMING: Final = "SELECT count(*) FROM incoming"
TOUCHED: Final = "SELECT count(*) FROM touched"
LAPSES: Final = "SELECT count(*) FROM lapses"
KNOWN: Final = "SELECT count(*) FROM known"
PARTS: Final = """
SELECT (SELECT count(*) FROM run_identity WHERE kind = 'split') + (SELECT count(*) FROM return_lines)
"""
KINDS: Final = "SELECT DISTINCT kind FROM now"
EXTENDING: Final = "SELECT count(*) FROM currencies WHERE extends"
COMING_IN: Final = frozenset({"purchase", "granted", "accrual", "release", "happened"})
REFILLING: Final = frozenset({"redeem_cancel", "split"})
PERCENT: Final = 100

# Which statements a wave needs, by the kinds of its moves.
STEPS: Final = {
    "spending": frozenset({"redeem", "redeem_cancel", "points_adjust"}),
    "given": frozenset({"accrual", "granted"}),
    "releases": frozenset({"release", "happened"}),
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
    terms = [(rule.id, rule.hold.event if rule.hold is not None else None, rule.expires_after) for rule in program.earn]
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
            (one.number, base) for one in alone if one.rule.bonus is not None for base in multiplied(program, one.number)
        ]),
        ("INSERT INTO earning_types VALUES (?)", [(name,) for name in earning_types(program)]),
        ("INSERT INTO believed_rules VALUES (?, ?, ?)", believed),
        ("INSERT INTO terms VALUES (?, ?, ?)", terms),
        ("INSERT INTO bonuses VALUES (?, ?)", bonuses),
        ("INSERT INTO activity_types VALUES (?)", [(name,) for name in ("activity", *program.activities)]),
    ):  # fmt: skip
        if rows:
            connection.executemany(query, rows)


def recompute(connection: DuckDBPyConnection, program: Program, tell: Callable[[int, int], None]) -> None:
    """Fill `accounts` and `changes` from the lines; `tell` gets the waves done and to do."""
    connection.execute(sql("applied"))
    find_erased(connection)
    connection.execute(sql("people"))
    while _number(connection, UNSETTLED):
        connection.execute(sql("joined_people"))
    expires = fill_ends(connection, program)
    fill_held(connection, program)
    connection.execute(f"SET VARIABLE time_zone = '{program.time_zone}'")
    connection.execute(sql("scenes"))
    believed = {row[0] for row in connection.execute("SELECT rule FROM believed_rules").fetchall()}
    fill_worths(connection, program, [pair for pair in enumerate(program.earn) if pair[1].id in believed])
    connection.execute(sql("awards"))
    connection.execute(sql("moves"))
    connection.execute(f"SET VARIABLE parts = {_number(connection, PARTS) > 0}")
    waves = _number(connection, WAVES)
    running = _Waves(connection, expires=expires)
    for wave in range(1, waves + 1):
        connection.execute(f"SET VARIABLE wave = {wave}")
        running.wave()
        tell(wave, waves)
    if expires:
        running.end()


class _Waves:
    """The statements of a wave; which of them are run depends on what happens in it.

    Where points expire, those that are due by the time of a move go before it; what only comes in may go before them.
    """

    def __init__(self, connection: DuckDBPyConnection, *, expires: bool) -> None:
        self._connection, self._expires = connection, expires
        self._extends = bool(self._number(EXTENDING))
        self._steps: dict[str, list[Statement]] = {}

    def wave(self) -> None:
        """Apply the moves of a wave."""
        self._run("wave")
        kinds = {kind for (kind,) in self._connection.execute(KINDS).fetchall()}
        fits = self._expires and (self._extends or not kinds <= COMING_IN)
        if "release" in kinds:
            self._run("holders")
        if fits:
            self._lapse()
        if kinds & {"purchase", "return"}:
            self._orders(returns="return" in kinds)
        for name, moved in STEPS.items():
            if kinds & moved:
                self._run(name)
        if self._expires:
            self._lodge(kinds)
        self._account(fits=fits)
        if self._extends and "redeem" in kinds:
            self._run("stretched")
        if self._number(TOUCHED):
            self._settle()

    def end(self) -> None:
        """Look at everybody once more, at the log's last time."""
        self._run("ended")
        self._lapse(fits=False)

    def _run(self, name: str) -> None:
        """Run all statements of a file."""
        if name not in self._steps:
            self._steps[name] = self._connection.extract_statements(sql(name))
        for statement in self._steps[name]:
            self._connection.execute(statement)

    def _orders(self, *, returns: bool) -> None:
        self._run("orders")
        known = returns or bool(self._number(KNOWN))
        self._run("known_orders" if known else "new_orders")
        self._run("gains")
        if known:
            self._run("earned")
        self._run("earned_anew")

    def _settle(self) -> None:
        self._run("pieces")
        fill_line_backs(self._connection)
        self._run("settled")
        for turn in range(1, self._number(TURNS) + 1):
            self._connection.execute(f"SET VARIABLE turn = {turn}")
            self._run("taken")
            self._account(fits=self._expires)

    def _lodge(self, kinds: set[str]) -> None:
        if self._number(INCOMING):
            self._run("lodged")
            if self._extends:
                self._run("extended")
        if not kinds.isdisjoint(REFILLING):
            self._run("refilled")

    def _account(self, *, fits: bool) -> None:
        if self._number(POSTED):
            self._run("accounts")
            if fits:
                self._run("fitted")

    def _lapse(self, *, fits: bool = True) -> None:
        self._run("lapses")
        if self._number(LAPSES):
            self._run("lapsed")
            self._account(fits=fits)

    def _number(self, query: str) -> int:
        return _number(self._connection, query)


def _number(self, query: str) -> int:
        return _number(self._connection, query)


def _number(connection: DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])
