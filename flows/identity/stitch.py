"""The stitcher: one writer that gives every event its member.

For each row in order: forget anonymous members whose time has come; refuse what is too old or names nobody; leave out
what was seen before; then find the owners of the event's identifiers. Usually all name one member, and nothing changes.
Otherwise a member is made, identifiers are linked, or members are merged: an anonymous one into a known one, of two of
a kind the younger into the older. What goes on is one list of steps in order: merges before the event that caused them.
"""

from base64 import b64encode
from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from config.program import Program
from flows.identity.index import DEFAULT_SPACE, IdentityIndex, Named, without_space
from flows.identity.people import DAY_US, EXPIRY, OURSELVES, People
from flows.identity.shapes import Shapes
from schemas.checks import NO_IDENTIFIER
from schemas.decode import Rejected
from schemas.events import EVENT_TYPES, Event, Identifiers, Receipt, Split
from schemas.hosting import Seen, TimerQueue
from schemas.log import Place, Row
from schemas.reasons import RejectReason
from schemas.records import DeadLetter, EventApplied
from schemas.states import Person, Totals
from schemas.stitched import Cause, Forgotten, Merged, Step, Stitched

SECOND_US = 1_000_000
NO_KEY = bytes(16)
QUARANTINED = "!"
NO_IDS: Identifiers = {}
NAMED_OTHERWISE = frozenset({Receipt, Split})
TYPE_NAMES: dict[type, str] = {kind: name for name, kind in EVENT_TYPES.items()}


class Stitcher:
    """`apply` rows; results collect in `steps`, `events`, `dead_letters` and in `people` until taken."""

    def __init__(
        self, program: Program, index: IdentityIndex, people: People, seen: Seen, timers: TimerQueue, totals: Totals
    ) -> None:
        self._index, self.people, self._seen, self._timers, self.totals = index, people, seen, timers, totals
        self._retention_us = program.retention.events
        self._spaces = None if program.identity.spaces is None else frozenset(program.identity.spaces)
        self._slow_spaces = self._spaces is not None and DEFAULT_SPACE not in self._spaces
        self._shapes = Shapes(index)
        self._anonymous = False
        self._encode: Callable[[Struct], bytes] = msgspec.json.Encoder(order="deterministic").encode
        self.steps: list[Step] = []
        self.events: list[EventApplied] = []
        self.dead_letters: list[DeadLetter] = []
        self.gone: list[str] = []

    def apply(self, rows: list[Row]) -> None:
        """Stitch rows in order; the hot loop of this station."""
        keys = [
            NO_KEY if type(row[5]) is Rejected else xxh3_128_digest(f"{row[5].source}\0{row[5].id}".encode())
            for row in rows
        ]
        stored = self._seen.probe(keys)
        timers, totals, encode, retention_us, quick = (
            self._timers, self.totals, self._encode, self._retention_us, self._quick
        )  # fmt: skip
        events, steps, new_keys, new_values = self.events, self.steps.append, list[bytes](), list[int]()
        for at, (log_us, event_us, place, offset, raw, event) in enumerate(rows):
            totals.log_us = log_us
            if timers.next_us <= log_us:
                self.advance(log_us)
            if type(event) is Rejected:
                self._reject(event, log_us, place, offset, raw)
                continue
            ids: list[str] = []
            owner = quick(event, log_us, ids) if event_us >= log_us - retention_us else None
            named: Named | None = None
            if owner is None:
                found = self._named(event, event_us, log_us)
                if isinstance(found, Rejected):
                    self._reject(found, log_us, place, offset, raw)
                    continue
                named = found
            key, data = keys[at], encode(event.data)
            body = xxh3_64_intdigest(data, event_us) >> 32
            if at in stored:
                before = self._seen.first_sight(key, body, log_us, stored[at])
                if before is not None:
                    self._seen_before(body, before, log_us, place, offset, raw)
                    continue
            else:
                new_keys.append(key)
                new_values.append(body << 32 | log_us // SECOND_US)
            name, source, event_id = key.hex(), event.source, event.id
            if owner is None:
                self._applied(event, event_us, log_us, name, data, named)
                continue
            if self._anonymous:
                self._touch(owner, log_us)
            totals.applied += 1
            events.append(EventApplied(name, source, event_id, TYPE_NAMES[type(event)], DEFAULT_SPACE, event_us, log_us,
                                       owner, ids, Raw(data)))
            steps(Stitched(name, source, event_id, event_us, log_us, owner, event, None, known=False, created=False,
                           by=ids[0]))
        self._seen.note(new_keys, new_values)

    def _quick(self, event: Event, log_us: int, keys: list[str]) -> str | None:
        """Give the owner in the usual case (default space, every identifier known, one owner), and put the keys in.

        Strongest first. None otherwise, also where a value is quarantined or may be sighted with a new person today.
        `_anonymous` then says whether only anonymous identifiers stand there.
        """
        if self._slow_spaces or event.space != DEFAULT_SPACE or type(event) in NAMED_OTHERWISE:
            return None
        ids = event.data.ids or NO_IDS
        look_ups, self._anonymous, watched = self._shapes[tuple(ids)]
        owners, only = self._index.owners.young, None
        for kind, prefix in look_ups:
            value = ids[kind]
            if type(value) is not str:
                return None
            key = prefix + value
            owner = owners.get(key)
            if owner is None or (only is not None and owner != only):
                return None
            only = owner
            keys.append(key)
        if only is None or only[0] == QUARANTINED:
            return None
        for at in watched:
            if self._index.sighted.young.get(keys[at]) != log_us // DAY_US:
                return None
        return only

    def advance(self, until_us: int) -> None:
        """Forget the anonymous members whose time has come, in order."""
        while (timer := self._timers.pop_due(until_us)) is not None:
            person = self.people.expire(timer)
            if person is not None:
                self.gone.append(person.member_id)
                gone_id, due_us = person.member_id, timer.due_us
                self.steps.append(Forgotten(EXPIRY, OURSELVES, gone_id, due_us, due_us, gone_id))

    def _refusal(self, event: Event, event_us: int, log_us: int) -> Rejected | None:
        if event_us < log_us - self._retention_us:
            late = (log_us - event_us) // SECOND_US
            return Rejected(RejectReason.TOO_OLD, f"time: {late} s behind the log, beyond retention.events")
        if self._spaces is not None and event.space not in self._spaces:
            accepted = ", ".join(sorted(self._spaces))
            return Rejected(RejectReason.INVALID_DATA, f"space: expected one of {accepted}, found {event.space!r}")
        return None

    def _named(self, event: Event, event_us: int, log_us: int) -> Named | Rejected:
        """Give what the event's identifiers name, or why it is refused."""
        refused = self._refusal(event, event_us, log_us)
        if refused is not None:
            return refused
        if type(event) is Receipt:
            return self._of_receipt(event)
        ids = event.data.ids or (event.data.keep if isinstance(event, Split) else {})
        named = self._index.look_up(self._index.in_rank(ids), self._index.prefixes_of(event.space))
        return named if named.keys else self._nobody(ids)

    def _nobody(self, ids: dict[str, str | list[str]]) -> Rejected:
        problem = self._index.why_nobody(ids)
        if problem is None:
            return NO_IDENTIFIER
        if ": invalid" in problem:
            return Rejected(RejectReason.INVALID_DATA, problem)
        blocked = ": blocked" in problem
        return Rejected(RejectReason.BLOCKED_IDENTIFIER if blocked else RejectReason.NO_IDENTIFIER, problem)

    def _of_receipt(self, event: Receipt) -> Named | Rejected:
        """A receipt belongs to the member its action was for, whose id the action's id begins with."""
        person = self._index.person(event.data.action_id.partition(".")[0])
        if person is not None:
            return Named([], [person.member_id])
        if event.data.ids:
            named = self._index.look_up(self._index.in_rank(event.data.ids), self._index.prefixes_of(event.space))
            if named.keys:
                return named
        return Rejected(RejectReason.NO_IDENTIFIER, "data.action_id: no action of ours, and data.ids names nobody")

    def _applied(self, event: Event, event_us: int, log_us: int, key: str, data: bytes, named: Named | None) -> None:
        assert named is not None
        source, event_id, keys = event.source, event.id, named.keys
        linked, known = None, False
        if named.new or len(named.owners) != 1:
            person = self._resolve(event.space, named, Cause(key, source, event_id, event_us, log_us))
            member_id, known = person.member_id, person.known
            linked = without_space(named.new, event.space) if named.new else None
        else:
            member_id = named.owners[0]
            if keys and self._index.anonymous_types.issuperset(event.data.ids or ()):
                self._touch(member_id, log_us)
        self.totals.applied += 1
        shown = without_space(keys, event.space)
        self.events.append(
            EventApplied(
                key, source, event_id, TYPE_NAMES[type(event)], event.space, event_us, log_us, member_id, shown,
                Raw(data),
            )
        )  # fmt: skip
        created = bool(named.new) and not named.owners
        self.steps.append(
            Stitched(key, source, event_id, event_us, log_us, member_id, event, linked, known, created,
                     shown[0] if shown else "")
        )

    def _touch(self, member_id: str, log_us: int) -> None:
        person = self._index.persons.get(member_id)
        if person is not None and not person.known:
            self.people.touch(person, log_us)

    def _resolve(self, space: str, named: Named, cause: Cause) -> Person:
        """Make, link or merge until all identifiers name one member; give it."""
        if not named.owners:
            return self.people.create(space, named.new, named.new_known, cause)
        if len(named.owners) == 1:
            into = self._person(named.owners[0])
        else:
            members = [self._person(owner) for owner in named.owners]
            into, *others = sorted(members, key=lambda one: (not one.known, one.created_us, one.member_id))
            for other in others:
                self._merge(into, other, cause)
        if named.new:
            self.people.link(into, named.new, named.new_known, cause)
        if not into.known:
            self.people.touch(into, cause.log_us)
        return into

    def _merge(self, into: Person, other: Person, cause: Cause) -> None:
        self.people.merge(into, other, cause)
        self.gone.append(other.member_id)
        self.steps.append(
            Merged(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, into.member_id, other.member_id)
        )

    def _person(self, member_id: str) -> Person:
        person = self._index.persons.get(member_id)
        assert person is not None, member_id
        assert person.merged_into is None, member_id
        return person

    def _seen_before(self, body: int, before: int, log_us: int, place: Place, offset: int, raw: bytes) -> None:
        if body == before:
            self.totals.duplicate += 1
            return
        conflict = Rejected(RejectReason.ID_CONFLICT, "the same source and id came before with another body")
        self._reject(conflict, log_us, place, offset, raw)

    def _reject(self, rejected: Rejected, log_us: int, place: Place, offset: int, raw: bytes) -> None:
        reason = rejected.reason
        self.totals.rejected[reason] = self.totals.rejected.get(reason, 0) + 1
        self.dead_letters.append(
            DeadLetter(
                reason, rejected.detail, b64encode(raw).decode(), place.topic, place.partition, offset, log_us
            )
        )  # fmt: skip
