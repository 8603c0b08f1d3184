"""From a Kafka record to a row: CloudEvents in structured or binary mode, blank records, and what is neither.

A value that is a whole event is taken as one, whatever its headers say: headers are looked at only when it is not,
since most records need none. Of a binary event (`ce_*` headers, the data as value) the structured line is composed, and
that line is the row's raw bytes.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec

from connectors.kafka.order import Run
from schemas.decode import CHECKED_TYPES, REFUSALS, TIME_US_MAX, EventDecoder, Rejected, time_us
from schemas.events import Event
from schemas.log import Row
from schemas.reasons import RejectReason

PREFIX: Final = "ce_"
CONTENT_TYPE: Final = "content-type"
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch"
JSON: Final = "application/json"
BATCH_REFUSED: Final = Rejected(
    RejectReason.NOT_CLOUDEVENT, "content-type: expected one event a record, found a batch; send each as its own record"
)

Headers = Sequence[tuple[str, bytes | str | None]]


class Carrier(Protocol):
    """A record as the client gives it."""

    def value(self) -> bytes | None:
        """The body."""

    def headers(self) -> Headers | None:
        """The headers in their order."""


class RowDecoder:
    """Decodes runs of records into rows; `future_skew_us` is how far an event may be dated beyond its log time."""

    def __init__(self, decoder: EventDecoder, future_skew_us: int) -> None:
        self._decoder = decoder
        self._future_skew_us = future_skew_us

    def rows(self, runs: Iterable[Run[Carrier]]) -> tuple[list[Row], int]:
        """Give the rows and how many records were blank; the hot loop of reading."""
        decoder, skew_us = self._decoder, self._future_skew_us
        strict, tolerant, limit, moment_us = decoder.strict, decoder.tolerant, decoder.event_bytes_max, time_us
        rows: list[Row] = []
        append = rows.append
        blank = 0
        for place, times, offsets, items in runs:
            for log_us, offset, item in zip(times, offsets, items, strict=True):
                raw = item.value()
                if not raw:
                    blank += 1
                    continue
                try:
                    event: Event | Rejected = strict(raw) if len(raw) <= limit else tolerant(raw)
                except REFUSALS:
                    if raw.isspace():
                        blank += 1
                        continue
                    raw, event = self._otherwise(raw, item.headers())
                if type(event) is Rejected:
                    append((log_us, 0, place, offset, raw, event))
                    continue
                event_us = moment_us(event.time)
                if type(event) in CHECKED_TYPES or not 0 <= event_us <= TIME_US_MAX:
                    wrong = decoder.check(event)
                    if wrong is not None:
                        append((log_us, 0, place, offset, raw, wrong))
                        continue
                if event_us > log_us + skew_us:
                    append((log_us, event_us, place, offset, raw, _future(event_us - log_us)))
                    continue
                append((log_us, event_us, place, offset, raw, event))
        return rows, blank

    def _otherwise(self, raw: bytes, headers: Headers | None) -> tuple[bytes, Event | Rejected]:
        """Decode what is not a whole event in the value."""
        named = {name.lower(): value for name, value in headers or ()}
        content_type = _text(named.get(CONTENT_TYPE)).lower()
        if content_type.startswith(BATCH):
            return raw, BATCH_REFUSED
        if f"{PREFIX}specversion" not in named or content_type.startswith(STRUCTURED):
            return raw, self._decoder.tolerant(raw)
        return self._binary(raw, named, content_type)

    def _binary(
        self, raw: bytes, named: dict[str, bytes | str | None], content_type: str
    ) -> tuple[bytes, Event | Rejected]:
        attributes: dict[str, object] = {
            name.removeprefix(PREFIX): _text(value) for name, value in named.items() if name.startswith(PREFIX)
        }
        if content_type and content_type.partition(";")[0].strip() != JSON:
            attributes["datacontenttype"] = content_type
        try:
            msgspec.json.decode(raw)  # else a value of several texts could bring attributes of its own
            line = msgspec.json.encode({**attributes, "data": msgspec.Raw(raw)})
        except REFUSALS as error:
            line = msgspec.json.encode({**attributes, "data_base64": raw})
            return line, Rejected(RejectReason.NOT_JSON, f"data of a binary event: {error}")
        return line, self._decoder.decode(line)


def _text(value: bytes | str | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _future(beyond_us: int) -> Rejected:
    seconds = beyond_us // 1_000_000
    return Rejected(RejectReason.IN_THE_FUTURE, f"time: {seconds} s beyond the log time, more than the allowed skew")
