"""What is wrong with a cluster, in sentences that name the setting and the remedy.

librdkafka tells the cause (address, password, certificate) to a callback, many times, and lets the call that suffers
only time out. So what a client complained of first is kept here as the cause, until an answer shows that it is over.
"""

import logging
import re
from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaError

from config.kafka import masked, origin_of
from schemas.log import LogTrouble

UNKNOWN_TOPIC: Final = KafkaError._UNKNOWN_TOPIC  # noqa: SLF001  the client has no public names for its own codes
UNKNOWN_PARTITION: Final = KafkaError._UNKNOWN_PARTITION  # noqa: SLF001  the same
NO_LEADER: Final = KafkaError._NOENT  # noqa: SLF001  the same: a topic that is missing, hidden, or whose broker left
TRANSPORT: Final = KafkaError._TRANSPORT  # noqa: SLF001  the same
RESOLVE: Final = KafkaError._RESOLVE  # noqa: SLF001  the same
TIMED_OUT: Final = KafkaError._TIMED_OUT  # noqa: SLF001  the same
ALL_BROKERS_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001  the same
AUTHENTICATION: Final = KafkaError._AUTHENTICATION  # noqa: SLF001  the same
TLS: Final = KafkaError._SSL  # noqa: SLF001  the same

UNANSWERED: Final = frozenset({TRANSPORT, RESOLVE, TIMED_OUT, ALL_BROKERS_DOWN, KafkaError.REQUEST_TIMED_OUT})
NOT_PERMITTED: Final = frozenset({
    KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
})  # fmt: skip
MISSING: Final = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, UNKNOWN_TOPIC, UNKNOWN_PARTITION})
LEADER_MOVES: Final = frozenset({
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH, KafkaError.OFFSET_NOT_AVAILABLE, NO_LEADER,
})  # fmt: skip
WAITING_IS_IN_VAIN: Final = frozenset({AUTHENTICATION, TLS, KafkaError.SASL_AUTHENTICATION_FAILED})

MISSING_REMEDY: Final = "create it, or grant this user READ and DESCRIBE on it"
LOGIN_REMEDY: Final = "see sasl.username, sasl.password and sasl.mechanism"
TLS_REMEDY: Final = "see security.protocol, ssl.ca.location and the certificate's name"
ADDRESS_REMEDY: Final = "see --kafka or bootstrap.servers, and whether the broker runs"
PROTOCOL_REMEDY: Final = (
    "the broker closes the connection: see whether it asks for security.protocol SSL, SASL_SSL or SASL_PLAINTEXT"
)
_REMEDIES: Final = {
    **dict.fromkeys(MISSING, f"missing or not permitted: {MISSING_REMEDY}"),
    KafkaError.TOPIC_AUTHORIZATION_FAILED:
        "not permitted: grant this user DESCRIBE on the topic, READ to read it, WRITE to write it, CREATE to make it",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "not permitted: grant this user READ on the consumer group",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "not permitted: grant this user the operation on the cluster",
    KafkaError.SASL_AUTHENTICATION_FAILED: LOGIN_REMEDY,
    KafkaError.MSG_SIZE_TOO_LARGE: "larger than message.max.bytes or than the topic's max.message.bytes allow",
    AUTHENTICATION: LOGIN_REMEDY,
    TLS: TLS_REMEDY,
}  # fmt: skip
_PROPERTY: Final = re.compile(r"\b[a-z]+(?:\.[a-z]+)+\b")
_STAMP: Final = re.compile(r" \(after \d+ms in state \w+.*\)")


class KafkaUnusable(LogTrouble):
    """The cluster cannot be used as asked; the message names the setting and what would help."""


class KafkaNotPermitted(KafkaUnusable):
    """The cluster answers, but this user may not do what was asked."""


class KafkaLeaderMoves(KafkaUnusable):
    """A partition has no leader that is known: made a moment ago, or its broker has left; or it is not to be seen."""


class Troubles(logging.Handler):
    """The first complaint of the clients since the last answer; also the handler of what they log, which it keeps."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        """`properties` are those of the clients; their secrets never get into a message."""
        super().__init__(logging.INFO)
        self.code: int | None = None
        self.text: str | None = None
        self._properties = properties
        self._noted: str | None = None
        self.logger = logging.Logger("kafka client")  # noqa: LOG001  of no family: what it is told is not printed
        self.logger.addHandler(self)

    def complained(self, error: KafkaError) -> None:
        """Take what a client says is wrong: the first counts, but that all brokers are down explains nothing."""
        vague = error.code() == ALL_BROKERS_DOWN
        wiser = error.code() in WAITING_IS_IN_VAIN and self.code not in WAITING_IS_IN_VAIN
        if self.text is None or wiser or (self.code == ALL_BROKERS_DOWN and not vague):
            self.code, self.text = error.code(), f"{error.name()}: {self.clean(error.str())}"

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first failure of a connection that is logged: not all of them are complained of."""
        message = record.getMessage()
        if self._noted is None and message.startswith("FAIL"):
            self._noted = self.clean(message.partition("]: ")[2] or message)

    def over(self) -> None:
        """Forget what was wrong: the cluster answers."""
        self.code = self.text = self._noted = None

    @property
    def cause(self) -> str:
        """What was wrong first and what helps, as the end of a sentence; empty if nobody complained."""
        if self.text is None or self.code is None:
            return f": {self._noted}" if self._noted else ""
        if self.code == ALL_BROKERS_DOWN and self._noted:
            secured = "security.protocol" in self._properties
            return f": {self._noted}; {ADDRESS_REMEDY if secured else PROTOCOL_REMEDY}"
        broken_tls = "SSL" in self.text and self.code == TRANSPORT
        return f": {self.text}; {TLS_REMEDY if broken_tls else _REMEDIES.get(self.code, ADDRESS_REMEDY)}"

    def clean(self, text: str) -> str:
        """`text` without secrets and without the milliseconds that differ every time."""
        return masked(_STAMP.sub("", text.strip()), self._properties)

    def unusable(self, error: KafkaError, about: str) -> KafkaUnusable:
        """Give the exception for `error`, which an answer about `about` (a topic, a place, the cluster) ended with."""
        said = f"{about}: {self.clean(error.str())} ({error.name()})"
        if error.code() in NOT_PERMITTED:
            return KafkaNotPermitted(f"{said}; {_REMEDIES.get(error.code(), 'not permitted')}")
        if error.code() in LEADER_MOVES:
            return KafkaLeaderMoves(said)
        if error.code() in UNANSWERED:
            return KafkaUnusable(said + (self.cause or f"; {ADDRESS_REMEDY}"))
        remedy = _REMEDIES.get(error.code())
        return KafkaUnusable(f"{said}; {remedy}" if remedy else said)

    def refused(self, error: Exception) -> KafkaUnusable:
        """Give the exception for properties that the client does not take; it names where the property comes from."""
        inner = error.args[0] if error.args else error
        said = self.clean(inner.str() if isinstance(inner, KafkaError) else str(error))
        named = [name for name in _PROPERTY.findall(said) if name in self._properties]
        return KafkaUnusable(f"Kafka's client refuses its properties: {said}{origin_of(named[0]) if named else ''}")
