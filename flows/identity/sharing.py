"""Shared identifiers: a kiosk, a family's tablet, a call centre's phone number.

For every value of a type with a `shared` rule it is noted who was seen with it: an event that names the value and a
person (its anchor: the strongest identifier of a known type beside the value) is a sighting. Anchors are one person if
they belong to one member and hold together without the value. Seen with more than the rule's number of people inside
its window, the value is quarantined: it links nothing from then on, and what was linked only through it is undone if
the rule says so. Whatever only a quarantined value says is credited to the last person that was seen with it.
"""

from config.identity import WITHIN_DAYS, Shared
from config.program import AlertRoute, Program
from flows.identity.index import QUARANTINED, Found, IdentityIndex, space_prefix, without_space
from flows.identity.people import NOBODY, People
from schemas.records import AlertRaised
from schemas.states import SEVERAL, Person, Sighting
from schemas.stitched import Cause

DAY_US = 86_400_000_000
ALERT = "shared_identifier"

Watched = tuple[tuple[int, int], ...]


class Sharing:
    """Notes sightings, and quarantines values that too many people use."""

    def __init__(self, program: Program, index: IdentityIndex, people: People) -> None:
        self._index, self._people = index, people
        kinds = program.identity.identifiers
        self._rules: dict[str, Shared] = {name: kind.shared for name, kind in kinds.items() if kind.shared is not None}
        self._route: AlertRoute = program.alerts.shared_identifier

    def look(self, space: str, linking: list[Found], cause: Cause) -> list[Found]:
        """Note who is seen with the event's shared values; give those that were quarantined by it."""
        caught: list[Found] = []
        parts = 0
        for one in linking:
            rule = self._rules.get(one.kind)
            if rule is None:
                continue
            others = [other for other in linking if other is not one and other not in caught]
            anchor = next((other for other in others if other.kind in self._index.known_types), None)
            if anchor is not None and self._sight(space, one, rule, anchor, others, cause):
                parts = self._quarantine(space, one, rule, cause, parts)
                caught.append(one)
                for other in linking:
                    other.owner = self._index.owners.get(other.key)
                self._index.owners.put(one.key, QUARANTINED + (anchor.owner or NOBODY))
        return caught

    def settle(self, keys: list[str], person: Person, log_us: int) -> None:
        """Say of the shared values that are the person's own now, and were seen with nobody else, on which day."""
        for key in keys:
            sighting = self._index.sighted.get(key)
            if sighting is None or len(sighting.people) != 1:
                continue
            anchor, day = sighting.people[0]
            owners = self._index.owners
            own = owners.get(key) == owners.get(anchor) == person.member_id
            if own and day == log_us // DAY_US and sighting.day != day:
                self._index.sighted.put(key, Sighting(day, sighting.people))

    def of_nobody_else(self, keys: list[str], watched: Watched) -> bool:
        """Say whether none of the watched values was seen with anybody but the anchor that stands beside it."""
        get, gone = self._index.sighted.get, self._index.gone_anchors
        for at, anchor in watched:
            if gone and keys[anchor] in gone:
                return False    # somebody new, who must not be taken out with the erased: `_sight` sees to it
            sighting = get(keys[at])
            if sighting is not None and (len(sighting.people) > 1 or sighting.people[0][0] != keys[anchor]):
                return False
        return True

    def own(self, keys: list[str], watched: Watched, log_us: int) -> None:
        """Note the watched values of nobody else, which are all the member's now: what `look` and `settle` come to."""
        day = log_us // DAY_US
        for at, anchor in watched:
            self._index.sighted.put(keys[at], Sighting(day, [(keys[anchor], day)]))

    def _sight(
        self, space: str, one: Found, rule: Shared, anchor: Found, others: list[Found], cause: Cause
    ) -> bool:  # fmt: skip
        """Note that the anchor was seen with a value; say whether that are too many people now."""
        today = cause.log_us // DAY_US
        days = WITHIN_DAYS[rule.within]
        gone = self._index.gone_anchors
        if anchor.key in gone:
            self._index.forget_sightings()  # somebody new from now on, who must not be taken out with the erased
        before = self._index.sighted.get(one.key)
        people = [] if before is None else before.people
        if before is not None and before.day != SEVERAL:
            people = [(people[0][0], before.day)]
        seen = [(who, day) for who, day in people if who not in gone and (days is None or day >= today - days)]
        named = [other for other in others if other is anchor or other.kind not in self._rules]
        same = self._same_as(one.key, len(space_prefix(space)), named, seen) if seen else set()
        seen = [(who, day) for who, day in seen if who not in same] + [(anchor.key, today)]
        self._index.sighted.put(one.key, Sighting(SEVERAL, seen))
        if len(seen) <= rule.members:
            return False
        return self._people_among(one.key, len(space_prefix(space)), seen) > rule.members

    def _people_among(self, key: str, begin: int, seen: list[tuple[str, int]]) -> int:
        """Count the people that anchors are now: some may have been found to be one since they were seen."""
        anchors = dict.fromkeys((self._index.owners.get(who) or who) for who, _ in seen)
        people = 0
        for owner in anchors:
            person = self._index.persons.get(owner)
            mine = [who[begin:] for who, _ in seen if self._index.owners.get(who) == owner]
            if person is None or len(mine) < 2:  # noqa: PLR2004  nobody to be one with
                people += len(mine) or 1
                continue
            group = self._people.forest.whole(person).parts(without=key[begin:])
            people += len({group[who] for who in mine})
        return people

    def _same_as(self, key: str, begin: int, named: list[Found], seen: list[tuple[str, int]]) -> set[str]:
        """Give the anchors that are the person whom these identifiers of an event name; a space ends at `begin`."""
        keys = {other.key for other in named}
        same = {who for who, _ in seen if who in keys}
        if len(same) == len(seen):
            return same
        members = {other.owner for other in named if other.owner is not None}
        theirs = {who: self._index.owners.get(who) for who, _ in seen if who not in same}
        for member_id in sorted(members.intersection(owner for owner in theirs.values() if owner is not None)):
            person = self._index.persons.get(member_id)
            if person is None:
                continue        # a quarantined value's mark is no member
            group = self._people.forest.whole(person).parts(without=key[begin:])
            now = {group[other.key[begin:]] for other in named if other.owner == member_id}
            same |= {who for who, owner in theirs.items() if owner == member_id and group[who[begin:]] in now}
        return same

    def _quarantine(self, space: str, one: Found, rule: Shared, cause: Cause, parts: int) -> int:
        """Have a value link no more; `parts` counts the members that the event parted so far, as the result does."""
        window = WITHIN_DAYS[rule.within]
        over = "so far" if window is None else f"in {window} days"
        why = f"seen with more than {rule.members} members {over}"
        owner = None if one.owner is None else self._index.persons.get(one.owner)
        self._people.set_apart(space, one.key, owner, cause, why)
        identifier = without_space([one.key], space)[0]
        self._index.owners.remove(one.key)
        if owner is not None:
            parts = self._take_out(owner, identifier, rule, cause, parts)
        member_id = None if owner is None else owner.member_id
        self._people.alerts.append(
            AlertRaised(
                f"{cause.key}:{ALERT}:{identifier}", cause.log_us, ALERT, None, member_id, self._route.owner,
                self._route.playbook, f"{identifier}: {why}",
            )
        )  # fmt: skip
        return parts

    def _take_out(self, owner: Person, identifier: str, rule: Shared, cause: Cause, parts: int) -> int:
        """Take a value out of its member's tree, and part what only it held together."""
        tree = self._people.forest.whole(owner)
        left = [other for other in tree.ids if other != identifier]
        if not rule.undo:
            self._people.keep(owner, tree, left, cause, apart=identifier)
            return parts
        group = tree.parts(without=identifier)
        groups: dict[int, list[str]] = {}
        for other in left:
            groups.setdefault(group[other], []).append(other)
        stays = groups.get(0, [])
        for ids in list(groups.values())[1:]:
            parts += 1
            self._people.part(owner, tree, ids, stays, cause, parts, f"linked only through {identifier}")
        self._people.keep(owner, tree, stays, cause, apart=identifier)
        return parts
