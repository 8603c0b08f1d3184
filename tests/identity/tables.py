"""Stories of identity as aligned text: an event a line, what it must do behind the arrow.

    2026-01-01T10:00  visit  email:ada@x.de device:tablet  -> A made
    2026-01-02T10:00  visit  email:bob@x.de device:tablet  -> A links email:bob@x.de
    2026-01-03T10:00  split  email:ada@x.de | email:bob@x.de  -> A parts B email:bob@x.de

The first word is the member that the event was applied to (`nobody`: a dead letter); members are letters.
Then what changed: `links`, `takes` (a merge), `parts` (what became a member of its own), `conflict` and `limit` (what
was left out), `quarantine`, `release`, `forgets` (an anonymous member), `erase`, `export`, `refused`. A table is run
through the stations and through the reference model; both must say the same.
"""

from datetime import UTC, datetime
from typing import Any, Final

from tests.identity.compared import Expected, Log, Said, program_of
from tests.identity.members import Outcome, Told

ORDER: Final = (
    "expire", "block", "release", "quarantine", "split", "merge", "link", "conflict", "limit", "erase", "export",
    "refused",
)  # fmt: skip
ALPHABET: Final = 26
ASKED: Final = {"actor": "desk"}


def ids_of(text: str) -> dict[str, list[str]]:
    """Identifiers that a table writes as `email:ada@x.de device:tablet`."""
    ids: dict[str, list[str]] = {}
    for one in text.split():
        name, _, value = one.partition(":")
        ids.setdefault(name, []).append(value)
    return ids


def data_of(kind: str, text: str) -> tuple[str, dict[str, Any]]:
    """The type and data of the event that a line tells of."""
    match kind:
        case "visit":
            return "activity", {"ids": ids_of(text), "kind": "visit"}
        case "alias":
            return "alias", {"ids": ids_of(text)}
        case "split":
            keep, _, part = text.partition("|")
            return "split", {"keep": ids_of(keep), "part": ids_of(part), "reason": "wrong", **ASKED}
        case "erase" | "export":
            return kind, {"ids": ids_of(text), "request_id": "r1", **ASKED}
        case _:
            raise AssertionError(kind)


class Letters:
    """Members by letters, in the order in which they are first told of."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def __call__(self, member_id: str) -> str:
        return self._letters.setdefault(member_id, lettered(len(self._letters) + 1))


def lettered(number: int) -> str:
    """The name of a table's member: A, B, ... Z, M27, M28, ..."""
    return chr(ord("A") + number - 1) if number <= ALPHABET else f"M{number}"


def row_text(row: Told, own: str, letter: Letters, *, made: bool) -> str:
    """A row of identity in the words of a table; whose it is stands there unless it is the event's own member's."""
    kind, member_id, other, ids = row
    listed = " ".join(ids)
    if kind not in {"link", "merge", "split", "expire"}:
        return f"{kind} {listed}".strip()
    name = letter(member_id)
    if kind == "expire":
        return f"forgets {name}"
    told = {"link": "made" if made else f"links {listed}"}.get(kind, "")
    if other is not None:
        told = f"takes {letter(other)}" if kind == "merge" else f"parts {letter(other)} {listed}"
    return told if name == own else f"{name} {told}"


def text_of(told: Outcome, letter: Letters, before: set[str]) -> str:
    """An outcome in the words of a table; `before` are the members that there were."""
    own = "nobody" if told.member_id is None else letter(told.member_id)
    rows = sorted(told.rows, key=lambda row: (ORDER.index(row[0]), row[3]))
    said = [row_text(row, own, letter, made=row[0] == "link" and row[1] not in before) for row in rows]
    said.sort(key=lambda text: text != "made")
    return f"{own} {', '.join(said)}".strip()


def check(table: str, identity: dict[str, Any] | None = None) -> None:
    """Run a table through the stations and the model, and compare every line's outcome with both."""
    rules = {"identifiers": {}, **(identity or {})}
    lines = [line.partition("->") for line in table.strip().splitlines()]
    log, said, expected = Log(), Said(program_of(rules)), Expected(rules)
    letters = (Letters(), Letters())
    told: tuple[list[str], list[str]] = ([], [])
    seen: tuple[set[str], set[str]] = (set(), set())
    for text, arrow, _ in lines:
        assert arrow, text
        time, kind, ids = text.split(maxsplit=2)
        at_us = int(datetime.fromisoformat(f"{time}:00").replace(tzinfo=UTC).timestamp()) * 1_000_000
        event, row = log.say_at(at_us, *data_of(kind, ids))
        for outcome, letter, texts, before in zip(
            (said.apply(row), expected.apply(event, at_us)), letters, told, seen, strict=True
        ):
            texts.append(text_of(outcome, letter, before))
            before.update(row[1] for row in outcome.rows)
    written = [outcome.strip() for _, _, outcome in lines]
    assert told[1] == written, "the model"
    assert told[0] == written, "the stations"
    assert said.partition() == expected.partition()
