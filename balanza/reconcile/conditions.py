"""Conditions of a program as SQL over a row of `scenes` (and of `event_lines`), by docs/expressions.md alone.

What is missing is NULL, and a comparison with it is false. The kind of an attribute is only known when it is read, so
it is read as the kind it is compared with.
"""

from typing import Final

from msgspec import Struct

from config.expressions.names import Kind, names_of
from config.expressions.syntax import Joined, Listed, Literal, Name, Negative, Node, Not, Pair, parse

ATTRIBUTE: Final = "attribute."
LINE: Final = "line."
NUMBERS: Final = ("integer", "number")
SIGNS: Final = {"==": "=", "!=": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
CLOCK: Final = {
    "weekday": "lower(dayname(local))", "hour": "hour(local)", "day": "day(local)", "month": "month(local)",
    "year": "year(local)", "date": "strftime(local, '%Y-%m-%d')", "time": "strftime(local, '%H:%M')",
}  # fmt: skip
OF_LINES: Final = {"line.category": "category", "line.sku": "sku", "line.quantity": "quantity", "line.amount": "amount"}
OF_KIND: Final = {
    "text": "VARCHAR", "date": "VARCHAR", "clock": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE",
    "truth": "BOOLEAN",
}  # fmt: skip
OF_JSON: Final = {
    "integer": "('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')", "number": "('BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE')",
    "text": "('VARCHAR')", "date": "('VARCHAR')", "clock": "('VARCHAR')", "truth": "('BOOLEAN')",
}  # fmt: skip


class Condition(Struct):
    """A condition in SQL, true or false, never NULL, and the names it reads."""

    sql: str
    reads: frozenset[str]

    @property
    def by_line(self) -> bool:
        """Whether it is asked for each line."""
        return any(name.startswith(LINE) for name in self.reads)


class _Term(Struct):
    sql: str
    kind: Kind
    written: bool = False


def condition(text: str, on: str) -> Condition:
    """The condition that a rule for events of type `on` says."""
    writer = _Writer(on)
    sql = writer.truth(parse(text))
    return Condition(sql, frozenset(writer.reads))


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def attribute_column(name: str) -> str:
    """The column of `scenes` that has an attribute."""
    return '"attribute ' + name.replace('"', '""') + '"'


class _Writer:
    def __init__(self, on: str) -> None:
        self._names = names_of(on)
        self.reads: set[str] = set()

    def truth(self, node: Node) -> str:
        match node:
            case Joined():
                return "(" + f" {node.sign.upper()} ".join(self.truth(item) for item in node.items) + ")"
            case Not():
                return f"(NOT {self.truth(node.operand)})"
            case Pair(sign="in" | "not in"):
                among = self._among(node)
                return among if node.sign == "in" else f"(NOT {among})"
            case Pair(sign=sign) if sign in SIGNS:
                compared = self._compared(node)
                return f"(NOT {compared})" if sign == "!=" else compared
            case _:
                return f"coalesce({_read_as(self._term(node), 'truth').sql}, false)"

    def _compared(self, node: Pair) -> str:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, Literal) and other.value is None:
                term = self._term(side)
                missing = f" OR json_type({term.sql}) = 'NULL'" if term.kind == "any" else ""
                return f"({term.sql} IS NULL{missing})"
        left, right = self._term(node.left), self._term(node.right)
        left, right = _read_as(left, right.kind), _read_as(right, left.kind)
        return f"coalesce({left.sql} {SIGNS[node.sign]} {right.sql}, false)"

    def _among(self, node: Pair) -> str:
        term = self._term(node.left)
        if isinstance(node.right, Listed):
            words = [self._term(item) for item in node.right.items]
            term = _read_as(term, words[0].kind)
            return f"coalesce({term.sql} IN ({', '.join(word.sql for word in words)}), false)"
        term, listed = _read_as(term, "text"), self._term(node.right)
        return (
            f"coalesce(json_type({listed.sql}) = 'ARRAY' "
            f"AND list_contains(CAST({listed.sql} AS VARCHAR[]), {term.sql}), false)"
        )

    def _term(self, node: Node) -> _Term:
        match node:
            case Literal(value=bool() as value):
                return _Term(str(value).lower(), "truth", written=True)
            case Literal(value=int() as value):
                return _Term(str(value), "integer", written=True)
            case Literal(value=str() as value):
                return _Term(quoted(value), "text", written=True)
            case Name():
                return self._named(node.text)
            case Negative():
                term = _as_number(self._term(node.operand))
                return _Term(f"(-{term.sql})", term.kind)
            case Pair():
                return self._sum(node.sign, _as_number(self._term(node.left)), _as_number(self._term(node.right)))
            case _:
                raise AssertionError(node)

    def _named(self, name: str) -> _Term:
        self.reads.add(name)
        if name.startswith(ATTRIBUTE):
            return _Term(attribute_column(name.removeprefix(ATTRIBUTE)), "any")
        kind = self._names[name].kind
        if name in CLOCK:
            return _Term(CLOCK[name], kind)
        if name in OF_LINES:
            return _Term(OF_LINES[name], kind)
        if name in {"tier", "known", "purchases", "kind"}:
            return _Term(name, kind)
        if name.endswith(".currency"):
            return _Term(f"(data ->> '$.{name}')", kind)
        money = f"{name}.currency" in self._names
        path = f"$.{name}.amount" if money else f"$.{name}"
        return _Term(f"TRY_CAST((data ->> '{path}') AS {OF_KIND[kind]})", kind)

    @staticmethod
    def _sum(sign: str, left: _Term, right: _Term) -> _Term:
        whole = left.kind == right.kind == "integer"
        kind: Kind = "integer" if whole else "number"
        one, other = (f"({term.sql})::HUGEINT" if whole else f"({term.sql})::DOUBLE" for term in (left, right))
        if sign not in {"//", "%"}:
            return _Term(f"({one} {sign} {other})", kind)
        rest = f"((({one} % {other}) + {other}) % {other})"
        if sign == "%":
            return _Term(rest, kind)
        return _Term(f"(({one} - {rest}) // {other})" if whole else f"floor({one} / {other})", kind)


def _as_number(term: _Term) -> _Term:
    return _read_as(term, "number") if term.kind == "any" else term


def _read_as(term: _Term, kind: Kind) -> _Term:
    """An attribute as the kind that it stands beside; everything else as it is."""
    if term.kind != "any" or kind == "any":
        return term
    typed = "DOUBLE" if kind in NUMBERS else OF_KIND[kind]
    read = f"CASE WHEN json_type({term.sql}) IN {OF_JSON[kind]} THEN TRY_CAST(({term.sql} ->> '$') AS {typed}) END"
    return _Term(read, kind)
