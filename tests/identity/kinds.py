"""The rules of identifier types in the reference model: a program's `identity.identifiers` as a plain mapping."""

import re
from collections.abc import Mapping
from typing import Any, Final

PLACEHOLDERS: Final = {"", "null", "none", "anonymous", "test", "unknown", "n/a"}
SHARED: Final = {"members": 2, "within": "month", "undo": True}
BUILT_IN: Final[Mapping[str, dict[str, Any]]] = {
    "loyalty":  {"known": True,  "priority": 900, "unique": True},
    "crm":      {"known": True,  "priority": 800},
    "external": {"known": True,  "priority": 700, "unique": True},
    "email":    {"known": True,  "priority": 600},
    "phone":    {"known": True,  "priority": 500},
    "pos":      {"known": False, "priority": 300, "shared": SHARED},
    "device":   {"known": False, "priority": 200, "shared": SHARED},
    "cookie":   {"known": False, "priority": 100, "shared": SHARED},
}  # fmt: skip

Ids = Mapping[str, str | list[str]]
Kinds = Mapping[str, Mapping[str, Any]]


def over_built_in(given: Kinds) -> dict[str, dict[str, Any]]:
    """The built-in types with what a program says of them over it, and the program's own."""
    return {**BUILT_IN, **{name: {**BUILT_IN.get(name, {}), **kind} for name, kind in given.items()}}


def canonical(kinds: Kinds, ids: Ids) -> tuple[list[str], int]:
    """Rule 1: the canonical identifiers of an event, and how many were blocked.

    Blocked ones left out (counted), each once. Order: priority of the type, highest first; within a type as the event
    states them.
    """
    found: list[str] = []
    blocked = 0
    for name in sorted((one for one in ids if one in kinds), key=lambda one: -kinds[one]["priority"]):
        given = ids[name]
        for value in [given] if isinstance(given, str) else given:
            plain = value.strip().lower() if name == "email" else value.strip()
            if is_blocked(kinds[name], plain):
                blocked += 1
            elif f"{name}:{plain}" not in found:
                found.append(f"{name}:{plain}")
    return found, blocked


def is_blocked(kind: Mapping[str, Any], value: str) -> bool:
    """Rule 1: placeholders and the type's `blocked` (without case), what `deny` finds, what no `allow` finds."""
    allowed = kind.get("allow", [])
    return (
        value.lower() in PLACEHOLDERS or not value.strip("0")
        or value.lower() in [one.strip().lower() for one in kind.get("blocked", [])]
        or any(re.search(pattern, value) for pattern in kind.get("deny", []))
        or (bool(allowed) and not any(re.search(pattern, value) for pattern in allowed))
    )  # fmt: skip
