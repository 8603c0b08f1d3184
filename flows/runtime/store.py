"""RocksDB with numbered checkpoints: the durable side of a station.

The live database is never what a restart opens. At an epoch's end a checkpoint with the next number is taken (hard
links, so its cost follows what changed), and the engine's snapshot is only that number. A restart opens the named
checkpoint through links of its table files and copies of the rest, and deletes younger ones, which never happened. The
last two are kept, since the engine may not have committed the newest.
"""

import os
import shutil
from pathlib import Path

from rocksdict import (
    BlockBasedOptions,
    Cache,
    Checkpoint,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

WRITE_BUFFER_BYTES = 8 << 20
WRITE_BUFFERS = 3
BLOCK_CACHE_BYTES = 16 << 20
BLOCK_BYTES = 4096
BLOOM_BITS = 10
OPEN_FILES_MAX = 512
CHECKPOINTS_KEPT = 2


class CheckpointMissing(Exception):
    """The state folder lacks the checkpoint that the engine's snapshot names."""


def _options() -> Options:
    table = BlockBasedOptions()
    table.set_block_cache(Cache(BLOCK_CACHE_BYTES))
    table.set_bloom_filter(BLOOM_BITS, block_based=False)
    table.set_block_size(BLOCK_BYTES)
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(WRITE_BUFFERS)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_max_background_jobs(2)
    options.set_max_open_files(OPEN_FILES_MAX)
    options.set_keep_log_file_num(1)
    return options


class Store:
    """Rows of bytes by key in order of the keys; what was written counts from the next checkpoint on."""

    def __init__(self, folder: Path, number: int) -> None:
        """Open the state of checkpoint `number` (0: nothing yet).

        Raises:
            CheckpointMissing: the folder does not hold it.

        """
        self.folder = folder
        self.number = number
        self.is_new = number == 0
        self._checkpoints = folder / "checkpoints"
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        self._prepare_live(folder / "live")
        self._db = Rdict(str(folder / "live"), _options())
        self._unlogged = WriteOptions()
        self._unlogged.disable_wal = True  # type: ignore[method-assign,assignment]  # a property; the stubs err
        self._changed = False

    def _path(self, number: int) -> Path:
        return self._checkpoints / f"{number:012d}"

    def _prepare_live(self, live: Path) -> None:
        shutil.rmtree(live, ignore_errors=True)
        for path in self._checkpoints.iterdir():
            if not path.name.isdigit() or int(path.name) > self.number:
                shutil.rmtree(path)
        if self.number == 0:
            return
        source = self._path(self.number)
        if not source.is_dir():
            raise CheckpointMissing(f"{source} is missing, which the last committed epoch names; restore the state "
                                    "folder from a backup, or start anew with --fresh")
        live.mkdir()
        for file in source.iterdir():
            if file.suffix == ".sst":
                os.link(file, live / file.name)
            else:
                shutil.copy2(file, live / file.name)

    def get(self, key: bytes) -> bytes | None:
        """Read a row."""
        row = self._db.get(key)
        assert row is None or isinstance(row, bytes)
        return row

    def write(self, rows: list[tuple[bytes, bytes | None]]) -> None:
        """Write rows in one batch; None removes."""
        if not rows:
            return
        self._changed = True
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        for key, value in rows:
            if value is None:
                batch.delete(key)
            else:
                put(key, value)
        self._db.write(batch, self._unlogged)

    def write_changed(self, key: bytes, value: bytes) -> None:
        """Write a row only if it says something new, so that an epoch without news needs no checkpoint."""
        if self.get(key) != value:
            self.write([(key, value)])

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Give all rows whose key begins with the prefix, in order."""
        rows = []
        for key, value in self._db.items(from_key=prefix):
            assert isinstance(key, bytes)
            assert isinstance(value, bytes)
            if not key.startswith(prefix):
                break
            rows.append((key, value))
        return rows

    def checkpoint(self) -> int:
        """Make everything written so far durable and give its number; the same number if nothing changed."""
        if not self._changed:
            return self.number
        self._changed = False
        number = self.number + 1
        Checkpoint(self._db).create_checkpoint(str(self._path(number)))
        self.number = number
        outdated = self._path(number - CHECKPOINTS_KEPT)
        if outdated.exists():
            shutil.rmtree(outdated)
        return number

    def size_bytes(self) -> int:
        """Give the bytes of the live table files."""
        value = self._db.property_int_value("rocksdb.total-sst-files-size")
        return int(value or 0)

    def rows_estimate(self) -> int:
        """Give about how many rows there are."""
        return int(self._db.property_int_value("rocksdb.estimate-num-keys") or 0)

    def close(self) -> None:
        """Close the database; what was not checkpointed is given up."""
        self._db.close()
