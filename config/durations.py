"""Durations as a person writes them (`90s`, `15m`, `2h`, `7d`, `4w`) and as machines count them (microseconds).

A day is 24 hours and a week seven days: windows roll on the log's time, which knows no summer time.
"""

import re
from typing import Final

from pydantic_core import PydanticCustomError

DURATION_PATTERN: Final = r"^[1-9][0-9]{0,8}[smhdw]$"
DURATION_EXPECTED: Final = "a duration such as 90s, 15m, 2h, 7d or 4w"
DURATION_DAYS_MAX: Final = 3660

_SECOND_US: Final = 1_000_000
_UNITS_US: Final = {
    "w": 604_800 * _SECOND_US,
    "d": 86_400 * _SECOND_US,
    "h": 3_600 * _SECOND_US,
    "m": 60 * _SECOND_US,
    "s": _SECOND_US,
}
DURATION_US_MAX: Final = DURATION_DAYS_MAX * _UNITS_US["d"]


def parse_duration(text: object) -> int:
    """`text`, a whole number above zero and a unit, in microseconds; PydanticCustomError (a ValueError) if not."""
    if not isinstance(text, str) or re.fullmatch(DURATION_PATTERN, text) is None:
        raise PydanticCustomError("duration", DURATION_EXPECTED)
    duration_us = int(text[:-1]) * _UNITS_US[text[-1]]
    if duration_us > DURATION_US_MAX:
        raise PydanticCustomError("duration", f"a duration of at most {DURATION_DAYS_MAX}d")
    return duration_us


def format_duration(duration_us: int) -> str:
    """`duration_us` microseconds in the largest unit that divides it; the inverse of `parse_duration` in value."""
    for unit, unit_us in _UNITS_US.items():
        if duration_us % unit_us == 0:
            return f"{duration_us // unit_us}{unit}"
    message = f"a duration is whole seconds, not {duration_us} microseconds"
    raise ValueError(message)
