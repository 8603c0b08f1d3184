"""Takes people out of line files, the outbox and the dead letters, without moving a byte of anybody else's.

A line that says something of an erased person gives way to one of the same length that says so, filled up with blanks.
So whoever follows the file by offset goes on, the lengths that the sinks remember stay true, and doing it again after a
crash changes nothing. A line that a crash left half-written is no JSON, and one of those: nobody else writes such.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from schemas.records import ErasedMember
from sinks.erased_words import Words
from sinks.readable import EPOCH

ERASED: Final = "erased"  # the field that holds the request by which a line was erased
WITHOUT_REQUEST: Final = (b'{"erased":true}', b"{}")
LINE_END: Final = b"\n"
MICROSECOND: Final = datetime.resolution

Line = dict[str, Any]  # a record as a person reads it
Judge = Callable[[Line], set[int]]


class ErasedLines:
    """The lines of some people; `erase` gives for each of them how many of a file are erased now."""

    def __init__(self, people: Sequence[ErasedMember]) -> None:
        """The place of a person in `people` is that of its count."""
        self._people = people
        self._words = Words([(person.ids, person.at_us) for person in people])
        self._members = {
            member_id: nth
            for nth, person in enumerate(people)
            for member_id in (person.member_id, *person.former)
        }  # fmt: skip
        self._judges: dict[str, tuple[Judge, tuple[str, ...]]] = {
            "actions":      (self._of_action, ("action_id",)),
            "dead_letters": (self._of_letter, ("reason", "topic", "partition", "offset", "log_time")),
        }  # fmt: skip

    def erase(self, path: Path, table: str) -> list[int]:
        """Erase the people's lines of `table` in `path`. OSError if it cannot be written."""
        judge, stays = self._judges[table]
        counts = [0] * len(self._people)
        if not path.exists():
            return counts
        with path.open("r+b") as file:
            offset = 0
            for line in file:
                if not line.endswith(LINE_END):
                    break  # it is being appended just now, of a later epoch
                found, instead = self._judged(line.removesuffix(LINE_END), judge, stays)
                for nth in found:
                    counts[nth] += 1
                if instead is not None:
                    os.pwrite(file.fileno(), instead, offset)
                offset += len(line)
        return counts

    def _judged(self, line: bytes, judge: Judge, stays: Sequence[str]) -> tuple[set[int], bytes | None]:
        """Whose the line is, and what takes its place if it says more than that it was erased."""
        try:
            said: Line = orjson.loads(line)
        except ValueError:
            return set(), filled(len(line), *WITHOUT_REQUEST)
        if ERASED in said:
            return {nth for nth, person in enumerate(self._people) if person.request_id == said[ERASED]}, None
        found = judge(said)
        if not found:
            return found, None
        request = self._people[min(found)].request_id
        kept = {name: said[name] for name in stays if name in said}
        shorter = (orjson.dumps(kept | {ERASED: request}), orjson.dumps({ERASED: request}), *WITHOUT_REQUEST)
        return found, filled(len(line), *shorter)

    def _of_action(self, said: Line) -> set[int]:
        nth = self._members.get(said["member_id"])
        own = set() if nth is None else {nth}
        return own | self._words.in_body(said["body"], _microseconds(said["at"]))

    def _of_letter(self, said: Line) -> set[int]:
        return self._words.in_letter(said["raw"], said["detail"], _microseconds(said["log_time"]))


def _microseconds(moment: str) -> int:
    return (datetime.fromisoformat(moment).replace(tzinfo=None) - EPOCH) // MICROSECOND


def filled(length: int, *choices: bytes) -> bytes:
    """The first choice that fits, filled up with blanks."""
    return next((one for one in choices if len(one) <= length), b"").ljust(length)
