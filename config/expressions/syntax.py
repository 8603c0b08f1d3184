"""From the text of an expression to a tree, by recursive descent; every refusal names its character.

any    = all { "or" all }                       sum     = product { ("+" | "-") product }
all    = not { "and" not }                      product = signed { ("*" | "//" | "%") signed }
not    = "not" not | comparison                 signed  = "-" signed | value
comparison = sum [ compare sum ]                value   = number | text | true | false | none | name | list
compare = == != < <= > >= in "not in"                     | "(" any ")"
list   = "[" value { "," value } "]"            name    = word { "." word }
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from config.expressions.problem import DEPTH_MAX, INTEGER_MAX, LENGTH_MAX, PARTS_MAX, ExpressionError

COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">", "in", "not in")
WORDS: Final = frozenset({"and", "or", "not", "in", "true", "false", "none"})
CONSTANTS: Final = {"true": True, "false": False, "none": None}

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<sign>==|!=|<=|>=|//|[<>()\[\],+*%-])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A word of the text at character `at`, from 1; `kind` is a group of the pattern."""

    at: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    at: int
    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    at: int
    items: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    at: int
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    at: int
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Joined:
    """`sign` is `and` or `or`."""

    at: int
    sign: str
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """`sign` is a comparison or an operation on numbers."""

    at: int
    sign: str
    left: "Node"
    right: "Node"


Node = Literal | Name | Listed | Negative | Not | Joined | Pair


def parse(text: str) -> Node:
    """The tree of `text`; ExpressionError if it is none."""
    if len(text) > LENGTH_MAX:
        raise ExpressionError(1, f"{len(text)} characters", f"at most {LENGTH_MAX} characters")
    parser = _Parser(_tokens(text))
    tree = parser.any_of()
    parser.end()
    return tree


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    place = 0
    while not tokens or tokens[-1].kind != "end":
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            place = len(text) - len(text[place:].lstrip())
            raise ExpressionError(place + 1, repr(text[place]), _unreadable(text[place]))
        kind = match.lastgroup
        tokens.append(Token(match.start(kind) + 1, kind, match[kind]))
        place = match.end()
        if len(tokens) > PARTS_MAX:
            raise ExpressionError(tokens[-1].at, "one part more", f"at most {PARTS_MAX} words and signs")
    return tokens


def _unreadable(character: str) -> str:
    if character in "\"'":
        return "a closing quote to this one"
    if character in "=!&|/":
        return "==, !=, and, or, not, //"
    return "a name, a whole number, a text in quotes, or a sign"


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def any_of(self) -> Node:
        return self._joined("or")

    def end(self) -> None:
        token = self._peek()
        if token.kind != "end":
            raise self._wrong("and, or, or the end")

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self, *signs: str) -> Token | None:
        """The next token if it is one of `signs` (a quoted text never is)."""
        token = self._peek()
        if token.kind in {"sign", "name"} and token.text in signs:
            self._next += 1
            return token
        return None

    def _wrong(self, expected: str) -> ExpressionError:
        token = self._peek()
        found = "the end" if token.kind == "end" else token.text if token.kind == "text" else repr(token.text)
        return ExpressionError(token.at, found, expected)

    def _deeper(self, steps: int) -> None:
        self._depth += steps
        if self._depth > DEPTH_MAX:
            expected = f"at most {DEPTH_MAX} levels of brackets, not and -"
            raise ExpressionError(self._peek().at, "one level more", expected)

    def _joined(self, sign: str) -> Node:
        operand = self._negated if sign == "and" else lambda: self._joined("and")
        at = self._peek().at
        items = [operand()]
        while self._take(sign):
            items.append(operand())
        return items[0] if len(items) == 1 else Joined(at, sign, tuple(items))

    def _negated(self) -> Node:
        token = self._take("not")
        if token is None:
            return self._comparison()
        self._deeper(1)
        operand = self._negated()
        self._deeper(-1)
        return Not(token.at, operand)

    def _comparison(self) -> Node:
        left = self._sum()
        sign = self._comparing()
        if sign is None:
            return left
        tree = Pair(sign.at, sign.text, left, self._sum())
        again = self._peek()
        if self._comparing() is not None:
            raise ExpressionError(again.at, repr(again.text), "one comparison; join two with and")
        return tree

    def _comparing(self) -> Token | None:
        token = self._peek()
        if token.kind == "name" and token.text == "not" and self._tokens[self._next + 1].text == "in":
            self._next += 2
            return Token(token.at, "sign", "not in")
        return self._take(*COMPARISONS)

    def _sum(self) -> Node:
        tree = self._product()
        while (sign := self._take("+", "-")) is not None:
            tree = Pair(sign.at, sign.text, tree, self._product())
        return tree

    def _product(self) -> Node:
        tree = self._signed()
        while (sign := self._take("*", "//", "%")) is not None:
            tree = Pair(sign.at, sign.text, tree, self._signed())
        return tree

    def _signed(self) -> Node:
        token = self._take("-")
        if token is None:
            return self._value()
        self._deeper(1)
        operand = self._signed()
        self._deeper(-1)
        return Negative(token.at, operand)

    def _value(self) -> Node:
        if (bracket := self._take("(")) is not None:
            self._deeper(1)
            tree = self.any_of()
            self._deeper(-1)
            if self._take(")") is None:
                raise self._wrong(f"a closing bracket for the one at character {bracket.at}")
            return tree
        if (bracket := self._take("[")) is not None:
            return self._listed(bracket.at)
        token = self._peek()
        literal = self._literal()
        if literal is not None:
            return literal
        if token.kind == "name" and token.text not in WORDS:
            self._next += 1
            return Name(token.at, token.text)
        raise self._wrong("a name, a whole number, a text in quotes, true, false, none, a list or a bracket")

    def _literal(self) -> Literal | None:
        token = self._peek()
        if token.kind == "text":
            self._next += 1
            return Literal(token.at, token.text[1:-1])
        if token.kind == "name" and token.text in CONSTANTS:
            self._next += 1
            return Literal(token.at, CONSTANTS[token.text])
        if token.kind == "number":
            if len(token.text) > len(str(INTEGER_MAX)) or int(token.text) > INTEGER_MAX:
                raise self._wrong(f"a whole number up to {INTEGER_MAX}")
            self._next += 1
            return Literal(token.at, int(token.text))
        return None

    def _listed(self, at: int) -> Listed:
        items: list[Literal] = []
        while True:
            literal = self._literal()
            if literal is None or literal.value is None:
                raise self._wrong("a text in quotes or a whole number")
            items.append(literal)
            if self._take("]") is not None:
                return Listed(at, tuple(items))
            if self._take(",") is None:
                raise self._wrong("a comma or ]")
