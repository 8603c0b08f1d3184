"""What every field of an event means, in one table: source of the schema's descriptions and of docs/events.md.

A key is the field's name on the wire, or `Struct.name` where a name means different things in different places; the
second is looked up first. Units stand in `UNITS` and appear in refusals as well.
"""

MEANINGS: dict[str, str] = {
    "specversion": 'Version of CloudEvents, always "1.0".',
    "type": "Kind of event; decides what `data` holds.",
    "id": "Names the event within its source for ever; the same (`source`, `id`) is applied once.",
    "source": "The system that sent the event, as a URI reference.",
    "time": "When it happened, RFC 3339 with offset.",
    "space": 'Identity space: the same identifier in two spaces is two people; "default" if absent.',
    "datacontenttype": 'Media type of `data`, "application/json" if given.',
    "dataschema": "URI of the schema that `data` follows, in the sender's own terms.",
    "subject": "What the event is about, in the sender's own terms.",
    "data": "What happened.",
    "ids": "Who: identifier type (email, phone, device, cookie, pos, loyalty, crm, external …) to a value or values.",
    "Money.amount": "The amount.",
    "OrderLine.amount": "The line's total in the order's currency; negative for a discount line.",
    "PaymentPromiseData.amount": "What is promised; the whole invoice if absent.",
    "Money.currency": "ISO 4217 code of the currency.",
    "currency": "Points currency of the program.",
    "sku": "Article.",
    "category": "Category of the article.",
    "TicketData.category": "Category of the ticket.",
    "OrderLine.quantity": "How many of the article, or how much of it.",
    "quantity": "How much of it was done, in `unit`.",
    "unit": "Unit of `quantity`.",
    "from": "Local clock time at which quiet begins.",
    "to": "Local clock time at which quiet ends.",
    "order_id": "The order.",
    "RedeemData.order_id": "The order on which the reward is used.",
    "total": "What was paid.",
    "ReturnData.total": "What was paid back.",
    "InvoiceData.total": "The sum of the invoice.",
    "lines": "The order's lines.",
    "CartChangeData.lines": "What the cart holds.",
    "ReturnData.lines": "The lines that came back.",
    "store": "The shop; online if absent.",
    "StoreVisitData.store": "The shop that was visited.",
    "channel": "Channel of communication (email, sms, push …).",
    "PurchaseData.channel": "Where it was bought (web, app, store …).",
    "coupon": "Coupon that was used.",
    "return_id": "The return.",
    "url": "Address of the page.",
    "duration_seconds": "How long it lasted.",
    "ActivityData.kind": "Which usage or community action (login, workout, review …).",
    "cart_id": "The cart.",
    "CartChangeData.status": "What became of the cart.",
    "value": "What the cart is worth.",
    "lat": "Latitude of the visit.",
    "lon": "Longitude of the visit.",
    "redemption_id": "The redemption; one that exists already is not applied again.",
    "RedeemCancelData.redemption_id": "The redemption that is taken back.",
    "points": "Points that move.",
    "PointsAdjustData.points": "Points that are added, or taken if negative.",
    "reward": "The reward it is for.",
    "reason": "Why, in words.",
    "actor": "Who ordered it (a person or a system).",
    "accrual_id": "The accrual; one that exists already is not applied again.",
    "qualifying": "Whether the points count for the tier.",
    "hold_until": "Until when the points are pending.",
    "offer": "Id of the offer in the program.",
    "grant_id": "The grant, where a sender may grant the same offer twice; each id of an offer counts once, also when "
    "its window is over.",
    "plan": "The plan.",
    "SubscriptionData.status": "What became of the subscription.",
    "period_end": "Until when it is paid: a day or a time with offset.",
    "ticket_id": "The ticket.",
    "TicketData.status": "What became of the ticket.",
    "severity": "How bad it is.",
    "first_contact": "Whether it was solved at first contact.",
    "tone": "Tone of the person, from -1 (angry) to 1 (glad).",
    "agent": "Who served the person.",
    "direction": "Whether the person called in or was called.",
    "topic": "What it was about.",
    "resolved": "Whether the matter is settled.",
    "survey": "Which survey; it decides the range of `score`.",
    "score": "nps 0..10, ces 1..7 (7 is the least effort), csat 1..5.",
    "comment": "What the person said.",
    "SurveyAnswerData.ticket_id": "The ticket the survey is about.",
    "invoice_id": "The invoice.",
    "InvoiceData.status": "What became of the invoice.",
    "due_on": "The day on which it is due.",
    "promised_on": "The day by which the person promised to pay.",
    "purpose": "What for (marketing, service …).",
    "state": "What the person decided.",
    "origin": "Where the decision was taken (form, call, import …).",
    "channels": "Channels the person likes, the best first.",
    "topics": "Topics the person wants to hear of.",
    "frequency": "How often the person wants to hear from us.",
    "quiet": "When the person does not want to be disturbed.",
    "language": "Language of the person, as a BCP 47 tag.",
    "time_zone": "IANA time zone of the person.",
    "attributes": "name, birthday, language, time_zone, stage, plan, segment, account_value, owner …; null forgets.",
    "action_id": "The action this is an outcome of.",
    "ReceiptData.status": "What became of the message.",
    "detail": "What the provider said.",
    "keep": "Identifiers that stay together.",
    "part": "Identifiers that become a member of their own.",
    "request_id": "The request.",
}

UNITS: dict[str, str] = {
    "Money.amount": "minor units",
    "OrderLine.amount": "minor units",
    "points": "points",
    "duration_seconds": "seconds",
    "lat": "degrees",
    "lon": "degrees",
}


def meaning(struct: str, name: str) -> str:
    """Return what a wire field means; KeyError for a field without a description."""
    return MEANINGS.get(f"{struct}.{name}") or MEANINGS[name]


def description(struct: str, name: str) -> str:
    """Return what a wire field means, its unit last."""
    unit = unit_of(struct, name)
    return f"{meaning(struct, name)} Unit: {unit}." if unit else meaning(struct, name)


def unit_of(struct: str, name: str) -> str | None:
    """Return the unit of a wire field, or None where it has none."""
    return UNITS.get(f"{struct}.{name}") or UNITS.get(name)
