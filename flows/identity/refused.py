"""Values that the program has come to block although members have them.

Nobody gets a blocked value, so such ones are there only where a deployment goes on with other rules. A start with other
rules looks at all identifiers once and marks them (`Tables.refused`); a mark in front of the owner keeps the quick way
from using them meanwhile. The first event that brings one takes it from its member: it is left out as any blocked
value, a row `block` says from whom it was taken, and the member keeps all else. What events did under it stays with the
member. A split, an erasure or an export may still name its member by it. Rules that let it through again before any
event brought it take the mark away.
"""

from flows.identity.index import DEFAULT_SPACE, QUARANTINED, SPACE_SEPARATOR, Found, IdentityIndex, without_space
from flows.identity.people import NOBODY, People
from schemas.stitched import Cause

WHY = "the program blocks it"


class Refused:
    """Finds values that are blocked now, and takes them from their members."""

    def __init__(self, index: IdentityIndex, people: People) -> None:
        self._index, self._people = index, people
        self.waiting: list[Found] = []

    def judge(self) -> None:
        """Judge every identifier by the rules of now; each row is looked at."""
        index = self._index
        marks, owners = index.refused, index.owners
        for key, owner in owners.each():
            kind, _, value = key[key.find(SPACE_SEPARATOR) + 1 :].partition(":")
            if index.refuses(kind, value):
                if key not in marks.names:
                    marks.add(key)
                    owners.put(key, QUARANTINED + owner)
                    index.gone_anchors.add(key)  # it says of nobody that he was seen with a shared value
            elif key in marks.names:
                marks.discard(key)
                owners.put(key, owner.removeprefix(QUARANTINED))

    def take_out(self, space: str, cause: Cause) -> None:
        """Take the values that wait, which an event has brought, from their members."""
        for one in self.waiting:
            self._index.leave_out(one.kind, "blocked")
            self._take_out(space, one.key, cause)
        self.waiting = []

    def _take_out(self, space: str, key: str, cause: Cause) -> None:
        index, people = self._index, self._people
        owner = (index.owners.get(key) or NOBODY).removeprefix(QUARANTINED)
        person = index.persons.get(owner)
        own = [key] if space == DEFAULT_SPACE else without_space([key], space)
        index.refused.discard(key)
        index.owners.remove(key)
        index.sighted.remove(key)
        people.tell("block", NOBODY if person is None else person.member_id, space, None, own, cause, WHY)
        if person is None:  # it was quarantined: nobody's already
            return
        people.unlink(person, own[0], cause)
