"""Lanes: who waits together while a member waits for another worker.

Members do not see each other, so each has a lane of its own, and only the one that waits is put aside. Where the
program keeps a budget or a stock by key group, the members of a group share it: who gets its last points or pieces is
for the order of the log to say. There a group is one lane, and all of it waits, so that its events and timers are done
in their order whatever the number and the pace of the workers. Nobody waits for ever: a lane waits for an earlier step
of the one order, and the earliest step that anybody waits for has nothing before it.

A lane is named by its member, or by a key that lies in the group, so that its row moves with the group.
"""

from collections.abc import Iterable

from config.program import Program
from schemas.groups import group_number, key_in_group

GROUP_LANE = "lane"


def shares_by_group(program: Program) -> bool:
    """Whether members of a key group share a budget or a stock."""
    return any(rule.budget is not None and rule.budget.kept == "by_group" for rule in program.earn) or any(
        reward.stock is not None and reward.stock_kept == "by_group" for reward in program.rewards.values()
    )


class Lanes:
    """Says in which lane a member is; `waiting` are the lanes that an earlier run left waiting.

    When the program changes to or from shares by group, those go on in the lanes that they wait in: a member stays in
    its own until it has caught up, and where a group waits, groups wait until the next start.
    """

    def __init__(self, program: Program, groups: int, waiting: Iterable[str] = ()) -> None:
        self._groups = groups
        self.alone = {lane for lane in waiting if not lane.startswith(f"{GROUP_LANE}#")}
        self._by_group = shares_by_group(program) or len(self.alone) < len(set(waiting))

    def of(self, member_id: str) -> str:
        """Give the lane of a member."""
        if not self._by_group or member_id in self.alone:
            return member_id
        return key_in_group(GROUP_LANE, group_number(member_id, self._groups), self._groups)
