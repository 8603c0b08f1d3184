"""When things happen: a day's rhythm (quiet nights, busy noons and evenings) and the text of a moment."""

from datetime import timedelta

from connectors.simulate.options import EPOCH

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# How busy each hour of a UTC day is, against the others.
HOUR_WEIGHTS = (2, 1, 1, 1, 1, 2, 4, 8, 12, 14, 15, 16, 18, 16, 14, 14, 15, 17, 20, 22, 20, 14, 8, 4)


def _hour_of_share() -> tuple[tuple[int, int], ...]:
    """For each of the weight units of a day: the millisecond at which it begins and its length."""
    return tuple(
        (hour * HOUR + part * HOUR // weight, HOUR // weight)
        for hour, weight in enumerate(HOUR_WEIGHTS)
        for part in range(weight)
    )


MINUTE_TEXTS = tuple(f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60))
UNITS = _hour_of_share()


class Rhythm:
    """Turns the share of a simulation that is done into a moment: monotone, denser in busy hours."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        """`start_ms` and `end_ms` are milliseconds since 1970-01-01 UTC; the end is not reached."""
        self._start, self._end = start_ms, end_ms
        self._first, self._last = _busy(start_ms), _busy(end_ms)

    def moment(self, share: float) -> int:
        """The moment at a share of 0 (start) to 1 (end), in milliseconds since 1970-01-01 UTC."""
        busy = self._first + share * (self._last - self._first)
        day = int(busy // len(UNITS))
        unit, rest = divmod(busy - day * len(UNITS), 1.0)
        begin, length = UNITS[min(int(unit), len(UNITS) - 1)]
        return min(max(day * DAY + begin + int(rest * length), self._start), self._end - 1)


def _busy(moment_ms: int) -> float:
    """Weight units from 1970 to a moment: the inverse of `Rhythm.moment`."""
    day, inside = divmod(moment_ms, DAY)
    hour, rest = divmod(inside, HOUR)
    return day * len(UNITS) + sum(HOUR_WEIGHTS[:hour]) + rest / HOUR * HOUR_WEIGHTS[hour]


class Stamp:
    """Writes moments as RFC 3339 in UTC; a day's text is made once."""

    def __init__(self) -> None:
        self._days: dict[int, str] = {}

    def text(self, moment_ms: int) -> str:
        """Milliseconds since 1970-01-01 UTC → 2026-01-05T08:00:00.000Z."""
        day, inside = divmod(moment_ms, DAY)
        minute, rest = divmod(inside, MINUTE)
        date = self._days.get(day)
        if date is None:
            date = self._days[day] = (EPOCH + timedelta(days=day)).date().isoformat()
        return f"{date}T{MINUTE_TEXTS[minute]}:{rest // SECOND:02d}.{rest % SECOND:03d}Z"
