"""Several destinations as one: every call goes to each, in order; marks are told apart by the destination's name."""

from collections.abc import Sequence

from schemas.records import Packet
from sinks.destination import Destination, Mark

SEPARATOR = "/"


class Destinations:
    """A destination made of others. One that joins a running deployment finds an empty mark at its first recover."""

    name = "all"

    def __init__(self, members: Sequence[Destination]) -> None:
        """Keep the order of `members`; two of one name are refused (ValueError), their marks would mix."""
        names = [member.name for member in members]
        if len(set(names)) != len(names):
            message = f"destinations need names of their own, got {', '.join(names)}"
            raise ValueError(message)
        self._members = tuple(members)

    def recover(self, committed: int, mark: Mark) -> None:
        """Hand each destination its own part of the mark."""
        for member in self._members:
            prefix = member.name + SEPARATOR
            own = {key.removeprefix(prefix): value for key, value in mark.items() if key.startswith(prefix)}
            member.recover(committed, own)

    def write(self, packet: Packet) -> None:
        """Hand the packet to each."""
        for member in self._members:
            member.write(packet)

    def seal(self, epoch: int) -> Mark:
        """Seal each; the marks come back under `<name>/<key>`."""
        return {
            member.name + SEPARATOR + key: value
            for member in self._members
            for key, value in member.seal(epoch).items()
        }

    def publish(self, epoch: int) -> None:
        """Publish each. A crash in between is mended by recover: each destination publishes what it has not yet."""
        for member in self._members:
            member.publish(epoch)

    def idle(self) -> None:
        """Tell each."""
        for member in self._members:
            member.idle()

    def close(self) -> None:
        """Close every one, even if another fails; then raise the failures together."""
        failures: list[Exception] = []
        for member in self._members:
            try:
                member.close()
            except Exception as failure:  # noqa: BLE001  the others must still finish; raised below
                failures.append(failure)
        if len(failures) == 1:
            raise failures[0]
        if failures:
            message = "several destinations failed to close"
            raise ExceptionGroup(message, failures)
