"""Offers and challenges: who gets one, the window in which things count, the goal, and the reward."""

from typing import Literal

from pydantic import Field

from config.earning import Condition
from config.fields import DurationUs, Moment, Name, Section, Slug
from schemas.currencies import CurrencyCode

GoalKind = Literal["amount", "single", "count", "quantity", "streak", "categories"]
Edge = Literal["inclusive", "exclusive"]


class Goal(Section):
    """What must be reached inside the window."""

    kind: GoalKind = Field(description="What is counted: see the table of goals.")
    at_least: int = Field(ge=1, le=10**15, description="Minor units, events, days or categories, as the kind says.")
    money: CurrencyCode | None = Field(
        default=None, description="Of `amount` and `single`: the money.", examples=["EUR", "GBP", "USD"]
    )
    events: list[Name] = Field(
        default=["purchase"], min_length=1, description="Types of events, or kinds of activities, that count."
    )
    when: Condition | None = Field(
        default=None, description="A condition on the event (docs/expressions.md), beside one of `events`."
    )
    categories: list[Name] = Field(default_factory=list, description="Counts only lines of these categories.")
    stores: list[Name] = Field(default_factory=list, description="Counts only purchases and visits in these shops.")
    channels: list[Name] = Field(default_factory=list, description="Counts only purchases by these channels.")


class Prize(Section):
    """What completing gives: points, a voucher, or both."""

    currency: Slug | None = Field(default=None, description="The points currency; one of `currencies`.")
    points: int | None = Field(default=None, ge=1, le=10**12, description="Points for each completion.")
    qualifying: bool = Field(default=False, description="Whether the points count for the tier.")
    voucher: Slug | None = Field(default=None, description="A voucher for this reward; one of `rewards`.")
    returns: Literal["keep", "with_order"] = Field(
        default="keep", description="Whether points go back in proportion when the completing order is returned."
    )


class Offer(Section):
    """An offer or a challenge."""

    name: Name = Field(description="What people call it.")
    shown_as: Literal["offer", "challenge"] = Field(default="offer", description="Its list on the surfaces.")
    granted: Literal["by_event", "automatically", "on_event"] = Field(
        default="by_event", description="By `offer_grant` events, to everybody, or to whoever does `on`."
    )
    on: Name | None = Field(default=None, description="Of `on_event`: the type of event, or kind of activity.")
    tiers: list[Slug] = Field(default_factory=list, description="Tiers that may get it; empty: everybody.")
    start: Moment | None = Field(default=None, alias="from", description="First moment, in the program's time zone.")
    end: Moment | None = Field(default=None, alias="to", description="Last moment, in the program's time zone.")
    lasts: DurationUs | None = Field(default=None, description="How long from the grant; within `from` and `to`.")
    every: Literal["day", "week", "month", "year"] | None = Field(
        default=None, description="Of `automatically`: anew each period of the member's calendar."
    )
    at_start: Edge = Field(default="inclusive", description="Whether the first moment itself counts.")
    at_end: Edge = Field(default="inclusive", description="Whether the last moment itself counts.")
    late: DurationUs | None = Field(
        default=None, description="How long after its end, or after what it covers, an event or a grant may come."
    )
    counts_for: Literal["every", "oldest", "newest"] = Field(
        default="every", description="Which open instances of the offer an event counts for."
    )
    completes: Literal["every", "one"] = Field(
        default="every", description="How many instances of the offer an event may complete."
    )
    goal: Goal = Field(description="What must be reached.")
    reward: Prize | None = Field(default=None, description="What completing gives.")
