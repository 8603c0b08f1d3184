"""What may lie in a topic: events in both modes, what is none, transactions, holes."""

import json
import time

import pytest
from confluent_kafka import Producer

from schemas.decode import Rejected
from schemas.events import PageView
from schemas.log import Row
from schemas.reasons import RejectReason
from tests.connectors.kafka.reading import Reading, read_for, rows, until_read
from tests.connectors.logs import event_line, names, told
from tests.kafka.topics import Sent, Topics

STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
BINARY = (
    ("ce_specversion", b"1.0"), ("ce_id", b"b1"), ("ce_source", b"till"), ("ce_type", b"page_view"),
    ("ce_time", b"2023-11-14T22:13:20Z"), ("content-type", b"application/json"), ("traceparent", b"00-1-1-00"),
)  # fmt: skip
DATA = b'{"ids": {"cookie": "c"}}'


@pytest.fixture
def reading(topics: Topics) -> Reading:
    """A topic of one partition."""
    found = Reading(topics.bootstrap, topics.make())
    topics.made.append(found.exceptions)
    return found


def refusals(found: list[Row]) -> list[tuple[RejectReason, str]]:
    """Why rows were refused."""
    return [(row[5].reason, row[5].detail) for row in found if isinstance(row[5], Rejected)]


def test_a_structured_event_is_its_value(topics: Topics, reading: Reading) -> None:
    """With its content type or without any header."""
    line = event_line("a", 1)
    topics.produce(reading.topics[0], [Sent(line, headers=STRUCTURED), line])
    found = reading.bounded()
    assert [row[4] for row in found] == [line, line]
    assert names(found) == ["a", "a"]


def test_a_binary_event_is_composed(topics: Topics, reading: Reading) -> None:
    """Attributes from the headers, the value as data; the row's bytes are the structured line."""
    topics.produce(reading.topics[0], [Sent(DATA, headers=(*BINARY, ("ce_space", b"north")))])
    (row,) = reading.bounded()
    assert isinstance(row[5], PageView)
    assert (row[5].id, row[5].source, row[5].space, row[5].data.ids) == ("b1", "till", "north", {"cookie": "c"})
    assert json.loads(row[4]) == {
        "specversion": "1.0", "id": "b1", "source": "till", "type": "page_view", "time": "2023-11-14T22:13:20Z",
        "space": "north", "data": {"ids": {"cookie": "c"}},
    }  # fmt: skip


OF_BATCH = (("content-type", b"application/cloudevents-batch+json"),)
OF_XML = (("content-type", b"text/xml"),)
NO_ID = (*BINARY[:1], *BINARY[2:])
NOT_TEXT = (*BINARY, ("ce_type", b"\xff"))
ODD_BINARY: list[tuple[str, bytes, tuple[tuple[str, bytes], ...], RejectReason, str]] = [
    ("not JSON",       b"\x00\xff",                  BINARY,    RejectReason.NOT_JSON,        "data of a binary event"),
    ("two texts",      b'{},"type":"points_adjust"', BINARY,    RejectReason.NOT_JSON,        "data of a binary event"),
    ("no object",      b"5",                         BINARY,    RejectReason.INVALID_DATA,    "data"),
    ("no id",          DATA,                         NO_ID,     RejectReason.NOT_CLOUDEVENT,  "id"),
    ("not text",       DATA,                         NOT_TEXT,  RejectReason.UNKNOWN_TYPE,    "type"),
    ("other content",  b"<a/>",                      OF_XML,    RejectReason.NOT_JSON,        ""),
    ("a batch",        b"[]",                        OF_BATCH,  RejectReason.NOT_CLOUDEVENT,  "its own record"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "value", "headers", "reason", "detail"), ODD_BINARY)
def test_what_is_no_event_is_refused_with_a_reason(
    topics: Topics, reading: Reading, what: str, value: bytes, headers: tuple[tuple[str, bytes], ...],
    reason: RejectReason, detail: str,
) -> None:  # fmt: skip
    """A data value cannot bring attributes of its own, and nothing of what was sent is lost."""
    topics.produce(reading.topics[0], [Sent(value, headers=headers)])
    found = reading.bounded()
    assert [one for one, _ in refusals(found)] == [reason], what
    assert detail in refusals(found)[0][1]


def test_null_and_blank_values_are_counted(topics: Topics, reading: Reading) -> None:
    """A tombstone is not a dead letter."""
    topics.produce(reading.topics[0], [Sent(None, b"k"), Sent(b""), Sent(b" \n"), event_line("a", 1)])
    log = reading.open()
    (batch,) = until_read(log, 1)
    log.close()
    assert batch.blank == 3
    assert names(batch.rows) == ["a"]


@pytest.mark.parametrize("kind", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_compressed_records_are_read(topics: Topics, reading: Reading, kind: str) -> None:
    """Whatever the producer used; from the middle of a compressed batch as well."""
    lines = [event_line(f"e{number}", number) for number in range(50)]
    topics.produce(reading.topics[0], lines, **{"compression.type": kind, "linger.ms": 50})
    log = reading.open(batch_lines=7)
    first = rows(until_read(log, 7))
    snapshot = log.progress()
    log.close()
    assert [row[4] for row in first + reading.bounded(snapshot)] == lines


def test_oversized_and_dated_events_are_refused(topics: Topics, reading: Reading) -> None:
    """More bytes than the program allows; a time beyond the log time and the allowed skew."""
    huge = event_line("huge", 1, extra=f',"url":"{"x" * 200_000}"')
    future = event_line("future", 4_000_000_000 - 1_700_000_000)
    topics.produce(reading.topics[0], [huge, future])
    found = reading.bounded()
    assert [reason for reason, _ in refusals(found)] == [RejectReason.TOO_LARGE, RejectReason.IN_THE_FUTURE]
    assert [row[4] for row in found] == [huge, future]


def transactional(topics: Topics) -> Producer:
    """A producer of transactions."""
    producer = Producer({"bootstrap.servers": topics.bootstrap, "transactional.id": f"tx-{time.time_ns()}"})
    producer.init_transactions(20)
    return producer


def test_only_what_is_committed_is_read(topics: Topics, reading: Reading) -> None:
    """Aborted records and the markers of transactions leave holes; at a bounded end, a marker is no reason to wait."""
    producer, topic = transactional(topics), reading.topics[0]
    for name, ends in (("a", producer.commit_transaction), ("lost", producer.abort_transaction),
                       ("b", producer.commit_transaction), ("lost too", producer.abort_transaction)):  # fmt: skip
        producer.begin_transaction()
        producer.produce(topic, event_line(name, 1))
        producer.flush()
        ends()
    found = reading.bounded()
    assert names(found) == ["a", "b"]
    assert [row[3] for row in found] == [0, 4]


def test_an_open_transaction_holds_back_what_is_behind_it(
    topics: Topics, caplog: pytest.LogCaptureFixture
) -> None:
    """Its partition only; what it brings is late and is written down, and from then on records are held for longer."""
    topic = topics.make(2)
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    producer = transactional(topics)
    producer.begin_transaction()
    producer.produce(topic, event_line("open", 1), partition=0)
    producer.flush()
    topics.produce(topic, [Sent(event_line("behind", 1), partition=0), Sent(event_line("beside", 1), partition=1)])
    log = reading.open(follow=True)
    found = rows(until_read(log, 1)) + rows(read_for(log, 0.5))
    assert names(found) == ["beside"]
    producer.commit_transaction()
    found += rows(until_read(log, 2))
    log.close()
    assert names(found) == ["beside", "open", "behind"]
    assert log.exceptions_written == 1
    assert ["came" in record.getMessage() for record in caplog.records] == [True]
    assert "below the floor: records are held back for" in caplog.text
    assert told(found) == told(reading.bounded(write_exceptions=False))


def test_compaction_leaves_holes(topics: Topics) -> None:
    """Offsets that are gone, also at the end, hold nothing up."""
    topic = topics.make(
        1, cleanup_policy="compact", segment_ms="100", min_cleanable_dirty_ratio="0.01", max_compaction_lag_ms="200",
        min_compaction_lag_ms="0", delete_retention_ms="0",
    )  # fmt: skip
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    topics.produce(topic, [Sent(event_line(f"e{number}", 1), key=b"one") for number in range(20)])
    until = time.monotonic() + 60
    while len(topics.read(topic)) >= 20:
        assert time.monotonic() < until, "the broker does not compact"
        time.sleep(0.2)
        topics.produce(topic, [Sent(event_line("last", 1), key=b"other")])
    kept = topics.read(topic)
    found = reading.bounded()
    assert {(record.offset, record.value) for record in kept} >= {(row[3], row[4]) for row in found}
    assert kept[0].offset > 0
    assert found[-1][4] == event_line("last", 1)
