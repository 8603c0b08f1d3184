"""A set of names, wholly in memory and a row each in the store: for the few whose mark must be known without asking."""

from flows.runtime.store import Store
from flows.runtime.table import GROUPS_IN_ONE_BYTE, group_of, group_prefix, group_width


class StoredMarks:
    """Marked names; without a store it is a plain set (the oracle's way)."""

    def __init__(self, tag: bytes, store: Store | None = None, groups: int = GROUPS_IN_ONE_BYTE) -> None:
        assert len(tag) == 1
        self.names: set[str] = set()
        self._changed: set[str] = set()
        self._tag, self._store, self._groups = tag, store, groups
        if store is not None and not store.is_new:
            width = group_width(groups)
            for group in range(groups):
                for key, _ in store.scan(group_prefix(group, groups) + tag):
                    self.names.add(key[width + 1 :].decode())

    def add(self, name: str) -> None:
        """Mark a name."""
        if name not in self.names:
            self.names.add(name)
            self._changed.add(name)

    def discard(self, name: str) -> None:
        """Take the mark away."""
        if name in self.names:
            self.names.discard(name)
            self._changed.add(name)

    def flush(self) -> None:
        """Write what changed to the store."""
        if self._store is not None:
            rows = [(self._key(name), b"" if name in self.names else None) for name in sorted(self._changed)]
            self._store.write(rows)
        self._changed.clear()

    def _key(self, name: str) -> bytes:
        return group_of(name, self._groups) + self._tag + name.encode()
