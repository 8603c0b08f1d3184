"""Which changes of a program may continue on existing state, and the form in which a program is kept beside it.

Incompatible is what changes who is who or what a stored balance means, because the past would have to be computed
anew: the program's name, `identity.default_region`, fewer `identity.spaces`, an identifier type whose `known` or
`normalise` changes, an identifier type or a currency that is removed. Everything else continues and holds from the
next event on: rules of identifier types, earn rules and their money, rounding, tiers, offers, rewards, signals,
channels, purposes, rules, templates, caps, quiet hours, retention, limits, activities, the time zone, new currencies,
what a currency says of expiry and returns, new identifier types, new spaces. Points that were posted stay as they were
posted.
"""

import json
from collections.abc import Iterator
from itertools import count
from typing import Final

from config.identity import BUILT_IN_IDENTIFIERS, Identity
from config.program import Program

START_ANEW: Final = "or start anew in another folder or with `--fresh` and replay the log"


def incompatibilities(old: Program, new: Program) -> list[str]:
    """Why state made by `old` cannot continue under `new`: sentences with the remedy, empty if it can."""
    return [
        *_name(old, new),
        *_region(old.identity, new.identity),
        *_spaces(old.identity, new.identity),
        *_identifiers(old.identity, new.identity),
        *_currencies(old, new),
    ]


def dump_program(program: Program) -> str:
    """`program` as JSON with sorted keys: equal programs give equal text, whatever the order of their mappings."""
    plain = program.model_dump(mode="json", by_alias=True)
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def parse_program(text: str) -> Program:
    """The program that `dump_program` wrote; pydantic's ValidationError (a ValueError) if it is none."""
    try:
        kept = json.loads(text)
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        return Program.model_validate_json(text)
    _give_priorities(kept.get("identity", {}).get("identifiers", {}))
    return Program.model_validate_json(json.dumps(kept))


def _give_priorities(types: dict[str, dict[str, object]]) -> None:
    """Give the types of a program that was kept before types had priorities one each; it may change at any time."""
    taken: set[object] = {kind.priority for kind in BUILT_IN_IDENTIFIERS.values()}
    taken.update(kind.get("priority") for kind in types.values())
    free = (number for number in count(1) if number not in taken)
    for name, kind in types.items():
        if "priority" not in kind:
            built_in = BUILT_IN_IDENTIFIERS.get(name)
            kind["priority"] = next(free) if built_in is None else built_in.priority


def _name(old: Program, new: Program) -> Iterator[str]:
    if old.program != new.program:
        yield (
            f"The state belongs to the program {old.program!r}, not to {new.program!r}; "
            f"keep `program: {old.program}` {START_ANEW}."
        )


def _region(old: Identity, new: Identity) -> Iterator[str]:
    before, after = old.default_region, new.default_region
    if before != after:
        keep = f"keep `identity.default_region: {before}`" if before else "leave `identity.default_region` out"
        yield (
            f"identity.default_region changed from {before or 'none'} to {after or 'none'}, "
            f"so stored phone numbers would be read differently; {keep} {START_ANEW}."
        )


def _spaces(old: Identity, new: Identity) -> Iterator[str]:
    if new.spaces is None:
        return
    if old.spaces is None:
        yield (
            "identity.spaces accepted any space and is a list now, so members of other spaces would be cut off; "
            f"leave `identity.spaces` out {START_ANEW}."
        )
        return
    for space in old.spaces:
        if space not in new.spaces:
            yield f"identity.spaces no longer holds {space!r}, which may have members; put it back {START_ANEW}."


def _identifiers(old: Identity, new: Identity) -> Iterator[str]:
    for name, before in old.identifiers.items():
        after = new.identifiers.get(name)
        if after is None:
            yield (
                f"The identifier type {name!r} is gone, which may name members; "
                f"put `identity.identifiers.{name}` back {START_ANEW}."
            )
            continue
        for key in ("known", "normalise"):
            was, now = _shown(getattr(before, key)), _shown(getattr(after, key))
            if was != now:
                yield (
                    f"identity.identifiers.{name}.{key} changed from {was} to {now}, "
                    f"so stored members would be told apart differently; keep {was} {START_ANEW}."
                )


def _currencies(old: Program, new: Program) -> Iterator[str]:
    for name in old.currencies:
        if name not in new.currencies:
            yield (
                f"The currency {name!r} is gone, which may have balances; put `currencies.{name}` back {START_ANEW}."
            )


def _shown(value: object) -> str:
    return str(value).lower()
