"""A broker that goes away, comes back, lies, or does not let us in."""

import logging
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not marked as such for type checkers
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from connectors.file_log import LogDamaged
from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.log import KafkaLog
from connectors.kafka.options import KafkaLogOptions
from schemas.decode import EventDecoder
from schemas.log import LogBatch
from tests.connectors.kafka.reading import (
    WAIT_SECONDS,
    Reading,
    read_for,
    read_while,
    rows,
    stored,
    to_the_end,
    until_read,
)
from tests.connectors.logs import event_line, names, told
from tests.kafka.broker import Broker
from tests.kafka.fixtures import BrokerMaker
from tests.kafka.topics import Sent, Topics


def lines(begin: int, end: int) -> list[Sent]:
    """Events on two partitions."""
    return [Sent(event_line(f"e{number}", number), partition=number % 2) for number in range(begin, end)]


def test_a_broker_that_goes_away_is_waited_for(brokers: BrokerMaker, caplog: pytest.LogCaptureFixture) -> None:
    """Killed and held still for some seconds: a line when it begins, one when it ends, nothing lost or twice.

    A broker that is back may have to find its leaders first: that is an outage of its own then, with two lines more.
    """
    broker = brokers()
    topics = Topics(broker.bootstrap)
    reading = Reading(broker.bootstrap, topics.make(2))
    log = reading.open(follow=True, group="lag")
    topics.produce(reading.topics[0], lines(0, 100))
    found: list[LogBatch] = until_read(log, 100)
    with caplog.at_level(logging.WARNING, "balanza.kafka"):
        began = time.monotonic()
        broker.kill()
        found += read_for(log, 2)
        log.progress()
        found += read_for(log, 2)
        broker.start()
        topics.produce(reading.topics[0], lines(100, 200))
        found += until_read(log, 100)
    said = [record.getMessage() for record in caplog.records]
    assert said
    assert ["answers again" if number % 2 else ": waiting" for number in range(len(said))] == [
        "answers again" if "answers again" in line else line[-len(": waiting") :] for line in said
    ]
    assert len(said) % 2 == 0
    assert 2 < log.away_seconds() < time.monotonic() - began
    broker.pause()
    found += read_for(log, 1)
    broker.resume()
    topics.produce(reading.topics[0], lines(200, 220))
    found += until_read(log, 20)
    log.close()
    assert sorted(names(rows(found))) == sorted(f"e{number}" for number in range(220))
    assert told(rows(found)) == told(reading.bounded(write_exceptions=False))


def test_an_outage_that_lasts_too_long_ends_the_run(brokers: BrokerMaker) -> None:
    """With a sentence; what was read before is in the snapshot."""
    broker = brokers()
    topics = Topics(broker.bootstrap)
    reading = Reading(broker.bootstrap, topics.make(2))
    log = reading.open(follow=True, outage_seconds_max=1.5)
    topics.produce(reading.topics[0], lines(0, 10))
    until_read(log, 10)
    broker.kill()
    with pytest.raises(KafkaUnusable, match=r"has not answered for \d+ s"):
        read_while(log, [], lambda: True)
    assert sum(log.progress().offsets().values()) == 10
    log.close()


def test_a_bounded_reading_survives_an_outage(brokers: BrokerMaker) -> None:
    """In the middle of a backlog."""
    broker = brokers()
    topics = Topics(broker.bootstrap)
    reading = Reading(broker.bootstrap, topics.make(2))
    topics.produce(reading.topics[0], lines(0, 20_000))
    log = reading.open(batch_lines=100, refresh_seconds=0.2)
    found = until_read(log, 100)
    broker.kill()
    found += read_for(log, 1)
    broker.start()
    found += to_the_end(log)
    log.close()
    assert len(rows(found)) == 20_000
    assert len({(row[2], row[3]) for row in rows(found)}) == 20_000


def test_a_corrupt_record_stops_the_reading(brokers: BrokerMaker) -> None:
    """The partition and the offset are named, what stands before it was read, and the advice in the message helps."""
    broker = brokers()
    topics = Topics(broker.bootstrap)
    reading = Reading(broker.bootstrap, topics.make(1))
    topic = reading.topics[0]
    topics.produce(topic, [event_line("before", 1)])
    topics.produce(topic, [event_line("damaged", 1)])
    broker.stop()
    flip(broker.folder / "data" / f"{topic}-0" / f"{0:020}.log", b"damaged")
    broker.start()
    log = reading.open()
    found: list[LogBatch] = []
    with pytest.raises(LogDamaged, match=rf"{topic}/0: the record at offset 1 is corrupt"):
        read_while(log, found, lambda: not log.ended)
    assert names(rows(found)) == ["before"]
    progress = stored(log.progress())
    log.close()
    topics = Topics(broker.bootstrap)  # a client that knew the broker before it was started again looks for it longer
    topics.forget_below(topic, 0, 2)
    topics.produce(topic, [event_line("behind", 1)])
    assert names(reading.bounded(progress, skip_gaps=True)) == ["behind"]


def flip(segment: Path, near: bytes) -> None:
    """Damage a byte of a segment."""
    data = bytearray(segment.read_bytes())
    data[data.index(near)] ^= 1
    segment.write_bytes(data)


def committed(bootstrap: str, group: str, topic: str) -> list[int]:
    """What a lag tool sees of a group."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    try:
        places = [TopicPartition(topic, number) for number in range(2)]
        return [place.offset for place in consumer.committed(places, timeout=20)]
    finally:
        consumer.close()


def test_lag_tools_see_the_snapshots(topics: Topics) -> None:
    """A snapshot's offsets are committed to the group once the next one is asked for."""
    reading = Reading(topics.bootstrap, topics.make(2))
    topics.made.append(reading.exceptions)
    topics.produce(reading.topics[0], lines(0, 10))
    log = reading.open(follow=True, group=reading.topics[0])
    until_read(log, 10)
    log.progress()
    read_for(log, 0.3)
    assert committed(topics.bootstrap, reading.topics[0], reading.topics[0])[0] < 0
    topics.produce(reading.topics[0], lines(10, 20))
    until_read(log, 10)
    assert log.lag() == dict.fromkeys(log.lag(), 0)
    log.progress()
    until = time.monotonic() + WAIT_SECONDS
    while committed(topics.bootstrap, reading.topics[0], reading.topics[0]) != [5, 5]:
        assert time.monotonic() < until, "the group has no offsets"
        read_for(log, 0.3)
    log.close()


def allow(admin: AdminClient, kind: ResourceType, name: str, *operations: AclOperation) -> None:
    """Give the user `reader` some rights."""
    acls = [
        AclBinding(kind, name, ResourcePatternType.LITERAL, "User:reader", "*", operation, AclPermissionType.ALLOW)
        for operation in operations
    ]
    for future in admin.create_acls(acls).values():
        future.result(20)


def test_rights_that_are_missing_are_told(brokers: BrokerMaker, caplog: pytest.LogCaptureFixture) -> None:
    """Without the group reading goes on with one warning; without the topic it does not begin."""
    broker = brokers(users={"reader": "secret"})
    topics = Topics(broker.bootstrap)
    topic = topics.make(2)
    topics.make(name="balanza.exceptions")
    topics.produce(topic, lines(0, 10))
    allow(topics.admin, ResourceType.TOPIC, topic, AclOperation.DESCRIBE)
    with pytest.raises(KafkaUnusable, match=r"Read|READ"):
        to_the_end(as_reader(broker, topic))
    allow(topics.admin, ResourceType.TOPIC, topic, AclOperation.READ)
    allow(topics.admin, ResourceType.TOPIC, "balanza.exceptions", AclOperation.READ)
    topics.produce("balanza.exceptions", [Sent(b"of another", key=b"another deployment")])
    caplog.clear()
    with caplog.at_level(logging.WARNING, "balanza.kafka"):
        log = as_reader(broker, topic)
        found = to_the_end(log)
        for _ in range(3):
            log.progress()
            time.sleep(0.2)
            log.fetcher.fetch(0.05)
    log.close()
    assert len(rows(found)) == 10
    (said,) = caplog.records
    assert said.getMessage().startswith("group lag is not permitted")


def as_reader(broker: Broker, topic: str) -> KafkaLog:
    """A log opened by the user `reader`, without the right to write exceptions."""
    cluster = Cluster({
        "bootstrap.servers": broker.sasl_bootstrap, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
        "sasl.username": "reader", "sasl.password": "secret",
    })  # fmt: skip
    options = KafkaLogOptions(group="lag", write_exceptions=False, follow=False)
    return KafkaLog(cluster, [topic], EventDecoder(), options, None)
