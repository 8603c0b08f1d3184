"""Which key groups a worker has: `0-127`, `0-63,128-191`, or `1/3`, the second of three equal parts."""

import re
from collections.abc import Collection

PART = re.compile(r"(\d+)/(\d+)")
RUN = re.compile(r"(\d+)(?:-(\d+))?")

ACCEPTED = "accepted: a range such as 0-127, several with commas, or one of equal parts such as 0/2 (the first of two)"


class GroupsError(ValueError):
    """Text that names no groups; the message says what was found and what is accepted."""


def parse_groups(text: str, groups: int) -> tuple[int, ...]:
    """Give the group numbers that `text` names, of `groups` in all, in order; GroupsError if it names none."""
    part = PART.fullmatch(text.strip())
    if part is not None:
        number, count = int(part[1]), int(part[2])
        if not 0 <= number < count <= groups:
            raise GroupsError(f"--groups: found {text!r}; parts are numbered from 0, 0/{count} to "
                              f"{count - 1}/{count}, and there are {groups} groups")
        return tuple(range(groups * number // count, groups * (number + 1) // count))
    found: set[int] = set()
    for piece in text.split(","):
        run = RUN.fullmatch(piece.strip())
        if run is None:
            raise GroupsError(f"--groups: found {text!r}; {ACCEPTED}")
        low, high = int(run[1]), int(run[2] or run[1])
        if not low <= high < groups:
            raise GroupsError(f"--groups: found {piece.strip()!r}; expected groups from 0 to {groups - 1}, low-high")
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def show_groups(groups: Collection[int]) -> str:
    """Give the shortest text that `parse_groups` reads as these."""
    pieces: list[str] = []
    ordered = sorted(groups)
    while ordered:
        low = high = ordered.pop(0)
        while ordered and ordered[0] == high + 1:
            high = ordered.pop(0)
        pieces.append(str(low) if low == high else f"{low}-{high}")
    return ",".join(pieces)
