"""What a machine may ask of whoever hosts it: rows by key, timers, and whether an event was seen.

Machines know these shapes only. In production the runtime fills them with caches over a store; the oracle and the unit
tests fill them with dictionaries.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Timer(NamedTuple):
    """Wakes `owner` (a member id) at `due_us` of log time; `kind` and `key` tell it why."""

    due_us: int
    owner: str
    kind: str
    key: str


class Rows(Protocol[T]):
    """Live rows by key. Hot loops look into `young` first and mark changes in `dirty` themselves."""

    young: dict[str, T]
    dirty: dict[str, T | None]

    def get(self, key: str) -> T | None:
        """Give the live row, None if there is none. Whoever changes it calls `put`."""

    def recall(self, key: str) -> T | None:
        """Give a row that is in memory but not in `young`, and put it there; the store is not asked."""

    def load(self, key: str) -> T | None:
        """Give a row that is not in `young`, and put it there."""

    def put(self, key: str, row: T) -> None:
        """Keep a new or changed row."""

    def put_all(self, keys: list[str], row: T) -> None:
        """Keep the same row, one that nobody changes, under several keys."""

    def remove(self, key: str) -> None:
        """Forget the row."""

    def each(self) -> Iterator[tuple[str, T]]:
        """Give every row there is with its key, to look at: whoever would change one puts another in its place."""


class Marks(Protocol):
    """A set of names that is wholly in memory, so that asking is one look into `names`."""

    names: set[str]

    def add(self, name: str) -> None:
        """Mark a name."""

    def discard(self, name: str) -> None:
        """Take the mark away."""


class TimerQueue(Protocol):
    """Timers in order of their due time; `next_us` is when the earliest is due."""

    next_us: int

    def arm(self, timer: Timer) -> None:
        """Add a timer."""

    def pop_due(self, until_us: int) -> Timer | None:
        """Take the earliest timer that is due at `until_us` or before."""


class Seen(Protocol):
    """The events of the retention, by 16-byte key.

    A key at a position that is not in what `probe` gave is new; the caller notes it itself when the batch ends, with
    `body << 32 | seconds of log time`. Everything else is for `first_sight` to judge.
    """

    def probe(self, keys: list[bytes]) -> dict[int, list[int]]:
        """Look a batch of keys up; the result goes to `first_sight`."""

    def note(self, keys: list[bytes], values: list[int]) -> None:
        """Note keys of the batch that are new."""

    def first_sight(self, key: bytes, body: int, log_us: int, stored: list[int] | None) -> int | None:
        """Note the event; None if it is new, else the 32-bit body hash it had."""
