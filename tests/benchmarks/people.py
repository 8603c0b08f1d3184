"""Events of people who are met again and again: what the identity benchmark is measured on, made as it goes.

Three hundred thousand people have a million identifiers: loyalty number, e-mail and cookie, every third a second
cookie. Each begins with loyalty number and e-mail together, then logs in with the cookie; whoever has a second cookie
first comes with it alone and logs in with it later, which is a merge. Four more events a person carry what is known.
The people's events stand in one random order, so that nobody's rows stay warm: 5 % of all events merge.

Beside them there may be a bad feed: one e-mail address, each time with a cookie that was never seen.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.decode import EventDecoder, Rejected
from schemas.log import Place, Row

SEED: Final = 7
EVENTS_PER_IDENTIFIER: Final = 2
PEOPLE_PER_IDENTIFIER: Final = 0.3
SECOND_COOKIE_EVERY: Final = 3
REPEATED: Final = 4
FIRST_US: Final = 1_767_268_800_000_000     # 2026-01-01T12:00:00Z
DAY_SECONDS: Final = 86_400
BATCH_ROWS: Final = 1_000
PLACE: Final = Place("people", 0)
SCRIPT: Final = (
    '"loyalty":"L{p}","email":"p{p}@example.com"',
    '"cookie":"ck-{p}-0","email":"p{p}@example.com"',
)
WITH_SECOND_COOKIE: Final = (
    '"cookie":"ck-{p}-1"',
    '"cookie":"ck-{p}-1","loyalty":"L{p}"',
)
AGAIN: Final = (
    '"loyalty":"L{p}"',
    '"cookie":"ck-{p}-0"',
    '"loyalty":"L{p}","email":"p{p}@example.com"',
    '"email":"p{p}@example.com"',
)  # fmt: skip

BAD: Final = '"email":"feed@bad.example","cookie":"bad-{n}"'


class Crowd:
    """The people of so many identifiers, and their events."""

    def __init__(self, identifiers: int) -> None:
        self.people = int(identifiers * PEOPLE_PER_IDENTIFIER)
        self.merges = len(range(0, self.people, SECOND_COOKIE_EVERY))
        self.identifiers = 3 * self.people + self.merges
        several = len(WITH_SECOND_COOKIE) * self.merges
        self.events = (len(SCRIPT) + REPEATED) * self.people + several
        self._step_us = 10 * DAY_SECONDS * 1_000_000 // self.events

    def batches(self, rows: int = BATCH_ROWS) -> Iterator[list[Row]]:
        """All events in order, so many at a time; log time is spread over ten days."""
        decoder, order = EventDecoder(), self._order()
        done = np.zeros(self.people, dtype=np.int8)
        for begin in range(0, self.events, rows):
            some = []
            for at, person in enumerate(order[begin : begin + rows].tolist(), begin):
                ids = _said(person, int(done[person]))
                done[person] += 1
                some.append(_row(decoder, at, FIRST_US + at * self._step_us, ids))
            yield some

    def bad_feed(self, first: int, rows: int, log_us: int) -> list[Row]:
        """So many events of one e-mail address with ever new cookies, `first` the number of the first."""
        decoder = EventDecoder()
        return [
            _row(decoder, self.events + at, log_us, BAD.format(n=at)) for at in range(first, first + rows)
        ]  # fmt: skip

    def one_more_batch(self, rows: int) -> list[Row]:
        """Events that come after all others, of people all over the crowd."""
        decoder, end_us = EventDecoder(), FIRST_US + 10 * DAY_SECONDS * 1_000_000
        people = np.random.default_rng(SEED + 1).integers(0, self.people, rows).tolist()
        return [_row(decoder, self.events + at, end_us, AGAIN[0].format(p=who)) for at, who in enumerate(people)]

    def _order(self) -> NDArray[np.int32]:
        """Whose event each is."""
        counts = np.full(self.people, len(SCRIPT) + REPEATED)
        counts[::SECOND_COOKIE_EVERY] += len(WITH_SECOND_COOKIE)
        order = np.repeat(np.arange(self.people, dtype=np.int32), counts)
        np.random.default_rng(SEED).shuffle(order)
        return order


def _said(person: int, nth: int) -> str:
    """The identifiers of a person's nth event."""
    script = SCRIPT if person % SECOND_COOKIE_EVERY else SCRIPT + WITH_SECOND_COOKIE
    form = script[nth] if nth < len(script) else AGAIN[(nth - len(script) + person) % len(AGAIN)]
    return form.format(p=person)


def _row(decoder: EventDecoder, at: int, log_us: int, ids: str) -> Row:
    raw = (
        f'{{"specversion":"1.0","type":"activity","source":"bench","id":"e{at}","time":"2026-01-01T12:00:00Z",'
        f'"data":{{"ids":{{{ids}}},"kind":"login"}}}}'
    ).encode()
    event = decoder.decode(raw)
    assert not isinstance(event, Rejected), event
    return log_us, log_us, PLACE, at, raw, event
