"""What is wrong with the brokers stops the flow with a sentence, or passes without a loss."""

import threading
from pathlib import Path

import pytest

from connectors.kafka.cluster import Cluster
from sinks.destination import DestinationError
from sinks.kafka.records import RecordTopics
from sinks.kafka.writer import TopicWriter
from tests.kafka.broker import Broker
from tests.kafka.fixtures import BrokerMaker
from tests.kafka.topics import Topics
from tests.sinks.examples import dead_letter, event, packet
from tests.sinks.kafka.kinds import options

MANY = 1000


def of(topics: Topics) -> Cluster:
    """The clients of a destination."""
    return Cluster({"bootstrap.servers": topics.bootstrap})


def test_a_full_queue_is_waited_for(topics: Topics) -> None:
    """With room for ten records in memory, a thousand arrive in order, and each is counted."""
    topic = topics.make()
    writer = TopicWriter(of(topics), queue_messages=10, **{"linger.ms": 0})
    for number in range(MANY):
        writer.send(topic, 0, b"ada", b"%d" % number)
    writer.flush()
    writer.close()
    writer.close()

    assert [kept.value for kept in topics.read(topic)] == [b"%d" % number for number in range(MANY)]
    assert writer.offsets() == {f"{topic}/0": MANY}


def test_a_broker_that_is_away_for_seconds_costs_nothing_but_time(
    kafka: Broker, topics: Topics, prefix: str, tmp_path: Path
) -> None:
    """Records that are sent while the broker is stopped are there once, in order, when it is back."""
    destination = RecordTopics(of(topics), tmp_path, options(Path(prefix)), ("events",))
    destination.recover(0, {})
    destination.write(packet(*(event(number) for number in range(100))))
    kafka.stop()
    back = threading.Timer(2.0, kafka.start)
    back.start()
    destination.write(packet(*(event(number) for number in range(100, 200))))
    mark = destination.seal(1)
    back.join()
    destination.publish(1)
    destination.close()

    found = topics.read(f"{prefix}.events")
    assert [f'"id":"{number}"'.encode() in (kept.value or b"") for number, kept in enumerate(found)] == [True] * 200
    assert sum(mark.values()) == 200


def test_a_broker_that_stays_away_stops_the_flow(kafka: Broker, topics: Topics) -> None:
    """After the time that a broker may be away, the epoch cannot be sealed, and the message says what to do."""
    topic = topics.make()
    writer = TopicWriter(of(topics), delivery_seconds=2.0)
    writer.send(topic, 0, None, b"a")
    writer.flush()
    kafka.stop()
    try:
        writer.send(topic, 0, None, b"b")
        with pytest.raises(DestinationError, match=rf"topic {topic}: .*timed out.*see that the broker runs"):
            writer.flush()
        with pytest.raises(DestinationError, match=topic):
            writer.poll()
        writer.close()
    finally:
        kafka.start()


def test_a_record_that_is_too_large_for_the_client_names_the_setting(topics: Topics) -> None:
    """What the client refuses is said at once, with the topic, the size, and both settings."""
    topic = topics.make()
    writer = TopicWriter(of(topics))

    with pytest.raises(DestinationError, match=rf"{topic} \(a record of 2,000,000 bytes\).*max.message.bytes") as said:
        writer.send(topic, 0, b"ada", b"x" * 2_000_000)

    assert "message.max.bytes in --kafka-config" in str(said.value)
    writer.close()


def test_a_record_that_is_too_large_for_the_topic_fails_the_epoch(topics: Topics) -> None:
    """What the broker refuses comes with the delivery report: the seal fails, so no commit counts the record."""
    topic = topics.make(max_message_bytes="1000")
    writer = TopicWriter(of(topics), 10.0, 10, **{"compression.type": "none"})
    writer.send(topic, 0, b"ada", b"x" * 5000)

    with pytest.raises(DestinationError, match=rf"topic {topic}: .*max.message.bytes"):
        writer.flush()
    with pytest.raises(DestinationError, match=topic):
        writer.poll()
    writer.close()


def test_a_user_without_rights_hears_which_are_missing(brokers: BrokerMaker, tmp_path: Path) -> None:
    """A topic that may not be made is named before anything is sent; one that may not be written fails the epoch."""
    broker = brokers(users={"ada": "secret-word"})
    topic = Topics(broker.bootstrap).make()
    destination = RecordTopics(Cluster(secured(broker)), tmp_path / "out", options(Path("shut")), ("events",))
    with pytest.raises(DestinationError, match=r"shut\.events.*not permitted") as said:
        destination.recover(0, {})
    destination.close()
    assert "secret-word" not in str(said.value)

    writer = TopicWriter(Cluster(secured(broker)), delivery_seconds=5.0)
    writer.send(topic, 0, None, b"a")
    with pytest.raises(DestinationError, match=rf"topic {topic}: .*permit"):
        writer.flush()
    writer.close()


def test_dead_letters_are_the_bytes_they_were(topics: Topics, prefix: str, tmp_path: Path) -> None:
    """A dead letter's value is the rejected line itself; why and where from stand in its headers."""
    destination = RecordTopics(of(topics), tmp_path, options(Path(prefix)), ("dead_letters",))
    destination.recover(0, {})
    destination.write(packet(dead_letter(7)))
    destination.seal(1)
    destination.close()

    (kept,) = topics.read(f"{prefix}.dead_letters")
    assert (kept.key, kept.value) == (None, b"{}")
    assert dict(kept.headers) == {
        "process": b"run",
        "record": b"dead_letters", "schema": b"1", "reason": b"NOT_JSON", "detail": b"unexpected end", "topic": b"shop",
        "partition": b"0", "offset": b"7", "log_time_us": b"1767268800250000",
    }  # fmt: skip


def secured(broker: Broker) -> dict[str, str]:
    """The properties of a user who has a password and no rights."""
    return {
        "bootstrap.servers": broker.sasl_bootstrap, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN",
        "sasl.username": "ada", "sasl.password": "secret-word",
    }  # fmt: skip
