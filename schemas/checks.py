"""Checks of an event that its types cannot say, kept apart so that the hot path pays for few of them.

Every event: its time lies in the years 1970 to 9999 (UTC), and it names somebody. Some types: a survey's score within
its scale, both sides of a split, times and dates inside `data` that code behind would otherwise trip over. `CHECKS`
lists those types, so one dictionary look-up spares all others the call.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, final

import msgspec
from msgspec import Meta, Struct

from schemas.events import (
    SCORE_RANGES,
    Accrual,
    Event,
    Identifiers,
    Invoice,
    PaymentPromise,
    Receipt,
    Split,
    Subscription,
    SurveyAnswer,
)
from schemas.reasons import RejectReason

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST_DAY = date(1970, 1, 1)


@final
class Rejected(Struct, frozen=True, gc=False):
    """Why a line is a dead letter; `detail` is for a person: a path, what was expected, what was found."""

    reason: RejectReason
    detail: str


def time_us(moment: datetime) -> int:
    """Return the microseconds since 1970-01-01 UTC of an aware time, exactly (negative before it)."""
    return (moment - EPOCH) // MICROSECOND


TIME_US_MAX = time_us(datetime.max.replace(tzinfo=UTC))

NO_IDENTIFIER = Rejected(RejectReason.NO_IDENTIFIER, "data.ids: expected at least one identifier, found none")


def names_somebody(ids: Identifiers) -> bool:
    """Say whether at least one identifier is more than blanks."""
    for value in ids.values():
        if isinstance(value, str):
            if value.strip():
                return True
        elif any(one.strip() for one in value):
            return True
    return False


def instant_problem(path: str, moment: datetime) -> str | None:
    """Say what is wrong with an aware time outside the years 1970 to 9999 (UTC), or None."""
    if 0 <= time_us(moment) <= TIME_US_MAX:
        return None
    return f"{path}: expected a time within 1970..9999 UTC, found {moment.isoformat()}"


def day_problem(path: str, day: date) -> str | None:
    """Say what is wrong with a day before 1970, or None."""
    return None if day >= FIRST_DAY else f"{path}: expected a day within 1970..9999, found {day.isoformat()}"


def _score(event: SurveyAnswer) -> str | None:
    low, high = SCORE_RANGES[event.data.survey]
    score = event.data.score
    if low <= score <= high:
        return None
    return f"data.score: expected an integer from {low} to {high} for {event.data.survey}, found {score}"


def _period_end(event: Subscription) -> str | None:
    found = event.data.period_end
    if found is None:
        return None
    path = "data.period_end"
    try:
        if len(found) == len("2026-01-31"):
            return day_problem(path, msgspec.convert(found, date))
        return instant_problem(path, msgspec.convert(found, Annotated[datetime, Meta(tz=True)]))
    except msgspec.ValidationError:
        return f'{path}: expected a day (2026-01-31) or a time with offset (2026-01-31T10:00:00Z), found "{found}"'


def _hold_until(event: Accrual) -> str | None:
    moment = event.data.hold_until
    return None if moment is None else instant_problem("data.hold_until", moment)


def _due_on(event: Invoice) -> str | None:
    return None if event.data.due_on is None else day_problem("data.due_on", event.data.due_on)


def _promised_on(event: PaymentPromise) -> str | None:
    return day_problem("data.promised_on", event.data.promised_on)


CHECKS: dict[type[object], Callable[..., str | None]] = {
    SurveyAnswer: _score,
    Subscription: _period_end,
    Accrual: _hold_until,
    Invoice: _due_on,
    PaymentPromise: _promised_on,
}
"""Types whose data needs a look beyond its types, with the function that says what is wrong (or None)."""


def checked(event: Event) -> Rejected | None:
    """Return what is wrong with a decoded event beyond its types, or None.

    `NOT_CLOUDEVENT` for a time outside 1970..9999 UTC, `INVALID_DATA` from `CHECKS`, `NO_IDENTIFIER` where nobody is
    named: a receipt may leave `ids` out, a split needs both sides. Costs about a microsecond; a hot loop that computes
    `time_us` and walks `ids` anyway does those two itself and calls this only where
    `type(event) in CHECKED_TYPES`.
    """
    problem = instant_problem("time", event.time)
    if problem is not None:
        return Rejected(RejectReason.NOT_CLOUDEVENT, problem)
    look = CHECKS.get(type(event))
    if look is not None:
        problem = look(event)
        if problem is not None:
            return Rejected(RejectReason.INVALID_DATA, problem)
    if isinstance(event, Receipt):
        return None
    if isinstance(event, Split):
        return _sides(event)
    return None if names_somebody(event.data.ids) else NO_IDENTIFIER


def _sides(event: Split) -> Rejected | None:
    """Return what is wrong with the two sides of a split."""
    for path, ids in (("data.keep", event.data.keep), ("data.part", event.data.part)):
        if not names_somebody(ids):
            return Rejected(RejectReason.NO_IDENTIFIER, f"{path}: expected at least one identifier, found none")
    return None


CHECKED_TYPES: frozenset[type[object]] = frozenset(CHECKS) | {Split}
"""Types for which a hot loop that checks time and `ids` itself must still call `checked`."""
