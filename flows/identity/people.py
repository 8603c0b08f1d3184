"""Making, linking, merging and forgetting members: what changes the identity index, and the records of it.

A member's id is derived from the event that made it, so every replay gives the same. Of members that turn out to be
one person a known one wins over an anonymous one, of two of a kind the older (by log time, then id). The loser's
identifiers move, and its row stays as a forwarding stone, so that old ids go on to resolve.
"""

from flows.identity.index import IdentityIndex, space_prefix, without_space
from schemas.hosting import Timer, TimerQueue
from schemas.records import IdentifierMoved, IdentityChanged, IdentityKind, MemberChanged
from schemas.states import Person, Totals
from schemas.stitched import Cause

DAY_US = 86_400_000_000
TIMER = "forget"
ID_HEX_CHARS = 24
OURSELVES, EXPIRY = "balanza", "expiry"


class People:
    """Changes persons; collects records in `changes`, `versions`, `moved` until the batch is handed on."""

    def __init__(self, index: IdentityIndex, timers: TimerQueue, totals: Totals, anonymous_days: int) -> None:
        self._index = index
        self._timers = timers
        self._totals = totals
        self._anonymous_days = anonymous_days
        self.changes: list[IdentityChanged] = []
        self.versions: list[MemberChanged] = []
        self.moved: list[IdentifierMoved] = []

    def create(self, space: str, keys: list[str], known: bool, cause: Cause) -> Person:
        """Make a member that owns the keys."""
        member_id = f"m_{cause.key[:ID_HEX_CHARS]}"
        day = cause.log_us // DAY_US
        person = Person(member_id, space, known, cause.log_us, day, [])
        self._totals.members += 1
        self._totals.known_members += known
        if not known:
            self._timers.arm(Timer((day + self._anonymous_days + 1) * DAY_US, member_id, TIMER, ""))
        self._own(person, keys, cause)
        self._version(person, cause.log_us)
        self._index.persons.put(member_id, person)
        return person

    def link(self, person: Person, keys: list[str], known: bool, cause: Cause) -> None:
        """Give the keys to a member; it becomes known with the first identifier that names a person."""
        self._own(person, keys, cause)
        if known and not person.known:
            person.known = True
            person.version += 1
            self._totals.known_members += 1
            self._version(person, cause.log_us)
        self._index.persons.put(person.member_id, person)

    def _own(self, person: Person, keys: list[str], cause: Cause) -> None:
        own = without_space(keys, person.space)
        put, member_id = self._index.owners.put, person.member_id
        for key in keys:
            put(key, member_id)
        person.ids.extend(own)
        self._totals.links += len(keys)
        self._change("link", person, None, own, cause, None)

    def merge(self, into: Person, other: Person, cause: Cause) -> None:
        """Let `into` take over everything `other` owns."""
        assert into.member_id != other.member_id
        before = space_prefix(into.space)
        for identifier in other.ids:
            self._index.owners.put(before + identifier, into.member_id)
        moved, other.ids = other.ids, []
        into.ids.extend(moved)
        into.last_day = max(into.last_day, other.last_day)
        other.merged_into = into.member_id
        other.version += 1
        self._totals.merges += 1
        self._totals.members -= 1
        self._totals.known_members -= other.known
        self._change("merge", into, other.member_id, moved, cause, None)
        self._version(other, cause.log_us)
        self._index.persons.put(into.member_id, into)
        self._index.persons.put(other.member_id, other)

    def touch(self, person: Person, log_us: int) -> None:
        """Note, to the day, that an anonymous member was active."""
        day = log_us // DAY_US
        if day > person.last_day:
            person.last_day = day
            self._index.persons.put(person.member_id, person)

    def expire(self, timer: Timer) -> Person | None:
        """Forget the anonymous member that the timer is for, unless it was active since or became known."""
        person = self._index.persons.get(timer.owner)
        if person is None or person.known or person.merged_into is not None:
            return None
        due_us = (person.last_day + self._anonymous_days + 1) * DAY_US
        if due_us > timer.due_us:
            self._timers.arm(Timer(due_us, person.member_id, TIMER, ""))
            return None
        before = space_prefix(person.space)
        for identifier in person.ids:
            self._index.owners.remove(before + identifier)
        person.version += 1
        self._totals.members -= 1
        cause = Cause(EXPIRY, OURSELVES, person.member_id, timer.due_us, timer.due_us)
        self._change("expire", person, None, person.ids, cause, f"no activity for {self._anonymous_days} days")
        self._version(person, timer.due_us, forgotten=True)
        self._index.persons.remove(person.member_id)
        return person

    def _change(
        self, kind: IdentityKind, person: Person, other: str | None, ids: list[str], cause: Cause, detail: str | None
    ) -> None:
        self._totals.identity_seq += 1
        self.changes.append(
            IdentityChanged(
                self._totals.identity_seq, kind, cause.log_us, person.space, person.member_id, other, ids,
                cause.source, cause.id, detail,
            )
        )  # fmt: skip
        owner, before = (None, person.member_id) if kind == "expire" else (person.member_id, other)
        for identifier in ids:
            name, _, value = identifier.partition(":")
            self.moved.append(IdentifierMoved(person.space, name, value, owner, before))

    def _version(self, person: Person, at_us: int, *, forgotten: bool = False) -> None:
        self.versions.append(
            MemberChanged(
                person.member_id, person.version, at_us, person.space, person.known, person.created_us,
                person.merged_into, forgotten,
            )
        )  # fmt: skip
