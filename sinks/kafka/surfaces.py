"""The members' documents as a compacted topic: whoever follows it has the present of every member.

When documents are made is decided as for SQLite (`sinks/surfaces.py`): every `flush_seconds` while live, when the input
pauses, at the close, when names would fill the memory; an epoch that ends between two flushes leaves the names of who
changed in a note. A note is settled at the first end of an epoch at which the brokers have the documents.

The topic may run ahead of the commit. What comes again after a crash comes in the same versions: a start reads the
versions that lie behind the mark, and an older or equal one is not sent. So a consumer never sees a member go back, and
the last record of a key is the member's present, or null for one that is gone.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from confluent_kafka import Message

from connectors.kafka.cluster import Cluster
from connectors.kafka.topics import COMPACTED, SURFACES, TopicSpec
from schemas.log import Place
from schemas.records import Packet
from sinks.destination import Mark
from sinks.document import DocumentOf
from sinks.kafka.ahead import SurfacesAhead
from sinks.kafka.options import OutOptions
from sinks.kafka.topics import OwnTopics, header
from sinks.kafka.writer import TopicWriter, gathering
from sinks.surface_rows import SurfaceFiles, blocks, load_blocks
from sinks.surfaces import NAMES_MAX, REST, STATES_MAX, Changes

SCHEMA: Final = b"1"
NOTES: Final = "kafka_surfaces.pending"


class SurfaceTopic:
    """`<prefix>.surfaces`: the member's id as key, the document as value, its version as a header."""

    name = "kafka_surfaces"

    def __init__(
        self,
        cluster: Cluster,
        folder: Path,
        options: OutOptions,
        document: DocumentOf,
        *,
        flush_seconds: float | None = None,
        load: Callable[[str], object | None] | None = None,
        is_ours: Callable[[str], bool] | None = None,
    ) -> None:
        """`document`, `flush_seconds` and `load` as in `sinks.surfaces.Surfaces`; `folder` is the deployment's.

        `is_ours` tells members of this process from those of other workers that write the same topic.
        """
        self._cluster = cluster
        self._options = options
        self._topic = f"{options.prefix}.{SURFACES}"
        self._document = document
        self._load = load
        self._is_ours = is_ours
        self._flush_seconds = float("inf") if flush_seconds is None else flush_seconds
        self._next_flush = time.monotonic() + self._flush_seconds
        spec = TopicSpec(self._topic, options.partitions, COMPACTED)
        self._own = OwnTopics(cluster, [spec], self.name, folder, options)
        self._notes = SurfaceFiles(folder / NOTES)
        self._ahead = SurfacesAhead()
        self._waiting = Changes()  # of sealed epochs, in no flush yet
        self._epoch = Changes()  # of the open epoch
        self._left: list[str] | None = None  # who had no document at the last flush; None: no flush since the last seal
        self._writer: TopicWriter | None = None
        self._sealed = self._published = 0
        self._open = False

    def recover(self, committed: int, mark: Mark) -> None:
        """Learn what the topic shows already, and whose documents were not made. DestinationError if that fails."""
        options = self._options
        gathered = gathering(self._cluster, options.linger_ms)
        writer = TopicWriter(self._cluster, options.delivery_seconds, options.queue_messages, **gathered)
        self._own.recover(committed, mark, self._found)
        self._notes.recover(committed)
        for note in self._notes.notes():
            for block in load_blocks(note):
                self._waiting.add(dict.fromkeys(block.touched), block.gone, ())
        self._sealed = self._published = committed
        self._writer = writer

    def write(self, packet: Packet) -> None:
        """Note who was touched and who is gone; send their documents if it is time."""
        touched = packet.touched if self._load is None else dict.fromkeys(packet.touched)
        self._epoch.add(touched, packet.gone, ())
        self._open = True
        waiting = len(self._waiting.touched) + len(self._epoch.touched)
        if waiting >= (STATES_MAX if self._load is None else NAMES_MAX) or time.monotonic() >= self._next_flush:
            self._flush()
        self._started().poll()

    def seal(self, epoch: int) -> Mark:
        """When this returns, what the epoch changed survives the process: as documents in the topic, or as names."""
        if self._load is None:
            self._flush()
        self._settle()
        if self._epoch:
            self._notes.save_note(epoch, blocks(sorted(self._epoch.gone), self._epoch.touched))
            self._end_epoch()
        self._ahead.end_epoch()
        self._sealed, self._open = epoch, False
        return self._mark()

    def publish(self, epoch: int) -> None:
        """Nothing to show that is not shown: say it if a document was refused meanwhile."""
        self._published = epoch
        self._started().poll()

    def idle(self) -> None:
        """Send, so that what came last is shown without waiting for more to come."""
        self._flush()
        self._started().poll()

    def close(self) -> None:
        """Send the documents that are left, wait until the brokers have them. The states must still be there."""
        if self._writer is None:
            return
        at_rest = not self._open and self._published == self._sealed
        try:
            self._flush()
            self._settle()
            mark = self._mark()
        finally:
            writer, self._writer = self._writer, None
            writer.close()
        if at_rest:
            self._own.rest(self._sealed, mark)

    def _end_epoch(self) -> None:
        """What the open epoch changed so far joins what waits for a flush."""
        self._waiting.add(self._epoch.touched, self._epoch.gone, ())
        self._epoch = Changes()

    def _settle(self) -> None:
        """Once the brokers have the flushes, the notes that these have made documents of are of no use."""
        self._started().flush()
        if self._left is not None:
            self._notes.settle_notes(self._left)
            self._left = None

    def _mark(self) -> Mark:
        return self._own.seal(self._started().offsets(), self._ahead.first() if self._ahead else {})

    def _flush(self) -> None:
        began = time.monotonic()
        self._end_epoch()
        if self._waiting:
            changes, self._waiting = self._waiting, Changes()
            for member_id in sorted(changes.gone):
                if not self._ahead.hide(member_id):
                    self._started().send(self._topic, None, member_id.encode(), None)
            self._left = [member_id for member_id, state in changes.touched.items() if not self._show(member_id, state)]
            self._epoch.add(dict.fromkeys(self._left), (), ())
        now = time.monotonic()
        self._next_flush = now + max(self._flush_seconds, REST * (now - began))

    def _show(self, member_id: str, state: object | None) -> bool:
        """Send a member's document unless the topic has it; False if there is none, or not yet.

        A member that the topic calls gone stays so until it goes again: what comes before that is its past.
        """
        if self._load is not None:
            state = None if self._ahead.hides(member_id) else self._load(member_id)
            if state is None:
                return False
        version, text = self._document(member_id, state)
        if not self._ahead.has(member_id, version):
            headers: list[tuple[str, str | bytes | None]] = [("version", b"%d" % version), ("schema", SCHEMA)]
            self._started().send(self._topic, None, member_id.encode(), text, headers)
        return True

    def _found(self, message: Message) -> bool:
        """Note what the topic shows though no commit counts it; False if it was sent by another worker, or somebody."""
        member_id = (message.key() or b"").decode()
        if self._is_ours is not None and not self._is_ours(member_id):
            return False
        version = header(message, "version")
        if version is None and message.value() is not None:
            return False
        place = Place(message.topic() or "", message.partition() or 0)
        self._ahead.add(member_id, None if version is None else int(version), place, message.offset() or 0)
        return True

    def _started(self) -> TopicWriter:
        assert self._writer is not None, "recover comes first, nothing comes after close"
        return self._writer
