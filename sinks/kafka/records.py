"""Records as topics: one a table, or one for all; the dead letters in their own, as the bytes they were.

A record is on its way as soon as its packet is written, so a consumer sees it before its epoch is committed. What a
crash takes back is made again, byte for byte the same; at the start the topics are read from the mark on, and what is
there already is left out (`ahead.py`). So a consumer sees each record once and needs no transactions. Within a table,
the records of a member are in their order, for the member's id is the key.
"""

import logging
from base64 import b64decode
from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec
from confluent_kafka import Message
from xxhash import xxh3_128_intdigest

from connectors.kafka.cluster import Cluster
from connectors.kafka.topics import BY_LOG, DEAD_LETTERS, RECORDS, TopicSpec
from schemas.log import Place
from schemas.records import TABLES, DeadLetter, Packet
from sinks.destination import Mark
from sinks.kafka.ahead import RecordsAhead
from sinks.kafka.options import OutOptions
from sinks.kafka.topics import OwnTopics, header
from sinks.kafka.writer import Headers, TopicWriter, gathering

SCHEMA: Final = b"1"
ONLY_ONE: Final = "run"
MEMBER_ID: Final = b'"member_id":"'  # cannot stand inside a string of JSON, where its quotes carry backslashes
SEEDS: Final = {table: number for number, table in enumerate(TABLES)}
LETTER: Final = msgspec.json.Decoder(DeadLetter)

LOG: Final = logging.getLogger("balanza.kafka")


class RecordTopics:
    """`<prefix>.<table>` or `<prefix>.records`, and `<prefix>.dead_letters`."""

    name = "kafka_records"

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        options: OutOptions,
        tables: Collection[str] = tuple(TABLES),
        process: str = ONLY_ONE,
    ) -> None:
        """`folder` is the deployment's; `process` is a name by which it knows its own among the records of others.

        The member of a record does not tell who wrote it: what a merge takes from a member is posted by the worker of
        the one that absorbs it.
        """
        self._cluster = cluster
        self._options = options
        self._process = process.encode()
        self._topic = {table: topic_of(options, table) for table in tables}
        specs = [TopicSpec(topic, options.partitions, BY_LOG) for topic in dict.fromkeys(self._topic.values())]
        self._headers = {table: [*record_headers(table), ("process", self._process)] for table in tables}
        self._own = OwnTopics(cluster, specs, self.name, folder, options)
        self._ahead = RecordsAhead()
        self._writer: TopicWriter | None = None
        self._sealed = self._published = 0
        self._mark: Mark = {}
        self._open = False

    def recover(self, committed: int, mark: Mark) -> None:
        """Make the topics that are missing, learn what is in them already. DestinationError if they cannot be used."""
        # Made first: the client asks the broker for its producer id while the topics are read.
        options = self._options
        gathered = gathering(self._cluster, options.linger_ms)
        writer = TopicWriter(self._cluster, options.delivery_seconds, options.queue_messages, **gathered)
        self._own.recover(committed, mark, self._found)
        if self._ahead:
            LOG.info("%d records are in the topics already and will not be sent again", len(self._ahead))
        self._mark = self._own.seal({}, self._ahead.first())
        self._sealed = self._published = committed
        self._writer = writer

    def write(self, packet: Packet) -> None:
        """Send the packet's records. DestinationError if one sent now or before was refused."""
        writer = self._started()
        self._open = True
        for table, lines in packet.lines.items():
            if table not in self._topic:
                continue
            if table == DEAD_LETTERS:
                self._send_dead_letters(writer, lines)
            elif self._ahead:
                self._send_unless_ahead(writer, table, lines)
            else:
                self._send(writer, table, lines)
        writer.poll()

    def seal(self, epoch: int) -> Mark:
        """Wait until the brokers have everything; the mark is where each partition goes on."""
        writer = self._started()
        writer.flush()
        given_up = self._ahead.end_epoch()
        if given_up:
            LOG.warning(
                "%d records that lie in the topics behind the last commit were not made again: they come from several "
                "ends in a row without a commit, or from a run with another program or another input", given_up,
            )  # fmt: skip
        self._mark = self._own.seal(writer.offsets(), self._ahead.first() if self._ahead else {})
        self._sealed, self._open = epoch, False
        return self._mark

    def publish(self, epoch: int) -> None:
        """Nothing to show that is not shown: say it if a record was refused meanwhile."""
        self._published = epoch
        self._started().poll()

    def idle(self) -> None:
        """Say it if a record was refused meanwhile."""
        self._started().poll()

    def close(self) -> None:
        """Wait for the deliveries; after a clean end note that the topics are at rest."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()
            if not self._open and self._published == self._sealed:
                self._own.rest(self._sealed, self._mark)

    def _send(self, writer: TopicWriter, table: str, lines: bytes) -> None:
        topic, headers, send = self._topic[table], self._headers[table], writer.send
        for line in lines.split(b"\n"):
            if line:
                send(topic, None, key_of(line), line, headers)

    def _send_unless_ahead(self, writer: TopicWriter, table: str, lines: bytes) -> None:
        kept = [line for line in lines.split(b"\n") if line and not self._ahead.take(fingerprint(table, line))]
        self._send(writer, table, b"\n".join(kept))

    def _send_dead_letters(self, writer: TopicWriter, lines: bytes) -> None:
        for line in lines.split(b"\n"):
            if line:
                letter = LETTER.decode(line)
                raw = b64decode(letter.raw)
                place = f"{letter.topic}/{letter.partition}/{letter.offset}".encode()
                if not self._ahead.take(fingerprint(DEAD_LETTERS, raw, place)):
                    headers = self._headers[DEAD_LETTERS] + letter_headers(letter)
                    writer.send(self._topic[DEAD_LETTERS], None, None, raw, headers)

    def _found(self, message: Message) -> bool:
        """Note a record that no commit counts; False if another worker, or somebody else, has written it."""
        table = (header(message, "record") or b"").decode(errors="replace")
        if table not in self._topic:
            return False
        place = b""
        if table == DEAD_LETTERS:
            place = b"/".join(header(message, part) or b"" for part in ("topic", "partition", "offset"))
        elif header(message, "process") != self._process:
            return False
        at = Place(message.topic() or "", message.partition() or 0)
        self._ahead.add(fingerprint(table, message.value() or b"", place), at, message.offset() or 0)
        return True

    def _started(self) -> TopicWriter:
        assert self._writer is not None, "recover comes first, nothing comes after close"
        return self._writer


def key_of(line: bytes) -> bytes | None:
    """Give the member of a record; an alert may be about none."""
    found = line.find(MEMBER_ID)
    if found < 0:
        return None
    start = found + len(MEMBER_ID)
    return line[start : line.index(b'"', start)]


def topic_of(options: OutOptions, table: str) -> str:
    """Give the topic of a table's records."""
    stem = RECORDS if options.mode == "one" and table != DEAD_LETTERS else table
    return f"{options.prefix}.{stem}"


def record_headers(table: str) -> Headers:
    """Say of which table a record is, so that one topic may hold several."""
    return [("record", table.encode()), ("schema", SCHEMA)]


def letter_headers(letter: DeadLetter) -> Headers:
    """Say why a line was rejected and where it came from."""
    said = {
        "reason": letter.reason, "detail": letter.detail, "topic": letter.topic, "partition": letter.partition,
        "offset": letter.offset, "log_time_us": letter.log_time_us,
    }  # fmt: skip
    return [(name, str(value).encode()) for name, value in said.items()]


def fingerprint(table: str, value: bytes, place: bytes = b"") -> int:
    """Tell records apart; `place` is where a dead letter came from, whose bytes alone may repeat."""
    return xxh3_128_intdigest(value + place, seed=SEEDS[table])
