"""`balanza topics`, on a real broker: what it makes, what it finds there, and what it says if it may not."""

import json
import uuid
from typing import Any

import pytest

from connectors.kafka.cluster import Cluster
from tests.commands.made import balanza
from tests.kafka.broker import Broker
from tests.kafka.fixtures import USERS
from tests.kafka.topics import Topics

STAMPED = {"message.timestamp.type": "LogAppendTime"}


def made_here(topics: Topics, *names: str) -> None:
    """Have the topics deleted at the end."""
    topics.made += names


def shown(*arguments: str) -> list[dict[str, Any]]:
    """What the command tells machines."""
    result = balanza("topics", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_a_deployments_topics_are_made_once(topics: Topics) -> None:
    """Inputs and own topics with partitions and retention as asked; the second time all are there and none differs."""
    prefix, web = f"p{uuid.uuid4().hex[:8]}", f"web-{uuid.uuid4().hex[:8]}"
    command = ("--kafka", topics.bootstrap, "--prefix", prefix, "--topics", web, "--partitions", "2",
               "--input-partitions", "3", "--retention-days", "1", "--record-topics", "one")  # fmt: skip
    first = shown(*command)
    made_here(topics, *(one["topic"] for one in first))
    kept = STAMPED | {"retention.ms": "86400000"}
    assert [(one["topic"].replace(prefix, "P"), one["partitions"], one["settings"]) for one in first] == [
        (web,              3, kept),
        ("P.records",      2, kept),
        ("P.dead_letters", 2, kept),
        ("P.surfaces",     2, STAMPED | {"cleanup.policy": "compact"}),
        ("P.exceptions",   1, STAMPED | {"retention.ms": "-1"}),
        ("P.stitched",     2, kept),
        ("P.handovers",    2, STAMPED | {"cleanup.policy": "compact"}),
    ]  # fmt: skip
    assert {one["state"] for one in first} == {"made"}
    cluster = Cluster({"bootstrap.servers": topics.bootstrap})
    assert cluster.partitions([web, f"{prefix}.records"]) == {web: 3, f"{prefix}.records": 2}
    assert cluster.topic_settings(web)["retention.ms"] == "86400000"
    assert {(one["state"], *one["differs"]) for one in shown(*command)} == {("was there",)}


def test_what_differs_is_said_and_left(topics: Topics) -> None:
    """A warning for each setting; the channels' own partitions are nobody's business unless asked about."""
    web = topics.make(partitions=2, message_timestamp_type="CreateTime")
    prefix = f"p{uuid.uuid4().hex[:8]}"
    command = ("topics", "--kafka", topics.bootstrap, "--prefix", prefix, "--topics", web, "--no-workers",
               "--record-topics", "none", "--partitions", "4")  # fmt: skip
    made_here(topics, f"{prefix}.exceptions")
    result = balanza(*command)
    stamps = f"Warning: topic {web}: message.timestamp.type is CreateTime; Balanza makes it with LogAppendTime"
    assert (result.exit_code, result.stderr.splitlines()) == (0, [stamps])
    asked = balanza(*command, "--input-partitions", "3")
    count = f"Warning: topic {web}: partitions is 2; Balanza makes it with 3"
    assert (asked.exit_code, asked.stderr.splitlines()) == (0, [count, stamps])
    assert Cluster({"bootstrap.servers": topics.bootstrap}).partitions([web]) == {web: 2}


def test_a_dry_run_makes_nothing(topics: Topics) -> None:
    """It tells what is missing on a cluster; without one it tells the plan."""
    prefix = f"p{uuid.uuid4().hex[:8]}"
    options = ("--prefix", prefix, "--dry-run", "--record-topics", "none")
    looked = shown("--kafka", topics.bootstrap, *options)
    assert {(one["topic"].replace(prefix, "P"), one["state"]) for one in looked} == {
        ("P.exceptions", "missing"), ("P.stitched", "missing"), ("P.handovers", "missing")
    }  # fmt: skip
    assert Cluster({"bootstrap.servers": topics.bootstrap}).partitions([one["topic"] for one in looked]) == {}
    assert [one["topic"] for one in shown(*options)] == [one["topic"] for one in looked]


def test_the_plan_is_a_table_for_people() -> None:
    """A line a topic with its settings."""
    result = balanza("topics", "--topics", "web", "--dry-run", "--no-workers", "--partitions", "5")
    line = next(line for line in result.stdout.splitlines() if line.startswith("web "))
    assert line.split() == ["web", "5", "message.timestamp.type=LogAppendTime", "not", "looked", "at"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--kafka", "127.0.0.1:1"],                              "see --kafka or bootstrap.servers"),
        ([],                                                      "no cluster; expected --kafka HOST:PORT"),
        (["--dry-run", "--topics", "balanza.web"],                "balanza.web begins as the deployment's own"),
        (["--dry-run", "--record-topics", "all"],                 "record_topics: found 'all'"),
        (["--dry-run", "--prefix", "a b"],                        "prefix: found 'a b'"),
        (["--dry-run", "--partitions", "0"],                      "greater than or equal to 1"),
    ],
)  # fmt: skip
def test_wrong_usage_is_refused(monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str) -> None:
    """Status 2, before anything is made, with what to change."""
    monkeypatch.setattr("balanza.topics_command.CHECK_SECONDS", 1.0)
    result = balanza("topics", *arguments)
    assert (result.exit_code, told in " ".join(result.stderr.split())) == (2, True), result.stderr


def test_who_may_not_make_topics_is_told_which(guarded: Broker) -> None:
    """Status 1, with the topic as an administrator would make it; a wrong password is status 2."""
    login = {
        "BALANZA_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "BALANZA_KAFKA_SASL_MECHANISM": "PLAIN",
        "BALANZA_KAFKA_SASL_USERNAME": "bob", "BALANZA_KAFKA_SASL_PASSWORD": USERS["bob"],
    }  # fmt: skip
    command = ("topics", "--kafka", guarded.sasl_bootstrap, "--topics", "web", "--partitions", "3")
    result = balanza(*command, env=login)
    assert result.exit_code == 1
    assert "making topic web (3 partitions, message.timestamp.type=LogAppendTime)" in result.stderr
    assert "CREATE to make it" in result.stderr
    refused = balanza(*command, env=login | {"BALANZA_KAFKA_SASL_PASSWORD": "wrong-one"})
    assert (refused.exit_code, "see sasl.username" in refused.stderr) == (2, True)
    assert "wrong-one" not in refused.stderr
