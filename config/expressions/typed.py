"""From the tree of an expression to closures over a `Scene`, after every name and operation has been checked.

A value that is absent (an optional field, an unset attribute, an attribute of another kind than it is compared with)
is missing: every comparison with it is false, so `!=` and `not in` are true, and a sum with it is missing too.
`x == none` asks for it. A truth value alone is true only if it is there and true.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import add, floordiv, ge, gt, le, lt, mod, mul, sub
from typing import Any, Final

from config.expressions.names import ATTRIBUTE, LINE, Kind, Named, Read, attribute_named
from config.expressions.problem import ExpressionError
from config.expressions.scene import Scene
from config.expressions.syntax import Joined, Listed, Literal, Name, Negative, Node, Not, Pair, parse
from config.fields import CLOCK_PATTERN

Test = Callable[[Scene], bool]

_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_SUMS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"+": add, "-": sub, "*": mul, "//": floordiv, "%": mod}
_DIVISIONS: Final = frozenset({"//", "%"})
_NUMBERS: Final = frozenset({"integer", "number"})
_TEXTS: Final = frozenset({"text", "date", "clock"})
_WORDS: Final[Mapping[Kind, str]] = {
    "integer": "a whole number",
    "number": "a number",
    "text": "a text",
    "truth": "true or false",
    "date": 'a date such as "2026-12-24"',
    "clock": 'a time of day such as "08:00"',
    "any": "a value",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A condition ready to be asked; `by_line` says that it looks at single lines of an order, `reads` at what."""

    text: str
    test: Test
    reads: frozenset[str]

    @property
    def by_line(self) -> bool:
        """Whether the answer may differ from line to line of an order."""
        return any(name.startswith(LINE) for name in self.reads)


@dataclass(frozen=True, slots=True)
class _Value:
    """An operand: its kind and how it is read; `literal` where the text itself has the value."""

    at: int
    kind: Kind
    read: Read
    accepted: frozenset[str] | None = None
    literal: str | int | bool | None = None
    what: str = ""


def compile_expression(text: str, names: Mapping[str, Named]) -> Expression:
    """The condition that `text` says over `names`; ExpressionError if it says none."""
    compiler = _Compiler(names)
    tree = parse(text)
    test = compiler.truth(tree)
    if not compiler.reads:
        raise ExpressionError(tree.at, repr(text), "a condition that reads something of the event or the member")
    return Expression(text, test, frozenset(compiler.reads))


class _Compiler:
    def __init__(self, names: Mapping[str, Named]) -> None:
        self._names = names
        self.reads: set[str] = set()

    def truth(self, node: Node) -> Test:
        """A condition."""
        match node:
            case Joined():
                return _joined(node.sign, [self.truth(item) for item in node.items])
            case Not():
                inner = self.truth(node.operand)
                return lambda scene: not inner(scene)
            case Pair(sign="in" | "not in"):
                return self._contained(node)
            case Pair(sign=sign) if sign in _ORDERS:
                return self._ordered(node)
            case Pair(sign="==" | "!="):
                return self._equal(node)
            case _:
                return self._alone(self._value(node))

    @staticmethod
    def _alone(value: _Value) -> Test:
        if value.kind not in {"truth", "any"}:
            raise ExpressionError(value.at, value.what, "a condition, such as a comparison")
        read = value.read
        return lambda scene: read(scene) is True

    def _value(self, node: Node) -> _Value:
        match node:
            case Literal(value=None):
                raise ExpressionError(node.at, "none", "none only beside == or !=")
            case Literal():
                return _literal(node)
            case Name():
                return self._named(node)
            case Negative():
                inner = self._number(node.operand, "-")
                read = inner.read
                negative = lambda scene: None if (v := read(scene)) is None else -v  # noqa: E731 - as the others are
                return _Value(node.at, inner.kind, negative, what="a sum")
            case Pair() if node.sign in _SUMS:
                return self._sum(node)
            case Listed():
                raise ExpressionError(node.at, "a list", "a list only behind in")
            case _:
                raise ExpressionError(node.at, "a condition", "a value; put brackets around it and compare")

    def _named(self, node: Name) -> _Value:
        named = self._names.get(node.text)
        if named is None and node.text.startswith(ATTRIBUTE):
            named = attribute_named(node.text.removeprefix(ATTRIBUTE))
        if named is None:
            accepted = [*self._names, f"{ATTRIBUTE}NAME"]
            raise ExpressionError(node.at, repr(node.text), f"a name: {', '.join(sorted(accepted))}", accepted)
        self.reads.add(node.text)
        return _Value(node.at, named.kind, named.read, named.accepted, None, node.text)

    def _number(self, node: Node, sign: str) -> _Value:
        value = self._value(node)
        if value.kind == "any":
            return _as_kind(value, "integer")
        if value.kind not in _NUMBERS:
            raise ExpressionError(value.at, _found(value), f"a number beside {sign}")
        return value

    def _sum(self, node: Pair) -> _Value:
        left, right = self._number(node.left, node.sign), self._number(node.right, node.sign)
        if node.sign in _DIVISIONS and not right.literal:
            raise ExpressionError(right.at, right.what, f"a whole number above 0 as written behind {node.sign}")
        kind: Kind = "integer" if left.kind == right.kind == "integer" else "number"
        operate, one, other = _SUMS[node.sign], left.read, right.read

        def read(scene: Scene) -> Any:  # noqa: ANN401 - an int or a float, as the operands are
            first, second = one(scene), other(scene)
            return None if first is None or second is None else operate(first, second)

        return _Value(left.at, kind, read, what="a sum")

    def _ordered(self, node: Pair) -> Test:
        left, right = self._alike(node)
        if left.kind in {"text", "truth"}:
            expected = f"numbers, dates or times beside {node.sign}"
            raise ExpressionError(left.at, _found(left), expected)
        compare, one, other, fixed = _ORDERS[node.sign], left.read, right.read, right.literal
        if fixed is not None:
            return lambda scene: (v := one(scene)) is not None and compare(v, fixed)
        return lambda scene: (v := one(scene)) is not None and (w := other(scene)) is not None and compare(v, w)

    def _equal(self, node: Pair) -> Test:
        equal = self._same(node)
        return equal if node.sign == "==" else lambda scene: not equal(scene)

    def _same(self, node: Pair) -> Test:
        for side, absent in ((node.left, node.right), (node.right, node.left)):
            if isinstance(absent, Literal) and absent.value is None:
                read = self._value(side).read
                return lambda scene: read(scene) is None
        left, right = self._alike(node)
        one, other, fixed = left.read, right.read, right.literal
        if fixed is not None:
            return lambda scene: one(scene) == fixed
        return lambda scene: (v := one(scene)) is not None and v == other(scene)

    def _alike(self, node: Pair) -> tuple[_Value, _Value]:
        """Both sides of a comparison as the same kind, a literal on the right if there is one."""
        left, right = self._value(node.left), self._value(node.right)
        if left.kind == right.kind == "any":
            raise ExpressionError(right.at, right.what, "one side whose kind is known beside an attribute")
        left, right = _as_kind(left, right.kind), _as_kind(right, left.kind)
        if left.kind != right.kind and not {left.kind, right.kind} <= _NUMBERS:
            raise ExpressionError(right.at, _found(right), f"{_WORDS[left.kind]}, as {left.what} is")
        _check_word(left, right)
        _check_word(right, left)
        return left, right

    def _contained(self, node: Pair) -> Test:
        inside = self._listed(node, node.right) if isinstance(node.right, Listed) else self._among(node)
        return inside if node.sign == "in" else lambda scene: not inside(scene)

    def _listed(self, node: Pair, listed: Listed) -> Test:
        """A value among those written out."""
        value = self._value(node.left)
        words = set()
        for item in listed.items:
            word = _literal(item)
            value = _as_kind(value, word.kind)
            word = _as_kind(word, value.kind)
            if value.kind != word.kind and not {value.kind, word.kind} <= _NUMBERS:
                raise ExpressionError(word.at, _found(word), f"{_WORDS[value.kind]}, as {value.what} is")
            _check_word(value, word)
            words.add(word.literal)
        read = value.read
        return lambda scene: read(scene) in words

    def _among(self, node: Pair) -> Test:
        """A text among those of an attribute that holds a list."""
        left, right = _as_kind(self._value(node.left), "text"), self._value(node.right)
        if right.kind != "any":
            raise ExpressionError(right.at, right.what, "a list or an attribute that holds one")
        if left.kind != "text":
            raise ExpressionError(left.at, _found(left), "a text beside a list of texts")
        one, other = left.read, right.read
        return lambda scene: isinstance(words := other(scene), list) and one(scene) in words


def _joined(sign: str, tests: list[Test]) -> Test:
    if len(tests) == 2:  # noqa: PLR2004 - two is what people write, and a loop costs more than both
        first, second = tests
        if sign == "and":
            return lambda scene: first(scene) and second(scene)
        return lambda scene: first(scene) or second(scene)
    if sign == "and":
        return lambda scene: all(test(scene) for test in tests)
    return lambda scene: any(test(scene) for test in tests)


def _literal(node: Literal) -> _Value:
    value = node.value
    kind: Kind = "truth" if isinstance(value, bool) else "integer" if isinstance(value, int) else "text"
    what = f'"{value}"' if kind == "text" else str(value).lower()
    return _Value(node.at, kind, lambda _: value, None, value, what)


def _found(value: _Value) -> str:
    return value.what if value.literal is not None else f"{value.what} ({_WORDS[value.kind]})"


def _as_kind(value: _Value, kind: Kind) -> _Value:
    """`value` taken as `kind` where it is an attribute, or a text that is written as a date or time; else itself."""
    if value.kind == "any" and kind != "any":
        read, types = value.read, _TYPES[kind]
        typed = lambda scene: v if type(v := read(scene)) in types else None  # noqa: E731 - as the others are
        return _Value(value.at, kind, typed, None, None, value.what)
    if value.kind == "text" and value.literal is not None and kind in {"date", "clock"}:
        if not _is_written(str(value.literal), kind):
            raise ExpressionError(value.at, value.what, _WORDS[kind])
        return _Value(value.at, kind, value.read, None, value.literal, value.what)
    return value


_TYPES: Final[Mapping[Kind, frozenset[type]]] = {
    "integer": frozenset({int, float}),
    "number": frozenset({int, float}),
    "text": frozenset({str}),
    "date": frozenset({str}),
    "clock": frozenset({str}),
    "truth": frozenset({bool}),
}


def _is_written(text: str, kind: Kind) -> bool:
    if kind == "clock":
        return re.fullmatch(CLOCK_PATTERN, text) is not None
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_word(value: _Value, literal: _Value) -> None:
    """Refuse a word that `value` never holds."""
    accepted = value.accepted
    if accepted is not None and literal.literal is not None and literal.literal not in accepted:
        listed = ", ".join(sorted(accepted)) or "there is none"
        raise ExpressionError(literal.at, literal.what, f"one of {value.what}: {listed}", accepted)
