"""A station in the engine: one key a worker, a batch travels as one item, the snapshot is a checkpoint's number.

A `Host` is a machine with its state. It is made when the first batch comes (the engine builds resumed logics before new
ones, and only then is it known which checkpoint counts) and handed one batch at a time, in order.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from bytewax.operators import KeyedStream, StatefulBatchLogic, stateful_batch

ONE_KEY = "0"

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)
In = TypeVar("In")
Out = TypeVar("Out")


class Host(Protocol[In_contra, Out_co]):
    """A machine with its durable state."""

    def work(self, batch: In_contra, /) -> Out_co:
        """Apply a batch and give what goes on to the next station."""

    def save(self) -> int:
        """End the epoch: make the state durable and give the checkpoint's number."""


class Station(StatefulBatchLogic[In, Out, int], Generic[In, Out]):
    """The engine's side of a host."""

    def __init__(self, open_host: Callable[[int], Host[In, Out]], number: int | None, note: Callable[[float], None]):
        self._open_host = open_host
        self._number = number or 0
        self._host: Host[In, Out] | None = None
        self._note_epoch_seconds = note

    def on_batch(self, values: list[In]) -> tuple[Iterable[Out], bool]:
        """Hand the batches to the machine."""
        if self._host is None:
            self._host = self._open_host(self._number)
        work = self._host.work
        return [work(value) for value in values], False

    def on_notify(self) -> tuple[Iterable[Out], bool]:
        """Do nothing: timers are the log's, never the engine's."""
        return [], False

    def on_eof(self) -> tuple[Iterable[Out], bool]:
        """Keep the state: the log may grow, and the next run goes on."""
        return [], False

    def notify_at(self) -> datetime | None:
        """Never wake by system time."""
        return None

    def snapshot(self) -> int:
        """Give the number of the checkpoint that holds the state of this epoch."""
        if self._host is not None:
            began = time.perf_counter()
            self._number = self._host.save()
            self._note_epoch_seconds(time.perf_counter() - began)
        return self._number


def station(
    name: str,
    stream: KeyedStream[In],
    open_host: Callable[[int], Host[In, Out]],
    note_epoch_seconds: Callable[[float], None],
) -> KeyedStream[Out]:
    """Put a host into the flow under a stable name (the name is part of the state's address: never rename it)."""
    return stateful_batch(name, stream, lambda number: Station(open_host, number, note_epoch_seconds))
