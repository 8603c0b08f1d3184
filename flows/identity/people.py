"""Making, linking, merging, parting and forgetting members: what changes the identity index, and the records of it.

A member's id is derived from the event that made it, so every replay gives the same. Of members that turn out to be
one person a known one wins over an anonymous one, of two of a kind the older (by log time, then id). The loser's
identifiers move, and its row stays as a forwarding stone, so that old ids go on to resolve.
"""

from xxhash import xxh3_128_hexdigest

from flows.identity.index import DEFAULT_SPACE, QUARANTINED, IdentityIndex, in_space, space_prefix, without_space
from flows.identity.tree import Forest, Tree
from schemas.hosting import Timer, TimerQueue
from schemas.records import MEMBER_ID, AlertRaised, IdentifierMoved, IdentityChanged, IdentityKind, MemberChanged
from schemas.states import SEVERAL, Person, Sighting, Totals
from schemas.stitched import Cause, Erased, Forgotten, Merged, Parted, Step, Unlinked

DAY_US = 86_400_000_000
TIMER = "forget"
ID_HEX_CHARS = 24
OURSELVES, EXPIRY = "balanza", "expiry"
NOBODY = ""


def kind_of(identifier: str) -> str:
    """Give the type of a `type:value`."""
    return identifier.partition(":")[0]


class People:
    """Changes persons; collects records in `changes`, `versions`, `moved`, `alerts`, and `steps` until handed on."""

    def __init__(self, index: IdentityIndex, timers: TimerQueue, totals: Totals, anonymous_days: int) -> None:
        self._index = index
        self._timers = timers
        self._totals = totals
        self._anonymous_days = anonymous_days
        self.forest = Forest(index.tables.pages)
        self.changes: list[IdentityChanged] = []
        self.versions: list[MemberChanged] = []
        self.moved: list[IdentifierMoved] = []
        self.alerts: list[AlertRaised] = []
        self.steps: list[Step] = []
        self.gone: list[str] = []

    def create(self, space: str, keys: list[str], known: bool, cause: Cause) -> Person:
        """Make a member that owns the keys."""
        person = Person(f"m_{cause.key[:ID_HEX_CHARS]}", space, known, cause.log_us, cause.log_us // DAY_US, [])
        self._totals.members += 1
        self._totals.known_members += known
        if not known:
            self._expect_end(person)
        own = keys if space == DEFAULT_SPACE else without_space(keys, space)
        self.forest.plant(person, own, cause.log_us)
        if len(own) > 2 and kind_of(own[0]) in self._index.shared_types:  # noqa: PLR2004  a shared one between two
            self._index.tables.weak.add(person.member_id)
        self._own(person, keys, own, cause)
        self._version(person, cause.log_us)
        self._index.persons.put(person.member_id, person)
        return person

    def link(self, person: Person, keys: list[str], hub: str, known: bool, cause: Cause) -> None:
        """Give the keys to a member, linked to one it has; it becomes known with the first that names a person."""
        own = keys if person.space == DEFAULT_SPACE else without_space(keys, person.space)
        if len(person.ids) + len(own) > 2 and kind_of(hub) in self._index.shared_types:  # noqa: PLR2004  as above
            self._index.tables.weak.add(person.member_id)
        self.forest.hang(person, own, hub, cause.log_us)
        self._own(person, keys, own, cause)
        if known and not person.known:
            person.known = True
            person.version += 1
            self._totals.known_members += 1
            self._version(person, cause.log_us)
        self._index.persons.put(person.member_id, person)

    def _own(self, person: Person, keys: list[str], own: list[str], cause: Cause) -> None:
        self._index.owners.put_all(keys, person.member_id)
        self._totals.links += len(keys)
        self.tell("link", person.member_id, person.space, None, own, cause, None)
        self._moves(person.space, own, person.member_id, None)

    def merge(self, into: Person, other: Person, mine: str, theirs: str, cause: Cause) -> None:
        """Let `into` take over everything `other` owns; both were seen together at `mine` and `theirs`."""
        assert into.member_id != other.member_id
        weak, shared = self._index.tables.weak, self._index.shared_types
        if (
            other.member_id in weak.names
            or (len(into.ids) > 1 and kind_of(mine) in shared)
            or (len(other.ids) > 1 and kind_of(theirs) in shared)
        ):
            weak.add(into.member_id)
        weak.discard(other.member_id)
        known = self._index.known_types
        stands_for = next((one for one in other.ids if kind_of(one) in known), other.ids[0])
        moved, absorbed = self.forest.join(into, other, mine, theirs, cause.log_us, stands_for)
        self._index.owners.put_all(in_space(moved, into.space), into.member_id)
        self._index.mark_refused(space_prefix(into.space), moved)
        into.last_day = max(into.last_day, other.last_day)
        other.merged_into = into.member_id
        other.alerted = []
        other.version += 1
        self._totals.merges += 1
        self._totals.members -= 1
        self._totals.known_members -= other.known
        self.tell("merge", into.member_id, into.space, other.member_id, moved, cause, None)
        self._moves(into.space, moved, into.member_id, other.member_id)
        self._forward(into.space, [*absorbed, (other.member_id, "")], into.member_id, other.member_id)
        self._version(other, cause.log_us)
        self._index.persons.put(into.member_id, into)
        self._index.persons.put(other.member_id, other)
        self.gone.append(other.member_id)
        self.steps.append(
            Merged(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, into.member_id, other.member_id)
        )

    def part(
        self, person: Person, tree: Tree, ids: list[str], stays: list[str], cause: Cause, number: int, why: str
    ) -> Person:  # fmt: skip
        """Make a member of its own of some of a member's identifiers; `tree` is what the member was before.

        `number` tells several parts of one cause apart. The caller then leaves the member with what `stays` (`keep`).
        """
        mine = set(ids)
        absorbed = [stone for stone in tree.absorbed if stone[1] in mine]
        part_id = f"m_{xxh3_128_hexdigest(f'{cause.key}/part/{number}'.encode())[:ID_HEX_CHARS]}"
        known = self._names_person(ids)
        part = Person(part_id, person.space, known, cause.log_us, max(person.last_day, cause.log_us // DAY_US), [])
        self.forest.grow(part, tree, ids, absorbed)
        self._index.owners.put_all(in_space(ids, part.space), part_id)
        self._index.mark_refused(space_prefix(part.space), ids)
        self._totals.members += 1
        self._totals.known_members += known
        if not known:
            self._expect_end(part)
        self.tell("split", person.member_id, person.space, part_id, ids, cause, why)
        self._moves(person.space, ids, part_id, person.member_id)
        self._version(part, cause.log_us)
        self._index.persons.put(part_id, part)
        self._look_for_weakness(part)
        self._lead(tree.absorbed, {stone_id for stone_id, _ in absorbed}, part_id, person.member_id, cause)
        keeps_known = self._names_person(stays)
        self.steps.append(
            Parted(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, person.member_id, part_id, ids,
                   known, keeps_known)
        )  # fmt: skip
        return part

    def _lead(
        self, absorbed: list[tuple[str, str]], parted: set[str], part_id: str, kept_id: str, cause: Cause
    ) -> None:  # fmt: skip
        """Have ids of old lead to the side that the identifier is on which they go with, also where over another's."""
        for stone_id, _ in absorbed:
            stone = self._index.persons.get(stone_id)
            if stone is not None and (stone_id in parted or stone.merged_into in parted):
                stone.merged_into = part_id if stone_id in parted else kept_id
                stone.version += 1
                self._version(stone, cause.log_us)
                self._index.persons.put(stone_id, stone)
                if stone_id in parted:
                    self._forward(stone.space, [(stone_id, "")], part_id, kept_id)

    def keep(self, person: Person, tree: Tree, ids: list[str], cause: Cause, apart: str = "") -> None:
        """Leave a member with only these of its identifiers; `apart` is one that nobody got."""
        mine = {*ids, apart}
        gone = {identifier for identifier in tree.ids if identifier not in mine}
        self.forest.grow(person, tree, ids, [stone for stone in tree.absorbed if stone[1] not in gone])
        known = self._names_person(ids)
        if known != person.known:
            person.known = known
            person.last_day = max(person.last_day, cause.log_us // DAY_US)  # a known one's days were not noted
            self._totals.known_members += 1 if known else -1
        if not known:
            self._expect_end(person)
        person.version += 1
        self._version(person, cause.log_us)
        self._index.persons.put(person.member_id, person)
        self._look_for_weakness(person)
        self._distrust(space_prefix(person.space), tree.ids)

    def _names_person(self, ids: list[str]) -> bool:
        return any(kind_of(identifier) in self._index.known_types for identifier in ids)

    def _look_for_weakness(self, person: Person) -> None:
        """Mark a member whose tree leads over a shared identifier, or take the mark away."""
        shared, weak = self._index.shared_types, self._index.tables.weak
        if any(kind_of(identifier) in shared for identifier in self.forest.whole(person).between()):
            weak.add(person.member_id)
        else:
            weak.discard(person.member_id)

    def _distrust(self, before: str, ids: list[str]) -> None:
        """Have everybody noted who is seen with those shared ones that are not their only person's any more."""
        owners = self._index.owners
        for identifier in ids:
            if kind_of(identifier) in self._index.shared_types:
                sighting = self._index.sighted.get(before + identifier)
                if sighting is None or sighting.day == SEVERAL:
                    continue
                if owners.get(before + identifier) != owners.get(sighting.people[0][0]):
                    people = [(anchor, sighting.day) for anchor, _ in sighting.people]
                    self._index.sighted.put(before + identifier, Sighting(SEVERAL, people))

    def strengthen(self, person: Person, identifiers: list[str], log_us: int) -> None:
        """Let identifiers of a member that were seen together hold together without shared ones between them."""
        shared, first = self._index.shared_types, identifiers[0]
        changed = False
        for identifier in identifiers[1:]:
            path = self.forest.whole(person).path(first, identifier)
            over = [edge for edge in path if kind_of(edge.one) in shared or kind_of(edge.other) in shared]
            if over:
                self.forest.replace(person, max(over), first, identifier, log_us)
                changed = True
        if changed:
            self._look_for_weakness(person)
            self._index.persons.put(person.member_id, person)

    def set_apart(self, space: str, key: str, owner: Person | None, cause: Cause, why: str) -> None:
        """Record that a value stops linking; it is nobody's from now on (the caller takes it out of the tree)."""
        own, member_id = without_space([key], space), NOBODY if owner is None else owner.member_id
        self.tell("quarantine", member_id, space, None, own, cause, why)
        if owner is not None:
            self._unlinked(owner, own, cause)
        self._index.sighted.remove(key)

    def unlink(self, person: Person, identifier: str, cause: Cause) -> None:
        """Take an identifier from a member, which keeps all others."""
        tree = self.forest.whole(person)
        self.keep(person, tree, [other for other in tree.ids if other != identifier], cause, apart=identifier)
        self._unlinked(person, [identifier], cause)

    def _unlinked(self, person: Person, own: list[str], cause: Cause) -> None:
        self._moves(person.space, own, None, person.member_id)
        self.steps.append(
            Unlinked(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, person.member_id, own)
        )

    def credit(self, key: str, person: Person) -> None:
        """Credit a member with what only a quarantined value says from now on."""
        mark = QUARANTINED + person.member_id
        if self._index.owners.get(key) != mark:
            self._index.owners.put(key, mark)

    def touch(self, person: Person, log_us: int) -> None:
        """Note, to the day, that an anonymous member was active."""
        day = log_us // DAY_US
        if day > person.last_day:
            person.last_day = day
            self._index.persons.put(person.member_id, person)

    def _expect_end(self, person: Person) -> None:
        due_us = (person.last_day + self._anonymous_days + 1) * DAY_US
        self._timers.arm(Timer(due_us, person.member_id, TIMER, ""))

    def expire(self, timer: Timer) -> None:
        """Forget the anonymous member that the timer is for, unless it was active since or became known."""
        person = self._index.persons.get(timer.owner)
        if person is None or person.known or person.merged_into is not None:
            return
        due_us = (person.last_day + self._anonymous_days + 1) * DAY_US
        if due_us > timer.due_us:
            self._timers.arm(Timer(due_us, person.member_id, TIMER, ""))
            return
        cause = Cause(EXPIRY, OURSELVES, person.member_id, timer.due_us, timer.due_us)
        ids = self._release_all(person).ids
        self.tell("expire", person.member_id, person.space, None, ids, cause,
                  f"no activity for {self._anonymous_days} days")
        self._moves(person.space, ids, None, person.member_id)
        self._end(person, timer.due_us)
        self.steps.append(Forgotten(EXPIRY, OURSELVES, person.member_id, timer.due_us, timer.due_us, person.member_id))

    def erase(self, person: Person, request_id: str, cause: Cause) -> tuple[list[str], list[str]]:
        """Forget a person for good; give its identifiers and the ids of the members it had absorbed."""
        tree = self._release_all(person)
        ids, absorbed = tree.ids, [stone_id for stone_id, _ in tree.absorbed]
        self._totals.known_members -= person.known
        self.tell("erase", person.member_id, person.space, None, [], cause, None)
        self._moves(person.space, ids, None, person.member_id)
        self._end(person, cause.log_us)
        for stone_id in absorbed:
            self._index.persons.remove(stone_id)
        self.steps.append(
            Erased(cause.key, cause.source, cause.id, cause.event_us, cause.log_us, person.member_id, request_id)
        )
        return ids, absorbed

    def _release_all(self, person: Person) -> Tree:
        """Make a member's identifiers nobody's; give the tree that they were."""
        before, tree = space_prefix(person.space), self.forest.whole(person)
        self._forward(person.space, tree.absorbed, None, person.member_id)
        self.forest.cut_down(person)
        for identifier in tree.ids:
            self._index.owners.remove(before + identifier)
            self._index.refused.discard(before + identifier)
            if kind_of(identifier) in self._index.shared_types:
                self._index.sighted.remove(before + identifier)
        self._index.tables.weak.discard(person.member_id)
        return tree

    def _end(self, person: Person, at_us: int) -> None:
        person.version += 1
        self._totals.members -= 1
        self._version(person, at_us, forgotten=True)
        self._index.persons.remove(person.member_id)
        self.gone.append(person.member_id)

    def tell(
        self, kind: IdentityKind, member_id: str, space: str, other: str | None, ids: list[str], cause: Cause,
        detail: str | None,
    ) -> None:  # fmt: skip
        """Record a change of who is who, or what was kept from changing."""
        totals = self._totals
        totals.identity_seq += 1
        self.changes.append(
            IdentityChanged(
                totals.identity_seq, kind, cause.log_us, space, member_id, other, ids, cause.source, cause.id, detail
            )
        )

    def _moves(self, space: str, ids: list[str], owner: str | None, before: str | None) -> None:
        add = self.moved.append
        for identifier in ids:
            name, _, value = identifier.partition(":")
            add(IdentifierMoved(space, name, value, owner, before))

    def _forward(self, space: str, absorbed: list[tuple[str, str]], to: str | None, before: str) -> None:
        """Have old ids lead to a member on the surfaces, or to nobody."""
        self.moved += [IdentifierMoved(space, MEMBER_ID, stone_id, to, before) for stone_id, _ in absorbed]

    def _version(self, person: Person, at_us: int, *, forgotten: bool = False) -> None:
        self.versions.append(
            MemberChanged(
                person.member_id, person.version, at_us, person.space, person.known, person.created_us,
                person.merged_into, forgotten,
            )
        )  # fmt: skip
