"""Lives of a worker: run to the end in this process, or in one of its own that may be killed anywhere."""

import gc
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Final

from balanza.running import Request, execute, prepared
from balanza.summary import Summary, summarise
from config.loader import load_program
from config.program import Program
from config.settings import Settings

ROOT: Final = Path(__file__).parents[2]
CORNER_SHOP: Final = ROOT / "config" / "programs" / "corner_shop.yaml"
EXAMPLE: Final = ROOT / "examples" / "online_retail"
LIFE_SECONDS_MAX: Final = 120.0


def settings(**changed: object) -> Settings:
    """Short epochs, all records kept, no metrics page."""
    return Settings.model_validate({"metrics_port": 0, "keep_records": True, "epoch_seconds": 0.2, **changed})


def edited(program: Path, folder: Path, *edits: tuple[str, str]) -> Path:
    """A program with some of its text replaced, each in the one place where it stands, as a file."""
    text = program.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "program.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def live(
    log: Path, out: Path, chosen: Settings | None = None, program: Program | None = None, *, fresh: bool = False,
    until_us: int | None = None,
) -> Summary:  # fmt: skip
    """Run to the end of the log and give the summary."""
    request = Request(
        program or load_program(CORNER_SHOP), log, out, chosen or settings(), fresh=fresh, until_us=until_us
    )
    with prepared(request) as run:
        execute(run)
        summary = summarise(run)
    del run
    gc.collect()  # RocksDB lets go of its folder when the last object does
    return summary


class Life:
    """A process that runs to the end of the log, unless it is killed or kills itself (`doomed` arranges that)."""

    _context = multiprocessing.get_context("forkserver")

    def __init__(
        self, log: Path, out: Path, chosen: Settings, doomed: Callable[[], None] | None = None,
        program: Path = CORNER_SHOP,
    ) -> None:  # fmt: skip
        self._context.set_forkserver_preload([__name__, "tests.flow.dooms"])
        self._process = self._context.Process(target=_life, args=(log, out, chosen, doomed, program))
        self._process.start()

    def end(self, after_seconds: float | None = None) -> int:
        """Wait for the end, or kill the process after some seconds; gives the exit status, -9 for a killed one."""
        self._process.join(LIFE_SECONDS_MAX if after_seconds is None else after_seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
            assert after_seconds is not None, "the worker hangs"
        status = self._process.exitcode
        self._process.close()
        assert status is not None
        return status


def _life(log: Path, out: Path, chosen: Settings, doomed: Callable[[], None] | None, program: Path) -> None:
    if doomed is not None:
        doomed()
    live(log, out, chosen, load_program(program))
