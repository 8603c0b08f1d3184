"""What a simulated log holds, counted while it is written. It is the truth that tests compare a run with."""

from collections import Counter
from typing import assert_never

from msgspec import Struct, field

from connectors.simulate.lines import Line


class SimulationSummary(Struct, kw_only=True):
    """Exact counts. `lines` = `events` + `duplicates` + `reserialised` + the sum of `dead_letters`.

    `events` are the distinct well-formed ones; `dead_letters` are keyed by the reason to expect, conflicts included.
    `two_identities` people had two known identities apart from each other, `late_merges` of them became one later.
    """

    seed: int
    members: int
    people: int = 0
    two_identities: int = 0
    late_merges: int = 0
    lines: int = 0
    events: int = 0
    duplicates: int = 0
    reserialised: int = 0
    conflicts: int = 0
    malformed: int = 0
    late: int = 0
    unknown_fields: int = 0
    by_type: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    log_bytes: int = 0
    first_ms: int = 0
    last_ms: int = 0


class Tally:
    """Counts lines; `people_max` bounds the numbers of people."""

    def __init__(self, people_max: int) -> None:
        self._seen = bytearray(people_max)
        self._types: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._late = self._unknown = self._duplicates = self._reserialised = self._conflicts = self._malformed = 0
        self._first_ms, self._last_ms = 2**62, 0

    def count(self, line: Line) -> None:
        """Count one line."""
        match line.kind:
            case "event":
                self._count_event(line)
            case "duplicate":
                self._duplicates += 1
            case "reserialised":
                self._reserialised += 1
            case "conflict":
                self._conflicts += 1
                self._reasons["ID_CONFLICT"] += 1
            case "malformed":
                self._malformed += 1
                self._reasons[line.reason or ""] += 1
            case _:
                assert_never(line.kind)

    def _count_event(self, line: Line) -> None:
        self._types[line.type] += 1
        self._late += line.late
        self._unknown += line.unknown_field
        self._seen[line.person] = 1
        self._first_ms = min(self._first_ms, line.time_ms)
        self._last_ms = max(self._last_ms, line.time_ms)

    def summary(self, seed: int, two_identities: int, late_merges: int, files: dict[str, int]) -> SimulationSummary:
        """The counts so far; `files` are lines by path, `log_bytes` is left to who writes them."""
        events = self._types.total()
        extra = self._duplicates + self._reserialised + self._conflicts + self._malformed
        return SimulationSummary(
            seed=seed, members=len(self._seen), people=sum(self._seen), two_identities=two_identities,
            late_merges=late_merges, lines=events + extra, events=events, duplicates=self._duplicates,
            reserialised=self._reserialised, conflicts=self._conflicts, malformed=self._malformed, late=self._late,
            unknown_fields=self._unknown, by_type=dict(sorted(self._types.items())),
            dead_letters=dict(sorted(self._reasons.items())), files=dict(sorted(files.items())),
            first_ms=self._first_ms if events else 0, last_ms=self._last_ms,
        )  # fmt: skip
