"""How well events were credited to people, against the truth.

Two events are a *true pair* if the same person did both, a *found pair* if the same member got both. With n(p, m) the
number of events of person p that were credited to member m, n(p) and n(m) the sums over m and p, and C(n) = n(n-1)/2:

    both      = Σ C(n(p, m))          precision = both / Σ C(n(m))
                                      recall    = both / Σ C(n(p))
                                      f1        = 2 · both / (Σ C(n(m)) + Σ C(n(p)))

Counts are enough, so the cost follows the number of events, not of pairs. It is the pair-counting comparison of two
clusterings (Rand 1971; Hubert and Arabie 1985).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from msgspec import Struct

Key = TypeVar("Key", bound=Hashable)


class Quality(Struct, frozen=True):
    """Pair counts; a share is 1.0 where no pair can be wrong. `missing` events were credited to nobody."""

    true_pairs: int
    found_pairs: int
    both_pairs: int
    events: int
    missing: int

    @property
    def precision(self) -> float:
        """The share of the found pairs that are true."""
        return self.both_pairs / self.found_pairs if self.found_pairs else 1.0

    @property
    def recall(self) -> float:
        """The share of the true pairs that were found."""
        return self.both_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        pairs = self.true_pairs + self.found_pairs
        return 2 * self.both_pairs / pairs if pairs else 1.0


def pairwise(truth: Iterable[tuple[Key, Hashable]], found: Mapping[Key, Hashable]) -> Quality:
    """Compare the true person of each event with the member it was credited to.

    `truth` yields (event key, person), each event once; `found` maps event keys to members. An event that is not in
    `found` pairs with no other; an event of `found` that the truth does not know is left out.
    """
    cells: Counter[tuple[Hashable, Hashable]] = Counter()
    people: Counter[Hashable] = Counter()
    members: Counter[Hashable] = Counter()
    missing = 0
    for key, person in truth:
        people[person] += 1
        if key not in found:
            missing += 1
            continue
        member = found[key]
        members[member] += 1
        cells[person, member] += 1
    return Quality(
        true_pairs=_pairs(people.values()), found_pairs=_pairs(members.values()), both_pairs=_pairs(cells.values()),
        events=people.total(), missing=missing,
    )  # fmt: skip


def _pairs(counts: Iterable[int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts)
