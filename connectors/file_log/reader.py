"""One partition inside a round: decoded rows with their log time, at hand for the merge."""

from bisect import bisect_left
from collections.abc import Callable

import msgspec

from connectors.file_log.lines import CutShort, LineReader
from connectors.file_log.partitions import Partition
from schemas.decode import CHECKED_TYPES, REFUSALS, TIME_US_MAX, EventDecoder, Rejected, time_us
from schemas.events import Event
from schemas.log import Row
from schemas.reasons import RejectReason

TO_ITS_END = -1
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Decoding:
    """What every partition decodes with; `ceiling_us` gives the latest event time that is believed just now."""

    def __init__(
        self,
        decoder: EventDecoder,
        ceiling_us: Callable[[], int],
        refused_as_future: set[tuple[str, int]],
        note_future: Callable[[str, int], None],
    ) -> None:
        self.decoder = decoder
        self.ceiling_us = ceiling_us
        self.refused_as_future = refused_as_future
        self.note_future = note_future


class PartitionReader:
    """Rows of a partition from its offset up to the round's cut; `rows[at:]` are decoded and not yet taken."""

    def __init__(self, partition: Partition, decoding: Decoding, offset: int, running_us: int, cut: int) -> None:
        self.partition = partition
        self.decoding = decoding
        self.cut = cut
        self.running_us = running_us
        self.taken_us = running_us
        self.rows: list[Row] = []
        self.at = 0
        self.ended = False
        self.damage: str | None = None
        self.unfinished_bytes = 0
        self._blanks: list[int] = []
        self._lines = LineReader(partition, offset)

    @property
    def offset(self) -> int:
        """Where the first row that was not taken begins."""
        return self.rows[self.at][3] if self.at < len(self.rows) else self._lines.offset

    @property
    def position(self) -> int:
        """Where the first byte that was not looked at stands."""
        return self._lines.position

    def take_blank(self) -> int:
        """Count the empty lines before `offset`, each once: those behind it are met again by who goes on from there."""
        passed = bisect_left(self._blanks, self.offset)
        del self._blanks[:passed]
        return passed

    def fill(self) -> bool:
        """Make sure that a row is at hand; false when the round's part of this partition is read."""
        while self.at >= len(self.rows) and not self.ended:
            self.rows, self.at = self._next_rows(), 0
        return self.at < len(self.rows)

    def take(self, count: int) -> list[Row]:
        """Take the next `count` rows at hand."""
        taken = self.rows[self.at : self.at + count]
        self.at += len(taken)
        self.taken_us = taken[-1][0]
        return taken

    def _next_rows(self) -> list[Row]:
        end = None if self.cut == TO_ITS_END else self.cut
        try:
            lines = self._lines.block(end)
        except CutShort as error:
            self.ended = True
            self.damage = f"{self.partition.path} is cut short behind offset {self._lines.offset} ({error})"
            return []
        if lines is None:
            self.ended = True
            return self._decode(self._last_line())
        return self._decode(lines)

    def _last_line(self) -> list[tuple[int, bytes]]:
        unended = self._lines.unended()
        if not unended.strip():
            return []
        try:
            whole = isinstance(msgspec.json.decode(unended), dict)
        except REFUSALS:
            whole = False
        if whole:
            return [self._lines.take_unended()]
        self.unfinished_bytes = len(unended) + self._lines.skipped_bytes
        return []

    def _decode(self, lines: list[tuple[int, bytes]]) -> list[Row]:
        """Decode lines; the hot loop of reading."""
        decoder, ceiling_us = self.decoding.decoder, None
        strict, tolerant, limit = decoder.strict, decoder.tolerant, decoder.event_bytes_max
        place, running_us = self.partition.place, self.running_us
        refused = self.decoding.refused_as_future
        rows: list[Row] = []
        append = rows.append
        for offset, line in lines:
            try:
                event: Event | Rejected = strict(line) if len(line) <= limit else tolerant(line)
            except REFUSALS:
                if not line or line.isspace():
                    self._blanks.append(offset)
                    continue
                event = tolerant(self._without_mark(offset, line))
            if type(event) is Rejected:
                append((running_us, 0, place, offset, line, event))
                continue
            event_us = time_us(event.time)
            if type(event) in CHECKED_TYPES or not 0 <= event_us <= TIME_US_MAX:
                wrong = decoder.check(event)
                if wrong is not None:
                    append((running_us, 0, place, offset, line, wrong))
                    continue
            if event_us > running_us:
                ceiling_us = ceiling_us or self.decoding.ceiling_us()
                if event_us > ceiling_us or (refused and (str(place), offset) in refused):
                    append((running_us, event_us, place, offset, line, self._future(offset, event_us, ceiling_us)))
                    continue
                running_us = event_us
            append((running_us, event_us, place, offset, line, event))
        self.running_us = running_us
        return rows

    def _without_mark(self, offset: int, line: bytes) -> bytes:
        return line.removeprefix(BYTE_ORDER_MARK) if offset == 0 else line

    def _future(self, offset: int, event_us: int, ceiling_us: int) -> Rejected:
        place = str(self.partition.place)
        if (place, offset) not in self.decoding.refused_as_future:
            self.decoding.note_future(place, offset)
        seconds = max(0, event_us - ceiling_us) // 1_000_000
        return Rejected(RejectReason.IN_THE_FUTURE, f"time: {seconds} s beyond the wall clock and the allowed skew")

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
