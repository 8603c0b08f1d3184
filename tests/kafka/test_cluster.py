"""One cluster's clients and questions, against a real broker; test_troubles.py has what goes wrong."""

import time
from concurrent.futures import wait

import pytest
from confluent_kafka import Producer

from config.kafka import KafkaProperties
from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.topics import TopicSpec, deployment_topics
from schemas.log import Place
from tests.kafka.broker import Broker
from tests.kafka.topics import QUIET, Sent, Topics


@pytest.fixture
def cluster(kafka: Broker) -> Cluster:
    """Give the session's broker as the flow sees it."""
    return Cluster(KafkaProperties({"bootstrap.servers": kafka.bootstrap}))


def test_a_cluster_that_answers_is_fit(cluster: Cluster) -> None:
    """The check passes and no trouble is noted; after `close` another question makes another client."""
    cluster.check(10.0)
    cluster.close()

    assert cluster.trouble is None
    assert cluster.partitions(["never-made"]) == {}


def test_topics_that_exist_are_counted_and_the_others_named(cluster: Cluster, topics: Topics) -> None:
    """`partitions` leaves out what is not to be seen, `missing` says so with both remedies."""
    topic = topics.make(partitions=3)

    assert cluster.partitions([topic, "never-made"]) == {topic: 3}
    assert cluster.missing([topic]) is None
    assert cluster.missing(["z-never", topic, "a-never"]) == (
        f"Kafka at {topics.bootstrap}: topic a-never, z-never missing or not permitted: create it, or grant this user "
        "READ and DESCRIBE on it"
    )


def test_a_topic_made_again_has_another_id(cluster: Cluster, topics: Topics) -> None:
    """The name is the same and the partitions are; the id tells that it is another topic."""
    topic = topics.make()
    before = cluster.topic_ids([topic])
    assert before == cluster.topic_ids([topic])

    topics.delete(topic)
    topics.make(name=topic)

    assert before.keys() == cluster.topic_ids([topic]).keys()
    assert before != cluster.topic_ids([topic])


def test_offsets_of_a_partition(cluster: Cluster, topics: Topics) -> None:
    """Its begin follows retention, its end is behind the last record, an empty one has both at zero."""
    topic = topics.make(partitions=2)
    places = [Place(topic, 0), Place(topic, 1)]
    topics.produce(topic, [b"a", b"b", b"c"])
    topics.forget_below(topic, 0, 2)

    assert cluster.begin_offsets(places) == {places[0]: 2, places[1]: 0}
    assert cluster.end_offsets(places) == {places[0]: 3, places[1]: 0}
    assert cluster.end_offsets([]) == {}


def test_offsets_at_a_time(cluster: Cluster, topics: Topics) -> None:
    """The first record at or after the time, to the broker's millisecond; the end where nothing is that late."""
    topic = topics.make(message_timestamp_type="CreateTime")
    place = Place(topic, 0)
    now_ms = int(time.time() * 1000)
    topics.produce(topic, [Sent(b"a", time_ms=now_ms - 1000), Sent(b"b", time_ms=now_ms)])

    assert cluster.offsets_at([place], 0) == {place: 0}
    assert cluster.offsets_at([place], (now_ms - 1000) * 1000) == {place: 0}
    assert cluster.offsets_at([place], (now_ms - 1000) * 1000 + 1) == {place: 1}
    assert cluster.offsets_at([place], now_ms * 1000) == {place: 1}
    assert cluster.offsets_at([place], now_ms * 1000 + 1) == {place: 2}


def test_what_a_transaction_has_not_committed_lies_beyond_the_end(cluster: Cluster, topics: Topics) -> None:
    """The end offset stays before an open transaction, and passes its records and its mark when it is committed."""
    topic = topics.make()
    place = Place(topic, 0)
    topics.produce(topic, [b"a"])
    producer = Producer({"bootstrap.servers": topics.bootstrap, "transactional.id": topic}, logger=QUIET)
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topic, b"b", partition=0)
    producer.flush(10)

    assert cluster.end_offsets([place]) == {place: 1}
    producer.commit_transaction(10)
    until = time.monotonic() + 10
    while cluster.end_offsets([place]) == {place: 1} and time.monotonic() < until:
        time.sleep(0.05)  # the mark is written soon after the commit, not with it
    assert cluster.end_offsets([place]) == {place: 3}


def test_end_offsets_can_be_asked_without_waiting(cluster: Cluster, topics: Topics) -> None:
    """The question returns at once; the answers come as futures."""
    topic = topics.make(partitions=2)
    topics.produce(topic, [b"a"])

    asked = cluster.ask_end_offsets([Place(topic, 0), Place(topic, 1)])

    wait(asked.values(), 10)
    assert {place.partition: future.result().offset for place, future in asked.items()} == {0: 1, 1: 0}


def test_whether_the_broker_stamps_is_known(cluster: Cluster, topics: Topics) -> None:
    """A topic made with LogAppendTime is told from one whose producers stamp."""
    ours, theirs = topics.make(), topics.make(message_timestamp_type="CreateTime")

    assert cluster.is_log_append_time(ours)
    assert not cluster.is_log_append_time(theirs)
    assert cluster.topic_settings(ours)["cleanup.policy"] == "delete"


def test_topics_are_made_once(cluster: Cluster, topics: Topics) -> None:
    """A second time nothing happens; another wish is answered by sentences and changes nothing."""
    name = f"{topics.make()}-made"
    topics.made.append(name)
    spec = TopicSpec(name, 2, {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1"})

    assert cluster.create_topics([spec]) == []
    assert cluster.partitions([name]) == {name: 2}
    assert cluster.is_log_append_time(name)
    assert cluster.create_topics([spec]) == []
    assert cluster.create_topics([TopicSpec(name, 3, {"retention.ms": "1000"})]) == [
        f"topic {name}: partitions is 2; Balanza makes it with 3",
        f"topic {name}: retention.ms is -1; Balanza makes it with 1000",
    ]
    assert cluster.partitions([name]) == {name: 2}


def test_all_topics_of_a_deployment_can_be_made(cluster: Cluster, topics: Topics) -> None:
    """The broker takes every setting of every topic; what is made can be written and asked at once."""
    prefix = f"{topics.make()}-p"
    specs = deployment_topics(prefix, [f"{prefix}.in"], partitions=2, retention_days=1, workers=True)
    topics.made += [spec.name for spec in specs]

    assert cluster.create_topics(specs) == []

    assert cluster.partitions(topics.made[1:]) == {spec.name: spec.partitions for spec in specs}
    assert set(cluster.end_offsets([Place(spec.name, 0) for spec in specs]).values()) == {0}
    assert cluster.create_topics(specs) == []


def test_a_topic_that_the_broker_does_not_take_is_told_with_its_reason(cluster: Cluster) -> None:
    """The message has the topic as asked for, and the broker's words."""
    with pytest.raises(KafkaUnusable, match=r"making topic no good \(1 partition, a=b\): .*invalid"):
        cluster.create_topics([TopicSpec("no good", 1, {"a": "b"})])


def test_our_producer_and_consumer_work_together(cluster: Cluster, topics: Topics) -> None:
    """What one writes with default properties the other reads, and both can be given others."""
    topic = topics.make()
    producer = cluster.producer(**{"linger.ms": 0})
    producer.produce(topic, b"a", b"k", partition=0)
    assert producer.flush(10) == 0
    (kept,) = topics.read(topic)
    assert (kept.key, kept.value) == (b"k", b"a")

    consumer = cluster.consumer(**{"auto.offset.reset": "earliest", "group.id": topic})
    try:
        consumer.subscribe([topic])
        message = consumer.poll(15)
    finally:
        consumer.close()
    assert message is not None
    assert message.value() == b"a"
