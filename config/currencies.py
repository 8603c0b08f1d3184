"""Points currencies: when their points expire, what a return may take, what a late cancellation gives back."""

import re
from typing import Final, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from config.fields import DurationUs, Name, Section

ExpiryPolicy = Literal["never", "days", "end_of_month", "yearly", "activity_extends"]
ReturnsPolicy = Literal["only_pending", "within_balance", "unlimited"]
LateCancelPolicy = Literal["expire", "renew"]

DATE_PATTERN: Final = r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_DAYS_OF_MONTH: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NEEDED: Final = {
    "never": (), "days": ("days",), "end_of_month": ("months",), "yearly": ("date",), "activity_extends": ("days",),
}  # fmt: skip
_ALLOWED: Final = {**_NEEDED, "yearly": ("date", "years")}
_KEYS: Final = ("days", "months", "date", "years")


class Expiry(Section):
    """When the points of a lot expire: always at the end of a day in the program's time zone."""

    policy: ExpiryPolicy = Field(
        description="never; days: so many days after they were earned; end_of_month: with a month; yearly: on a date; "
        "activity_extends: so many days after the last time points of the currency were earned or spent."
    )
    days: int | None = Field(default=None, ge=1, le=36_500, description="For `days` and `activity_extends`.")
    months: int | None = Field(
        default=None, ge=0, le=1_200, description="For `end_of_month`: 0 is the month in which they were earned."
    )
    date: str | None = Field(
        default=None, pattern=DATE_PATTERN, description="For `yearly`: the last day on which they count, MM-DD.",
        examples=["12-31"],
    )  # fmt: skip
    years: int | None = Field(
        default=None, ge=0, le=100, description="For `yearly`: how many of these dates are let pass; none is 0."
    )

    @model_validator(mode="after")
    def _complete(self) -> "Expiry":
        """Hold the keys to what the policy needs."""
        needed, allowed = _NEEDED[self.policy], _ALLOWED[self.policy]
        given = {key for key in _KEYS if getattr(self, key) is not None}
        if not given.issuperset(needed) or not given.issubset(allowed):
            wanted = " and ".join(f"`{key}`" for key in needed) or "no other key"
            raise PydanticCustomError("expiry", f"{wanted} beside `policy: {self.policy}`")
        if self.date is not None and re.fullmatch(DATE_PATTERN, self.date):
            month, day = map(int, self.date.split("-"))
            if day > _DAYS_OF_MONTH[month - 1]:
                raise PydanticCustomError("expiry", "a `date` that every year has")
        return self


class Currency(Section):
    """A points currency."""

    name: Name = Field(description="What people call it.")
    expiry: Expiry = Field(
        default_factory=lambda: Expiry(policy="never"), description="When its points expire; none: never."
    )
    warn_before: DurationUs | None = Field(
        default=None, description="How long before points expire the signal `points_expiring` is raised; none: never."
    )
    returns: ReturnsPolicy = Field(
        default="unlimited",
        description="What a return may take back: points that are pending only, what is there, or more than is there "
        "(the rest is owed).",
    )
    late_cancel: LateCancelPolicy = Field(
        default="expire",
        description="What a cancelled redemption gives back of points whose expiry has passed meanwhile: they expire "
        "at once, or count as earned anew.",
    )
    overdraw: bool = Field(
        default=False, description="Whether `points_adjust` may take more than is there; the rest is then owed."
    )

    @model_validator(mode="after")
    def _warned_in_time(self) -> "Currency":
        """A warning needs something that expires."""
        if self.warn_before is not None and self.expiry.policy == "never":
            raise PydanticCustomError("expiry", "no `warn_before` where points never expire")
        return self
