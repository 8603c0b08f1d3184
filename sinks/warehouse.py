"""The warehouse: every record in Parquet files, read through the views of `warehouse.duckdb` at any time.

On the worker's thread records are only appended to files (`sinks/pending.py`). What is committed becomes Parquet in the
background (`sinks/publisher.py`, `sinks/parquet.py`) and visible by one rename (`sinks/catalog.py`, `sinks/views.py`).

The manifest's epoch tells what is published, so no mark is needed: a pending file at or below it is Parquet already.
Safe against the death of the process at any instant; a power cut may take what the operating system had not written.
"""

import shutil
from pathlib import Path

from schemas.records import TABLES, Packet
from sinks.catalog import (
    PARQUET,
    SPILL,
    TEMPORARY,
    Manifest,
    connect,
    empty_manifest,
    load_manifest,
    save_manifest,
    save_views,
)
from sinks.destination import DestinationError, Mark
from sinks.pending import PendingFiles
from sinks.publisher import GRACE_SECONDS, Publisher
from sinks.requests import Requests


class Warehouse:
    """All tables of `schemas.records.TABLES` in `folder`, each epoch visible as a whole or not at all."""

    name = "warehouse"

    def __init__(
        self, folder: Path, grace_seconds: float = GRACE_SECONDS, requests: Requests | None = None
    ) -> None:  # fmt: skip
        """`grace_seconds`: how long superseded Parquet files stay for readers that opened the warehouse before.

        `requests` erases and exports people, in line files too: the destinations of these come before this one.
        """
        self._folder = folder
        self._requests = requests
        self._grace_seconds = grace_seconds
        self._pending = PendingFiles(folder / "pending")
        self._publisher: Publisher | None = None

    def recover(self, committed: int, mark: Mark) -> None:
        """Show what the manifest counts, take up committed epochs that are not in it, delete all else.

        DestinationError: the warehouse holds epochs that the state never committed.
        """
        manifest = load_manifest(self._folder) or empty_manifest()
        if manifest.epoch > committed:
            raise DestinationError(
                f"the warehouse in {self._folder} holds epoch {manifest.epoch}, the state only knows {committed}: they "
                "do not belong together. Put both back from the same copy, or start anew (--fresh)."
            )
        self._pending.recover(manifest.epoch, committed)
        save_manifest(self._folder, manifest)
        with connect(self._folder) as connection:
            save_views(connection, self._folder, manifest)
        self._delete_uncounted(manifest)
        self._publisher = Publisher(self._folder, self._pending, manifest, self._grace_seconds, self._requests)
        self._publisher.publish(committed)

    def write(self, packet: Packet) -> None:
        """Append the packet's lines. DestinationError if the background work has failed meanwhile."""
        self._started().raise_failure()
        assert packet.lines.keys() <= TABLES.keys(), f"a table nobody declared among {sorted(packet.lines)}"
        self._pending.write(packet.lines)
        if packet.erased or packet.exports:
            assert self._requests is not None, "nobody here erases or exports"
            self._pending.write(self._requests.noted(packet))

    def seal(self, epoch: int) -> Mark:
        """Close the epoch's files under its number. No mark: the manifest says what is published."""
        self._started().raise_failure()
        self._pending.seal(epoch)
        return {}

    def publish(self, epoch: int) -> None:
        """Hand the epochs to the background; they are visible about a second later."""
        publisher = self._started()
        publisher.raise_failure()
        publisher.publish(epoch)

    def idle(self) -> None:
        """Say it if the background work has failed; it goes on by itself otherwise."""
        self._started().raise_failure()

    def close(self) -> None:
        """Wait until every published epoch can be read. DestinationError if it cannot."""
        self._pending.discard_open()
        if self._publisher is not None:
            self._publisher.close()

    def _started(self) -> Publisher:
        assert self._publisher is not None, "recover comes first"
        return self._publisher

    def _delete_uncounted(self, manifest: Manifest) -> None:
        """Delete what a crash left behind: Parquet files that no manifest counts, and half-built ones."""
        for table, files in manifest.tables.items():
            counted = {file.name for file in files}
            for path in (self._folder / PARQUET / table).glob("*"):
                if path.name not in counted:
                    path.unlink()
        for path in self._folder.glob(f"*{TEMPORARY}*"):
            path.unlink()
        shutil.rmtree(self._folder / SPILL, ignore_errors=True)
