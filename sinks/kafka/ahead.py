"""What lies in the topics already though no commit counts it: it comes again and must not be sent again.

The mark of an epoch may not pass over such a record before it has come again, or a second crash would forget that it is
there. So each one keeps its place, and `first` holds the mark back. What does not come again within `EPOCHS` belongs to
another run (another program, another log): it is given up, and that is said.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from schemas.log import Place

EPOCHS: Final = 50
OFFSET_BITS: Final = 48  # a place and an offset share one integer: there may be a million of them


class Places:
    """Numbers for places, and the two packed as one integer that sorts by partition, then offset."""

    def __init__(self) -> None:
        self._numbers: dict[Place, int] = {}
        self._places: list[Place] = []

    def pack(self, place: Place, offset: int) -> int:
        """Give the integer for an offset of a place."""
        number = self._numbers.setdefault(place, len(self._places))
        if number == len(self._places):
            self._places.append(place)
        return number << OFFSET_BITS | offset

    def first(self, packed: Iterable[int]) -> dict[Place, int]:
        """Give the smallest offset of each place."""
        found: dict[Place, int] = {}
        for one in packed:
            place, offset = self._places[one >> OFFSET_BITS], one & (1 << OFFSET_BITS) - 1
            found[place] = min(offset, found.get(place, offset))
        return found


class RecordsAhead:
    """A bag of fingerprints: a record that is there twice is left out twice."""

    def __init__(self) -> None:
        """Empty, which is false."""
        self._places = Places()
        self._at: dict[int, int] = {}
        self._more: dict[int, list[int]] = {}  # further places of the same fingerprint, the largest first
        self._epochs = 0

    def __len__(self) -> int:
        return len(self._at) + sum(map(len, self._more.values()))

    def __bool__(self) -> bool:
        return bool(self._at)

    def add(self, fingerprint: int, place: Place, offset: int) -> None:
        """Note a record that was found; offsets of one place come in their order."""
        packed = self._places.pack(place, offset)
        if self._at.setdefault(fingerprint, packed) != packed:
            self._more.setdefault(fingerprint, []).insert(0, packed)

    def take(self, fingerprint: int) -> bool:
        """Whether a record that is about to be sent is there; it is then accounted for."""
        if fingerprint not in self._at:
            return False
        more = self._more.get(fingerprint)
        if not more:
            del self._at[fingerprint]
            return True
        self._at[fingerprint] = more.pop()
        if not more:
            del self._more[fingerprint]
        return True

    def first(self) -> dict[Place, int]:
        """Where, in each partition that has any, the first record lies that has not come again."""
        return self._places.first([*self._at.values(), *(one for more in self._more.values() for one in more)])

    def end_epoch(self) -> int:
        """Count an epoch; give how many records are given up at it."""
        self._epochs += bool(self._at)
        left = len(self)
        if self._epochs < EPOCHS or not left:
            return 0
        self.clear()
        return left

    def clear(self) -> None:
        """Give up what is left."""
        self._at, self._more = {}, {}


class Shown(NamedTuple):
    """The latest that a topic says of a member: a version of its document, or None for gone; and where."""

    version: int | None
    packed: int


class SurfacesAhead:
    """The latest of each member that no commit counts."""

    def __init__(self) -> None:
        """Empty, which is false."""
        self._places = Places()
        self._shown: dict[str, Shown] = {}
        self._epochs = 0

    def __len__(self) -> int:
        return len(self._shown)

    def add(self, member_id: str, version: int | None, place: Place, offset: int) -> None:
        """Note what was found; a later one takes the place of an earlier one."""
        self._shown[member_id] = Shown(version, self._places.pack(place, offset))

    def has(self, member_id: str, version: int) -> bool:
        """Whether the topic shows this version of the member or a younger one; a member that is gone is asked apart."""
        shown = self._shown.get(member_id)
        if shown is None or shown.version is None:
            return False
        if shown.version <= version:
            del self._shown[member_id]
        return version <= shown.version

    def hides(self, member_id: str) -> bool:
        """Whether the topic says that the member is gone, which has not come again yet."""
        shown = self._shown.get(member_id)
        return shown is not None and shown.version is None

    def hide(self, member_id: str) -> bool:
        """Whether a member that goes now is gone in the topic already."""
        shown = self._shown.pop(member_id, None)
        return shown is not None and shown.version is None

    def first(self) -> dict[Place, int]:
        """Where, in each partition that has any, the first lies that has not come again."""
        return self._places.first(shown.packed for shown in self._shown.values())

    def end_epoch(self) -> None:
        """Count an epoch; what has not come again by then is shown as it comes."""
        self._epochs += bool(self._shown)
        if self._epochs >= EPOCHS:
            self._shown = {}
