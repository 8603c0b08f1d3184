"""Finds a person in text that nobody could read as an event: rejected lines, requests to the outside.

An identifier stands there as its sender wrote it. So letters of any case are one, and of a phone number the last nine
digits count, whatever stands between them. A short value must stand alone within quotes, for a `7` is anywhere.
"""

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import orjson

SHORT_CHARS: Final = 6
PHONE_DIGITS: Final = 9
PHONE: Final = re.compile(r"\+\d+")
NO_DIGITS: Final = re.compile(r"\D+")


class Word(NamedTuple):
    """What of an identifier is looked for, whose it was and until when."""

    text: str
    digits: str  # of a phone number, its last ones; else empty
    value: str
    nth: int
    until_us: int


class Words:
    """The identifiers of some people."""

    def __init__(self, people: Sequence[tuple[Sequence[str], int]]) -> None:
        """`people` have identifiers (`type:value`) and a time until which these are theirs; their places are found."""
        self._words = [
            _word(identifier.partition(":")[2], nth, until_us)
            for nth, (ids, until_us) in enumerate(people)
            for identifier in ids
        ]
        self._by_value: dict[str, list[Word]] = {}
        for word in self._words:
            self._by_value.setdefault(word.value, []).append(word)

    def in_letter(self, raw: str, detail: str, log_time_us: int) -> set[int]:
        """Who is meant by a rejected line, `raw` in base64, or by what was said of it."""
        text = f'{_readable(b64decode(raw))} "{detail}"'.lower()
        digits = NO_DIGITS.sub("", text)
        return {
            word.nth
            for word in self._words
            if log_time_us <= word.until_us and (word.text in text or (word.digits and word.digits in digits))
        }

    def in_body(self, body: object, at_us: int) -> set[int]:
        """Whose address stands in the body of an action that was requested before the erasure."""
        return {word.nth for said in _strings(body) for word in self._by_value.get(said, ()) if at_us < word.until_us}


def _word(value: str, nth: int, until_us: int) -> Word:
    lowered = value.lower()
    text = f'"{lowered}"' if len(value) < SHORT_CHARS else lowered
    digits = value[-PHONE_DIGITS:] if PHONE.fullmatch(value) and len(value) > PHONE_DIGITS else ""
    return Word(text, digits, value, nth, until_us)


def _readable(raw: bytes) -> str:
    """The line with nothing escaped, if it is JSON."""
    try:
        return orjson.dumps(orjson.loads(raw)).decode()
    except ValueError:
        return raw.decode(errors="replace")


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)
        case _:
            return
