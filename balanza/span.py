"""What --from says: the log's beginning, given offsets, or a log time."""

from balanza.options import WrongUsage, time_of
from balanza.request import BEGINNING, Span
from schemas.log import Place
from sinks.readable import rfc3339

ACCEPTED = "beginning, offsets such as shop/0=1200,web/1=88, or a time such as 2026-03-01T00:00:00Z"


def span_of(text: str, until_us: int | None) -> Span:
    """Read --from; WrongUsage if it means nothing, or is not before --until."""
    if text == BEGINNING:
        return Span()
    if "=" in text:
        return Span(offsets=_offsets_of(text))
    from_us = max(0, time_of("--from", text, ACCEPTED))
    if until_us is not None and from_us >= until_us:
        raise WrongUsage(f"--from {text} is not before --until {rfc3339(until_us)}: nothing is left to replay")
    return Span(from_us=from_us)


def _offsets_of(text: str) -> dict[Place, int]:
    offsets: dict[Place, int] = {}
    for part in text.split(","):
        place, _, offset = part.strip().rpartition("=")
        topic, _, partition = place.rpartition("/")
        if not topic or not _is_number(partition) or not _is_number(offset):
            raise WrongUsage(f"--from: found {part.strip()!r}; accepted: {ACCEPTED}")
        if Place(topic, int(partition)) in offsets:
            raise WrongUsage(f"--from: {place} is named twice; name it once")
        offsets[Place(topic, int(partition))] = int(offset)
    return offsets


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004  what a 64-bit offset can hold
