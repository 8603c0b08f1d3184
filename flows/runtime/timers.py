"""One heap of timers a station, with a row a timer in the store.

A timer is (due, owner, kind, key), due in microseconds of log time. Timers fire in that order. Nobody takes one back:
whoever is woken looks at its state and finds that nothing is due any more, which is cheaper than a search in the heap
and cannot be forgotten. A timer that is armed and fired within one epoch never reaches the store.
"""

from heapq import heapify, heappop, heappush

import msgspec

from flows.runtime.store import Store
from flows.runtime.table import GROUPS_IN_ONE_BYTE, group_of, group_prefix, group_width
from schemas.hosting import Timer

TAG = b"t"
DUE_BYTES = 8


class Timers:
    """The pending timers in order; `next_us` is when the earliest is due."""

    def __init__(self, store: Store | None = None, groups: int = GROUPS_IN_ONE_BYTE) -> None:
        self.next_us = 1 << 63
        self._heap: list[Timer] = []
        self._changed: dict[Timer, bool] = {}
        self._taken: set[Timer] = set()
        self._store, self._groups = store, groups
        if store is not None:
            self._load(store)

    def __len__(self) -> int:
        return len(self._heap)

    def _load(self, store: Store) -> None:
        width = group_width(self._groups)
        decode = msgspec.msgpack.Decoder(tuple[str, str, str]).decode
        for group in range(self._groups):
            prefix = group_prefix(group, self._groups) + TAG
            for row, _ in store.scan(prefix):
                due_us = int.from_bytes(row[width + 1 : width + 1 + DUE_BYTES], "big")
                self._heap.append(Timer(due_us, *decode(row[width + 1 + DUE_BYTES :])))
        heapify(self._heap)
        self._look()

    def _look(self) -> None:
        self.next_us = self._heap[0].due_us if self._heap else 1 << 63

    def arm(self, timer: Timer) -> None:
        """Add a timer."""
        assert timer.due_us >= 0
        heappush(self._heap, timer)
        self._changed[timer] = True
        self.next_us = self._heap[0].due_us

    def pop_due(self, until_us: int) -> Timer | None:
        """Take the earliest timer that is due at `until_us` or before."""
        if self.next_us > until_us:
            return None
        timer = heappop(self._heap)
        if self._changed.get(timer) and timer not in self._taken:
            del self._changed[timer]
        else:
            self._changed[timer] = False
            self._taken.add(timer)  # the store may have it: armed and taken once more, its row must still go
        self._look()
        return timer

    def flush(self) -> None:
        """Write what changed to the store."""
        if self._store is not None:
            rows = [(self._row(timer), b"" if armed else None) for timer, armed in self._changed.items()]
            self._store.write(rows)
        self._changed, self._taken = {}, set()

    def _row(self, timer: Timer) -> bytes:
        rest = msgspec.msgpack.encode(timer[1:])
        return group_of(timer.owner, self._groups) + TAG + timer.due_us.to_bytes(DUE_BYTES, "big") + rest
