"""The command line as a user calls it, each call a process of its own, quick because the imports are done before."""

import codecs
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.flow.lives import CORNER_SHOP

ENDS_SECONDS_MAX: Final = 120.0
PATIENCE_SECONDS: Final = 90.0      # with a machine that has other things to do
NOBODY: Final = 65534


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class Command:
    """`balanza …` in a process; as a context it is killed at the end if it still runs."""

    _context = multiprocessing.get_context("forkserver")

    def __init__(
        self, tmp_path: Path, *arguments: object, environ: Mapping[str, str] | None = None, as_nobody: bool = False
    ) -> None:
        self._context.set_forkserver_preload(["tests.flow.lives", "tests.flow.dooms", __name__])
        number = len(list(tmp_path.glob("out.*")))
        self._out, self._err = tmp_path / f"out.{number}", tmp_path / f"err.{number}"
        self._out.touch()
        plain = [str(argument) for argument in arguments]
        self._process = self._context.Process(
            target=_command, args=(plain, self._out, self._err, dict(environ or {}), as_nobody)
        )
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError):  # it has ended and was closed
            self._process.kill()
            self._process.join()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.is_alive()

    def ended(self) -> Ended:
        """Wait for the end."""
        self._process.join(ENDS_SECONDS_MAX)
        status = self._process.exitcode
        assert status is not None, self._err.read_text()
        self._process.close()
        return Ended(status, self._out.read_text(), self._err.read_text())


def run_options(log: Path, out: Path, *more: object, program: Path = CORNER_SHOP) -> list[object]:
    """The arguments of a run whose summary is JSON, without progress and metrics."""
    return ["run", "-p", program, "-i", log, "-o", out, "--json", "--quiet", "--metrics-port", 0, *more]


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Look again until something holds; an assertion fails when it takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.05)


def _command(arguments: list[str], out: Path, err: Path, environ: dict[str, str], as_nobody: bool) -> None:
    os.environ.update(environ)
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        file = path.open("wb")
        os.dup2(file.fileno(), stream.fileno())
    from balanza.cli import app, load  # noqa: PLC0415  as a user's process does

    load("run")
    codecs.lookup("utf-8-sig")  # nobody may not be allowed to read the interpreter's own files
    if as_nobody and os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    sys.argv = ["balanza", *arguments]
    app(arguments, prog_name="balanza")
