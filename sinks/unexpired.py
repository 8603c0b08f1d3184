"""The guard of an outbox that is written long after the fact: an action that has expired meanwhile does not leave.

A flow decides by log time. A replay that sends runs hours or years later, so here the wall clock has the last word; how
many actions it kept back is part of the mark. Nothing else of the packets comes through, for an outbox wants no more.
"""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from schemas.records import Packet
from sinks.destination import Destination, Mark

ACTIONS = "actions"
EXPIRED = "expired"
SECOND_US = 1_000_000


class Expiry(Struct):
    """What of an action is looked at."""

    expires_at_us: int


_decode = msgspec.json.Decoder(Expiry).decode


class Unexpired:
    """A destination of actions that gets only those that have not expired by the wall clock (`wall`, in seconds)."""

    def __init__(self, outbox: Destination, wall: Callable[[], float]) -> None:
        """Stand before `outbox`, under its name."""
        self.name = outbox.name
        self.expired = 0
        self._outbox = outbox
        self._wall = wall

    def recover(self, committed: int, mark: Mark) -> None:
        """Go on counting where the last committed epoch stood."""
        self.expired = mark.get(EXPIRED, 0)
        self._outbox.recover(committed, {key: value for key, value in mark.items() if key != EXPIRED})

    def write(self, packet: Packet) -> None:
        """Hand on the actions that may still leave."""
        lines = packet.lines.get(ACTIONS)
        if not lines:
            return
        now_us = int(self._wall() * SECOND_US)
        every = lines.splitlines(keepends=True)
        kept = [line for line in every if _decode(line).expires_at_us > now_us]
        self.expired += len(every) - len(kept)
        self._outbox.write(Packet({ACTIONS: b"".join(kept)} if kept else {}, {}, [], [], packet.read_at))

    def seal(self, epoch: int) -> Mark:
        """Seal the outbox; the mark holds the count as well."""
        return {**self._outbox.seal(epoch), EXPIRED: self.expired}

    def publish(self, epoch: int) -> None:
        """Publish the outbox."""
        self._outbox.publish(epoch)

    def idle(self) -> None:
        """Tell the outbox."""
        self._outbox.idle()

    def close(self) -> None:
        """Close the outbox."""
        self._outbox.close()
