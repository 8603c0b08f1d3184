"""The program: what a brand decided, as one strict and frozen model a file's section.

The file's keys are the attributes' names; `from`/`to` of quiet hours become `start`/`end`, because `from` is a word of
Python. Durations are written as text and read as integer microseconds. Cross references between sections are checked
by a table (config/references.py) together with the sections themselves, so that all problems come out at once.
Mappings carry no order, lists do: a rule's channels are tried as listed.
"""

from typing import Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from config.challenges import Offer
from config.currencies import Currency
from config.durations import parse_duration
from config.earning import EarnRule
from config.earning_checks import earn_errors
from config.fields import ClockTime, DurationUs, Name, Section, Slug, TimeZone
from config.identity import BUILT_IN_IDENTIFIERS, Identity, identity_errors
from config.references import as_detail, reference_errors
from config.rewards import Reward
from config.tiers import Tiers

Regard = Literal["apply", "exempt"]




class AbandonedCartSignal(Section):
    """Raised when a cart stays active for `after`; checkout, emptying or a purchase cancels it."""

    id: Slug = Field(description="Names the signal; rules refer to it.")
    kind: Literal["abandoned_cart"] = Field(description="What is watched.")
    after: DurationUs = Field(description="How long the cart must stay active.")


class Channel(Section):
    """A way to reach a member."""

    identifier: Slug = Field(description="The identifier type that is the channel's address.")


class Purpose(Section):
    """Why a member is contacted, and what that makes necessary."""

    consent: Literal["required", "not_required"] = Field(description="Whether the member must have agreed.")
    caps: Regard = Field(default="apply", description="Whether contact caps hold a message back.")
    quiet_hours: Regard = Field(default="apply", description="Whether quiet hours defer a message.")


def _default_channels() -> dict[str, Channel]:
    addresses = {"email": "email", "sms": "phone", "whatsapp": "phone", "push": "device"}
    return {name: Channel(identifier=identifier) for name, identifier in addresses.items()}


def _default_purposes() -> dict[str, Purpose]:
    asked = {name: Purpose(consent="required") for name in ("marketing", "service", "survey", "collections")}
    return {**asked, "transactional": Purpose(consent="not_required", caps="exempt", quiet_hours="exempt")}


class Rule(Section):
    """A message that a signal makes a candidate."""

    id: Slug = Field(description="Names the rule in decisions.")
    on: Slug = Field(description="The signal; an id of `signals`.")
    purpose: Slug = Field(description="One of `purposes`.")
    channels: list[Slug] = Field(min_length=1, description="Tried in this order, a member's preference first.")
    template: Slug = Field(description="One of `templates`.")
    expires_after: DurationUs = Field(description="The message is never sent later than this after its cause.")
    priority: int = Field(default=0, ge=-1000, le=1000, description="Among candidates of one moment the highest wins.")


class Template(Section):
    """The words of a message."""

    subject: str | None = Field(default=None, max_length=1024, description="Subject or title, where a channel has one.")
    body: str = Field(min_length=1, max_length=65536, description="The text.")


class Cap(Section):
    """At most `max` messages in any rolling `window`; the keys that are given narrow what is counted."""

    id: Slug = Field(description="Names the cap in decisions.")
    max: int = Field(ge=0, le=10_000, description="Messages allowed in a window; 0 stops them all.")
    window: DurationUs = Field(description="Length of the rolling window.")
    channel: Slug | None = Field(default=None, description="Counts only this channel.")
    purpose: Slug | None = Field(default=None, description="Counts only this purpose.")
    frequency: Literal["low"] | None = Field(
        default=None, description="Holds only for members who prefer this frequency."
    )


class QuietHours(Section):
    """Local clock times between which nothing is sent; `from` later than `to` spans midnight."""

    start: ClockTime = Field(alias="from", description="First quiet minute, HH:MM.")
    end: ClockTime = Field(alias="to", description="First minute that is not quiet any more, HH:MM.")

    @model_validator(mode="after")
    def _not_empty(self) -> "QuietHours":
        if self.start == self.end:
            raise PydanticCustomError("quiet_hours", "two different times; leave `quiet_hours` out to have none")
        return self


class AlertRoute(Section):
    """Whose an alert is, and what is to be done about it."""

    owner: Name = Field(description="Who looks after it.")
    playbook: Name = Field(description="What to do, in words or as a link.")


class Alerts(Section):
    """Who is told of what."""

    identity_conflict: AlertRoute = Field(
        default=AlertRoute(owner="data steward", playbook="Are the two members one person? Then send an alias."),
        description="Two members that each hold a value of a unique type would have been merged.",
    )
    shared_identifier: AlertRoute = Field(
        default=AlertRoute(owner="data steward", playbook="A kiosk? Then nothing. Else send an alias with its owner."),
        description="An identifier was seen with too many members and stopped linking.",
    )


class Retention(Section):
    """How long is remembered what later events refer to."""

    events: DurationUs = Field(
        default=parse_duration("400d"),
        description="An event older than this is refused as TOO_OLD; ids of events are remembered as long.",
        json_schema_extra={"default": "400d"},
    )
    orders: DurationUs = Field(
        default=parse_duration("400d"),
        description="How long a return finds its order.",
        json_schema_extra={"default": "400d"},
    )


class Limits(Section):
    """Bounds on the input."""

    event_bytes_max: int = Field(
        default=1_048_576, ge=256, le=67_108_864, description="A longer event is refused as TOO_LARGE."
    )
    future_skew: DurationUs = Field(
        default=parse_duration("5m"),
        description="How far an event's time may lie ahead of the log's before it is refused as IN_THE_FUTURE.",
        json_schema_extra={"default": "5m"},
    )
    event_identifiers_max: int = Field(
        default=10_000, ge=1, le=100_000, description="An event with more identifiers is refused as INVALID_DATA."
    )
    dead_letter_share_max: float = Field(
        default=0.5, ge=0, le=1, description="The run stops when a larger share of the lines read is refused."
    )
    dead_letter_share_after: int = Field(default=1000, ge=1, description="Lines read before the share is judged.")


class Program(Section):
    """A loyalty program: how members are recognised, what they earn, and when they are contacted."""

    program: Slug = Field(description="The program's name; state belongs to it for ever.")
    version: int = Field(ge=1, description="Counted up by its authors with every change.")
    time_zone: TimeZone = Field(description="IANA time zone of the brand; a member's own wins where it is known.")
    identity: Identity = Field(default_factory=Identity, description="How identifiers become members.")
    currencies: dict[Slug, Currency] = Field(
        default_factory=dict, description="Points currencies by name; none: a program without points."
    )
    activities: list[Name] = Field(
        default_factory=list, description="Event types of your own that are accepted as activities."
    )
    earn: list[EarnRule] = Field(default_factory=list, description="What earns points.")
    tiers: Tiers | None = Field(default=None, description="Tiers; none: every member is like the other.")
    offers: dict[Slug, Offer] = Field(default_factory=dict, description="Offers and challenges by name.")
    rewards: dict[Slug, Reward] = Field(default_factory=dict, description="The catalogue of rewards by name.")
    signals: list[AbandonedCartSignal] = Field(
        default_factory=list, max_length=1, description="What is noticed about a member; at most one of a kind."
    )
    channels: dict[Slug, Channel] = Field(
        default_factory=_default_channels, description="Ways to reach a member; giving any replaces the default four."
    )
    purposes: dict[Slug, Purpose] = Field(
        default_factory=_default_purposes, description="Reasons for contact; giving any replaces the default five."
    )
    rules: list[Rule] = Field(default_factory=list, description="Which signal makes which message a candidate.")
    templates: dict[Slug, Template] = Field(default_factory=dict, description="Messages by name.")
    caps: list[Cap] = Field(default_factory=list, description="Rolling windows; all must have room.")
    quiet_hours: QuietHours | None = Field(default=None, description="When nothing is sent; none: at no time.")
    alerts: Alerts = Field(default_factory=Alerts, description="Whose an alert is, by its kind.")
    retention: Retention = Field(default_factory=Retention, description="How long things are remembered.")
    limits: Limits = Field(default_factory=Limits, description="Bounds on the input.")

    @model_validator(mode="wrap")
    @classmethod
    def _with_references(cls, given: object, validate: ModelWrapValidatorHandler["Program"]) -> "Program":
        """Report wrong fields and dangling references together; ValidationError if there is either."""
        dangling: list[InitErrorDetails] = []
        if isinstance(given, dict):
            defaults = {
                "channels": _default_channels().keys(),
                "purposes": _default_purposes().keys(),
                "identity.identifiers": BUILT_IN_IDENTIFIERS.keys(),
            }
            dangling = [*reference_errors(given, defaults), *identity_errors(given), *earn_errors(given)]
        try:
            program = validate(given)
        except ValidationError as error:
            wrong = [as_detail(entry) for entry in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, wrong + dangling) from None
        if dangling:
            raise ValidationError.from_exception_data(cls.__name__, dangling)
        return program
