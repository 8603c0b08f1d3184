"""What happens to a fraction of a point, in integers throughout."""

from collections.abc import Callable
from typing import Final

from config.earning import Rounding

Round = Callable[[int, int], int]


def _down(numerator: int, denominator: int) -> int:
    return numerator // denominator


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    if 2 * rest == denominator:
        return whole + whole % 2
    return whole + (2 * rest > denominator)


ROUNDINGS: Final[dict[Rounding, Round]] = {"down": _down, "up": _up, "half_up": _half_up, "half_even": _half_even}
