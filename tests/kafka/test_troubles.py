"""What is said when a cluster cannot be used: the cause, the setting, the remedy; and silence on standard error."""

import time
from collections.abc import Iterator

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not marked as such for type checkers
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from config.kafka import KafkaProperties
from connectors.kafka.cluster import Cluster, KafkaNotPermitted, KafkaUnusable
from connectors.kafka.topics import TopicSpec
from schemas.log import Place
from tests.kafka.broker import Broker
from tests.kafka.fixtures import USERS
from tests.kafka.topics import WAIT_SECONDS, Topics


@pytest.fixture(autouse=True)
def _silence(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing may be printed by librdkafka, whatever happens."""
    yield
    assert capfd.readouterr().err == ""


@pytest.fixture
def theirs(guarded: Broker) -> Iterator[Topics]:
    """Topics on the guarded broker, made by somebody who may."""
    topics = Topics(guarded.bootstrap)
    yield topics
    topics.close()


def cluster(bootstrap: str, **properties: str) -> Cluster:
    """Make a cluster with properties that have _ for the dots."""
    named = {name.replace("_", "."): value for name, value in properties.items()}
    return Cluster(KafkaProperties({"bootstrap.servers": bootstrap, **named}))


def as_user(broker: Broker, name: str = "ada", **properties: str) -> Cluster:
    """Make a cluster that logs in as one of the broker's users."""
    given = {
        "security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256", "sasl_username": name,
        "sasl_password": USERS[name], **properties,
    }  # fmt: skip
    return cluster(broker.sasl_bootstrap, **given)


def refusal(asked: Cluster, seconds: float = 1.0) -> str:
    """What the check says against a cluster that cannot be used."""
    with pytest.raises(KafkaUnusable) as caught:
        asked.check(seconds)
    return str(caught.value)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:1", "Connect to ipv4#127.0.0.1:1 failed: Connection refused"),
        ("nobody.invalid:9092", "Failed to resolve 'nobody.invalid:9092'"),
    ],
)
def test_a_wrong_address_is_named_with_its_setting(address: str, expected: str) -> None:
    """The check asks for as long as it may, then gives the first complaint and where the address comes from."""
    begun = time.monotonic()
    told = refusal(cluster(address))

    assert told.startswith(f"Kafka at {address} (--kafka or bootstrap.servers): ")
    assert expected in told
    assert told.endswith("see --kafka or bootstrap.servers, and whether the broker runs")
    assert 0.9 < time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("property_", "value", "expected"),
    [
        ("foo.bar",           "1", 'No such configuration property: "foo.bar"'),
        ("security.protocol", "x", 'Invalid value "x" for configuration property "security.protocol"'),
        ("message.max.bytes", "1", 'Configuration property "message.max.bytes" value 1 is outside allowed range '),
    ],
)  # fmt: skip
def test_a_property_that_the_client_does_not_take_is_named(property_: str, value: str, expected: str) -> None:
    """An unknown one and a value out of bounds, with the variable and the option that may have given it."""
    told = refusal(Cluster(KafkaProperties({"bootstrap.servers": "127.0.0.1:1", property_: value})))

    variable = "BALANZA_KAFKA_" + property_.upper().replace(".", "_")
    assert told.startswith(f"Kafka's client refuses its properties: {expected}")
    assert told.endswith(f" (given by --kafka-config or {variable})")


def test_a_certificate_that_is_not_there_is_named() -> None:
    """A path that leads nowhere is the client's to find out, at once."""
    asked = cluster("127.0.0.1:1", security_protocol="SSL", ssl_ca_location="/nowhere")

    assert "ssl.ca.location failed" in refusal(asked)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password_is_the_cause_that_is_told(mechanism: str, guarded: Broker) -> None:
    """The check does not wait for long, and names the properties but not the password; the right one passes."""
    as_user(guarded, sasl_mechanism=mechanism).check(10.0)
    begun = time.monotonic()

    told = refusal(as_user(guarded, sasl_mechanism=mechanism, sasl_password=USERS["ada"][::-1]), 30.0)

    assert time.monotonic() - begun < 10
    assert "_AUTHENTICATION" in told
    assert told.endswith("; see sasl.username, sasl.password and sasl.mechanism")
    assert USERS["ada"][::-1] not in told


def test_a_mechanism_that_the_broker_does_not_have_is_told(guarded: Broker) -> None:
    """The broker's own are part of the message."""
    told = refusal(as_user(guarded, sasl_mechanism="SCRAM-SHA-512"), 30.0)

    assert "Unsupported SASL mechanism: broker's supported mechanisms: PLAIN,SCRAM-SHA-256" in told


def test_a_listener_of_another_kind_is_told_by_its_closing(guarded: Broker) -> None:
    """Without security.protocol the broker only hangs up; the message says what that may mean."""
    for address in (guarded.sasl_bootstrap, guarded.ssl_bootstrap):
        told = refusal(cluster(address))
        assert "Disconnected" in told
        assert "see whether it asks for security.protocol SSL, SASL_SSL or SASL_PLAINTEXT" in told


def test_a_certificate_must_be_known(guarded: Broker) -> None:
    """With the broker's own authority it works; without it, and on a listener without TLS, the setting is named."""
    cluster(guarded.ssl_bootstrap, security_protocol="SSL", ssl_ca_location=str(guarded.certificate)).check(10.0)

    for address in (guarded.ssl_bootstrap, guarded.bootstrap):
        told = refusal(cluster(address, security_protocol="SSL"), 2.0)
        assert "SSL" in told
        assert told.endswith("; see security.protocol, ssl.ca.location and the certificate's name")


def grant(topics: Topics, user: str, topic: str, *operations: AclOperation) -> None:
    """Allow the user these operations on the topic."""
    for operation in operations:
        rule = AclBinding(
            ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*", operation,
            AclPermissionType.ALLOW,
        )  # fmt: skip
        topics.admin.create_acls([rule])[rule].result(WAIT_SECONDS)


def test_what_a_user_may_not_see_is_missing_or_not_permitted(guarded: Broker, theirs: Topics) -> None:
    """Each question about a topic without rights ends with the right to grant; with the rights it is answered."""
    topic = theirs.make()
    asked = as_user(guarded)

    assert f"topic {topic} missing or not permitted: create it, or grant this user READ" in str(asked.missing([topic]))
    with pytest.raises(KafkaNotPermitted, match="grant this user DESCRIBE on the topic"):
        asked.topic_ids([topic])
    with pytest.raises(KafkaUnusable, match=f"partition {topic}/0 missing or not permitted"):
        asked.end_offsets([Place(topic, 0)])

    grant(theirs, "ada", topic, AclOperation.READ, AclOperation.DESCRIBE)

    assert asked.missing([topic]) is None
    assert asked.end_offsets([Place(topic, 0)]) == {Place(topic, 0): 0}
    with pytest.raises(KafkaNotPermitted, match="they need DESCRIBE_CONFIGS"):
        asked.is_log_append_time(topic)
    (told,) = asked.create_topics([TopicSpec(topic, 1, {"retention.ms": "1"})])
    assert "DESCRIBE_CONFIGS" in told


def test_making_a_topic_needs_the_right_to(guarded: Broker) -> None:
    """The message has the topic with its partitions and settings, so that somebody who may can make it."""
    with pytest.raises(KafkaNotPermitted) as caught:
        as_user(guarded).create_topics([TopicSpec("new", 4, {"retention.ms": "-1"})])

    assert "making topic new (4 partitions, retention.ms=-1): " in str(caught.value)
    assert "CREATE to make it" in str(caught.value)


def test_a_topic_that_is_not_there_is_told(theirs: Topics) -> None:
    """Its id, its offsets and its settings all end with both remedies."""
    asked = cluster(theirs.bootstrap)
    for question in (
        lambda: asked.topic_ids(["never"]),
        lambda: asked.end_offsets([Place("never", 0)]),
        lambda: asked.is_log_append_time("never"),
    ):
        with pytest.raises(KafkaUnusable, match=r"never.*missing or not permitted: create it, or grant"):
            question()


def test_trouble_is_kept_until_the_broker_answers_again(guarded: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is away the first complaint is the cause; its next answer ends that."""
    monkeypatch.setattr("connectors.kafka.cluster.ASK_SECONDS", 1.0)
    topics = Topics(guarded.bootstrap)
    place = Place(topics.make(), 0)
    asked = cluster(guarded.bootstrap)
    asked.check(10.0)

    guarded.stop()
    with pytest.raises(KafkaUnusable, match=r"Connection refused|Disconnected"):
        asked.end_offsets([place])
    troubles = [asked.trouble]
    guarded.start()
    asked.check(10.0)
    troubles.append(asked.trouble)

    assert [trouble is not None for trouble in troubles] == [True, False]
    assert asked.end_offsets([place]) == {place: 0}
    topics.close()
