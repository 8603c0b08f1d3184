"""Durations: text to microseconds and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.durations import DURATION_US_MAX, format_duration, parse_duration

SECOND_US = 1_000_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7_200), ("7d", 604_800), ("4w", 2_419_200), ("3660d", 316_224_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Every unit counts as many microseconds as its name says."""
    assert seconds * SECOND_US == parse_duration(text)


@pytest.mark.parametrize(
    "text",
    ["", "h", "2", "0s", "-1h", "+1h", "1.5h", "2 h", "2H", "2ms", "02h", "٣h", "2h\n", "3661d", "999999999w", 2],
)
def test_anything_else_is_refused(text: object) -> None:
    """What is not a whole positive number with a known unit, or is beyond ten years, is a ValueError."""
    with pytest.raises(ValueError, match="a duration "):
        parse_duration(text)


@given(st.integers(1, DURATION_US_MAX // SECOND_US))
def test_written_durations_read_as_the_same_time(seconds: int) -> None:
    """Formatting and parsing again gives the same number of microseconds."""
    assert seconds * SECOND_US == parse_duration(format_duration(seconds * SECOND_US))


@given(st.integers(1, 500), st.sampled_from("smhdw"))
def test_the_canonical_form_is_stable(number: int, unit: str) -> None:
    """A duration in another unit of the same length gets the same text."""
    canonical = format_duration(parse_duration(f"{number}{unit}"))

    assert canonical == format_duration(parse_duration(canonical))


def test_a_part_of_a_second_cannot_be_written() -> None:
    """Programs know whole seconds only."""
    with pytest.raises(ValueError, match="whole seconds"):
        format_duration(1)
