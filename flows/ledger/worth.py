"""How much of an event counts for a rule, and at which rate: a fraction whose numerator is weighted with points.

Of an order without lines its total counts. Lines count by their own amounts: excluded ones not at all, the others at
the rate that fits them. Where the lines are together more than the total, the whole order had a discount, which falls
on all of them in proportion; where they are less, the rest (delivery, say) counts at the rate that fits without a line,
unless the rule's condition is about lines. Rounding comes once a rule, at the very end.
"""

from collections.abc import Callable
from fractions import Fraction
from math import lcm

from msgspec import Struct

from config.earning import EarnRule, Exclusion, Rate
from config.expressions.names import Named
from config.expressions.scene import Scene
from config.expressions.typed import Expression, compile_expression
from flows.ledger.grants import LineWorth
from schemas.events import OrderLine


class Worth(Struct, frozen=True, gc=False):
    """`weighted / divisor` points before rounding, from `counted / scale` of money or pieces that count.

    `lines` tell what each article counted for where lines were looked at, of `weight` in all.
    """

    weighted: int
    divisor: int
    counted: int
    scale: int
    lines: tuple[LineWorth, ...] = ()
    weight: int = 0


NOTHING = Worth(0, 1, 0, 1)


class _Rate:
    """One rate, ready to be asked."""

    def __init__(self, rate: Rate, names: dict[str, Named]) -> None:
        self.points = rate.points
        self._tiers = _set(rate.tiers)
        self._categories = _set(rate.categories)
        self._stores = _set(rate.stores)
        self._channels = _set(rate.channels)
        self._when = None if rate.when is None else compile_expression(rate.when, names)
        self.by_line = rate.categories is not None or (self._when is not None and self._when.by_line)
        alone = rate.tiers if not (rate.categories or rate.stores or rate.channels or rate.when) else None
        self.tiers_alone = _set(alone)

    def fits(self, scene: Scene) -> bool:
        """Whether all keys of the rate fit what the scene looks at."""
        if self.tiers_alone is not None:
            return scene.facts.tier in self.tiers_alone
        line, data = scene.line, scene.data
        if self.by_line and line is None:
            return False
        return (
            (self._tiers is None or scene.facts.tier in self._tiers)
            and (self._categories is None or (line is not None and line.category in self._categories))
            and (self._stores is None or data.store in self._stores)
            and (self._channels is None or data.channel in self._channels)
            and (self._when is None or self._when.test(scene))
        )


class Weigher:
    """What an event is worth by a rule of money or pieces; `when` is the rule's condition."""

    def __init__(self, rule: EarnRule, when: Expression | None, names: dict[str, Named]) -> None:
        assert rule.points is not None
        self._points = rule.points
        self._rates = [_Rate(rate, names) for rate in rule.rates]
        excluded = rule.exclude or Exclusion()
        self._categories = frozenset(excluded.categories or ())
        self._skus = frozenset(excluded.skus or ())
        self._when = when if when is not None and when.by_line else None
        self._per = 1 if rule.per is None else rule.per.amount
        self._per_quantity = rule.per_quantity
        money = rule.per or rule.minimum
        self._money = None if money is None else money.currency
        self._minimum = 0 if rule.minimum is None else rule.minimum.amount
        self._looks_at_lines = bool(
            self._when is not None or self._categories or self._skus or any(rate.by_line for rate in self._rates)
        )
        asks = self._money is not None or self._when is not None or self._rates
        self._once = None if asks else Worth(self._points, 1, 1, 1)
        self.of: Callable[[Scene], Worth] = self._by_kind(rule)

    def _by_kind(self, rule: EarnRule) -> Callable[[Scene], Worth]:
        if rule.per is not None:
            return self._of_money
        if rule.per_quantity is None:
            return self._of_event
        return self._of_pieces if rule.on == "purchase" else self._of_quantity

    def _points_for(self, scene: Scene) -> int:
        if self._rates:
            for rate in self._rates:
                if rate.fits(scene):
                    return rate.points
        return self._points

    def _counts(self, scene: Scene, line: OrderLine) -> bool:
        """Whether a line counts; leaves the scene looking at it."""
        scene.line = line
        if line.category in self._categories or line.sku in self._skus:
            return False
        return self._when is None or self._when.test(scene)

    def _money_of(self, scene: Scene) -> Worth:
        """The money that counts, weighted with points; NOTHING if it is in another currency or below the minimum."""
        total = scene.data.total
        if self._money is not None and total.currency != self._money:
            return NOTHING
        lines = scene.data.lines if self._looks_at_lines else None
        if not lines:
            if self._when is not None or total.amount < self._minimum:
                return NOTHING
            return Worth(total.amount * self._points_for(scene), 1, total.amount, 1)
        listed = counted = weighted = 0
        articles: dict[str, LineWorth] = {}
        for line in lines:
            listed += line.amount
            weight = 0
            if self._counts(scene, line):
                counted += line.amount
                weight = line.amount * self._points_for(scene)
                weighted += weight
            if line.amount > 0:
                known = articles.get(line.sku)
                amount, earlier = (0, 0) if known is None else (known.amount, known.weight)
                articles[line.sku] = LineWorth(line.sku, amount + line.amount, earlier + weight)
        scene.line = None
        rest, numerator, denominator = total.amount - listed, 1, 1
        if rest < 0:
            numerator, denominator = total.amount, listed
        elif self._when is None:
            counted += rest
            weighted += rest * self._points_for(scene) if rest else 0
        weight = max(0, weighted)
        counted, weighted = max(0, counted * numerator), weight * numerator
        if counted < self._minimum * denominator:
            return NOTHING
        return Worth(weighted, denominator, counted, denominator, tuple(articles.values()), weight)

    def _of_money(self, scene: Scene) -> Worth:
        worth = self._money_of(scene)
        return Worth(
            worth.weighted, worth.divisor * self._per, worth.counted, worth.scale, worth.lines, worth.weight
        )  # fmt: skip

    def _of_event(self, scene: Scene) -> Worth:
        """The rule's points once, if any line counts where lines are asked for and the minimum is reached."""
        if self._once is not None:
            return self._once
        if self._money is not None and not self._money_of(scene).counted:
            return NOTHING
        if self._when is not None:
            counts = any(self._counts(scene, line) for line in scene.data.lines or ())
            scene.line = None
            if not counts:
                return NOTHING
        return Worth(self._points_for(scene), 1, 1, 1)

    def _of_quantity(self, scene: Scene) -> Worth:
        """Pieces of an activity, one where it does not say how many."""
        assert self._per_quantity is not None
        quantity = 1 if scene.data.quantity is None else scene.data.quantity
        if type(quantity) is int:
            weight = quantity * self._points_for(scene)
            return Worth(weight, self._per_quantity, quantity, 1, (), weight) if weight > 0 else NOTHING
        counted = Fraction(str(quantity))
        worth = counted * self._points_for(scene)
        if worth <= 0:
            return NOTHING
        return Worth(
            worth.numerator, worth.denominator * self._per_quantity, counted.numerator, counted.denominator, (),
            worth.numerator,
        )  # fmt: skip

    def _of_pieces(self, scene: Scene) -> Worth:
        """Pieces of the lines that count."""
        assert self._per_quantity is not None
        if self._money is not None and not self._money_of(scene).counted:
            return NOTHING
        counted, weighted = Fraction(0), Fraction(0)
        articles: dict[str, tuple[int, Fraction]] = {}
        for line in scene.data.lines or ():
            if self._counts(scene, line):
                pieces = Fraction(str(line.quantity))
                worth = pieces * self._points_for(scene)
                counted += pieces
                weighted += worth
                amount, earlier = articles.get(line.sku, (0, Fraction(0)))
                articles[line.sku] = amount + line.amount, earlier + worth
        scene.line = None
        if weighted <= 0:
            return NOTHING
        scale = lcm(weighted.denominator, *(worth.denominator for _, worth in articles.values()))
        lines = tuple(
            LineWorth(sku, amount, int(worth * scale)) for sku, (amount, worth) in articles.items() if amount > 0
        )
        return Worth(
            weighted.numerator, weighted.denominator * self._per_quantity, counted.numerator, counted.denominator,
            lines, int(weighted * scale),
        )  # fmt: skip


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
