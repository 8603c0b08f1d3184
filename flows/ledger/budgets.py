"""Budgets: the most that a rule gives to all members together; exact, without anybody asking anybody.

A worker applies its events in one total order, so a count in its state is exact. `together` is one count for all: it
stands in the key group of the rule's id, and only a worker that has all groups can keep it. `by_group` gives each of
the deployment's key groups an equal, fixed share, the first ones one point more where it does not divide: each is exact
in the worker that has the group, moves with it, and the sum can never be exceeded, whatever the number of workers. The
price is that one group may run out while another has some left, and that a member that waits for a merge between
workers has its whole group wait (flows/lanes.py): so the order of the log says who gets the last of a share.
"""

from config.earning import Budget
from config.program import Program
from flows.ledger.periods import NUMBERS, remember
from schemas.earning_states import Spent
from schemas.groups import group_number, key_in_group, share_of
from schemas.hosting import Rows


def kept_together(program: Program) -> list[str]:
    """Give the rules whose budget only one worker can keep."""
    return sorted(rule.id for rule in program.earn if rule.budget is not None and rule.budget.kept == "together")


class Budgets:
    """Counts what rules gave, in rows of whoever hosts this; `retention_us` is how late an event may come."""

    def __init__(self, rows: Rows[Spent], groups: int, retention_us: int) -> None:
        self._rows, self._groups, self._retention_us = rows, groups, retention_us

    def _share(self, rule: str, budget: Budget, member_id: str) -> tuple[str, int]:
        """The key of the row that serves a member, and how many points a period begins with there."""
        if budget.kept == "together":
            return rule, budget.points
        group = group_number(member_id, self._groups)
        return key_in_group(rule, group, self._groups), share_of(budget.points, group, self._groups)

    def left(self, rule: str, budget: Budget, number: int, member_id: str) -> int:
        """Give how many points are left for a member in a period; below zero where the program lowered the budget."""
        key, points = self._share(rule, budget, member_id)
        spent = self._rows.get(key)
        return points if spent is None else points - spent.points.get(number, 0)

    def take(self, rule: str, budget: Budget, number: int, member_id: str, points: int, log_us: int) -> None:
        """Count points that were given."""
        key, _ = self._share(rule, budget, member_id)
        spent = self._rows.get(key) or Spent()
        remember(spent.points, number, points, NUMBERS[budget.period], log_us - self._retention_us)
        self._rows.put(key, spent)
