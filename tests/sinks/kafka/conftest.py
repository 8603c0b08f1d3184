"""What the tests of the destinations on Kafka share."""

import uuid
from collections.abc import Iterator

import pytest

from tests.kafka.topics import Topics
from tests.sinks.kafka.kinds import owned


@pytest.fixture
def prefix(topics: Topics) -> Iterator[str]:
    """A name of the test's own; the topics whose names begin with it are deleted at the end."""
    name = f"out-{uuid.uuid4().hex[:8]}"
    yield name
    topics.made += [topic for topic in owned(topics, name) if topic not in topics.made]
