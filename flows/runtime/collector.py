"""The cyclic garbage collector, tamed: state structs hold no cycles, and scanning millions of them is wasted time.

Automatic collection is off while a flow runs; what cycles there are (exceptions, library objects) is collected at an
epoch's end, once a minute at most. Only what was made since the last time is scanned then, so that the pause follows
what is new and not how much is held (docs/performance.md). Once a day everything is.
"""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

SECONDS_BETWEEN = 60.0
SECONDS_BETWEEN_ALL = 86_400.0
NEW, ALL = 0, 2
_last = _last_of_all = time.monotonic()


@contextmanager
def tamed() -> Iterator[None]:
    """Switch automatic collection off inside the block; what exists before it is not scanned there."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def collect_now_and_then() -> None:
    """Collect if the last time was long enough ago."""
    global _last, _last_of_all  # noqa: PLW0603  one collector a process, one clock for it
    now = time.monotonic()
    if now - _last_of_all >= SECONDS_BETWEEN_ALL:
        _last = _last_of_all = now
        gc.collect(ALL)
    elif now - _last >= SECONDS_BETWEEN:
        _last = now
        gc.collect(NEW)
