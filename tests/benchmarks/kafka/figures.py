"""The arithmetic: ratios within a round and their median, percentiles, how long a backlog takes."""

import statistics
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

SECONDS_AN_HOUR = 3600


class Timed(Protocol):
    """A result that took so many seconds."""

    @property
    def seconds(self) -> float:
        """On the clock."""


Result = TypeVar("Result", bound=Timed)


class Rounds(Generic[Result]):
    """Results by name, one a round."""

    def __init__(self) -> None:
        self.results: dict[str, list[Result]] = {}

    def add(self, name: str, result: Result) -> None:
        """Note the next round's result."""
        self.results.setdefault(name, []).append(result)

    def median(self, name: str, figure: Callable[[Result], float]) -> float:
        """The median of a figure over the rounds."""
        return statistics.median(map(figure, self.results[name]))

    def ratio(self, name: str, to: str, cost: Callable[[Result], float] | None = None) -> float:
        """The speed of `name` as a share of that of `to`: ratios of costs (seconds unless told) within each round."""
        figure = cost or _seconds
        pairs = zip(self.results[to], self.results[name], strict=True)
        return statistics.median(figure(other) / figure(one) for other, one in pairs)


def _seconds(result: Timed) -> float:
    return result.seconds


def in_turn(names: Sequence[str], turn: int) -> list[str]:
    """The names in another order every round, so that none always runs first."""
    first = turn % len(names)
    return [*names[first:], *names[:first]]


def percentiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """The median, the 99th percentile and the most, in milliseconds."""
    percent = statistics.quantiles(seconds, n=100, method="inclusive")
    return 1e3 * percent[49], 1e3 * percent[98], 1e3 * max(seconds)


def hour_caught_up_seconds(rate: float, live_rate: float) -> float | None:
    """How long a worker of `rate` events a second takes for an hour's backlog while as many come as before.

    None if it never does.
    """
    gained = rate - live_rate
    return SECONDS_AN_HOUR * live_rate / gained if gained > 0 else None
