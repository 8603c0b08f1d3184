"""docs/kafka.md says what each process must be permitted: with that and nothing else it works."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not marked as such for type checkers
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.config.samples import CORNER_SHOP, ROOT
from tests.flow.commands import Command, Ended
from tests.kafka.broker import Broker
from tests.kafka.fixtures import BrokerMaker
from tests.kafka.topics import QUIET, WAIT_SECONDS

ROW: Final = re.compile(r"^\| (`[^|]*) \| (topic|group) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
OPERATIONS: Final = {
    "Read": AclOperation.READ, "Write": AclOperation.WRITE, "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE, "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}  # fmt: skip
PROCESSES: Final = ("run", "stitch", "members", "replay", "topics", "load")
INPUT: Final = "first"
PREFIXES: Final = ("one", "several")
PASSWORD: Final = "open-sesame"  # noqa: S105  of a broker that lives as long as the test
FIRST_STEPS: Final = ROOT / "examples" / "first_steps.jsonl"


class Right(NamedTuple):
    """What a process may do: with one topic or group, or with all whose names begin so."""

    process: str
    kind: str
    name: str
    operation: str


def rights() -> Iterator[Right]:
    """The table of the document, for both deployments of the test."""
    text = (ROOT / "docs" / "kafka.md").read_text(encoding="utf-8")
    for processes, kind, names, operations in ROW.findall(text):
        for process in re.findall(r"`(\w+)`", processes):
            for name in _names(names):
                yield from (Right(process, kind, name, operation) for operation in operations.split(", "))


def _names(text: str) -> list[str]:
    if text in {"the inputs", "what it loads"}:
        return [INPUT]
    if text == "all of them":
        return [INPUT, *(f"{prefix}.*" for prefix in PREFIXES)]
    named = re.findall(r"`([^`]+)`", text)
    return [prefix if name == "<prefix>" else f"{prefix}.{name}" for prefix in PREFIXES for name in named]


def grant(broker: Broker) -> None:
    """Permit what the table says."""
    rules = [
        AclBinding(
            ResourceType.TOPIC if right.kind == "topic" else ResourceType.GROUP, right.name.removesuffix("*"),
            ResourcePatternType.PREFIXED if right.name.endswith("*") else ResourcePatternType.LITERAL,
            f"User:{right.process}", "*", OPERATIONS[right.operation], AclPermissionType.ALLOW,
        )
        for right in rights()
    ]  # fmt: skip
    admin = AdminClient({"bootstrap.servers": broker.bootstrap}, logger=QUIET)
    for made in admin.create_acls(rules).values():
        made.result(WAIT_SECONDS)


def test_the_table_names_every_process() -> None:
    """The test below proves all of it."""
    assert {right.process for right in rights()} == set(PROCESSES)


@pytest.fixture
def broker(brokers: BrokerMaker) -> Broker:
    """A broker with a user for each process, permitted as the document says."""
    made = brokers(dict.fromkeys(PROCESSES, PASSWORD))
    grant(made)
    return made


@pytest.mark.slow
def test_what_the_document_permits_is_enough(broker: Broker, tmp_path: Path) -> None:
    """Topics made, history loaded, one process, several, a replay: each by a user of its own, without a complaint."""

    def done(process: str, *arguments: object) -> Ended:
        """Run a command as the process's user."""
        login = {
            "BALANZA_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "BALANZA_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
            "BALANZA_KAFKA_SASL_USERNAME": process, "BALANZA_KAFKA_SASL_PASSWORD": PASSWORD,
        }  # fmt: skip
        asked = (process, *arguments, "--kafka", broker.sasl_bootstrap)
        return Command(tmp_path, *asked, environ=login).ended()

    out = {name: ("-p", CORNER_SHOP, "-o", tmp_path / name, "-q", "--metrics-port", 0) for name in PROCESSES}
    one, several = (("--prefix", prefix) for prefix in PREFIXES)
    ended = [
        done("load", FIRST_STEPS, "--topic", INPUT),
        done("topics", *one, "--no-workers", "--partitions", 2),
        done("topics", *several, "--partitions", 2),
        done("run", *out["run"], *one, "--topics", INPUT),
        done("stitch", *out["stitch"], *several, "--topics", INPUT),
        done("members", *out["members"], *several, "--groups", "0-255"),
        done("replay", *out["replay"], *one, "--topics", INPUT),
    ]
    assert [end.status for end in ended] == [0] * len(ended), [end.err for end in ended if end.status]
    assert [end.err for end in ended if re.search("permitted|authori[sz]", end.err)] == []
