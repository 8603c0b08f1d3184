"""How a run is asked to stop."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from flows.runtime.stop import Stop


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Put the signal handlers back afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_only_sets_a_flag(number: int) -> None:
    """The flow goes on until it has saved; which signal it was is known."""
    stop = Stop()
    stop.listen()
    signal.raise_signal(number)
    assert stop.requested
    assert stop.by_signal == number
    assert stop.failure is None


def test_a_second_signal_ends_the_process_at_once() -> None:
    """Whoever is impatient gets what the system does without us."""
    program = (
        "import signal\nfrom flows.runtime.stop import Stop\nstop = Stop()\nstop.listen()\n"
        "signal.raise_signal(signal.SIGTERM)\nprint('first', flush=True)\n"
        "signal.raise_signal(signal.SIGTERM)\nprint('second', flush=True)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stdout == "first\n"
    assert ended.returncode == -signal.SIGTERM


def test_the_first_failure_counts() -> None:
    """What comes after it is mostly its consequence."""
    stop = Stop()
    first = ValueError("first")
    stop.fail(first)
    stop.fail(ValueError("second"))
    assert stop.requested
    assert stop.failure is first
    assert stop.by_signal is None
