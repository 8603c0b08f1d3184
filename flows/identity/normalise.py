"""Canonical values of identifiers: what makes two spellings one.

Every rule is idempotent (a canonical value is its own canonical value), so that a value found in the index as it came
needs no rule at all: that spares most look-ups their normalisation.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import phonenumbers

from config.identity import IdentifierType
from config.program import Program

VALUE_CHARS_MAX = 1024
PHONES_REMEMBERED = 1 << 15
PHONE_READINGS_MAX = 20
BLOCKED_VALUES = frozenset(
    {"", "null", "none", "nil", "undefined", "unknown", "anonymous", "test", "n/a", "na", "nan", "false", "true"}
)

PLACEHOLDER_CHARS_MAX = max(map(len, BLOCKED_VALUES))

Rule = Callable[[str], str | None]
Wrong = Literal["blocked", "invalid"]
Judged = tuple[str | None, Wrong | None]

_address = re.compile(r"[^\s@]+@[^\s@]+").fullmatch


def _trim(value: str) -> str | None:
    return value.strip()


def _lower(value: str) -> str | None:
    return value.strip().lower()


def _email(value: str) -> str | None:
    """Lower case, no spaces around; one @ with something on both sides and no space inside."""
    address = value.strip().lower()
    return address if _address(address) else None


def _phone(region: str | None) -> Rule:
    @lru_cache(maxsize=PHONES_REMEMBERED)
    def e164(value: str) -> str | None:
        """Give a possible number in E.164; a number without country code is read in the program's region.

        Read until it stays as it is, since every reading takes off one trunk prefix only (+49 00 30 ...).
        """
        for _ in range(PHONE_READINGS_MAX):
            found = _read_phone(value, region)
            if found is None or found == value:
                return found
            value = found
        return None

    return e164


def _read_phone(value: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _blocked(value: str) -> bool:
    """Say whether a value names nobody: empty, only zeros, a placeholder, or absurdly long."""
    return len(value) > VALUE_CHARS_MAX or value.lower() in BLOCKED_VALUES or not value.strip("0")


class Normaliser:
    """Canonical values by identifier type, as the program says, and whom it lets name nobody.

    `judges` are `canonical` by declared type, for hot loops.
    """

    def __init__(self, program: Program) -> None:
        rules: dict[str, Rule] = {
            "trim": _trim, "lower": _lower, "email": _email, "phone": _phone(program.identity.default_region),
        }  # fmt: skip
        types = program.identity.identifiers
        self._rules = {name: rules[kind.normalise] for name, kind in types.items()}
        refusing = {name: _refusing(kind, self._rules[name]) for name, kind in types.items()}
        self._refusing = {name: names_nobody for name, names_nobody in refusing.items() if names_nobody is not None}
        said = [(name, types[name].blocked, types[name].deny, types[name].allow) for name in sorted(self._refusing)]
        self.refused_by = repr(said)  # the rules by which values are blocked, as a text that two programs share
        self.judges = {name: _judge(rule, self._refusing.get(name)) for name, rule in self._rules.items()}

    def canonical(self, kind: str, value: str) -> Judged:
        """Give the canonical value of a declared type, or None and what was wrong with it."""
        return self.judges[kind](value)

    def refuses(self, kind: str, value: str) -> bool:
        """Say whether the program blocks a canonical value."""
        refusing = self._refusing.get(kind)
        return refusing is not None and refusing(value)

    def unjudged(self, kind: str, value: str) -> str | None:
        """Give a value by the rule of its type alone, where the program blocks some that somebody may have already."""
        return self._rules[kind](value) if kind in self._refusing else None


def _judge(rule: Rule, refusing: Callable[[str], bool] | None) -> Callable[[str], Judged]:
    """Give what makes a value of a type canonical, or says what is wrong with it."""

    def judged(value: str) -> Judged:
        stripped = value.strip()
        like_any = PLACEHOLDER_CHARS_MAX < len(stripped) <= VALUE_CHARS_MAX and stripped[0] != "0"
        if not like_any and _blocked(stripped):
            return None, "blocked"
        found = stripped if rule is _trim else rule(value)
        if found is None:
            return None, "invalid"
        if (found != stripped and _blocked(found)) or (refusing is not None and refusing(found)):
            return None, "blocked"
        return found, None

    return judged


def _refusing(kind: IdentifierType, rule: Rule) -> Callable[[str], bool] | None:
    """Give what says that a value of the type names nobody; None if the program says nothing of it."""
    if not (kind.blocked or kind.deny or kind.allow):
        return None
    given = [*kind.blocked, *(found for value in kind.blocked if (found := rule(value)) is not None)]
    blocked = frozenset(value.strip().lower() for value in given)
    deny = [re.compile(pattern).search for pattern in kind.deny]
    allow = [re.compile(pattern).search for pattern in kind.allow]

    def names_nobody(value: str) -> bool:
        if value.lower() in blocked or any(search(value) for search in deny):
            return True
        return bool(allow) and not any(search(value) for search in allow)

    return names_nobody
