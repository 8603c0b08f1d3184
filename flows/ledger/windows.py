"""From when to when an instance of an offer counts: the program's dates, a time from the grant, or a local period."""

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.program import Program
from flows.ledger.days import day_start_us, local_date, member_zone, moment_of, period_after, period_start, zone_of
from flows.ledger.instances import NO_END, in_window
from schemas.states import Member


@lru_cache(maxsize=4096)
def _period(name: str, day: date, every: str, local: ZoneInfo) -> tuple[str, int, int]:
    """Give the key of an offer's instance for the local period that a day lies in, its first moment and its last."""
    first = period_start(day, every)
    next_us = day_start_us(period_after(first, every).toordinal(), local)
    return f"{name}:{first.isoformat()}", day_start_us(first.toordinal(), local), next_us - 1


class Windows:
    """The windows of a program's offers; a window's end 0 is none."""

    def __init__(self, program: Program) -> None:
        self._offers, self._zone = program.offers, program.time_zone
        brand = zone_of(None, program.time_zone)
        self._fixed = {
            name: (
                0 if offer.start is None else moment_of(offer.start, brand),
                NO_END if offer.end is None else moment_of(offer.end, brand),
            )
            for name, offer in program.offers.items()
        }

    def of_grant(self, name: str, at_us: int) -> tuple[int, int]:
        """Give the window of an instance that is granted at a moment: from then on, and within the offer's own."""
        offer = self._offers[name]
        start_us, end_us = self._fixed[name]
        from_us = max(start_us, at_us) if offer.granted != "automatically" else start_us
        if offer.lasts is not None:
            lasts_us = from_us + offer.lasts
            end_us = lasts_us if end_us == NO_END else min(end_us, lasts_us)
        return from_us, end_us

    def automatic(self, member: Member, name: str, at_us: int) -> tuple[str, int, int] | None:
        """Give key and window of the instance that a challenge for everybody has at a moment; None if it has none."""
        offer = self._offers[name]
        start_us, end_us = self._fixed[name]
        key = f"{name}:all"
        if offer.every is not None:
            local = member_zone(member, self._zone)
            key, first_us, last_us = _period(name, local_date(at_us, local), offer.every, local)
            start_us = max(start_us, first_us)
            end_us = last_us if end_us == NO_END else min(end_us, last_us)
        if offer.tiers and (member.standing is None or member.standing.tier not in offer.tiers):
            return None
        return (key, start_us, end_us) if in_window(offer, start_us, end_us, at_us) else None
