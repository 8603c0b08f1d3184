"""The stitcher: one writer that gives every event its member.

For each row in order: forget anonymous members whose time has come; refuse what is too old or names nobody; leave out
what was seen before; then find the owners of the event's identifiers. Usually all name one member, and nothing changes
(the quick way). Otherwise the rules say whose the event is (flows/identity/resolve.py; of a plain one, shapes.py, only
those are asked that concern it), or a person asked for something (requests.py). What goes on is one list of steps in
order: merges and splits before the event that caused them.
"""

from base64 import b64encode
from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct
from xxhash import xxh3_64_intdigest, xxh3_128_digest

from config.program import Program
from flows.identity.index import DEFAULT_SPACE, QUARANTINED, IdentityIndex, Named, without_space
from flows.identity.people import DAY_US, NOBODY, People
from flows.identity.refused import Refused
from flows.identity.requests import Requests, without_people
from flows.identity.resolve import Resolver
from flows.identity.shapes import Plain, Shape, Shapes
from flows.identity.stewards import Stewards
from schemas.checks import NO_IDENTIFIER
from schemas.decode import Rejected
from schemas.events import EVENT_TYPES, Alias, Erase, Event, Export, Identifiers, Receipt, Split
from schemas.hosting import Seen, TimerQueue
from schemas.log import Place, Row
from schemas.reasons import RejectReason
from schemas.records import DeadLetter, EventApplied
from schemas.states import Totals
from schemas.stitched import Cause, Step, Stitched

SECOND_US = 1_000_000
NO_KEY = bytes(16)
NO_IDS: Identifiers = {}
NAMED_OTHERWISE = frozenset({Receipt, Split, Erase, Export, Alias})
REQUESTS = (Split, Erase, Export)
STEWARDS_ONLY = (Alias, *REQUESTS)
TYPE_NAMES: dict[type, str] = {kind: name for name, kind in EVENT_TYPES.items()}


class Asked(Struct, frozen=True, gc=False):
    """What is kept of a request to be forgotten."""

    request_id: str
    actor: str


class Stitcher:
    """`apply` rows; results collect in `steps`, `events`, `dead_letters` and in `people` until taken."""

    def __init__(
        self, program: Program, index: IdentityIndex, people: People, seen: Seen, timers: TimerQueue, totals: Totals,
        key: bytes = b"",
    ) -> None:  # fmt: skip
        self._index, self.people, self._seen, self._timers, self.totals = index, people, seen, timers, totals
        self._resolver = Resolver(program, index, people)
        self.requests = Requests(index, people, totals, key)
        self._retention_us = program.retention.events
        self._spaces = None if program.identity.spaces is None else frozenset(program.identity.spaces)
        self._slow_spaces = self._spaces is not None and DEFAULT_SPACE not in self._spaces
        self._stewards = Stewards(program)
        self.refused = Refused(index, people)
        self._shapes = Shapes(index)
        self._anonymous = False
        self._encode: Callable[[Struct], bytes] = msgspec.json.Encoder(order="deterministic").encode
        self.steps: list[Step] = []
        self.events: list[EventApplied] = []
        self.dead_letters: list[DeadLetter] = []

    def apply(self, rows: list[Row]) -> None:
        """Stitch rows in order; the hot loop of this station."""
        keys = [
            NO_KEY if type(row[5]) is Rejected else xxh3_128_digest(f"{row[5].source}\0{row[5].id}".encode())
            for row in rows
        ]
        stored = self._seen.probe(keys)
        timers, totals, encode, retention_us, look_up = (
            self._timers, self.totals, self._encode, self._retention_us, self._look_up
        )  # fmt: skip
        events, steps, new_keys, new_values = self.events.append, self.steps.append, list[bytes](), list[int]()
        for at, (log_us, event_us, place, offset, raw, event) in enumerate(rows):
            totals.log_us = log_us
            if timers.next_us <= log_us:
                self.advance(log_us)
            if type(event) is Rejected:
                self._reject(event, log_us, place, offset, raw)
                continue
            ids: list[str] = []
            named: str | Plain | Named | Rejected | None
            named = look_up(event, log_us, ids) if event_us >= log_us - retention_us else None
            if named is None:
                named = self._named(event, event_us, log_us)
                if self.refused.waiting:
                    self._block(event, keys[at].hex(), event_us, log_us)
                if isinstance(named, Rejected):
                    self._reject(named, log_us, place, offset, raw)
                    continue
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
            if not isinstance(named, str):
                self._applied(event, event_us, log_us, name, data, named)
                continue
            if self._anonymous:
                self._touch(named, log_us)
            totals.applied += 1
            events(EventApplied(name, source, event_id, TYPE_NAMES[type(event)], DEFAULT_SPACE, event_us, log_us, named,
                                ids, Raw(data)))
            steps(Stitched(name, source, event_id, event_us, log_us, named, event, None, known=False, created=False,
                           by=ids[0]))
        self._seen.note(new_keys, new_values)

    def _look_up(self, event: Event, log_us: int, keys: list[str]) -> str | Plain | None:
        """Give the member of a plain event in the usual case (it owns every identifier), and put the keys in.

        Strongest first. Otherwise who its identifiers name, also where a value may be sighted with a new person today;
        None if it is not plain. `_anonymous` then says whether only anonymous identifiers stand there.
        """
        if self._slow_spaces or event.space != DEFAULT_SPACE or type(event) in NAMED_OTHERWISE:
            return None
        ids = event.data.ids or NO_IDS
        shape = self._shapes[tuple(ids)]
        owners, only = self._index.owners.young, None
        self._anonymous = shape.anonymous
        for kind, prefix in shape.look_ups:
            value = ids[kind]
            if type(value) is not str:
                return None
            key = prefix + value
            owner = owners.get(key)
            if owner is None or (only is not None and owner != only):
                return self._look_further(shape, ids, only, log_us, keys)
            only = owner
            keys.append(key)
        if only is None or only[0] == QUARANTINED:
            return None
        if shape.quiet or self._nothing_new(shape, keys, only, log_us):
            return only
        return Plain(shape, keys, [only] * len(keys), [], [])

    def _look_further(
        self, shape: Shape, ids: Identifiers, only: str | None, log_us: int, keys: list[str]
    ) -> str | Plain | None:  # fmt: skip
        """Go on where `only` owns the keys so far, and the next is not among the young ones or somebody else's."""
        if only is not None and only[0] == QUARANTINED:
            return None
        owners: list[str | None] = [only] * len(keys)
        new: list[str] = []
        kinds: list[str] = []
        young, find = self._index.owners.young, self._index.find
        for kind, prefix in shape.look_ups[len(keys) :]:
            value = ids[kind]
            if type(value) is not str:
                return None
            key = prefix + value
            owner = young.get(key)
            if owner is None:
                key, owner = find(kind, prefix, value)
            if owner is None:
                new.append(key)
                kinds.append(kind)
            elif owner[0] == QUARANTINED:
                return None
            keys.append(key)
            owners.append(owner)
        first = owners[0]
        if first is not None and owners.count(first) == len(owners) and self._nothing_new(shape, keys, first, log_us):
            return first
        return Plain(shape, keys, owners, new, kinds)

    def _nothing_new(self, shape: Shape, keys: list[str], owner: str, log_us: int) -> bool:
        """Say whether an event whose identifiers all have one owner has no bearing on who is who."""
        for at, anchor in shape.watched:
            sighting = self._index.sighted.young.get(keys[at])
            if sighting is None or sighting.day != log_us // DAY_US or sighting.people[0][0] != keys[anchor]:
                return False
        return not (shape.firm and owner in self._index.weak)

    def advance(self, until_us: int) -> None:
        """Forget the anonymous members whose time has come, in order."""
        while (timer := self._timers.pop_due(until_us)) is not None:
            self.people.expire(timer)
        self._take_steps()

    def _take_steps(self) -> None:
        if self.people.steps:
            self.steps += self.people.steps
            self.people.steps = []

    def _refusal(self, event: Event, event_us: int, log_us: int) -> Rejected | None:
        if event_us < log_us - self._retention_us:
            late = (log_us - event_us) // SECOND_US
            return Rejected(RejectReason.TOO_OLD, f"time: {late} s behind the log, beyond retention.events")
        if self._spaces is not None and event.space not in self._spaces:
            accepted = ", ".join(sorted(self._spaces))
            return Rejected(RejectReason.INVALID_DATA, f"space: expected one of {accepted}, found {event.space!r}")
        return self._stewards.refusal(event) if isinstance(event, STEWARDS_ONLY) else None

    def _named(self, event: Event, event_us: int, log_us: int) -> Named | Rejected:
        """Give what the event's identifiers name, or why it is refused."""
        refused = self._refusal(event, event_us, log_us)
        if refused is not None:
            return refused
        if type(event) is Receipt:
            return self._of_receipt(event)
        ids = event.data.ids or NO_IDS
        if isinstance(event, Split):
            ids = event.data.keep
            many = self._index.too_many(event.data.part)
            if many is not None:
                return Rejected(RejectReason.INVALID_DATA, many)
        links = not isinstance(event, REQUESTS)
        named = self._looked_up(ids, event.space, credits=links and type(event) is not Alias, links=links)
        return named or self._nobody(ids)

    def _block(self, event: Event, key: str, event_us: int, log_us: int) -> None:
        """Take what the program blocks by now from whom the event's identifiers name."""
        self.refused.take_out(event.space, Cause(key, event.source, event.id, event_us, log_us))
        self._take_steps()

    def _looked_up(
        self, ids: Identifiers, space: str, *, credits: bool = True, links: bool = True
    ) -> Named | Rejected | None:  # fmt: skip
        """Give what identifiers name, why they are refused, or None where none of them names anybody.

        `credits`: where only quarantined values stand there, the event needs somebody who is credited with it. `links`:
        they say whose the event is, and are not only asked for.
        """
        many = self._index.too_many(ids)
        if many is not None:
            return Rejected(RejectReason.INVALID_DATA, many)
        prefixes = self._index.prefixes_of(space)
        named = self._index.look_up(ids, prefixes) if links else self._index.look_up_members(ids, prefixes)
        self.refused.waiting = named.refused
        if not named.found:
            return None
        apart = credits and named.set_apart and all(one.quarantined for one in named.found)
        if apart and self._index.credited(named) is None:
            return Rejected(RejectReason.NO_IDENTIFIER, "data.ids: shared by too many, and the last of them is gone")
        return named

    def _nobody(self, ids: Identifiers) -> Rejected:
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
            return Named([], person.member_id)
        named = self._looked_up(event.data.ids, event.space) if event.data.ids else None
        if named is not None:
            return named
        return Rejected(RejectReason.NO_IDENTIFIER, "data.action_id: no action of ours, and data.ids names nobody")

    def _applied(
        self, event: Event, event_us: int, log_us: int, key: str, data: bytes, named: Named | Plain
    ) -> None:  # fmt: skip
        cause = Cause(key, event.source, event.id, event_us, log_us)
        self.totals.applied += 1
        if isinstance(named, Plain):
            resolved, ids = self._resolver.plainly(named, cause), named.keys
        elif isinstance(event, REQUESTS):
            self._requested(event, cause, data, named)
            return
        elif named.member_id is not None:
            self._answered(event, cause, data, named.member_id)
            return
        else:
            ids = without_space(named.keys, event.space)
            resolved = self._resolver.resolve(event.space, named, cause, joins=type(event) is Alias)
        person, linked, known, erased_us = resolved.person, None, False, 0
        if resolved.linked:
            linked, known = resolved.linked, person.known
            if self.totals.tombstones:
                erased_us = self.requests.erased_us(linked, event.space)
        elif not person.known:
            self.people.touch(person, log_us)
        self._note(event, cause, person.member_id, ids, data)
        if self.people.steps:
            self._take_steps()
        self.steps.append(
            Stitched(key, event.source, event.id, event_us, log_us, person.member_id, event, linked, known,
                     resolved.created, resolved.by, erased_us)
        )  # fmt: skip

    def _answered(self, event: Event, cause: Cause, data: bytes, member_id: str) -> None:
        """Hand on a receipt: an action of ours says whose it is."""
        self._note(event, cause, member_id, [], data)
        self.steps.append(
            Stitched(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, member_id, event, None,
                     known=False, created=False)
        )  # fmt: skip

    def _requested(self, event: Split | Erase | Export, cause: Cause, data: bytes, named: Named) -> None:
        person = self.requests.whose(event, named)
        member_id = NOBODY if person is None else person.member_id
        if isinstance(event, Erase):
            asked = event.data
            data = self._encode(Asked(request_id=asked.request_id, actor=asked.actor))
        self._note(event, cause, member_id, without_people(event, named), data)
        self.requests.do(event, person, named, cause)
        self._take_steps()

    def _note(self, event: Event, cause: Cause, member_id: str, ids: list[str], data: bytes) -> None:
        """Record the event as it was applied."""
        self.events.append(
            EventApplied(
                cause.key, cause.source, cause.id, TYPE_NAMES[type(event)], event.space, cause.event_us, cause.log_us,
                member_id, ids, Raw(data),
            )
        )  # fmt: skip

    def _touch(self, member_id: str, log_us: int) -> None:
        person = self._index.persons.get(member_id)
        if person is not None and not person.known:
            self.people.touch(person, log_us)

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
