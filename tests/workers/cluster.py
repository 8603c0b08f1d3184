"""A deployment of several processes in one loop: a stitcher, member workers, and the topics between them as lists.

Who reads what, and when, is drawn at random; a worker can be killed and goes on from its last epoch.
"""

import gc
import json
import random
from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import count, pairwise
from pathlib import Path

import msgspec

from config.program import Program
from connectors.stitched.order import StitchedOrder
from connectors.stitched.progress import StitchedProgress
from flows.moving import Rest, copy_rows, drop_rows, left, open_store, received
from flows.moving import Worker as Moving
from flows.stations import Wiring
from flows.workers import RoutingHost, WorkerHost
from schemas.groups import group_number
from schemas.handed import HANDOVERS, STITCHED, decode_copy, decode_handed
from schemas.log import LogBatch, Row
from schemas.records import Packet, Post
from tests.workers.told import Told

GROUPS = 16
NUMBERS = count()


class Topics:
    """Messages by topic and partition."""

    def __init__(self) -> None:
        self.messages: dict[tuple[str, int], list[bytes]] = defaultdict(list)

    def post(self, posts: Iterable[Post]) -> None:
        """Append messages; one without a value says that an earlier one is of no use any more."""
        for post in posts:
            if post.value is not None:
                self.messages[post.topic, post.partition].append(post.value)


class Stitcher:
    """Reads rows in batches, writes the topic `stitched`."""

    def __init__(self, program: Program, topics: Topics, partitions: int, folder: Path | None = None) -> None:
        self._host = RoutingHost(Wiring(program, folder, GROUPS, partitions=partitions), 0)
        self._topics = topics
        self.told = Told()

    def work(self, rows: list[Row], clock_us: int | None = None) -> None:
        """Stitch a batch."""
        packet = self._host.work(LogBatch(rows, clock_us, 0, 0.0))
        self._topics.post(packet.posts)
        self.told.take(packet)


class Worker:
    """Has some of the groups; `epoch` makes what it did durable, `kill` forgets what it did since."""

    def __init__(self, program: Program, topics: Topics, ours: Collection[int], partitions: int, folder: Path) -> None:
        self._program, self._topics, self.ours, self._partitions = program, topics, ours, partitions
        self.folder = folder
        self._saved: tuple[int, bytes] = (0, msgspec.msgpack.encode(StitchedProgress()))
        self.told = Told()
        self.waited = 0
        self._uncommitted: list[tuple[Packet, int]] = []
        self.start()

    def start(self) -> None:
        """Go on from the last epoch."""
        number, packed = self._saved
        self.progress = msgspec.msgpack.decode(packed, type=StitchedProgress)
        ours = frozenset(self.ours)
        wiring = Wiring(self._program, self.folder / "state", GROUPS, ours=ours, partitions=self._partitions)
        self._host = WorkerHost(wiring, number)
        self._order = StitchedOrder(ours, GROUPS, self._partitions, self.progress)
        self._read = dict.fromkeys(self._order.parts, 0) | self.progress.offsets
        self._uncommitted = []

    def behind(self) -> list[tuple[str, int]]:
        """The partitions that have messages for it."""
        return [
            (topic, place)
            for place in self._order.parts
            for topic, at in ((STITCHED, self._read[place]), (HANDOVERS, self.progress.copies.get(place, 0)))
            if at < len(self._topics.messages[topic, place])
        ]

    def read(self, topic: str, place: int) -> None:
        """Read the next message of a partition."""
        copies = []
        if topic == STITCHED:
            at = self._read[place]
            self._read[place] = at + 1
            self._order.add(place, at + 1, decode_handed(self._topics.messages[topic, place][at]))
        else:
            at = self.progress.copies.get(place, 0)
            self.progress.copies[place] = at + 1
            copy = decode_copy(self._topics.messages[topic, place][at])
            late = self._order.late(copy)
            if late is not None:
                copy.late = late
                copies = [copy]
        batch = self._order.take(copies)
        if batch is not None:
            packet = self._host.work(batch)
            self._topics.post(packet.posts)
            self._uncommitted.append((packet, next(NUMBERS)))
            self.waited = max(self.waited, self.waiting)

    def epoch(self) -> None:
        """End an epoch: what was said in it counts."""
        self._saved = (self._host.save(), msgspec.msgpack.encode(self.progress))
        for packet, at in self._uncommitted:
            self.told.take(packet, at)
        self._uncommitted = []

    def has(self, line: str) -> bool:
        """Whether a record of identity or of a member's version is about one of our members."""
        record = json.loads(line)
        about = (record["member_id"], record.get("other_member_id"), record.get("merged_into"))
        return any(one is not None and group_number(one, GROUPS) in self.ours for one in about)

    def moved(self, ours: Collection[int], checkpoint: int, progress: StitchedProgress) -> None:
        """Go on with other groups, from a state that a move made."""
        self.ours = ours
        self._saved = (checkpoint, msgspec.msgpack.encode(progress))
        self.start()

    def standing(self) -> Moving:
        """Let go of the state and say where the worker stands, to move groups from or to it."""
        self.epoch()
        del self._host
        gc.collect()
        return Moving(self.folder, self.ours, Rest(self._saved[0], self.progress), None)

    def kill(self) -> None:
        """Lose what was not committed, and start again."""
        del self._host
        gc.collect()  # RocksDB lets go of its folder when the last object does
        self.start()

    def restart(self, program: Program) -> None:
        """Go on from the last epoch with another program."""
        self._program = program
        self.kill()

    @property
    def waiting(self) -> int:
        """How many members, or groups, wait for another worker."""
        return len(self._host.handovers.waiting)


def run_some(draw: random.Random, workers: list[Worker], *, kills: float = 0.0, messages: int = 1 << 30) -> None:
    """Let the workers read in any order; now and then one ends an epoch, or is killed."""
    for _ in range(messages):
        choices = [(worker, place) for worker in workers for place in worker.behind()]
        if not choices:
            break
        worker, (topic, place) = draw.choice(choices)
        worker.read(topic, place)
        luck = draw.random()
        if luck < kills:
            worker.kill()
        elif luck < 0.1:
            worker.epoch()


def run_all(draw: random.Random, workers: list[Worker], *, kills: float = 0.0) -> None:
    """Let the workers read until nothing is left."""
    run_some(draw, workers, kills=kills)
    for worker in workers:
        assert worker.waiting == 0
        worker.epoch()


def move(giver: Worker, receiver: Worker, groups: Collection[int]) -> None:
    """Move groups from one worker, with all it has of them, to another."""
    one, other = giver.standing(), receiver.standing()
    goes_on, stays = received(other, one, groups, GROUPS), left(one, groups, GROUPS)
    from_store, to_store = open_store(one), open_store(other)
    copy_rows(from_store, to_store, groups, GROUPS)
    drop_rows(from_store, groups, GROUPS)
    numbers = from_store.checkpoint(), to_store.checkpoint()
    from_store.close()
    to_store.close()
    del from_store, to_store
    gc.collect()
    giver.moved(sorted(one.ours - set(groups)), numbers[0], stays)
    receiver.moved(sorted({*other.ours, *groups}), numbers[1], goes_on)


def ranges(parts: int) -> list[range]:
    """Cut the groups into so many parts."""
    edges = [GROUPS * at // parts for at in range(parts + 1)]
    return [range(low, high) for low, high in pairwise(edges)]
