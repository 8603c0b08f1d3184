"""The cache of a process, shared out: what one table does not need of its share another may use.

Each table has a share of its own, which it can always grow into. Once an epoch it is looked at who needs less: a table
that never had to drop anything needs twice what it holds, since it goes on growing. The rest, and the shares of tables
that stand in other processes, are lent to the tables that did drop rows, by the size of their shares. A loan ends with
the next look: the cache is over its bound by as much as the others grew in an epoch, at most.
"""

from typing import Any

from flows.runtime.table import Table


class Pool:
    """Bounds tables in bytes, together."""

    def __init__(self, total_bytes: int) -> None:
        self._total_bytes = total_bytes
        self._shares: list[tuple[Table[Any], int]] = []

    def add(self, table: Table[Any], share: float) -> None:
        """Let a table have a share (0 to 1) of the cache from now on."""
        share_bytes = int(self._total_bytes * share)
        table.bound(share_bytes)
        self._shares.append((table, share_bytes))

    def settle(self) -> None:
        """Lend anew what is not needed."""
        full = [(table, share) for table, share in self._shares if table.turns]
        if not full:
            return
        needed = sum(share for _, share in full)
        needed += sum(min(share, 2 * table.cached_bytes) for table, share in self._shares if not table.turns)
        spare, lent_to = max(0, self._total_bytes - needed), sum(share for _, share in full)
        for table, share in full:
            table.bound(share + spare * share // lent_to)
