"""Which events were seen: a durable set of 128-bit keys with a retention, for exactly-once by event identity.

The keys of the open epoch stand in a dictionary; at its end they become a sorted segment (three numpy columns, 24
bytes an event), stored as one row. A batch asks for all its keys at once: a segment's sieve tells for most that it
cannot hold them, a binary search decides the rest. So an event that was never seen, which is nearly every one, costs a
fraction of a microsecond. Segments of like size are merged, four into one, and dropped once all they hold is older than
the retention.

A key is remembered from the log time of its first sight; exactly so long, whatever was merged or dropped when, since
the time is kept with the key. With it stands a 32-bit hash of the body: the same key with another body is a conflict.
"""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from flows.runtime.store import Store

SECOND_US = 1_000_000
TAG = b"\x00d"
MERGED_AT_ONCE = 4
SEGMENT_ROWS_MAX = 1 << 20
SIEVE_ROWS_MIN = 1 << 16     # below that a search stays in the processor's cache
SIEVE_SLOTS_A_ROW = 4
HIGH_BITS = 64
AGE_BITS = 32
AGE_MASK = (1 << AGE_BITS) - 1
KEY_BYTES = 16

Column = NDArray[np.uint64]


class Segment:
    """Keys sorted by their first half (`high`), the second half, and (body hash << 32 | seconds of first sight)."""

    def __init__(self, number: int, high: Column, low: Column, value: Column) -> None:
        self.number = number
        self.high, self.low, self.value = high, low, value
        self.youngest_second = int((value & np.uint64(AGE_MASK)).max()) if len(value) else 0
        self._sieve: NDArray[np.bool_] | None = None
        self._shift = np.uint64(HIGH_BITS - (SIEVE_SLOTS_A_ROW * len(high)).bit_length())

    def __len__(self) -> int:
        return len(self.high)

    def pack(self) -> bytes:
        """Give the three columns one behind the other, little-endian."""
        return self.high.tobytes() + self.low.tobytes() + self.value.tobytes()

    @staticmethod
    def unpack(number: int, packed: bytes) -> "Segment":
        """Read what `pack` gave."""
        columns = np.frombuffer(packed, dtype="<u8").reshape(3, -1)
        return Segment(number, columns[0], columns[1], columns[2])

    def find(self, wanted_high: Column, keys: list[bytes], found: dict[int, list[int]]) -> None:
        """Add to `found` the values of each wanted key (by its position) that this segment holds."""
        near = self._near(wanted_high)
        some = wanted_high if near is None else wanted_high[near]
        at = self.high.searchsorted(some)
        inside = np.minimum(at, len(self.high) - 1)
        for hit in np.nonzero(self.high[inside] == some)[0].tolist():
            position = hit if near is None else int(near[hit])
            low = int.from_bytes(keys[position][8:], "little")
            row = int(at[hit])
            while row < len(self.high) and self.high[row] == some[hit]:
                if int(self.low[row]) == low:
                    found.setdefault(position, []).append(int(self.value[row]))
                row += 1

    def _near(self, wanted_high: Column) -> NDArray[np.intp] | None:
        """Give the positions that this segment may hold; None: all, it is so small."""
        if len(self.high) < SIEVE_ROWS_MIN:
            return None
        if self._sieve is None:
            self._sieve = np.zeros(1 << (HIGH_BITS - int(self._shift)), dtype=np.bool_)
            self._sieve[self.high >> self._shift] = True
        return np.nonzero(self._sieve[wanted_high >> self._shift])[0]


def _merged(number: int, parts: list[Segment]) -> Segment:
    high = np.concatenate([part.high for part in parts])
    order = np.argsort(high, kind="stable")
    low = np.concatenate([part.low for part in parts])[order]
    value = np.concatenate([part.value for part in parts])[order]
    return Segment(number, high[order], low, value)


class SeenEvents:
    """Ask with `probe` for a batch, then `first_sight` in order for each event that it tells of; `note` the others.

    `flush` at the epoch's end.
    """

    def __init__(self, retention_us: int, store: Store | None = None) -> None:
        self._retention_s = retention_us // SECOND_US
        self.recent: dict[bytes, int] = {}
        self._again: dict[bytes, list[int]] = {}
        self._segments: list[Segment] = []
        self._store = store
        self._next = 1
        if store is not None:
            for key, packed in store.scan(TAG):
                segment = Segment.unpack(int.from_bytes(key[len(TAG) :], "big"), packed)
                self._segments.append(segment)
                self._next = max(self._next, segment.number + 1)

    def __len__(self) -> int:
        return len(self.recent) + sum(len(segment) for segment in self._segments)

    def probe(self, keys: list[bytes]) -> dict[int, list[int]]:
        """Give, by position, what is held of these 16-byte keys; most often nothing.

        A key that stands there more than once, or is among `recent`, is in it as well.
        """
        found: dict[int, list[int]] = {}
        if not keys:
            return found
        if self._segments:
            wanted = np.frombuffer(b"".join(keys), dtype="<u8")[::2].copy()
            for segment in self._segments:
                segment.find(wanted, keys, found)
        if len(set(keys)) < len(keys):
            times = Counter(keys)
            for at, key in enumerate(keys):
                if times[key] > 1:
                    found.setdefault(at, [])
        if not self.recent.keys().isdisjoint(keys):
            for at, key in enumerate(keys):
                if key in self.recent:
                    found.setdefault(at, [])
        return found

    def note(self, keys: list[bytes], values: list[int]) -> None:
        """Note keys of a batch that are clearly new; a value is body hash << 32 | seconds of log time."""
        self.recent.update(zip(keys, values, strict=True))

    def first_sight(self, key: bytes, body: int, log_us: int, stored: list[int] | None) -> int | None:
        """Note the event and give None if it was not seen within the retention, else the body hash it had then.

        `body` is a 32-bit hash, `stored` what `probe` found for the key.
        """
        second = log_us // SECOND_US
        known = self.recent.get(key)
        if known is None and stored is None:
            self.recent[key] = body << AGE_BITS | second
            return None
        candidates: list[int] = [*(stored or ()), *self._again.get(key, ()), *(() if known is None else (known,))]
        for value in candidates:
            if value & AGE_MASK >= second - self._retention_s:
                return value >> AGE_BITS
        if known is not None:
            self._again.setdefault(key, []).append(known)
        self.recent[key] = body << AGE_BITS | second
        return None

    def flush(self, log_us: int) -> None:
        """Turn the open epoch's keys into a segment; merge and drop segments."""
        rows: list[tuple[bytes, bytes | None]] = []
        if self.recent:
            halves = np.frombuffer(b"".join(self.recent), dtype="<u8")
            value = np.fromiter(self.recent.values(), dtype=np.uint64, count=len(self.recent))
            order = np.argsort(halves[::2], kind="stable")
            self._add(Segment(self._next, halves[::2][order], halves[1::2][order], value[order]), rows)
            self.recent, self._again = {}, {}
            self._merge(rows)
        self._drop_outdated(log_us, rows)
        if self._store is not None:
            self._store.write(rows)

    def _add(self, segment: Segment, rows: list[tuple[bytes, bytes | None]]) -> None:
        self._next = segment.number + 1
        self._segments.append(segment)
        rows.append((self._row(segment), segment.pack()))

    def _remove(self, segment: Segment, rows: list[tuple[bytes, bytes | None]]) -> None:
        self._segments.remove(segment)
        rows.append((self._row(segment), None))

    def _row(self, segment: Segment) -> bytes:
        return TAG + segment.number.to_bytes(8, "big")

    def _merge(self, rows: list[tuple[bytes, bytes | None]]) -> None:
        while len(self._segments) >= MERGED_AT_ONCE:
            last = self._segments[-MERGED_AT_ONCE:]
            total = sum(len(segment) for segment in last)
            if total > SEGMENT_ROWS_MAX or len(last[0]) > total // 2:
                return
            for segment in last:
                self._remove(segment, rows)
            self._add(_merged(self._next, last), rows)

    def _drop_outdated(self, log_us: int, rows: list[tuple[bytes, bytes | None]]) -> None:
        oldest_second = log_us // SECOND_US - self._retention_s
        for segment in list(self._segments):
            if segment.youngest_second < oldest_second:
                self._remove(segment, rows)
