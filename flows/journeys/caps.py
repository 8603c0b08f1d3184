"""Frequency caps: how many messages a member gets in a rolling window.

Every window that covers a message must have room. A window of length w that ends now holds the messages of
(now - w, now], so no stretch of length w ever holds more than the cap. After a merge the messages of both count.
"""

from typing import NamedTuple

from config.program import Cap, Program
from schemas.states import Contact, Relations


class CapState(NamedTuple):
    """A cap that applies, and how many messages it has left now."""

    cap: str
    left: int


class Caps:
    """The program's caps."""

    def __init__(self, program: Program) -> None:
        self._caps = program.caps
        self._exempt = frozenset(name for name, purpose in program.purposes.items() if purpose.caps == "exempt")
        self._longest_us = max((cap.window for cap in program.caps), default=0)

    def states(self, relations: Relations, channel: str, purpose: str, at_us: int) -> list[CapState]:
        """Give every cap that a message of this channel and purpose falls under; none for an exempt purpose."""
        if purpose in self._exempt:
            return []
        return [
            CapState(cap.id, cap.max - self._used(cap, relations.contacts, at_us))
            for cap in self._caps
            if cap.channel in (None, channel)
            and cap.purpose in (None, purpose)
            and cap.frequency in (None, relations.frequency)
        ]

    def _used(self, cap: Cap, contacts: list[Contact], at_us: int) -> int:
        begin_us = at_us - cap.window
        return sum(
            1
            for contact in contacts
            if contact.at_us > begin_us
            and contact.purpose not in self._exempt
            and cap.channel in (None, contact.channel)
            and cap.purpose in (None, contact.purpose)
        )

    def note(self, relations: Relations, channel: str, purpose: str, at_us: int) -> None:
        """Count a message that is sent now, and forget what no window reaches any more."""
        if purpose in self._exempt:
            return
        oldest_us = at_us - self._longest_us
        relations.contacts = [contact for contact in relations.contacts if contact.at_us > oldest_us]
        relations.contacts.append(Contact(at_us, channel, purpose))
