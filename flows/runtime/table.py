"""Rows of one kind as live objects: a write-back cache, bounded in bytes, over the store.

Two generations instead of a list in order of use: rows that are read or made stand in `young`; when it is full, `old`
is dropped (changed rows are written first) and `young` becomes `old`. So a hit costs one dictionary look-up and the
rows that come again stay. Changed rows are written in one batch at the end of an epoch, in the order of their keys, in
which the store takes a row several times as fast as in any other.

While nothing was ever dropped and the store began empty, a row that is not in memory is nowhere, and the store is not
asked: most look-ups of a growing deployment are for rows that do not exist yet.

The bound is kept by counting rows, with the size of a row estimated from the packed rows of the last epochs: so many
bytes around it and so many times its packed bytes (`Weight`, measured for each kind, docs/performance.md).
"""

from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, TypeVar

from flows.runtime.store import Store
from schemas.groups import by_group, group_number

T = TypeVar("T")

ROWS_MIN = 256
UNBOUNDED_BYTES = 1 << 62
GROUPS_IN_ONE_BYTE = 256


def group_of(key: str, groups: int) -> bytes:
    """Give the key group as the first bytes of a state row's key: what moves between workers."""
    return group_prefix(group_number(key, groups), groups)


def group_width(groups: int) -> int:
    """Give how many bytes of a state row's key name its group."""
    return 1 if groups <= GROUPS_IN_ONE_BYTE else 2


def group_prefix(group: int, groups: int) -> bytes:
    """Give the first bytes of the keys of a group's rows."""
    return group.to_bytes(group_width(groups), "big")


class Weight(NamedTuple):
    """What a live row of a kind takes in memory: `row_bytes` and `bytes_per_packed` times its packed bytes."""

    row_bytes: int = 250
    bytes_per_packed: int = 6


DEFAULT_WEIGHT = Weight()


class Table(Generic[T]):
    """Rows by key. Without a store it is a plain dictionary that forgets nothing (the oracle's way)."""

    def __init__(
        self,
        tag: bytes,
        pack: Callable[[T], bytes],
        unpack: Callable[[bytes], T],
        store: Store | None = None,
        groups: int = GROUPS_IN_ONE_BYTE,
        bound_bytes: int = UNBOUNDED_BYTES,
        weight: Weight = DEFAULT_WEIGHT,
    ) -> None:
        assert len(tag) == 1
        self.young: dict[str, T] = {}
        self.dirty: dict[str, T | None] = {}
        self.misses = self.turns = 0
        self._old: dict[str, T] = {}
        self._all_here = store is None or store.is_new
        self._tag, self._pack, self._unpack = tag, pack, unpack
        self._store, self._groups = store, groups
        self._weight = weight
        self._row_bytes = float(weight.row_bytes * 2)
        self.bound(bound_bytes)

    def bound(self, bound_bytes: int) -> None:
        """Keep no more than so many bytes of rows from now on, and no less than a few; without a store all of them."""
        self._bound_bytes = UNBOUNDED_BYTES if self._store is None else bound_bytes
        self.young_max = self._rows_max()

    def get(self, key: str) -> T | None:
        """Give the live row, None if there is none. Whoever changes it calls `put`."""
        row = self.young.get(key)
        return row if row is not None else self.load(key)

    def recall(self, key: str) -> T | None:
        """Give a row that is in memory but not in `young`, and put it there; the store is not asked."""
        row = self._old.pop(key, None)
        if row is not None:
            self._admit(key, row)
        return row

    def load(self, key: str) -> T | None:
        """Give a row that is not in `young`, and put it there."""
        row = self._old.pop(key, None) if self._old else None
        if row is None:
            if self._all_here or self._store is None or (key in self.dirty and self.dirty[key] is None):
                return None
            self.misses += 1
            packed = self._store.get(self._key(key))
            if packed is None:
                return None
            row = self._unpack(packed)
        self._admit(key, row)
        return row

    def peek(self, key: str) -> T | None:
        """Give a row to look at, from wherever it is, and leave the cache as it is."""
        row = self.young.get(key) or self._old.get(key)
        if row is not None or self._store is None or key in self.dirty:
            return row
        packed = self._store.get(self._key(key))
        return None if packed is None else self._unpack(packed)

    def put(self, key: str, row: T) -> None:
        """Keep a new or changed row."""
        self.dirty[key] = row
        if key not in self.young:
            if self._old:
                self._old.pop(key, None)
            if len(self.young) >= self.young_max:
                self._turn()
        self.young[key] = row

    def put_all(self, keys: list[str], row: T) -> None:
        """Keep the same row, one that nobody changes, under several keys."""
        put = self.put
        for key in keys:
            put(key, row)

    def remove(self, key: str) -> None:
        """Forget the row."""
        self.young.pop(key, None)
        self._old.pop(key, None)
        self.dirty[key] = None

    def each(self) -> Iterator[tuple[str, T]]:
        """Give every row there is with its key; those of a store are read anew, after what changed was written."""
        if self._store is None:
            yield from [*self._old.items(), *self.young.items()]
            return
        self.flush()
        unpack, begin = self._unpack, group_width(self._groups) + len(self._tag)
        for group in range(self._groups):
            for key, packed in self._store.scan(group_prefix(group, self._groups) + self._tag):
                yield key[begin:].decode(), unpack(packed)

    def _admit(self, key: str, row: T) -> None:
        if len(self.young) >= self.young_max:
            self._turn()
        self.young[key] = row

    def _turn(self) -> None:
        """Drop the older half; what changed in it is written first, and counts from the next checkpoint on."""
        self.turns += 1
        self._all_here = self._all_here and not self._old
        if self._store is not None:
            self.flush()
        self._old, self.young = self.young, {}

    def flush(self) -> None:
        """Write all changed rows to the store, and learn how large rows are."""
        if self._store is None:
            self.dirty.clear()
            return
        rows: list[tuple[bytes, bytes | None]] = []
        dirty, pack = self.dirty, self._pack
        for group, keys in by_group(dirty, self._groups):
            prefix = group_prefix(group, self._groups) + self._tag
            rows += [(prefix + key.encode(), None if (row := dirty[key]) is None else pack(row)) for key in keys]
        self._store.write(rows)
        self.dirty.clear()
        self._learn(sum([len(packed) for _, packed in rows if packed is not None]), len(rows))

    def _learn(self, packed_bytes: int, count: int) -> None:
        if count < ROWS_MIN:
            return
        seen = self._weight.row_bytes + self._weight.bytes_per_packed * packed_bytes / count
        self._row_bytes = (self._row_bytes + seen) / 2
        self.young_max = self._rows_max()

    def _rows_max(self) -> int:
        return max(ROWS_MIN, int(self._bound_bytes / 2 / self._row_bytes))

    def _key(self, key: str) -> bytes:
        return group_of(key, self._groups) + self._tag + key.encode()

    @property
    def cached_bytes(self) -> int:
        """Estimated bytes of the rows in memory."""
        return int((len(self.young) + len(self._old)) * self._row_bytes)

    @property
    def cached_rows(self) -> int:
        """Rows in memory."""
        return len(self.young) + len(self._old)
