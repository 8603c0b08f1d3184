"""What every destination can do, and the one promise they share: each committed record is there exactly once.

The engine cuts the records into epochs. While one is open, `write` is called for each packet. At its end `seal` gives
it its number (1, 2, 3, …) and makes it durable, yet nobody sees it; what `seal` returns (the mark) is stored in the
engine's snapshot together with the offsets of the input. Once the engine has committed that snapshot, `publish` makes
the epoch visible. The process may die between any two instructions. Afterwards `recover` is told the last committed
epoch and its mark: younger epochs never happened and come again, this one and all before it must become visible.

A destination does no engine's work and knows no engine: a loop over packets in a test drives it as the flow does.
"""

from typing import Protocol

from schemas.records import Packet

Mark = dict[str, int]


class DestinationError(RuntimeError):
    """The world behind a destination failed (disk full, file taken away); the message says which and what to do."""


class Destination(Protocol):
    """One place that records go to. Calls come from one thread, in the order of the module's text."""

    @property
    def name(self) -> str:
        """The destination's word in marks, metrics and messages; unique within a deployment."""

    def recover(self, committed: int, mark: Mark) -> None:
        """Start: forget every epoch after `committed`, publish every epoch up to it.

        `mark` is what `seal(committed)` returned, `{}` when this destination was not there then or `committed` is 0.
        """

    def write(self, packet: Packet) -> None:
        """Take a packet into the open epoch. On the hot path: costs next to nothing."""

    def seal(self, epoch: int) -> Mark:
        """End the open epoch as number `epoch`; when this returns it survives the process, unseen. Gives its mark."""

    def publish(self, epoch: int) -> None:
        """Make the epochs up to `epoch` visible: they are committed. Repeating it is harmless."""

    def idle(self) -> None:
        """Nothing came for a moment: show what may be shown already."""

    def close(self) -> None:
        """After the last publish: finish the work in the background. Repeating it is harmless."""
