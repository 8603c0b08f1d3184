"""Lives of a destination on Kafka: each in a process of its own, ended at a step of its own or at any moment.

A step is a call to the producer or to the broker, or a file operation; before the step of a given number the process
ends, as by SIGKILL, with whatever was under way to the broker.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable, Collection
from pathlib import Path

from confluent_kafka import Producer

from connectors.kafka.cluster import Cluster
from schemas.log import Place
from sinks.destination import Destination
from tests.sinks.little_engine import FILE_OPERATIONS, KILLED, Epochs, Store, drive

FAILED = 1
STEP = "balanza.step"
DELIVERED_SECONDS = 0.15  # at half of the steps: what was sent is delivered before the end
HALF = 2
Make = Callable[[Cluster, Path, Store], Destination]


class SteppedProducer:
    """A producer each call of which is a step."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def __getattr__(self, name: str) -> object:
        whole = getattr(self._producer, name)

        def stepped(*arguments: object, **named: object) -> object:
            sys.audit(STEP, name)
            return whole(*arguments, **named)

        return stepped


class SteppedCluster(Cluster):
    """A cluster whose clients and answers are steps."""

    def producer(self, **extra: object) -> Producer:
        return SteppedProducer(super().producer(**extra))  # type: ignore[return-value]  # it does what one does

    def end_offsets(self, places: Collection[Place]) -> dict[Place, int]:
        sys.audit(STEP, "end offsets")
        return super().end_offsets(places)


def die_at(step: int, folder: Path) -> None:
    """From now on the process dies instead of doing its step of that number."""
    done = 0

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event == STEP or (event in FILE_OPERATIONS and str(arguments[0]).startswith(str(folder))):
            done += 1
            if done == step:
                time.sleep(DELIVERED_SECONDS * (step % 4 < HALF))
                os._exit(KILLED)

    sys.addaudithook(audit)


def live(make: Make, bootstrap: str, folder: Path, epochs: Epochs, killed_at: int | None = None) -> int:
    """Exit status of a life: a fork drives the destination to its death or end."""
    folder.mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        cluster = SteppedCluster({"bootstrap.servers": bootstrap})
        if killed_at is not None:
            die_at(killed_at, folder)
        drive(folder, lambda at, store: make(cluster, at, store), epochs)
    except BaseException:  # noqa: BLE001  a fork must never return into the code of its parent
        traceback.print_exc()
        os._exit(FAILED)
    os._exit(0)

