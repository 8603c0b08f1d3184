"""What stands in a test broker's server.properties."""

import secrets
import socket
from pathlib import Path
from typing import Final

from msgspec import Struct

PORTS: Final = range(15_000, 32_000)  # below those that the system gives to clients: a restart finds its own free
SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"
PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"


class Ports(Struct, frozen=True):
    """The ports of one broker: open to all, with a password, with a certificate, and its own controller's."""

    plain: int
    sasl: int
    ssl: int
    controller: int


def free_ports() -> Ports:
    """Give ports that nobody listens on."""
    found: list[int] = []
    while len(found) < len(Ports.__struct_fields__):
        port = PORTS.start + secrets.randbelow(len(PORTS))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in found and probe.connect_ex(("127.0.0.1", port)):
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                found.append(port)
    return Ports(*found)


def server_properties(ports: Ports, data: Path, users: dict[str, str], keystore: Path | None) -> dict[str, str]:
    """Give the properties of a broker that keeps its data in `data`.

    With `users` (name: password) there is a listener for them, and whoever comes by it may do nothing that was not
    granted; by the open listener everything is allowed. With `keystore` (password `changeit`) there is one for TLS.
    """
    listeners = {"PLAINTEXT": ports.plain}
    listeners |= {"SASL_PLAINTEXT": ports.sasl} if users else {}
    listeners |= {"SSL": ports.ssl} if keystore else {}
    reached = ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items())
    protocols = {name: name for name in listeners} | {"CONTROLLER": "PLAINTEXT"}
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{ports.controller}",
        "listeners": f"{reached},CONTROLLER://127.0.0.1:{ports.controller}",
        "advertised.listeners": reached,
        "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(data),
        "auto.create.topics.enable": "false",
        "broker.session.timeout.ms": "3000",  # so long does a start wait that comes after a kill
        "broker.heartbeat.interval.ms": "500",
        "num.network.threads": "2",
        "num.io.threads": "4",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.check.interval.ms": "1000",
        "log.initial.task.delay.ms": "500",
        "file.delete.delay.ms": "1000",
        "log.cleaner.backoff.ms": "100",
        **(_with_password(users) if users else {}),
        **(_with_certificate(keystore) if keystore else {}),
    }  # fmt: skip


def _with_password(users: dict[str, str]) -> dict[str, str]:
    accounts = " ".join(f'user_{name}="{password}"' for name, password in users.items())
    listener = "listener.name.sasl_plaintext"
    return {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        f"{listener}.plain.sasl.jaas.config": f"{PLAIN} required {accounts};",
        f"{listener}.scram-sha-256.sasl.jaas.config": f"{SCRAM} required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }


def _with_certificate(keystore: Path) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": str(keystore),
        "ssl.keystore.password": "changeit",
    }
