"""What people ask for: a wrong merge taken apart, a person forgotten, a person shown what is held.

Each is an event at its place in the order. One that cannot be done changes nothing and leaves a row that says why.
Erased identifiers leave a tombstone, a keyed hash with the time: a later import of the same person is a new member
that is not written to on the strength of what it agreed to before.
"""

from hashlib import blake2b

from flows.identity.index import IdentityIndex, Named, space_prefix, without_space
from flows.identity.people import NOBODY, People
from schemas.events import Erase, Export, Split
from schemas.records import ErasedMember
from schemas.states import Person, Totals
from schemas.stitched import Cause, Exported

TOMBSTONE_BYTES = 16


class Requests:
    """Does splits, erasures and exports; `erased` collects whom the sinks must forget."""

    def __init__(self, index: IdentityIndex, people: People, totals: Totals, key: bytes) -> None:
        self._index, self._people, self._totals, self._key = index, people, totals, key
        self.erased: list[ErasedMember] = []

    def whose(self, event: Split | Erase | Export, named: Named) -> Person | None:
        """Give the member a request is about: that of the strongest identifier that names somebody."""
        for one in named.found:
            if one.owner is not None and not one.quarantined:
                return self._index.person(one.owner)
        return None

    def do(self, event: Split | Erase | Export, person: Person | None, named: Named, cause: Cause) -> None:
        """Do what is asked, or say why not."""
        if isinstance(event, Erase):
            self._erase(event, person, named, cause)
        elif person is None:
            self._refuse(NOBODY, event, cause, "nobody is known by these identifiers")
        elif isinstance(event, Export):
            data = event.data
            self._people.tell("export", person.member_id, event.space, None, [], cause, f"asked for by {data.actor}")
            former = [member_id for member_id, _ in self._people.forest.whole(person).absorbed]
            self._people.steps.append(
                Exported(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, person.member_id,
                         former, data.request_id, data.actor)
            )  # fmt: skip
        else:
            self._split(event, person, named, cause)

    def _refuse(self, member_id: str, event: Split | Erase | Export, cause: Cause, why: str) -> None:
        kind = str(event.__struct_config__.tag)
        self._people.tell("refused", member_id, event.space, None, [], cause, f"{kind}: {why}")

    # a wrong merge taken apart

    def _split(self, event: Split, person: Person, keep: Named, cause: Cause) -> None:
        prefixes = self._index.prefixes_of(event.space)
        part = self._index.look_up_members(event.data.part, prefixes)
        kept = {one.key for one in keep.found}
        own = {one.key for one in part.found if one.owner == person.member_id}
        if kept & {one.key for one in part.found}:
            self._refuse(person.member_id, event, cause, "an identifier stands on both sides")
            return
        if not own:
            self._refuse(person.member_id, event, cause, "the member has none of the identifiers in `part`")
            return
        tree = self._people.forest.whole(person)
        begin = len(space_prefix(event.space))
        away = tree.sides({key[begin:] for key in kept}, {key[begin:] for key in own})
        goes = [identifier for identifier in tree.ids if identifier in away]
        stays = [identifier for identifier in tree.ids if identifier not in away]
        why = f"{event.data.reason} (by {event.data.actor})"
        self._people.part(person, tree, goes, stays, cause, 0, why)
        self._people.keep(person, tree, stays, cause)

    # a person forgotten

    def _erase(self, event: Erase, person: Person | None, named: Named, cause: Cause) -> None:
        free = [one.key for one in named.found if one.owner is None]  # nobody's now, and it is asked that it stays so
        for key in free:
            self._bury(key, cause.log_us)
        before, own = space_prefix(event.space), without_space(free, event.space)
        if person is None:
            self._refuse(NOBODY, event, cause, "nobody is known by these identifiers")
            self._forget(event, cause, NOBODY, [], own)
            return
        ids, absorbed = self._people.erase(person, event.data.request_id, cause)
        for identifier in ids:
            self._bury(before + identifier, cause.log_us)
        self._forget(event, cause, person.member_id, absorbed, ids + own)

    def _forget(self, event: Erase, cause: Cause, member_id: str, absorbed: list[str], ids: list[str]) -> None:
        """Have the sinks forget a person; of one whom nobody knows, what rejected lines and others' events say."""
        if ids:
            seq, request_id = self._totals.identity_seq, event.data.request_id
            self.erased.append(
                ErasedMember(member_id, event.space, absorbed, ids, request_id, cause.log_us, seq, cause.key)
            )

    def _bury(self, key: str, log_us: int) -> None:
        self._index.gone_anchors.add(key)
        tombstone = self._tombstone(key)
        if self._index.tables.erased.get(tombstone) is None:
            self._totals.tombstones += 1
        self._index.tables.erased.put(tombstone, log_us)

    def _tombstone(self, key: str) -> str:
        return blake2b(key.encode(), digest_size=TOMBSTONE_BYTES, key=self._key).hexdigest()

    def erased_us(self, linked: list[str], space: str) -> int:
        """Give when the person was erased to whom one of these identifiers belonged; 0 if none did."""
        if not self._totals.tombstones:
            return 0
        before, erased = space_prefix(space), self._index.tables.erased
        return max((erased.get(self._tombstone(before + identifier)) or 0 for identifier in linked), default=0)


def without_people(event: Split | Erase | Export, named: Named) -> list[str]:
    """Give the identifiers to show beside a request's event: none for an erasure, which must leave none."""
    return [] if isinstance(event, Erase) else without_space(named.keys, event.space)
