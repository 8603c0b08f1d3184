"""Tiers: what a member must reach, in which period, how a tier is lost again, and what it gives."""

from typing import Annotated, Literal

from pydantic import Field

from config.fields import DurationUs, Name, Section, Slug
from schemas.currencies import CurrencyCode

Period = Literal["calendar_year", "rolling", "join_date", "lifetime"]
PerkPeriod = Literal["day", "month", "year"]
Reached = Annotated[int, Field(ge=1, le=10**15)]


class Measure(Section):
    """What is counted for the tier: points of a currency, money spent, or events."""

    of: Literal["points", "spend", "visits"] = Field(description="What is counted.")
    currency: Slug | None = Field(default=None, description="Of `points`: the points currency.")
    qualifying_only: bool = Field(
        default=True, description="Of `points`: whether points that do not qualify are left out."
    )
    money: CurrencyCode | None = Field(
        default=None, description="Of `spend`: the money, less what was returned.", examples=["EUR", "GBP", "USD"]
    )
    events: list[Name] = Field(
        default=["purchase"], min_length=1, description="Of `visits`: types of events, or kinds of activities."
    )


class Perk(Section):
    """Something a tier allows so many times a day, month or year."""

    id: Slug = Field(description="Names the perk.")
    activity: Name = Field(description="An activity of this kind is a use; its quantity says how many.")
    quantity: int | None = Field(default=None, ge=1, le=10**6, description="Uses a period; none: as many as wished.")
    per: PerkPeriod = Field(default="year", description="The period, by the member's calendar.")


class Level(Section):
    """A tier: one of the ways to reach it is enough."""

    id: Slug = Field(description="Names the tier.")
    name: Name = Field(description="What people call it.")
    needs: dict[Slug, Reached] = Field(
        default_factory=dict, description="What a period must reach, by measure; the first tier may need nothing."
    )
    match: Literal["all", "any"] = Field(default="all", description="Whether all of it is needed or any is enough.")
    lifetime: dict[Slug, Reached] = Field(
        default_factory=dict, description="What all time must reach, by measure, for the tier to stay for ever."
    )
    plan: Name | None = Field(default=None, description="The paid plan of `subscription` events that gives the tier.")
    earn_percent: int = Field(
        default=100, ge=100, le=10_000, description="What purchases earn here, in percent of what the rules give."
    )
    rewards: list[Slug] = Field(
        default_factory=list, description="Rewards a member gets a voucher for on reaching the tier, once a year."
    )
    perks: list[Perk] = Field(default_factory=list, description="What the tier allows.")


class Tiers(Section):
    """The tiers of a program, the lowest first."""

    period: Period = Field(description="What `needs` looks at.")
    rolling_days: int = Field(default=365, ge=1, le=3660, description="Of `rolling`: the days looked at, today last.")
    keeps_periods: int = Field(
        default=1, ge=0, le=10, description="How many whole periods a tier stays after the one that reached it."
    )
    grace: DurationUs | None = Field(
        default=None, description="How much longer it stays, and late events of the period still count."
    )
    plan_grace: DurationUs | None = Field(
        default=None, description="How long a tier outlives the paid time of its plan."
    )
    downgrade: Literal["by_balance", "one_down"] = Field(
        default="by_balance", description="Where a member falls whose tier ends: to what was reached, or one tier."
    )
    soft_landing_percent: int | None = Field(
        default=None, ge=1, le=99, description="Who reached so much of what the tier needs falls one tier only."
    )
    returns: Literal["at_review", "at_once"] = Field(
        default="at_review", description="When a tier is lost that a return leaves without its ground."
    )
    measures: dict[Slug, Measure] = Field(default_factory=dict, description="What is counted, by name.")
    levels: list[Level] = Field(min_length=1, description="The tiers, the lowest first.")
