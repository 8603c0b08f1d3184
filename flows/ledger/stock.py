"""The stock of rewards: exact, without anybody asking anybody.

A worker applies its events in one total order, so a count in its state is exact. `together` is one count for all: it
stands in the key group of the reward's name, and only a worker that has all groups can keep it. `by_group` gives each
of the deployment's key groups an equal part, the first ones one more where it does not divide: each part is exact in
the worker that has the group, moves with it, and the sum can never be exceeded, whatever the number of workers. The
price is that a group may run out while another has some left, and that a group waits where one of its members does
(flows/lanes.py), so that the order of the log says who gets the last piece. A piece that comes back goes to the part of
the group that its member is in now.
"""

from config.program import Program
from config.rewards import Reward
from schemas.groups import group_number, key_in_group, share_of
from schemas.hosting import Rows
from schemas.standing import Shelf


def kept_together(program: Program) -> list[str]:
    """Give the rewards whose stock only one worker can keep."""
    return sorted(
        name for name, reward in program.rewards.items() if reward.stock is not None and reward.stock_kept == "together"
    )


class Stock:
    """Counts pieces on shelves, rows of whoever hosts this."""

    def __init__(self, shelves: Rows[Shelf], groups: int) -> None:
        self._shelves, self._groups = shelves, groups

    def _shelf(self, name: str, reward: Reward, member_id: str) -> tuple[str, int]:
        """The key of the shelf that serves a member, and how many pieces it began with."""
        pieces = reward.stock or 0
        if reward.stock_kept == "together":
            return name, pieces
        group = group_number(member_id, self._groups)
        return key_in_group(name, group, self._groups), share_of(pieces, group, self._groups)

    def left(self, name: str, reward: Reward, member_id: str) -> int:
        """Give how many pieces are left for a member; below zero where the program lowered the stock."""
        key, pieces = self._shelf(name, reward, member_id)
        shelf = self._shelves.get(key)
        return pieces if shelf is None else pieces - shelf.taken

    def take(self, name: str, reward: Reward, member_id: str, pieces: int) -> None:
        """Take pieces, or give them back if below zero."""
        key, _ = self._shelf(name, reward, member_id)
        shelf = self._shelves.get(key) or Shelf()
        shelf.taken += pieces
        self._shelves.put(key, shelf)
