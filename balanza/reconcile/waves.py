"""Recomputes all books from the lines: the SQL of `sql/`, wave by wave."""

from collections.abc import Callable
from typing import Final

from duckdb import DuckDBPyConnection, Statement

from balanza.reconcile.ends import fill_ends, fill_held
from balanza.reconcile.erased import find_erased
from balanza.reconcile.lined import fill_line_backs
from balanza.reconcile.statements import sql
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
BELIEVED_TOO: Final = """
SELECT rule, (SELECT count(DISTINCT seq) FROM left_to_run WHERE left_to_run.number = reckoned.number) AS few,
       (SELECT count(DISTINCT seq) FROM awards WHERE awards.number = reckoned.number)
FROM reckoned JOIN rule_names USING (number) WHERE rule_names.currency = $currency AND few > 0 ORDER BY number
"""
FIRST_SHORTENED: Final = 4
KEPT: Final = ("accounts", "lots")
BOOKS: Final = (
    "accounts", "lots", "orders", "earned", "order_lines", "redemptions", "draws", "accruals", "holds", "doings",
)  # fmt: skip
NUMBERED: Final = (("lots", "piece"), ("earned", "earning"))

# Which statements a wave needs, by the kinds of its moves.
STEPS: Final = {
    "spending": frozenset({"redeem", "redeem_cancel", "points_adjust"}),
    "given": frozenset({"accrual", "granted"}),
    "releases": frozenset({"release", "happened"}),
    "members": frozenset({"merge", "forgotten"}),
    "splits": frozenset({"split"}),
}


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
        running.wave(wave)
        tell(wave, waves)
    running.end()


def believed_too(connection: DuckDBPyConnection, currency: str) -> list[str]:
    """Rules of a currency that are reckoned, but of some events are believed, with how many of how many."""
    rows = connection.execute(BELIEVED_TOO, {"currency": currency}).fetchall()
    return [f"{rule} for {few:,} of {all_of_them:,} events" for rule, few, all_of_them in rows]


class _Waves:
    """The statements of a wave; which of them are run depends on what happens in it.

    Where points expire, those that are due by the time of a move go before it; what only comes in may go before them.
    """

    def __init__(self, connection: DuckDBPyConnection, *, expires: bool) -> None:
        self._connection, self._expires = connection, expires
        self._extends = bool(self._number(EXTENDING))
        self._steps: dict[str, list[Statement]] = {}

    def wave(self, number: int) -> None:
        """Apply the moves of a wave."""
        self._connection.execute(f"SET VARIABLE wave = {number}")
        if number >= FIRST_SHORTENED and number.bit_count() == 1:
            self._put_away()
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
        """Take together what was put away, and look at everybody once more, at the log's last time."""
        for name in KEPT:
            self._connection.execute(f"INSERT INTO {name} FROM {name}_put_away")
        if self._expires:
            self._run("ended")
            self._lapse(fits=False)

    def _put_away(self) -> None:
        """Leave in the books only those whose story goes on: what a wave costs then follows how many these are."""
        self._run("finished")
        for name in KEPT:
            self._connection.execute(f"INSERT INTO {name}_put_away FROM {name} SEMI JOIN finished USING (owner)")
        for name in BOOKS:
            self._connection.execute(f"CREATE TABLE shorter AS FROM {name} ANTI JOIN finished USING (owner)")
            self._connection.execute(f"DROP TABLE {name}")
            self._connection.execute(f"ALTER TABLE shorter RENAME TO {name}")
        for table, column in NUMBERED:
            number = f"nextval('{column}_numbers')"
            self._connection.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {number}")

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


def _number(connection: DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])
