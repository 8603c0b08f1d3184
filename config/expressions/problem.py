"""What is wrong with an expression, and its bounds."""

from collections.abc import Collection
from typing import Final

LENGTH_MAX: Final = 2000
DEPTH_MAX: Final = 16
PARTS_MAX: Final = 200
INTEGER_MAX: Final = 10**15


class ExpressionError(ValueError):
    """At character `at` (from 1) stands `found`, where `expected` is accepted; `accepted` are names to choose from."""

    def __init__(self, at: int, found: str, expected: str, accepted: Collection[str] = ()) -> None:
        self.at = at
        self.found = found
        self.expected = expected
        self.accepted = sorted(accepted)
        super().__init__(f"at character {at}: found {found}; expected {expected}")
