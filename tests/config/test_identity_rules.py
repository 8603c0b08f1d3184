"""Rules of identifier types that contradict themselves are refused at the start, each with its line and what would do."""
# ruff: noqa: E501  # a message is one line, and so is its row

from pathlib import Path

import pytest

from config.loader import ProgramError, load_program
from tests.config.samples import SMALLEST

WITHIN = "'ever' or 'year' or 'month' or 'week'"
PRIORITY = "a priority of its own, so that the order is total"
PATTERN = "a regular expression (Python's syntax)"

# what stands under `identity.identifiers` from line 8 on | line, path and message
REFUSED = [
    ("loyalty: {max: {values: 3}}",                    "8: identity.identifiers.loyalty.max.values: found 3; expected 1, since the type is `unique`; leave `max` out, or set `unique: false`"),
    ("badge: {known: true, priority: 1, unique: true, max: {values: 3, within: year}}", "8: identity.identifiers.badge.max.values: found 3; expected 1, since the type is `unique`; leave `max` out, or set `unique: false`"),
    ("badge: {known: true}",                           "8: identity.identifiers.badge.priority: missing key 'priority'; expected a whole number from 1 to 1000"),
    ("badge: {known: true, priority: 600}",            f"8: identity.identifiers.badge.priority: found 600; expected {PRIORITY}; email has 600 already"),
    ("a: {known: true, priority: 7}\n    b: {known: false, priority: 7}", f"9: identity.identifiers.b.priority: found 7; expected {PRIORITY}; a has 7 already"),
    ("email: {priority: 0}",                           "8: identity.identifiers.email.priority: found 0; expected a whole number from 1 to 1000"),
    ("email: {priority: high}",                        "8: identity.identifiers.email.priority: found 'high'; expected a whole number from 1 to 1000"),
    ("email:\n      deny: [ok, '(open']",              f"9: identity.identifiers.email.deny.1: found '(open'; expected {PATTERN}: missing ), unterminated subpattern at position 0"),
    ("email: {allow: ['[z-a]']}",                      f"8: identity.identifiers.email.allow.0: found '[z-a]'; expected {PATTERN}: bad character range z-a at position 1"),
    ("email: {max: {values: 2, within: day}}",         f"8: identity.identifiers.email.max.within: found 'day'; expected {WITHIN}"),
    ("email: {max: {within: year}}",                   "8: identity.identifiers.email.max.values: missing key 'values'; expected a whole number from 1 to 100000"),
    ("email: {max: 2}",                                "8: identity.identifiers.email.max: found 2; expected a mapping with the keys values, within"),
    ("phone: {shared: {members: 2, within: century}}", f"8: identity.identifiers.phone.shared.within: found 'century'; expected {WITHIN}"),
    ("phone: {shared: {members: 0}}",                  "8: identity.identifiers.phone.shared.members: found 0; expected a whole number from 1 to 10000"),
]  # fmt: skip


def said_of(tmp_path: Path, rules: str) -> list[str]:
    """What the loader says of a program with these rules, `FILE:` left out."""
    path = tmp_path / "kiosk.yaml"
    path.write_text(f"{SMALLEST}identity:\n  identifiers:\n    {rules}\n", encoding="utf-8")
    try:
        load_program(path)
    except ProgramError as error:
        return [str(problem).removeprefix(f"{path}:") for problem in error.problems]
    return []


@pytest.mark.parametrize(("rules", "expected"), REFUSED)
def test_rules_that_cannot_hold_are_refused(tmp_path: Path, rules: str, expected: str) -> None:
    """With the file, the line, the field, what was found, and what is accepted."""
    assert said_of(tmp_path, rules) == [expected]


@pytest.mark.parametrize(
    "rules",
    [
        "loyalty: {max: {values: 1}}",
        "loyalty: {unique: false, max: {values: 3}}",
        "cookie: {shared: null, max: null}",
        "badge: {known: true, priority: 601}",
        "email: {priority: 601}\n    badge: {known: true, priority: 600}",
    ],
)
def test_rules_that_only_look_alike_are_accepted(tmp_path: Path, rules: str) -> None:
    """One value of a unique type is no contradiction; a built-in type's priority is free when it has another."""
    assert said_of(tmp_path, rules) == []


def test_all_contradictions_come_at_once(tmp_path: Path) -> None:
    """In the order of lines, beside other mistakes of the section."""
    found = said_of(tmp_path, "loyalty: {max: {values: 2}}\n    email: {deny: ['(']}\n    badge: {known: true, priority: 800}")
    assert [problem.partition(": ")[0] for problem in found] == ["8", "9", "10"]
