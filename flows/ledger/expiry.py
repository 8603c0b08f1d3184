"""When points expire: at the end of a day in the program's time zone, by the currency's policy.

It is reckoned from the time of the event that earned them, not from when the log had it, so that a late event ends as
one in time would have. Reckoning a local midnight takes microseconds; all that is earned in a quarter of an hour
expires together, hence it is remembered by quarter (no time zone changes its offset within one), and by day.
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from config.currencies import Currency, Expiry
from flows.ledger.days import day_start_us, local_date

NEVER = 0
QUARTER_US = 900_000_000
QUARTERS_KEPT = 10_000
MONTHS = 12
LAST_YEAR = 9999
DAY = timedelta(days=1)


class Expiries:
    """The expiry policy of one currency."""

    def __init__(self, currency: Currency, time_zone: str) -> None:
        self._expiry = currency.expiry
        self._zone = ZoneInfo(time_zone)
        self._known: dict[int, int] = {}
        self._known_days: dict[date, int] = {}
        self.never = currency.expiry.policy == "never"
        self.extends = currency.expiry.policy == "activity_extends"
        self.warn_us = currency.warn_before

    def of(self, earned_us: int) -> int:
        """Give when points earned at a time expire, in microseconds; NEVER if they do not."""
        if self.never:
            return NEVER
        quarter = earned_us // QUARTER_US
        known = self._known.get(quarter)
        if known is None:
            if len(self._known) >= QUARTERS_KEPT:
                self._known.clear()
                self._known_days.clear()
            known = self._known[quarter] = self._reckoned(local_date(quarter * QUARTER_US, self._zone))
        return known

    def _reckoned(self, earned: date) -> int:
        known = self._known_days.get(earned)
        if known is None:
            end = _last_day(self._expiry, earned) + DAY
            known = self._known_days[earned] = day_start_us(end.toordinal(), self._zone)
        return known


def _last_day(expiry: Expiry, earned: date) -> date:
    """Give the last day on which points earned on a day count."""
    match expiry.policy:
        case "end_of_month":
            assert expiry.months is not None
            return _first_of_month(earned, expiry.months + 1) - DAY
        case "yearly":
            assert expiry.date is not None
            month, day = map(int, expiry.date.split("-"))
            passed = (earned.month, earned.day) > (month, day)
            return date(min(earned.year + passed + (expiry.years or 0), LAST_YEAR - 1), month, day)
        case _:
            assert expiry.days is not None
            return earned + timedelta(days=expiry.days)


def _first_of_month(day: date, months: int) -> date:
    """Give the first day of the month so many months later."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(min(year, LAST_YEAR - 1), month + 1, 1)
