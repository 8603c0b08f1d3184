"""The broker of the tests itself, so that what fails elsewhere is not its doing."""

from tests.kafka.broker import Broker, answers
from tests.kafka.fixtures import BrokerMaker
from tests.kafka.topics import Kept, Sent, Topics


def test_what_is_produced_is_read_back(topics: Topics) -> None:
    """Records come back by partition and offset with key, value, headers and the broker's time."""
    topic = topics.make(partitions=2)
    sent = [Sent(b"a", key=b"k", headers=(("h", b"1"),), partition=1), Sent(None, partition=0), Sent(b"b", partition=1)]

    stored = topics.produce(topic, sent)

    kept = topics.read(topic)
    assert stored == [(1, 0), (0, 0), (1, 1)]
    assert [record._replace(time_ms=0) for record in kept] == [
        Kept(0, 0, None, None, (), 0),
        Kept(1, 0, b"k", b"a", (("h", b"1"),), 0),
        Kept(1, 1, None, b"b", (), 0),
    ]
    assert all(record.time_ms for record in kept)


def test_a_broker_keeps_its_records_when_it_is_killed(brokers: BrokerMaker) -> None:
    """A broker that was killed or held still goes on with what it has, at the same address."""
    broker = brokers()
    topics = Topics(broker.bootstrap)
    topic = topics.make()
    topics.produce(topic, [b"a"])

    broker.kill()
    assert not answers(broker.bootstrap)
    broker.start()
    broker.pause()
    broker.resume()
    topics.produce(topic, [b"b"])

    assert [record.value for record in topics.read(topic)] == [b"a", b"b"]


def test_the_session_has_one_broker(kafka: Broker) -> None:
    """It answers at its address."""
    assert answers(kafka.bootstrap)
