"""The engine's side of the sinks: one station that hands packets to all destinations and seals epochs.

What an epoch wrote is sealed at its snapshot and published at the first sign of a later epoch, for by then the engine
has committed it.
"""

import time
from collections.abc import Callable

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from schemas.records import Packet
from sinks.destination import Destination, Mark

THE_ONE_PART = "records"
SinkState = tuple[int, Mark]


class RecordsPartition(StatefulSinkPartition[Packet, SinkState]):
    """Counts epochs that wrote something; `sealed` is the last one whose snapshot was taken."""

    def __init__(self, destination: Destination, resume: SinkState | None, spent: Callable[[str, int], None]) -> None:
        self._destination = destination
        self._spent = spent
        self.sealed, self._mark = resume or (0, {})
        self._published = self.sealed
        self._open = False
        destination.recover(self.sealed, self._mark)

    def write_batch(self, values: list[Packet]) -> None:
        """Publish what is committed by now, then take the packets into the open epoch."""
        began = time.perf_counter_ns()
        self.publish()
        for packet in values:
            if _says_anything(packet):
                self._open = True
                self._destination.write(packet)
            else:
                self._destination.idle()
        self._spent("records", time.perf_counter_ns() - began)

    def publish(self) -> None:
        """Make everything sealed visible."""
        if self._published < self.sealed:
            self._destination.publish(self.sealed)
            self._published = self.sealed

    def snapshot(self) -> SinkState:
        """Seal the epoch if it wrote anything."""
        if self._open:
            began = time.perf_counter_ns()
            self._open = False
            self.sealed += 1
            self._mark = self._destination.seal(self.sealed)
            self._spent("records epoch", time.perf_counter_ns() - began)
        return (self.sealed, dict(self._mark))

    def close(self) -> None:
        """Leave the destinations open: only who runs the flow knows whether the last epoch was committed."""


def _says_anything(packet: Packet) -> bool:
    asked = packet.erased or packet.exports
    return bool(packet.lines or packet.touched or packet.gone or packet.moved or packet.posts or asked)


class RecordsSink(FixedPartitionedSink[Packet, SinkState]):
    """All destinations of a worker."""

    def __init__(self, destination: Destination, spent: Callable[[str, int], None]) -> None:
        self._destination = destination
        self._spent = spent
        self._part: RecordsPartition | None = None

    def list_parts(self) -> list[str]:
        """One a worker."""
        return [THE_ONE_PART]

    def part_fn(self, item_key: str) -> int:
        """Everything goes to the one."""
        return 0

    def build_part(self, step_id: str, for_part: str, resume_state: SinkState | None) -> RecordsPartition:
        """Recover the destinations to the last committed epoch."""
        self._part = RecordsPartition(self._destination, resume_state, self._spent)
        return self._part

    def finish(self) -> None:
        """The run ended cleanly, so everything sealed is committed: publish it and wait for the work behind."""
        if self._part is not None:
            self._part.publish()
        self._destination.close()
