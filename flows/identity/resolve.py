"""Whose event it is: makes, links and merges members until an event's identifiers name one, within the rules.

Identifiers count in order of their types' priority. Quarantined ones link nothing; if nothing else is there, the event
is credited to the last person seen with one. The rest is tried as a whole: the members that own some of it united, the
others linked. Where that breaks a limit the weakest identifier of the event is left out, and the rest is tried again;
one alone always fits. What was left out is recorded with the reason, and a first conflict between two members alerts.
An alias joins all it names, whatever the limits say. A plain event (shapes.py) that nothing speaks against is spared
the rules that cannot concern it.
"""

from collections.abc import Sequence

from msgspec import Struct

from config.program import Program
from flows.identity.index import DEFAULT_SPACE, Found, IdentityIndex, Named, without_space
from flows.identity.limits import Limits, Misfit
from flows.identity.people import People
from flows.identity.shapes import Plain
from flows.identity.sharing import Sharing
from schemas.records import AlertRaised
from schemas.states import Person
from schemas.stitched import Cause

ALERT = "identity_conflict"
PAIRS_REMEMBERED = 32
NOBODY: tuple[Person, ...] = ()


class Resolved(Struct, gc=False):
    """Whose an event is: the member, the identifiers that it got with it, the strongest one that says so."""

    person: Person
    linked: list[str]
    created: bool
    by: str


class Resolver:
    """Turns what an event's identifiers name into one member; changes go through `people`."""

    def __init__(self, program: Program, index: IdentityIndex, people: People) -> None:
        self._index, self._people = index, people
        self._sharing = Sharing(program, index, people)
        self._limits = Limits(program, index.rank, people.forest)
        self._route = program.alerts.identity_conflict

    def plainly(self, plain: Plain, cause: Cause) -> Resolved:
        """Give the member of a plain event."""
        shape, keys, owners = plain.shape, plain.keys, plain.owners
        members = NOBODY if len(plain.new) == len(keys) else self._members(owners)
        if (shape.watched and not self._sharing.of_nobody_else(keys, shape.watched)) or (
            members and len(keys) > 1 and self._limits.misfit(members, plain.kinds, cause.log_us)
        ):
            return self.resolve(DEFAULT_SPACE, plain.named(self._index.rank), cause, joins=False)
        person = self._joined(DEFAULT_SPACE, keys, owners, members, plain.new, plain.kinds, cause)
        if shape.watched:
            self._sharing.own(keys, shape.watched, cause.log_us)
        if shape.alone:
            self._sharing.settle([keys[at] for at in shape.alone], person, cause.log_us)
        if shape.firm and person.member_id in self._index.weak:
            self._strengthen(DEFAULT_SPACE, person, shape.kinds, keys, cause)
        return Resolved(person, plain.new, not members, keys[0])

    def resolve(self, space: str, named: Named, cause: Cause, *, joins: bool) -> Resolved:
        """Give the member of an event; `joins`: it is an alias."""
        released = self._released(named) if joins else []
        linking, apart = ([*named.found], []) if joins else self._apart(space, named, cause)
        if not linking:
            person = self._index.credited(named)
            assert person is not None, "a value that credits nobody was refused before"
            return Resolved(person, [], created=False, by=_own(named.found[0].key, space))
        kinds, owners = [one.kind for one in linking], [one.owner for one in linking]
        members = self._members(owners)
        left_out: list[tuple[Found, Misfit]] = []
        while not joins and (misfit := self._misfit(kinds, owners, members, cause)) is not None:
            left_out.append((linking.pop(), misfit))
            kinds, owners = kinds[:-1], owners[:-1]
            members = self._members(owners)
        keys = [one.key for one in linking]
        new = _new(keys, owners)
        person = self._joined(space, keys, owners, members, new, _new(kinds, owners), cause)
        self._settle(space, person, linking, apart, cause)
        if left_out:
            self._tell_left_out(space, person, left_out, cause)
        if released:
            own = without_space(released, space)
            self._people.tell("release", person.member_id, space, None, own, cause, "joined by an alias")
        return Resolved(person, without_space(new, space), not members, _own(linking[0].key, space))

    def _apart(self, space: str, named: Named, cause: Cause) -> tuple[list[Found], list[Found]]:
        """Give what links, and what does not because it is quarantined or becomes so by this event."""
        linking = [one for one in named.found if not one.quarantined] if named.set_apart else [*named.found]
        caught = self._sharing.look(space, linking, cause) if len(linking) > 1 else []
        if not caught and not named.set_apart:
            return linking, caught
        apart = [one for one in named.found if one.quarantined] + caught
        for one in apart:
            self._index.leave_out(one.kind, "quarantined")
        return [one for one in linking if one not in caught], apart

    def _released(self, named: Named) -> list[str]:
        """Let quarantined values link again; give them."""
        released = [one.key for one in named.found if one.quarantined]
        for one in named.found:
            if one.quarantined:
                self._index.owners.remove(one.key)
                one.owner = None
        return released

    def _misfit(
        self, kinds: Sequence[str], owners: list[str | None], members: Sequence[Person], cause: Cause
    ) -> Misfit | None:  # fmt: skip
        """Give the limit that an event's identifiers would break together; one alone always fits."""
        return None if len(kinds) == 1 else self._limits.misfit(members, _new(kinds, owners), cause.log_us)

    def _members(self, owners: list[str | None]) -> list[Person]:
        """Give who owns some of an event's identifiers, in their order."""
        return [self._person(owner) for owner in dict.fromkeys(owners) if owner is not None]

    def _joined(
        self, space: str, keys: list[str], owners: list[str | None], members: Sequence[Person], new: list[str],
        kinds: list[str], cause: Cause,
    ) -> Person:  # fmt: skip
        """Make, link or merge until an event's identifiers are one member's; `new` ones are of such kinds."""
        known = not self._index.known_types.isdisjoint(kinds)
        if not members:
            return self._people.create(space, new, known, cause)
        into, hub = members[0], _strongest(keys, owners, members[0])
        if len(members) > 1:
            into, *others = sorted(members, key=lambda one: (not one.known, one.created_us, one.member_id))
            mine = _own(_strongest(keys, owners, into), space)
            for other in others:
                self._people.merge(into, other, mine, _own(_strongest(keys, owners, other), space), cause)
        if new:
            self._people.link(into, new, _own(hub, space), known, cause)
        if not into.known:
            self._people.touch(into, cause.log_us)
        return into

    def _settle(self, space: str, person: Person, linking: list[Found], apart: list[Found], cause: Cause) -> None:
        """Note what the event says of shared and quarantined values, now that its member is known."""
        shared = self._index.shared_types
        self._sharing.settle([one.key for one in linking if one.kind in shared], person, cause.log_us)
        if apart and any(one.kind in self._index.known_types for one in linking):
            for one in apart:
                self._people.credit(one.key, person)
        if person.member_id in self._index.weak:
            kinds, keys = [one.kind for one in linking], [one.key for one in linking]
            self._strengthen(space, person, kinds, keys, cause)

    def _strengthen(self, space: str, person: Person, kinds: Sequence[str], keys: list[str], cause: Cause) -> None:
        """Let those of an event's identifiers that are not shared hold together by themselves."""
        shared = self._index.shared_types
        firm = [key for key, kind in zip(keys, kinds, strict=True) if kind not in shared]
        if len(firm) > 1:
            self._people.strengthen(person, without_space(firm, space), cause.log_us)

    def _tell_left_out(self, space: str, person: Person, left_out: list[tuple[Found, Misfit]], cause: Cause) -> None:
        for kind in ("conflict", "limit"):
            some = [(one, misfit) for one, misfit in left_out if misfit.kind == kind]
            if not some:
                continue
            for one, _ in some:
                self._index.leave_out(one.kind, kind)
            misfit = some[0][1]
            holders = [self._index.person(holder.member_id) for holder in misfit.holders]  # some were merged since
            others = [holder.member_id for holder in holders if holder is not None and holder is not person]
            other = next(iter(others), None) if kind == "conflict" else None
            ids = without_space([one.key for one, _ in some], space)
            detail = "; ".join(dict.fromkeys(f"{misfit.type}: {misfit.rule}" for _, misfit in some))
            self._people.tell(misfit.kind, person.member_id, space, other, ids, cause, detail)
            if other is not None:
                self._alert(person, other, ids, detail, cause)

    def _alert(self, person: Person, other: str, ids: list[str], detail: str, cause: Cause) -> None:
        """Tell people of the first conflict between two members."""
        if other in person.alerted:
            return
        for one, with_whom in ((person, other), (self._person(other), person.member_id)):
            one.alerted = [*one.alerted, with_whom][-PAIRS_REMEMBERED:]
            self._index.persons.put(one.member_id, one)
        self._people.alerts.append(
            AlertRaised(
                f"{cause.key}:{ALERT}", cause.log_us, ALERT, None, person.member_id, self._route.owner,
                self._route.playbook, f"{', '.join(ids)} would have joined {other} ({detail})",
            )
        )  # fmt: skip

    def _person(self, member_id: str) -> Person:
        person = self._index.persons.get(member_id)
        assert person is not None, member_id
        assert person.merged_into is None, member_id
        return person


def _new(ones: Sequence[str], owners: list[str | None]) -> list[str]:
    """Give those of an event's keys or types, beside their owners, that are nobody's yet."""
    return [one for one, owner in zip(ones, owners, strict=True) if owner is None]


def _strongest(keys: list[str], owners: list[str | None], member: Person) -> str:
    """Give the strongest of an event's identifiers that a member owns."""
    return keys[owners.index(member.member_id)]


def _own(key: str, space: str) -> str:
    return key if space == DEFAULT_SPACE else without_space([key], space)[0]
