"""Fixtures that give a test a broker; tests/conftest.py makes them known everywhere.

A test that asks for one is marked `external` and `required_in_ci`: skipped with the reason where there is no Java or
Maven, red in CI. BALANZA_TEST_KAFKA=host:port makes `kafka` a broker that runs elsewhere.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.kafka.broker import Broker
from tests.kafka.jars import NoBroker
from tests.kafka.topics import Topics

ADDRESS_VARIABLE: Final = "BALANZA_TEST_KAFKA"
FIXTURES: Final = frozenset({"kafka", "topics", "brokers", "guarded"})
USERS: Final = {"ada": "opensesame", "bob": "let-me-in"}

BrokerMaker = Callable[..., Broker]


class Elsewhere(Broker):
    """A broker that runs already: a test that would stop it is skipped."""

    def __init__(self, address: str) -> None:
        super().__init__(Path())
        self.address = address

    @property
    def bootstrap(self) -> str:
        """Address where everything is allowed."""
        return self.address

    def start(self) -> "Elsewhere":
        pytest.skip(f"the broker of {ADDRESS_VARIABLE} is not ours to start")

    def stop(self) -> None:
        pytest.skip(f"the broker of {ADDRESS_VARIABLE} is not ours to stop")

    kill = pause = resume = stop


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a broker."""
    for item in items:
        if not FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.external)
            item.add_marker(pytest.mark.required_in_ci)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for the whole session, open to all; who stops it starts it again."""
    address = os.environ.get(ADDRESS_VARIABLE)
    if address:
        yield Elsewhere(address)
        return
    with _started(Broker(tmp_path_factory.mktemp("kafka"))) as broker:
        yield broker


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for the whole session with listeners for USERS and for TLS; its users may do nothing yet."""
    with _started(Broker(tmp_path_factory.mktemp("guarded"), USERS, tls=True)) as broker:
        yield broker


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[BrokerMaker]:
    """Start brokers of the test's own, `brokers(users={...}, tls=True)`; they end with the test."""
    with ExitStack() as stack:

        def make(users: dict[str, str] | None = None, *, tls: bool = False) -> Broker:
            return stack.enter_context(_started(Broker(tmp_path / f"broker-{os.urandom(3).hex()}", users, tls=tls)))

        yield make


@pytest.fixture
def topics(kafka: Broker) -> Iterator[Topics]:
    """Topics of the test's own on the session's broker."""
    topics = Topics(kafka.bootstrap)
    yield topics
    topics.close()


@contextmanager
def _started(broker: Broker) -> Iterator[Broker]:
    try:
        broker.start()
    except NoBroker as error:
        pytest.skip(f"no broker: {error}")
    try:
        yield broker
    finally:
        broker.kill()
