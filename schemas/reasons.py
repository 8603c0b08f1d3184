"""Why something was refused, suppressed or deferred. Every value is a metric label and appears in docs/reasons.md."""

from enum import StrEnum


class RejectReason(StrEnum):
    """Why an input line became a dead letter."""

    NOT_JSON = "NOT_JSON"
    NOT_CLOUDEVENT = "NOT_CLOUDEVENT"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    INVALID_DATA = "INVALID_DATA"
    NO_IDENTIFIER = "NO_IDENTIFIER"
    BLOCKED_IDENTIFIER = "BLOCKED_IDENTIFIER"
    ID_CONFLICT = "ID_CONFLICT"
    TOO_LARGE = "TOO_LARGE"
    TOO_OLD = "TOO_OLD"
    IN_THE_FUTURE = "IN_THE_FUTURE"


class RefusalReason(StrEnum):
    """Why an accepted event moved no points although its sender meant it to."""

    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    ALREADY_REDEEMED = "ALREADY_REDEEMED"
    UNKNOWN_REDEMPTION = "UNKNOWN_REDEMPTION"
    ALREADY_ACCRUED = "ALREADY_ACCRUED"
    RETURN_BEFORE_PURCHASE = "RETURN_BEFORE_PURCHASE"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    NOT_YET_SUPPORTED = "NOT_YET_SUPPORTED"


class DecisionReason(StrEnum):
    """Why a candidate was sent, deferred or suppressed."""

    ALLOWED = "ALLOWED"
    NO_ADDRESS = "NO_ADDRESS"
    ERASED = "ERASED"
    NO_CONSENT = "NO_CONSENT"
    CAP_REACHED = "CAP_REACHED"
    QUIET_HOURS = "QUIET_HOURS"
    EXPIRED = "EXPIRED"
    SIGNAL_CLEARED = "SIGNAL_CLEARED"
