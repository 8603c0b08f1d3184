"""Whether the broker answers: what begins an outage, what ends it, and when waiting is given up."""

import logging

from connectors.kafka.cluster import Cluster, KafkaUnusable


class Outage:
    """Told of each question's outcome; times are wall clock seconds."""

    def __init__(self, cluster: Cluster, seconds_max: float) -> None:
        self.cluster = cluster
        self._seconds_max = seconds_max
        self._log = logging.getLogger("balanza.kafka")
        self._since: float | None = None
        self._past_seconds = 0.0

    @property
    def under_way(self) -> bool:
        """Whether the broker is away."""
        return self._since is not None

    def seconds(self, now: float) -> float:
        """Give for how long the broker has been away since the start, all outages together."""
        return self._past_seconds + (0.0 if self._since is None else max(0.0, now - self._since))

    def unanswered(self, asked: float, now: float, why: str) -> None:
        """Note a question that was put at `asked` and failed, or waits for too long; KafkaUnusable to give up."""
        if self._since is None:
            self._since = asked
            self._log.warning("%s does not answer (%s): waiting", self.cluster.bootstrap, why)
        if now - self._since >= self._seconds_max:
            raise KafkaUnusable(
                f"Kafka at {self.cluster.bootstrap} has not answered for {now - self._since:.0f} s "
                f"({why}{self.cluster.troubles.cause}); nothing is lost: start again when the broker is back"
            )

    def answered(self, now: float) -> None:
        """Note an answer."""
        if self._since is not None:
            away = max(0.0, now - self._since)
            self._log.warning("%s answers again after %.1f s", self.cluster.bootstrap, away)
            self._past_seconds += away
            self._since = None
