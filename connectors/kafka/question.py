"""A question to the cluster that is not waited for: it is looked at now and then whether the answers are there."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

from confluent_kafka import KafkaError, KafkaException

from connectors.kafka.cluster import KafkaUnusable
from connectors.kafka.outage import Outage
from connectors.kafka.troubles import NOT_PERMITTED

Key = TypeVar("Key")
WAITS_LONG_SECONDS: Final = 3.0


class Question(Generic[Key]):
    """One request in flight at most."""

    def __init__(self, outage: Outage, missing: Callable[[Key], None]) -> None:
        """`missing` is told of a key that the broker does not know."""
        self._outage = outage
        self._missing = missing
        self._futures: Mapping[Key, Future[Any]] | None = None
        self.asked = 0.0

    @property
    def in_flight(self) -> bool:
        """Whether an answer is waited for."""
        return self._futures is not None

    def ask(self, now: float, put: Callable[[], Mapping[Key, "Future[Any]"]]) -> None:
        """Put the question."""
        self.asked = now
        try:
            self._futures = put()
        except (KafkaException, KafkaUnusable) as error:
            self._outage.unanswered(now, now, str(error))

    def answers(self, now: float) -> dict[Key, Any] | None:
        """Give the answers once all are there, None until then or if the broker is away.

        Raises:
            KafkaUnusable: not permitted, or away for too long.

        """
        if self._futures is None:
            return None
        if not all(future.done() for future in self._futures.values()):
            if now - self.asked > WAITS_LONG_SECONDS:
                self._outage.unanswered(self.asked, now, "a question waits")
            return None
        futures, self._futures = self._futures, None
        answers = {}
        for key, future in futures.items():
            error = future.exception()
            if error is None:
                answers[key] = future.result()
            else:
                self._failed(key, error, now)
        if len(answers) < len(futures):
            return None
        self._outage.answered(now)
        return answers

    def _failed(self, key: Key, error: BaseException, now: float) -> None:
        if not isinstance(error, KafkaException):
            raise error
        cause: KafkaError = error.args[0]
        if cause.code() in NOT_PERMITTED:
            raise self._outage.cluster.troubles.unusable(cause, str(key))
        if cause.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            self._missing(key)
            return
        self._outage.unanswered(self.asked, now, cause.str())
