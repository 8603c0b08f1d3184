"""The oracle: the same machines in a plain loop, in memory, without engine, store, batches or crashes.

What it gives for a list of rows is what the dataflow must give, byte for byte (invariant V4).
"""

from collections.abc import Iterable

from config.program import Program
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.log import LogBatch, Row
from schemas.states import Member, MemberTotals, Totals


class Folded:
    """Records as JSON lines by table; the states of all members; the totals."""

    def __init__(self) -> None:
        self.lines: dict[str, bytes] = {}
        self.members: dict[str, Member] = {}
        self.totals: dict[str, Totals | MemberTotals] = {}


def fold(program: Program, rows: Iterable[Row], until_us: int | None = None) -> Folded:
    """Apply rows one by one, then fire timers up to `until_us` (the last row's log time if None)."""
    wiring = Wiring(program)
    stitch, members, folded = StitchHost(wiring, 0), MemberHost(wiring, 0), Folded()
    said: dict[str, list[bytes]] = {}
    last_us = 0

    def take(batch: LogBatch) -> None:
        packet = members.work(stitch.work(batch))
        for table, lines in packet.lines.items():
            said.setdefault(table, []).append(lines)
        for gone in packet.gone:
            folded.members.pop(gone, None)
        for member_id, member in packet.touched.items():
            assert isinstance(member, Member)
            folded.members[member_id] = member

    for row in rows:
        last_us = row[0]
        take(LogBatch([row], None, 0, 0.0))
    take(LogBatch([], last_us if until_us is None else until_us, 0, 0.0))
    folded.lines = {table: b"".join(lines) for table, lines in said.items()}
    folded.totals = dict(wiring.totals)
    return folded
