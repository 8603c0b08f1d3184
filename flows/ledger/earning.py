"""How many points an amount earns: `amount × points / per`, rounded as the rule says, in integers throughout."""

from collections.abc import Callable

from config.program import EarnRule, Program

Rounding = Callable[[int, int], int]


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


ROUNDINGS: dict[str, Rounding] = {"down": _down, "up": _up, "half_up": _half_up, "half_even": _half_even}


class Earning:
    """One earn rule, ready to compute; amounts are minor units of the rule's money."""

    def __init__(self, rule: EarnRule) -> None:
        self.rule = rule.id
        self.currency = rule.currency
        self._points = rule.points
        self._per = rule.per.amount
        self._round = ROUNDINGS[rule.rounding]

    def points(self, amount: int) -> int:
        """Give the points that an order of this amount earns."""
        return self._round(amount * self._points, self._per)


def earnings_by_money(program: Program) -> dict[str, list[Earning]]:
    """Give the purchase rules by the money they look at, in the program's order."""
    by_money: dict[str, list[Earning]] = {}
    for rule in program.earn:
        by_money.setdefault(rule.per.currency, []).append(Earning(rule))
    return by_money
