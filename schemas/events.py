"""Wire events: CloudEvents 1.0 in structured JSON, one typed struct an event type.

These structs are the contract: what the msgspec decoder built from them takes is accepted. The decoder picks the
struct by the envelope's `type`. Unknown fields are refused here; `schemas.decode` then decodes tolerantly and counts
what it dropped. Structs are kept out of the cyclic garbage collector (`gc=False`): they hold no cycles, and a collector
that scans millions of them costs more than the decoding does.

Amounts are integers in minor units, points are integers, times are aware.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct, field

from schemas.currencies import CurrencyCode

AMOUNT_MAX = 10**15
POINTS_MAX = 10**12
SECONDS_MAX = 10**9

Name = Annotated[str, Meta(min_length=1, max_length=1024)]
Text = Annotated[str, Meta(max_length=65536)]
Attribute = Annotated[str, Meta(min_length=1, max_length=65536)]
Identifiers = dict[str, str | list[str]]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
SignedAmount = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
Points = Annotated[int, Meta(ge=1, le=POINTS_MAX)]
SignedPoints = Annotated[int, Meta(ge=-POINTS_MAX, le=POINTS_MAX)]
Quantity = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)] | Annotated[float, Meta(ge=-1e15, le=1e15)]
Seconds = Annotated[int, Meta(ge=0, le=SECONDS_MAX)] | Annotated[float, Meta(ge=0, le=1e9)]
Tone = Annotated[int, Meta(ge=-1, le=1)] | Annotated[float, Meta(ge=-1, le=1)]
Latitude = Annotated[int, Meta(ge=-90, le=90)] | Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[int, Meta(ge=-180, le=180)] | Annotated[float, Meta(ge=-180, le=180)]
ClockTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
DayOrInstant = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
        r"([Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$",
        max_length=64,
    ),
]
AttributeValue = str | int | float | bool | list[str] | None


class Part(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Base of everything inside `data`."""


class Money(Part, frozen=True, gc=False):
    """An amount in minor units (cents, pence) of an ISO 4217 currency."""

    amount: Amount
    currency: CurrencyCode


class OrderLine(Part, frozen=True, gc=False):
    """One line of an order; `amount` is the line's total in minor units of the order's currency."""

    sku: Name
    quantity: Quantity
    amount: SignedAmount
    category: Name | None = None


class QuietHours(Part, frozen=True, gc=False):
    """Local clock times between which a person does not want to be disturbed."""

    start: ClockTime = field(name="from")
    end: ClockTime = field(name="to")


class Data(Part, frozen=True, gc=False, kw_only=True):
    """Base of the data of every event that names a person."""

    ids: Identifiers


class PurchaseData(Data, frozen=True, gc=False, kw_only=True):
    order_id: Name
    total: Money
    lines: list[OrderLine] | None = None
    store: Name | None = None
    channel: Name | None = None
    coupon: Name | None = None


class ReturnData(Data, frozen=True, gc=False, kw_only=True):
    return_id: Name
    order_id: Name
    total: Money
    lines: list[OrderLine] | None = None


class BrowseData(Data, frozen=True, gc=False, kw_only=True):
    sku: Name | None = None
    category: Name | None = None
    url: Text | None = None
    duration_seconds: Seconds | None = None


class ActivityData(Data, frozen=True, gc=False, kw_only=True):
    kind: Name
    quantity: Quantity | None = None
    unit: Name | None = None


class CartChangeData(Data, frozen=True, gc=False, kw_only=True):
    cart_id: Name
    status: Literal["active", "checked_out", "emptied"]
    value: Money | None = None
    lines: list[OrderLine] | None = None


class StoreVisitData(Data, frozen=True, gc=False, kw_only=True):
    store: Name
    lat: Latitude | None = None
    lon: Longitude | None = None


class RedeemData(Data, frozen=True, gc=False, kw_only=True):
    redemption_id: Name
    currency: Name
    points: Points
    reward: Name | None = None
    order_id: Name | None = None


class RedeemCancelData(Data, frozen=True, gc=False, kw_only=True):
    redemption_id: Name


class PointsAdjustData(Data, frozen=True, gc=False, kw_only=True):
    currency: Name
    points: SignedPoints
    reason: Name
    actor: Name


class AccrualData(Data, frozen=True, gc=False, kw_only=True):
    accrual_id: Name
    currency: Name
    points: Points
    qualifying: bool | None = None
    hold_until: Annotated[datetime, Meta(tz=True)] | None = None


class OfferGrantData(Data, frozen=True, gc=False, kw_only=True):
    offer: Name
    grant_id: Name | None = None


class SubscriptionData(Data, frozen=True, gc=False, kw_only=True):
    plan: Name
    status: Literal["started", "renewed", "cancelled", "lapsed"]
    period_end: DayOrInstant | None = None


class TicketData(Data, frozen=True, gc=False, kw_only=True):
    ticket_id: Name
    status: Literal["opened", "updated", "pending", "solved", "reopened", "closed"]
    severity: Literal["low", "normal", "high", "critical"] | None = None
    category: Name | None = None
    first_contact: bool | None = None
    tone: Tone | None = None
    agent: Name | None = None


class ContactData(Data, frozen=True, gc=False, kw_only=True):
    direction: Literal["in", "out"] | None = None
    duration_seconds: Seconds | None = None
    topic: Name | None = None
    tone: Tone | None = None
    resolved: bool | None = None
    agent: Name | None = None


class SurveyAnswerData(Data, frozen=True, gc=False, kw_only=True):
    """An answer: `nps` 0..10, `ces` 1..7 (7 is the least effort), `csat` 1..5; `schemas.checks` holds it to that."""

    survey: Literal["nps", "ces", "csat"]
    score: Annotated[int, Meta(ge=0, le=10)]
    comment: Text | None = None
    ticket_id: Name | None = None


class InvoiceData(Data, frozen=True, gc=False, kw_only=True):
    invoice_id: Name
    status: Literal["issued", "paid", "cancelled", "disputed"]
    total: Money
    due_on: date | None = None


class PaymentPromiseData(Data, frozen=True, gc=False, kw_only=True):
    invoice_id: Name
    promised_on: date
    amount: Money | None = None


class ConsentData(Data, frozen=True, gc=False, kw_only=True):
    channel: Name
    purpose: Name
    state: Literal["granted", "denied", "withdrawn"]
    origin: Name


class PreferenceData(Data, frozen=True, gc=False, kw_only=True):
    channels: list[Name] | None = None
    topics: list[Name] | None = None
    frequency: Literal["normal", "low"] | None = None
    quiet: QuietHours | None = None
    language: Name | None = None
    time_zone: Name | None = None


class MemberUpdateData(Data, frozen=True, gc=False, kw_only=True):
    attributes: dict[str, AttributeValue]


class ReceiptData(Part, frozen=True, gc=False, kw_only=True):
    action_id: Name
    channel: Name
    status: Literal[
        "sent", "delivered", "opened", "clicked", "replied", "converted", "bounced", "failed", "unsubscribed"
    ]
    detail: Text | None = None
    ids: Identifiers | None = None


class AliasData(Data, frozen=True, gc=False, kw_only=True):
    """Joins all identifiers of the event explicitly."""


class SplitData(Part, frozen=True, gc=False, kw_only=True):
    keep: Identifiers
    part: Identifiers
    actor: Name
    reason: Name
    ids: Identifiers | None = None


class RequestData(Data, frozen=True, gc=False, kw_only=True):
    request_id: Name
    actor: Name


class CloudEvent(Struct, tag_field="type", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """The envelope of CloudEvents 1.0; (`source`, `id`) names the event for ever."""

    type: ClassVar[str]

    specversion: Literal["1.0"]
    id: Name
    source: Name
    time: Annotated[datetime, Meta(tz=True)]
    space: Name = "default"
    datacontenttype: Attribute | None = None
    dataschema: Attribute | None = None
    subject: Attribute | None = None


class Purchase(CloudEvent, tag="purchase", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: PurchaseData


class Return(CloudEvent, tag="return", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: ReturnData


class ProductView(CloudEvent, tag="product_view", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: BrowseData


class PageView(CloudEvent, tag="page_view", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: BrowseData


class AppSession(CloudEvent, tag="app_session", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: BrowseData


class Activity(CloudEvent, tag="activity", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: ActivityData


class CartChange(CloudEvent, tag="cart_change", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: CartChangeData


class StoreVisit(CloudEvent, tag="store_visit", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: StoreVisitData


class Redeem(CloudEvent, tag="redeem", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: RedeemData


class RedeemCancel(CloudEvent, tag="redeem_cancel", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: RedeemCancelData


class PointsAdjust(CloudEvent, tag="points_adjust", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: PointsAdjustData


class Accrual(CloudEvent, tag="accrual", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: AccrualData


class OfferGrant(CloudEvent, tag="offer_grant", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: OfferGrantData


class Subscription(CloudEvent, tag="subscription", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: SubscriptionData


class Ticket(CloudEvent, tag="ticket", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: TicketData


class Call(CloudEvent, tag="call", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: ContactData


class ChatTurn(CloudEvent, tag="chat_turn", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: ContactData


class SurveyAnswer(CloudEvent, tag="survey_answer", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: SurveyAnswerData


class Invoice(CloudEvent, tag="invoice", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: InvoiceData


class PaymentPromise(
    CloudEvent, tag="payment_promise", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True
):
    data: PaymentPromiseData


class Consent(CloudEvent, tag="consent", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: ConsentData


class Preference(CloudEvent, tag="preference", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: PreferenceData


class MemberUpdate(CloudEvent, tag="member_update", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: MemberUpdateData


class Receipt(CloudEvent, tag="receipt", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: ReceiptData


class Alias(CloudEvent, tag="alias", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: AliasData


class Split(CloudEvent, tag="split", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: SplitData


class Erase(CloudEvent, tag="erase", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: RequestData


class Export(CloudEvent, tag="export", frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    data: RequestData


Event = (
    Purchase | Return | ProductView | PageView | AppSession | Activity | CartChange | StoreVisit | Redeem
    | RedeemCancel | PointsAdjust | Accrual | OfferGrant | Subscription | Ticket | Call | ChatTurn | SurveyAnswer
    | Invoice | PaymentPromise | Consent | Preference | MemberUpdate | Receipt | Alias | Split | Erase | Export
)  # fmt: skip

EVENT_TYPES: dict[str, type[CloudEvent]] = {str(kind.__struct_config__.tag): kind for kind in Event.__args__}

SCORE_RANGES: dict[str, tuple[int, int]] = {"nps": (0, 10), "ces": (1, 7), "csat": (1, 5)}
