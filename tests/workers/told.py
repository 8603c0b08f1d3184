"""What a deployment said, by member, so that one process and many can be compared."""

import json
from collections import defaultdict

from schemas.records import Packet
from schemas.states import encode_state

MEMBERS_TABLES = ("entries", "refusals", "signals", "decisions", "actions", "receipts")


class Told:
    """Records by table and member in their order; the last state of each member."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.states: dict[str, bytes] = {}

    def take(self, packet: Packet) -> None:
        """Add what one packet says."""
        for table, lines in packet.lines.items():
            if table in MEMBERS_TABLES:
                for line in lines.decode().splitlines():
                    self.records[table, json.loads(line)["member_id"]].append(line)
        for gone in packet.gone:
            self.states.pop(gone, None)
        self.states.update({member_id: encode_state(state) for member_id, state in packet.touched.items()})

    def add(self, other: "Told") -> None:
        """Join what another worker said."""
        for key, lines in other.records.items():
            self.records[key] += lines
        self.states.update(other.states)

    def sorted_records(self) -> dict[tuple[str, str], list[str]]:
        """Records by table and member; entries by version, since a merge is posted by the worker that takes."""
        return {key: sorted(lines, key=_version) if key[0] == "entries" else lines
                for key, lines in self.records.items()}


def _version(line: str) -> int:
    return int(json.loads(line)["version"])
