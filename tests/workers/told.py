"""What a deployment said, by member, so that one process and many can be compared."""

import json
from collections import defaultdict
from operator import itemgetter

from schemas.records import Packet
from schemas.states import encode_state

MEMBERS_TABLES = (
    "entries", "refusals", "tiers", "offers", "vouchers", "signals", "decisions", "actions", "receipts",
)  # fmt: skip


class Told:
    """Records by table and member in their order; the last state of each member."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self.identity: list[str] = []
        self._states: dict[str, tuple[int, bytes | None]] = {}

    def take(self, packet: Packet, at: int = 0) -> None:
        """Add what one packet says; `at` orders the packets of several workers."""
        for table, lines in packet.lines.items():
            if table in MEMBERS_TABLES:
                for line in lines.decode().splitlines():
                    self.records[table, json.loads(line)["member_id"]].append((at, line))
        for table in ("identity", "members"):
            self.identity += packet.lines.get(table, b"").decode().splitlines()
        for gone in packet.gone:
            self._states[gone] = (at, None)
        for member_id, state in packet.touched.items():
            self._states[member_id] = (at, encode_state(state))

    def add(self, other: "Told") -> None:
        """Join what another worker said."""
        for key, lines in other.records.items():
            self.records[key] += lines
        for member_id, stamped in other._states.items():  # noqa: SLF001  of its own kind
            self._states[member_id] = max(self._states.get(member_id, (-1, None)), stamped, key=itemgetter(0))

    @property
    def states(self) -> dict[str, bytes]:
        """The last state of each member that is one."""
        return {member_id: packed for member_id, (_, packed) in self._states.items() if packed is not None}

    def sorted_records(self) -> dict[tuple[str, str], list[str]]:
        """Records by table and member; entries by version, since a merge is posted by the worker that takes."""
        found = {}
        for key, stamped in self.records.items():
            lines = [line for _, line in sorted(stamped, key=itemgetter(0))]
            found[key] = sorted(lines, key=_version) if key[0] == "entries" else lines
        return found


def _version(line: str) -> int:
    return int(json.loads(line)["version"])
