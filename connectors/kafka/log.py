"""Topics of a Kafka cluster as one ordered log.

The order is `order.py`'s. This module moves it on with what the fetcher gives and the fences prove, and turns runs into
batches of rows. Nothing here waits longer than some milliseconds, except at the start. A read takes what the order
gives; if that is too little, it fetches and takes again.
"""

import time
from collections.abc import Sequence
from typing import Final

from connectors.kafka.beginning import begin
from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.events import Carrier, RowDecoder
from connectors.kafka.exceptions import Exceptions
from connectors.kafka.fences import BEAT_SECONDS, Fences
from connectors.kafka.fetch import Fetcher
from connectors.kafka.options import KafkaLogOptions
from connectors.kafka.order import NO_FLOOR, Floor, Late, Order, Run
from connectors.kafka.progress import KafkaProgress, PlaceProgress
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Place

READ_SECONDS: Final = 0.02
WAIT_SECONDS: Final = 0.004


class KafkaLog:
    """Read with `read()` until `ended`; `progress()` after a batch is what a later reader is handed to go on."""

    def __init__(
        self, cluster: Cluster, topics: Sequence[str], decoder: EventDecoder, options: KafkaLogOptions,
        progress: KafkaProgress | None,
    ) -> None:  # fmt: skip
        """Check the topics and read the exceptions; waits for the cluster.

        Raises:
            KafkaUnusable: no answer, a topic is missing, or the user may not do what is needed.
            LogDamaged: a topic is not the one that was read before.

        """
        self.options = options
        self.ended = False
        self.damages: list[str] = []
        self.unfinished: dict[str, int] = {}
        self.exceptions_written = 0
        places, self._ids = begin(cluster, topics, options, progress)
        self._exceptions = Exceptions(
            cluster, options.exceptions_topic, options.deployment, write=options.write_exceptions
        )
        self._order = _order(options, progress, places, self._exceptions.load(self._ids))
        self.fetcher = Fetcher(cluster, self._order, options, self._late)
        self._fences = Fences(cluster, self._order, options, self._ids, self.fetcher.join)
        if not options.follow:
            self._fences.ends = cluster.end_offsets(self._order.lanes)
            self._order.bound(self._fences.ends)
        self._beat_at = 0.0
        self._said_farewell = False
        self._handed: KafkaProgress | None = None
        self._rows = RowDecoder(decoder, options.future_skew_us)
        self._trouble: KafkaUnusable | None = None

    def read(self) -> LogBatch | None:
        """Give the next batch; None when there is nothing now (`ended` tells whether there will be).

        Raises:
            KafkaUnusable: the broker is away for too long, or something is not permitted.
            LogDamaged: records are gone or corrupt, or a topic is another one; `progress` still tells where we stood.

        """
        if self.ended:
            return self._farewell()
        if self._trouble is not None:
            raise self._trouble
        until = time.monotonic() + READ_SECONDS
        while True:
            self._fences.keep_up()
            runs = self._take(until)
            if runs:
                rows, blank = self._rows.rows(runs)
                return LogBatch(rows, None, blank, self.options.wall())
            if self._order.ended and self._exceptions.settled():
                self.ended = True
                return self._farewell()
            if self.fetcher.damage is not None and self._exceptions.settled():
                raise self.fetcher.damage
            if time.monotonic() >= until:
                return self._tick()
            self.fetcher.fetch(WAIT_SECONDS)

    def _take(self, until: float) -> list[Run[Carrier]]:
        """Take a batch, fetching as long as there is something to fetch at once, until that time at the latest."""
        if not self._exceptions.settled():
            return []
        count = self.options.batch_lines
        runs: list[Run[Carrier]] = []
        while count > 0:
            more = self._order.take(count)
            runs += more
            count -= sum(len(run.times) for run in more)
            if count <= 0:
                break
            self.fetcher.resume()
            try:
                more_comes = self.fetcher.fetch(0) and self._exceptions.settled()
            except KafkaUnusable as trouble:
                if not runs:
                    raise
                self._trouble = trouble  # told at the next read: what is taken already must be given first
                break
            if not more_comes or time.monotonic() >= until:
                break
        return runs

    def _farewell(self) -> LogBatch | None:
        """Give, once at the end of a bounded log, the clock: timers fire up to the log's last time."""
        if self._said_farewell:
            return None
        self._said_farewell = True
        return LogBatch([], self._order.reached_us, 0, self.options.wall())

    def _tick(self) -> LogBatch | None:
        """Move the clock on when all is read and a timer waits for it, or somebody wants to know."""
        clock_us = self._order.idle_clock_us()
        if clock_us is None or not self._exceptions.settled():
            return None
        now, due_us = self.options.wall(), self.options.next_due_us()
        is_due = due_us is not None and due_us <= clock_us
        if not is_due and not (self.options.beat_clock and now - self._beat_at >= BEAT_SECONDS):
            return None
        self._beat_at = now
        self._order.pass_clock(clock_us)
        return LogBatch([], clock_us, 0, now)

    def _late(self, late: Late) -> None:
        """Write an exception down."""
        topic = late.place.topic
        self._exceptions.append(late, self._ids[topic])
        self.exceptions_written += self.options.write_exceptions
        self._fences.late(late, by_sender=self.fetcher.by_sender(topic))

    # what others ask

    def progress(self) -> KafkaProgress:
        """Give what to go on from; nothing in it changes later. What was given before is committed by now."""
        if self._handed is not None:
            self.fetcher.commit(self._handed.offsets())
        order, floor = self._order, self._order.floor
        places = [
            PlaceProgress(place.topic, place.partition, lane.next_offset, lane.taken_us, self._ids[place.topic])
            for place, lane in order.lanes.items()
        ]
        self._handed = KafkaProgress(places, floor.log_us, *floor.place, order.reached_us)
        return self._handed

    @property
    def turns(self) -> int:
        """How many exceptions to the order this process has written down."""
        return self.exceptions_written

    @property
    def records_read(self) -> int:
        """How many records came from the broker."""
        return self.fetcher.read

    @property
    def gaps_skipped(self) -> int:
        """How many records were deleted before they were read, and passed over."""
        return self.fetcher.gaps_skipped

    def lag(self) -> dict[Place, int]:
        """Give how many offsets each partition's next record stands before the last known end."""
        lanes = list(self._order.lanes.items())
        return {place: max(0, self._fences.ends.get(place, 0) - lane.next_offset) for place, lane in lanes}

    def away_seconds(self) -> float:
        """Give for how long the broker has been away since the start."""
        return self._fences.outage.seconds(self.options.wall())

    def unread_bytes(self) -> int:
        """Give 0: what is unread is counted in records, see `lag`."""
        return 0

    def close(self) -> None:
        """Leave the broker."""
        if self._handed is not None and not self._fences.outage.under_way:
            self.fetcher.commit(self._handed.offsets())
        self._exceptions.close()
        self.fetcher.close()


def _order(
    options: KafkaLogOptions, progress: KafkaProgress | None, places: Sequence[PlaceProgress],
    given: dict[Place, dict[int, int]],
) -> Order[Carrier]:  # fmt: skip
    floor, reached_us = NO_FLOOR, 0
    if progress is not None:
        floor = Floor(progress.floor_us, Place(progress.floor_topic, progress.floor_partition))
        reached_us = progress.reached_us
    order: Order[Carrier] = Order(floor, reached_us, options.until_us)
    for one in places:
        order.join(one.place, one.offset, one.reached_us, given.get(one.place))
    return order
