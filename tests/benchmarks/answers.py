"""How a child process answers: JSON lines on stdout."""

import resource
import sys

import msgspec

from tests.benchmarks.tasks import Task

KIB_PER_MB = 1024   # ru_maxrss is in KiB on Linux


def task() -> Task:
    """What this process was asked to do."""
    return msgspec.json.decode(sys.argv[1], type=Task)


def answer(message: object) -> None:
    """Print a line for the parent."""
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.flush()


def peak_mb() -> float:
    """The largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB
