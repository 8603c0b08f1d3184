"""Lives of processes of a deployment on Kafka; in this process, or in one of its own that may be killed."""

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from balanza.running import KafkaInput, Request, Role, execute, prepared
from balanza.summary import Summary, summarise
from config.loader import load_program
from config.settings import Settings
from tests.flow.lives import CORNER_SHOP, settings

LIFE_SECONDS_MAX = 240.0
KILLED = -9


@dataclass(frozen=True)
class Part:
    """A process of a deployment: what it is asked to do."""

    bootstrap: str
    prefix: str
    out: Path
    topics: tuple[str, ...] = ()
    role: Role = Role.RUN
    groups: tuple[int, ...] | None = None
    follow: bool = False
    program: Path = CORNER_SHOP
    replay: bool = False

    def request(self, chosen: Settings | None = None) -> Request:
        """The request that the command line would make."""
        chosen = chosen or settings()
        chosen = chosen.model_copy(update={"prefix": self.prefix, "topic_partitions": 4})
        source = KafkaInput({"bootstrap.servers": self.bootstrap}, self.topics)
        return Request(load_program(self.program), source, self.out, chosen, self.follow, role=self.role,
                       groups=self.groups, replay=self.replay, shadow=self.replay)


def live(part: Part, chosen: Settings | None = None, *, listen: bool = False) -> Summary:
    """Run to the end of the topics (or, if it listens, until a signal) and give the summary."""
    with prepared(part.request(chosen)) as run:
        if listen:
            run.stop.listen()
        execute(run)
        summary = summarise(run)
        assert run.stop.failure is None, run.stop.failure
    del run
    gc.collect()  # RocksDB lets go of its folder when the last object does
    return summary


class Life:
    """A process that runs to the end of its topics, unless it is killed."""

    _context = multiprocessing.get_context("forkserver")

    def __init__(self, part: Part, chosen: Settings | None = None, doomed: Callable[[], None] | None = None) -> None:
        self._context.set_forkserver_preload([__name__, "tests.flow.dooms"])
        self._process = self._context.Process(target=_life, args=(part, chosen, doomed))
        self._process.start()

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    def join(self, seconds: float) -> None:
        """Let it live for so long."""
        self._process.join(seconds)

    def stop(self) -> None:
        """Ask it to end cleanly."""
        with suppress(ProcessLookupError):
            os.kill(self._process.pid or 0, signal.SIGTERM)

    def end(self, after_seconds: float | None = None) -> int:
        """Wait for the end, or kill the process after some seconds; gives the exit status, -9 for a killed one."""
        self._process.join(LIFE_SECONDS_MAX if after_seconds is None else after_seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
            assert after_seconds is not None, "the process hangs"
        status = self._process.exitcode
        self._process.close()
        assert status is not None
        return status


def _life(part: Part, chosen: Settings | None, doomed: Callable[[], None] | None) -> None:
    if doomed is not None:
        doomed()
    live(part, chosen, listen=True)
