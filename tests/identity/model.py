"""The specification of identity as code: plain, naive and slow, without index or cache, for one identity space.

Every rule is a function with its text as the docstring. What is asked is searched for in lists and computed anew.
Duplicates, retention and receipts are no matter of this model.
"""

from collections.abc import Mapping
from typing import Any, Final

from xxhash import xxh3_128_hexdigest

from tests.identity.kinds import Ids, Kinds, canonical
from tests.identity.members import Members, Outcome, Person
from tests.identity.trees import connected, grouped, parted

DAY_US: Final = 86_400_000_000
DAYS: Final = {"year": 365, "month": 30, "week": 7}


class Model(Members):
    """Events in, outcomes out; `members` are all that ever were, merged and forgotten ones too."""

    def __init__(self, kinds: Kinds, anonymous_days: int = 30) -> None:
        super().__init__(kinds)
        self.anonymous_days = anonymous_days
        self.quarantined: dict[str, Person | None] = {}
        self.sightings: list[tuple[str, str, int]] = []
        self.forgotten: list[str] = []

    # an event

    def apply(self, event: Mapping[str, Any], log_us: int) -> Outcome:
        """What comes of a wire event."""
        self.key = xxh3_128_hexdigest(f"{event['source']}\0{event['id']}".encode())
        self.advance(log_us)
        kind, data = event["type"], event["data"]
        if kind == "split":
            self.split(self.canonical(data["keep"]), self.canonical(data["part"]))
        elif kind in {"erase", "export"}:
            self.request(kind, self.canonical(data["ids"]))
        else:
            self.name(self.canonical(data["ids"]), alias=kind == "alias")
        return self.told

    def advance(self, log_us: int) -> Outcome:
        """An anonymous member without activity is forgotten after so many whole days; its identifiers are free."""
        self.now_us = log_us
        self.told = Outcome()
        for person in self.members:
            due_us = (person.last_day + self.anonymous_days + 1) * DAY_US
            gone = person.into is not None or person.erased or person.forgotten
            if not gone and not self.known(person) and due_us <= log_us:
                self.tell("expire", person, None, person.ids)
                self.forgotten.append(person.member_id)
                self.end(person)
                person.forgotten = True
        return self.told

    def end(self, person: Person) -> None:
        """A member's identifiers are free, and who was seen with them is forgotten."""
        self.sightings = [seen for seen in self.sightings if seen[0] not in person.ids]
        person.ids, person.edges = [], []

    def canonical(self, ids: Ids) -> list[str]:
        """Rule 1, with what it leaves out counted."""
        found, blocked = canonical(self.kinds, ids)
        self.told.left_out += blocked
        return found

    def name(self, named: list[str], *, alias: bool) -> None:
        """Rules 2 to 6, in their order."""
        if not named:
            return
        if alias:
            self.release(named)
        apart = [one for one in named if one in self.quarantined]
        left = [one for one in named if one not in apart]
        if not left:
            self.attribute(apart)
            return
        if not alias:
            self.see(left)
            apart += [one for one in left if one in self.quarantined]
            left = [one for one in left if one not in self.quarantined]
        fit, out = (left, []) if alias else self.fitting(left)
        person = self.joined(fit)
        for kind in ("conflict", "limit"):
            ids = [one for one, why in out if why == kind]
            if ids:
                self.tell(kind, person, None, ids)
        self.evidence(person, fit)
        if any(self.kind(one)["known"] for one in fit):
            self.quarantined.update(dict.fromkeys(apart, person))
        self.belongs(person, fit[0])

    def belongs(self, person: Person, by: str) -> None:
        """The event is the member's: it was active."""
        self.told.member_id, self.told.by = person.member_id, by
        person.last_day = max(person.last_day, self.day)

    def attribute(self, apart: list[str]) -> None:
        """Rule 2: an event whose values are all quarantined.

        If nothing else is left, the event goes to the member that a quarantined value (the highest in order that has
        one) is attributed to: the last known member that was seen in one event with it (followed through merges); if
        there is none (erased), the event names nobody.
        """
        for one in apart:
            last = self.quarantined[one]
            person = None if last is None else self.resolved(last)
            if person is not None and not person.erased and not person.forgotten:
                self.belongs(person, apart[0])
                return

    # rule 3: shared values

    def see(self, left: list[str]) -> None:
        """Rule 3: sightings, and the quarantine of what too many people were seen with.

        For each value of a `shared` type the sighting (anchor, log day) is kept; seen with more than N different known
        people inside the window, it is quarantined from this event on. What the event names beside it (but for other
        shared values) is one person, of whose sightings the last one is kept.
        """
        parts = 0
        for one in left:
            shared = self.kind(one).get("shared")
            others = [other for other in left if other != one and other not in self.quarantined]
            anchor = next((other for other in others if self.kind(other)["known"]), None)
            if shared is None or anchor is None:
                continue
            said = [other for other in others if other == anchor or self.kind(other).get("shared") is None]
            self.sightings = [
                (value, who, day) for value, who, day in self.sightings
                if value != one or not any(who == other or self.is_one(who, other, one) for other in said)
            ]  # fmt: skip
            self.sightings.append((one, anchor, self.day))
            if self.people_with(one, shared.get("within", "month")) > shared["members"]:
                parts = self.quarantine(one, parts, undo=shared.get("undo", True))
                self.quarantined[one] = self.owner(anchor)

    def people_with(self, one: str, within: str) -> int:
        """Rule 3: how many known people a value was seen with.

        Two anchors are one person if they belong to one member and stay connected in its link tree when the value is
        taken out of the tree, else two.
        """
        since = self.day - DAYS[within] if within in DAYS else 0
        people: list[str] = []
        for value, anchor, day in self.sightings:
            if value == one and day >= since and not any(self.is_one(anchor, other, one) for other in people):
                people.append(anchor)
        return len(people)

    def is_one(self, anchor: str, other: str, without: str) -> bool:
        """Whether two anchors are one person without a value."""
        person = self.owner(anchor)
        if person is None or other not in person.ids:
            return False
        return connected(anchor, other, person.ids, person.edges, without)

    def quarantine(self, one: str, parts: int, *, undo: bool) -> int:
        """Rule 3: a value stops linking; `parts` counts the members that the event has parted so far.

        The value belongs to nobody. With `undo` it is taken out of its member's tree: the component that holds the
        member's first identifier stays the member, every other one becomes a member of its own. Without, the others
        hang at the member's first identifier from now on.
        """
        person = self.owner(one)
        self.quarantined[one] = None
        self.tell("quarantine", person, None, [one])
        if person is None:
            return parts
        rest = [other for other in person.ids if other != one]
        groups = grouped(rest, person.edges) if undo else [set(rest)]
        for group in groups[1:]:
            parts += 1
            self.part(person, [other for other in person.ids if other in group], parts)
        self.keep(person, [other for other in rest if groups and other in groups[0]])
        return parts

    def release(self, named: list[str]) -> None:
        """Rule 5: a quarantined value in an alias links again and its sightings are forgotten."""
        released = [one for one in named if one in self.quarantined]
        for one in released:
            del self.quarantined[one]
        self.sightings = [seen for seen in self.sightings if seen[0] not in released]
        if released:
            self.tell("release", None, None, released)

    # rule 4: limits

    def fitting(self, left: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """Rule 4: what of an event fits, and what is left out and why.

        If it does not fit, the last identifier in order of the event is left out and the rest tried again; one
        identifier always fits.
        """
        out: list[tuple[str, str]] = []
        while len(left) > 1 and (why := self.too_much(left)):
            *left, last = left
            out.append((last, why))
        return left, out

    def too_much(self, left: list[str]) -> str | None:
        """Rule 4: why a try does not fit, None if it does.

        (a) more than one value of a `unique` type would be in the union and the event adds to it (a new value of it, or
        two members that each hold one); (b) a type with `max` would have more than N values linked inside the window
        and the event adds to it.
        """
        owners = self.owners(left)
        new = [one for one in left if self.owner(one) is None]
        limits: list[tuple[str, str, int, str]] = [
            ("conflict", name, 1, "ever") for name, kind in self.kinds.items() if kind.get("unique")
        ] + [
            ("limit", name, kind["max"]["values"], kind["max"].get("within", "ever"))
            for name, kind in self.kinds.items() if kind.get("max")
        ]  # fmt: skip
        for why, name, most, within in limits:
            since = self.now_us - DAYS[within] * DAY_US if within in DAYS else -1
            held = [
                [one for one in person.ids if one.startswith(f"{name}:") and self.linked_us[one] > since]
                for person in owners
            ]
            more = [one for one in new if one.startswith(f"{name}:")]
            adds = bool(more) or sum(map(bool, held)) > 1
            if adds and sum(map(len, held)) + len(more) > most:
                return why
        return None

    # rule 6

    def joined(self, fit: list[str]) -> Person:
        """Rule 6: the member that an event names.

        Owners of what is left: none: a member is made; one: new values are linked; several: merged (a known one wins
        over an anonymous one; of two of a kind the older by created time, then the smaller id).
        """
        owners = self.owners(fit)
        new = [one for one in fit if self.owner(one) is None]
        if not owners:
            person = Person(f"m_{self.key[:24]}", self.now_us, [], [], self.day)
            self.members.append(person)
            hub = fit[0]
        else:
            hub = next(one for one in fit if self.owner(one) is not None)
            person, *others = sorted(owners, key=lambda one: (not self.known(one), one.created_us, one.member_id))
            mine = next(one for one in fit if one in person.ids)
            for other in others:
                self.merge(person, mine, other, next(one for one in fit if one in other.ids))
        if new:
            self.link(person, new, hub)
        return person

    # split, erase, export

    def split(self, keep: list[str], part: list[str]) -> None:
        """A split event.

        K is the member of the strongest keep identifier that has an owner, P the part values that it owns. Nothing in
        P, or no K, or a value on both sides: nothing happens; a `refused` row says why.
        """
        if not keep:
            return
        person = next((owner for one in keep if (owner := self.owner(one)) is not None), None)
        asked = [] if person is None else [one for one in part if one in person.ids]
        self.told.member_id = "" if person is None else person.member_id
        if person is None or not asked or set(keep) & set(part):
            self.tell("refused", person, None, [])
            return
        kept = [one for one in keep if one in person.ids]
        away = parted(person.ids, person.edges, kept, asked)
        self.part(person, away, 0)
        self.keep(person, [one for one in person.ids if one not in away])

    def request(self, kind: str, named: list[str]) -> None:
        """An erase or export event.

        The member of the strongest identifier with an owner. Erased: all its identifiers leave the index, each with a
        tombstone. Unknown person: a `refused` row.
        """
        if not named:
            return
        person = next((owner for one in named if (owner := self.owner(one)) is not None), None)
        self.told.member_id = "" if person is None else person.member_id
        if kind == "erase":
            free = [one for one in named if self.owner(one) is None and one not in self.quarantined]
            self.bury(free)
        if person is None:
            self.tell("refused", None, None, [])
            return
        self.tell(kind, person, None, [])
        if kind == "erase":
            self.bury(person.ids)
            self.end(person)
            person.erased = True

    def bury(self, ids: list[str]) -> None:
        """A tombstone for each identifier; nobody remembers what it was seen with."""
        self.tombs.update(dict.fromkeys(ids, self.now_us))
        self.sightings = [seen for seen in self.sightings if seen[1] not in ids]
