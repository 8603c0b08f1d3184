"""Records in words, for people: money, events, postings, and what each reason of a decision means."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from balanza.output import shortened
from schemas.reasons import DecisionReason

TEXT_CHARS_MAX: Final = 60
FACTS_MAX: Final = 8

# Minor digits of ISO 4217 where they are not two.
MINOR_DIGITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                     "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip

OUTCOME_WORDS: Final = {"sent": "sent", "deferred": "put off", "suppressed": "not sent"}

REASON_WORDS: Final = {
    DecisionReason.ALLOWED: "a channel had an address, consent and room under every cap",
    DecisionReason.NO_ADDRESS: "the member has no address on any channel of the rule",
    DecisionReason.ERASED: "an identifier belonged to a person who was erased, and nothing was agreed to since",
    DecisionReason.NO_CONSENT: "the member has not agreed to this purpose on a channel where there is an address",
    DecisionReason.CAP_REACHED: "a cap on how often the member is contacted had no room left",
    DecisionReason.QUIET_HOURS: "it was quiet time for the member",
    DecisionReason.EXPIRED: "it came too late: the message had expired",
    DecisionReason.SIGNAL_CLEARED: "the cause was gone when the quiet time ended",
}
CHANNEL_WORDS: Final = {
    DecisionReason.ALLOWED: "address, consent and room",
    DecisionReason.NO_ADDRESS: "no address",
    DecisionReason.ERASED: "erased, and no consent since",
    DecisionReason.NO_CONSENT: "no consent",
    DecisionReason.CAP_REACHED: "a cap is reached",
}


def money(amount: int, currency: str | None) -> str:
    """`amount` minor units as people write them: `34.50 GBP`, `1,200 JPY`; without currency the bare number.

    A currency of points (its name is in small letters) has no minor units: `1,200 points`.
    """
    if currency is None:
        return f"{amount:,}"
    if currency.islower():
        return f"{amount:,} {currency}"
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{amount / 10**digits:,.{digits}f} {currency}"


def points(number: int, currency: str) -> str:
    """A change of points with its sign."""
    return f"{number:+,} {currency}"


def reason_words(reason: str) -> str:
    """What a decision's reason means; an unknown one (of a later version) as it is."""
    return REASON_WORDS[DecisionReason(reason)] if reason in REASON_WORDS else reason


def channel_words(reason: str) -> str:
    """What stood in the way of a channel, in short."""
    return CHANNEL_WORDS[DecisionReason(reason)] if reason in CHANNEL_WORDS else reason


def plain(reason: str) -> str:
    """A reason's name as words: `no address`."""
    return reason.replace("_", " ").lower()


def data_words(data: Mapping[str, object]) -> str:
    """What an event's data says, without who: names and values in the sender's order, long ones shortened."""
    said = [words for name, value in data.items() if name != "ids" and (words := _fact(name, value))]
    more = [f"and {len(said) - FACTS_MAX} more"] if len(said) > FACTS_MAX else []
    return ", ".join([*said[:FACTS_MAX], *more])


def _fact(name: str, value: object) -> str:
    label = name.removesuffix("_id").replace("_", " ")
    match value:
        case None:
            return ""
        case {"amount": int(amount), "currency": str(currency)}:
            said = money(amount, currency)
        case dict():
            return ", ".join(filter(None, (_fact(str(key), inner) for key, inner in value.items())))
        case list() if not all(isinstance(entry, str) for entry in value):
            return f"{len(value)} {label if len(value) != 1 else label.removesuffix('s')}"
        case list():
            said = " ".join(map(str, value))
        case bool():
            said = "yes" if value else "no"
        case _:
            said = str(value)
    return f"{label} {shortened(said, TEXT_CHARS_MAX)}"


def entry_words(rule: str, currency: str, legs: Sequence[Mapping[str, object]], available: int, receivable: int) -> str:
    """An entry as a bank book has it: the change of what the member has or owes, its rule, the balance after it."""
    own = sum(cast("int", leg["points"]) for leg in legs if leg["account"] in {"available", "receivable"})
    held = sum(cast("int", leg["points"]) for leg in legs if leg["account"] == "pending")
    change = points(own, currency) if own or not held else f"{points(held, currency)} pending"
    also = f" ({held:+,} pending)" if own and held else ""
    owed = f", {receivable:,} owed" if receivable else ""
    return f"{change}{also} by {rule} = {available:,}{owed}"
