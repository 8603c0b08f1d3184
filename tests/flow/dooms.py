"""How a worker ends itself: by SIGKILL at the n-th call of one of its own functions, before or after it."""

import importlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

When = Literal["before", "after"]


@dataclass(frozen=True)
class Doom:
    """Kills the process at call `nth` of `name`: `module:function` or `module:Class.method`, threads included."""

    name: str
    nth: int
    when: When

    def __call__(self) -> None:
        """Arrange it in this process."""
        module, _, path = self.name.partition(":")
        owner, _, attribute = path.rpartition(".")
        target: Any = importlib.import_module(module)
        if owner:
            target = getattr(target, owner)
        plain, calls = getattr(target, attribute), [0]

        def doomed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  stands for any function
            calls[0] += 1
            number = calls[0]
            if number == self.nth and self.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = plain(*args, **kwargs)
            if number == self.nth:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(target, attribute, doomed)


def half_an_engine() -> None:
    """Kill the process while the engine's own store is made, before all of its files are there."""
    engine: Any = importlib.import_module("flows.runtime.engine")
    make = engine.init_db_dir

    def doomed(folder: Path, count: int) -> None:
        make(folder, count)
        files = sorted(folder.iterdir())
        for path in files[len(files) // 2 :]:
            path.unlink()
        os.kill(os.getpid(), signal.SIGKILL)

    engine.init_db_dir = doomed
