"""What earns points: the section `earn` of a program.

A rule says on which event it looks, what has to hold, how much it gives, and how far that goes. The models here hold
the shape of each part; what parts mean together is checked by config/earning_checks.py, on the file's plain data, so
that all problems of a file come out at once.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from config.delays import Delay
from config.fields import ClockTime, DurationUs, Moment, Money, Name, Section, Slug

Rounding = Literal["down", "up", "half_up", "half_even"]
Period = Literal["day", "week", "month", "year", "ever"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

POINTS_MAX: Final = 10**12
TIMES_MAX: Final = 10**6
PERCENT_MAX: Final = 10_000
BIRTHDAY_DAYS_MAX: Final = 60
EXPRESSION_EXAMPLE: Final = 'line.category == "coffee" and total >= 500'

# Event types that move points themselves, or that are about identity and delivery, earn nothing.
EARNS_NOT: Final = frozenset(
    {"return", "redeem", "redeem_cancel", "points_adjust", "accrual", "receipt", "alias", "split", "erase", "export"}
)

Condition = Annotated[str, Field(min_length=1, max_length=2000)]
Names = Annotated[list[Name], Field(min_length=1)]


class Rate(Section):
    """Other points for what all its keys fit; the first rate that fits counts, else the rule's own `points`."""

    points: int = Field(ge=0, le=POINTS_MAX, description="Points in the place of the rule's; 0 earns nothing.")
    tiers: Names | None = Field(default=None, description="The member's tier is one of these.")
    categories: Names | None = Field(default=None, description="The order line's category is one of these.")
    stores: Names | None = Field(default=None, description="The event's store is one of these.")
    channels: Names | None = Field(default=None, description="The event's channel is one of these.")
    when: Condition | None = Field(default=None, description="A condition (docs/expressions.md).")


class Exclusion(Section):
    """Order lines that earn nothing: gift cards, taxes, deposits."""

    categories: Names | None = Field(default=None, description="Lines of these categories.")
    skus: Names | None = Field(default=None, description="Lines of these articles.")


class Hours(Section):
    """Local clock times on some days; `from` later than `to` spans midnight and belongs to the day it begins on."""

    days: Annotated[list[Weekday], Field(min_length=1)] | None = Field(
        default=None, description="Days on which it begins; none: every day."
    )
    start: ClockTime = Field(alias="from", description="First minute, HH:MM.")
    end: ClockTime = Field(alias="to", description="First minute that is outside again, HH:MM.")


class Window(Section):
    """A run of local days or minutes with both ends stated."""

    start: Moment = Field(alias="from", description="First day, or first minute.")
    end: Moment = Field(alias="to", description="Last day, which counts whole, or the first minute outside.")


class Birthday(Section):
    """Days around the member's birthday, on the member's calendar; once a birthday."""

    days_before: int = Field(default=0, ge=0, le=BIRTHDAY_DAYS_MAX, description="So many days before it count too.")
    days_after: int = Field(default=0, ge=0, le=BIRTHDAY_DAYS_MAX, description="So many days after it count too.")


class EarnCap(Section):
    """The most that a member gets by the rule in a calendar period or a rolling window."""

    points: int | None = Field(default=None, ge=1, le=POINTS_MAX, description="Points; what is beyond is cut off.")
    times: int | None = Field(default=None, ge=1, le=TIMES_MAX, description="Events that earn.")
    period: Period | None = Field(default=None, description="A calendar period of the rule's clock.")
    rolling: DurationUs | None = Field(default=None, description="Any window of this length.")


class Budget(Section):
    """The most that the rule gives to all members together."""

    points: int = Field(ge=1, le=POINTS_MAX, description="Points.")
    period: Period = Field(default="ever", description="A calendar period of the brand's clock.")
    kept: Literal["together", "by_group"] = Field(
        default="together", description="One budget for all, or an equal share for each key group (several workers)."
    )


class Bonus(Section):
    """More of what other rules give for the same event: percent of their points, never of another bonus."""

    percent: int = Field(ge=1, le=PERCENT_MAX, description="100 doubles, 50 gives half as much again.")
    of: Annotated[list[Slug], Field(min_length=1)] | None = Field(
        default=None, description="Rules by id; none: every rule of the same event and currency that is no bonus."
    )


class Hold(Section):
    """Points stay pending until one of three things."""

    delay: Delay | None = Field(default=None, description="So long after the event; months are calendar months.")
    rounding: Literal["none", "down", "up"] = Field(
        default="none", description="To the day in the brand's zone: back to its start, or on to its end."
    )
    until: Moment | None = Field(default=None, description="This day's start, or this minute, in the brand's zone.")
    event: Name | None = Field(default=None, description="An event of this type by the same member.")
    releases: Literal["all", "quantity"] = Field(
        default="all", description="How much the event releases: all, or so many points as its `quantity` says."
    )


class EarnRule(Section):
    """What one kind of event earns: points for every `per` of money, for pieces, for the event, or a bonus."""

    id: Slug = Field(description="Names the rule in postings.")
    on: Name = Field(description="The event type that earns; a built-in one or one of `activities`.")
    currency: Slug = Field(description="The points currency; one of `currencies`.")
    points: int | None = Field(
        default=None, ge=1, le=POINTS_MAX, description="Points for each `per` or `per_quantity`, or for the event."
    )
    per: Money | None = Field(
        default=None, description="The money that earns `points`; orders in another currency earn nothing here."
    )
    per_quantity: int | None = Field(
        default=None, ge=1, le=10**9, description="So many pieces (of order lines, of an activity) earn `points`."
    )
    bonus: Bonus | None = Field(default=None, description="In the place of `points`: more of what other rules give.")
    rounding: Rounding = Field(default="down", description="What happens to a fraction of a point.")
    when: Condition | None = Field(
        default=None, description="A condition (docs/expressions.md).", examples=[EXPRESSION_EXAMPLE]
    )
    rates: list[Rate] = Field(default_factory=list, description="Other points by tier, category, store or channel.")
    exclude: Exclusion | None = Field(default=None, description="Order lines that do not count.")
    minimum: Money | None = Field(default=None, description="Money that must count at least, without what is excluded.")
    between: list[Window] = Field(default_factory=list, description="Only in these windows.")
    hours: list[Hours] = Field(default_factory=list, description="Only at these local times.")
    clock: Literal["member", "program"] = Field(
        default="member", description="Whose clock windows, hours, birthdays and a member's periods follow."
    )
    birthday: Birthday | None = Field(default=None, description="Only around the member's birthday, once.")
    first: int | None = Field(default=None, ge=1, le=TIMES_MAX, description="Only a member's first so many events.")
    every: int | None = Field(default=None, ge=2, le=TIMES_MAX, description="Only each so-many-th event of a member.")
    once_a: Period | None = Field(
        default=None, description="Only a member's first event in each such period counts, also for `every`."
    )
    caps: list[EarnCap] = Field(default_factory=list, description="The most that a member gets; all must have room.")
    budget: Budget | None = Field(default=None, description="The most that all members get together.")
    stacking: Literal["add", "best"] = Field(
        default="add", description="Beside other rules, or only if it gives the most of its `group`."
    )
    group: Slug | None = Field(default=None, description="With `best`: the rules of one group exclude each other.")
    hold: Hold | None = Field(default=None, description="How long the points stay pending; none: not at all.")
    expires_after: DurationUs | None = Field(
        default=None, description="The points' own expiry after the event; none: the currency's."
    )
    qualifying: bool = Field(default=True, description="Whether the points count for the tier.")
