"""What the benchmark on Kafka reckons with."""

import pytest
from msgspec import Struct

from tests.benchmarks.kafka.figures import Rounds, hour_caught_up_seconds, in_turn, percentiles


class Took(Struct, frozen=True):
    """A result."""

    seconds: float
    cpu: float = 1.0


def test_a_ratio_is_taken_within_a_round() -> None:
    """A machine that is slow for a round slows both: the ratio stays, and the median round counts."""
    rounds: Rounds[Took] = Rounds()
    for slow, seconds in ((1, 4.0), (10, 50.0), (1, 8.0)):
        rounds.add("files", Took(2.0 * slow, cpu=3.0))
        rounds.add("kafka", Took(seconds, cpu=6.0))
    assert rounds.ratio("kafka", "files") == pytest.approx(0.4)
    assert rounds.ratio("kafka", "files", lambda one: one.cpu) == pytest.approx(0.5)
    assert rounds.median("kafka", lambda one: one.seconds) == pytest.approx(8.0)


def test_a_round_that_lacks_a_result_gives_no_ratio() -> None:
    """Ratios between different rounds would mean nothing."""
    rounds: Rounds[Took] = Rounds()
    rounds.add("files", Took(1.0))
    rounds.add("files", Took(1.0))
    rounds.add("kafka", Took(1.0))
    with pytest.raises(ValueError, match="zip"):
        rounds.ratio("kafka", "files")


def test_nobody_always_runs_first() -> None:
    """Over as many rounds as there are names, each is first once."""
    names = ["a", "b", "c"]
    assert {in_turn(names, turn)[0] for turn in range(3)} == set(names)
    assert all(sorted(in_turn(names, turn)) == names for turn in range(7))


def test_percentiles_are_in_milliseconds() -> None:
    """Of a thousand latencies of 1 to 1000 ms."""
    found = percentiles([number / 1000 for number in range(1, 1001)])
    assert pytest.approx(list(found)) == [500.5, 990.01, 1000]


@pytest.mark.parametrize(("rate", "seconds"), [(4000, 3600.0), (10_000, 900.0), (2000, None), (1000, None)])
def test_a_backlog_shrinks_by_what_is_faster_than_life(rate: float, seconds: float | None) -> None:
    """An hour at 2,000 a second; who is not faster than that never catches up."""
    assert hour_caught_up_seconds(rate, 2000) == seconds
