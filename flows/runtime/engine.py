"""Runs a dataflow in this process with recovery: the one place that starts the engine."""

import shutil
from datetime import timedelta
from pathlib import Path

from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

RECOVERY_PARTITIONS = 8
Flow = Dataflow


def run_flow(flow: Flow, folder: Path, epoch_seconds: float) -> None:
    """Run to the end of the input (or a clean stop); offsets and checkpoint numbers are kept in `folder`.

    One worker, in the calling thread, so that signal handlers run. Raises what a station raised.
    """
    if not any(folder.iterdir()):
        _make(folder)
    run_main(flow, epoch_interval=timedelta(seconds=epoch_seconds), recovery_config=RecoveryConfig(folder))


def _make(folder: Path) -> None:
    """Make the engine's store beside its place, so that it is there with all its files or not at all."""
    draft = folder.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    init_db_dir(draft, RECOVERY_PARTITIONS)
    draft.replace(folder)
