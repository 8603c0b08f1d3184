"""Rewards: what points buy, what they cost by tier, who may have them, how many there are, and their vouchers."""

from typing import Annotated, Literal

from pydantic import Field

from config.earning import Condition
from config.fields import DurationUs, Moment, Name, Section, Slug

Price = Annotated[int, Field(ge=1, le=10**12)]


class Cost(Section):
    """A price in points."""

    currency: Slug = Field(description="The points currency; one of `currencies`.")
    points: Price = Field(description="The price.")
    by_tier: dict[Slug, Price] = Field(default_factory=dict, description="Another price for members of a tier.")


class Reward(Section):
    """Something a member can get; each is a voucher with a code."""

    name: Name = Field(description="What people call it.")
    cost: Cost | None = Field(default=None, description="What it costs; none: it is given, never bought.")
    tiers: list[Slug] = Field(default_factory=list, description="Tiers that may have it; empty: everybody.")
    when: Condition | None = Field(default=None, description="A condition on the member (docs/expressions.md).")
    start: Moment | None = Field(default=None, alias="from", description="From when, in the program's time zone.")
    end: Moment | None = Field(default=None, alias="to", description="Until when; this moment is outside.")
    stock: int | None = Field(default=None, ge=0, le=10**9, description="How many there are; none: enough for all.")
    stock_kept: Literal["together", "by_group"] = Field(
        default="together", description="One stock for all, or an equal part for each key group (several workers)."
    )
    per_member_max: int | None = Field(
        default=None, ge=1, le=10**6, description="How many a member may have, cancelled ones left out."
    )
    expires_after: DurationUs | None = Field(default=None, description="How long a voucher may be used; none: always.")
    used_by: list[Name] = Field(
        default_factory=list, description="Activities that use a voucher up, beside a purchase with its code as coupon."
    )
