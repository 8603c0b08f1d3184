"""Opens what is compared: the records of a deployment, as of one epoch, and the log that it read, in its order.

Nothing is written into the deployment's folders; its journal is copied. What the log holds beyond it is read too and
counts as not read yet.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
from duckdb import DuckDBPyConnection

from balanza.opening import check_input, input_topics
from balanza.reconcile.reading import OrderedLog
from balanza.request import KafkaInput
from config.program import Program
from connectors.file_log import FileLog, LogOptions
from connectors.kafka.log import KafkaLog
from connectors.kafka.options import KafkaLogOptions
from schemas.decode import EventDecoder
from sinks.catalog import load_manifest, parquet_path
from sinks.destination import DestinationError
from sinks.stored import read_parquet

JOURNAL: Final = "journal.jsonl"
READ: Final = ("events", "identity", "members", "entries", "refusals", "tiers", "dead_letters")
MEMORY_LIMIT: Final = "1GB"


@contextmanager
def database(folders: Sequence[Path], scratch: Path) -> Iterator[DuckDBPyConnection]:
    """A database in memory (what does not fit goes to `scratch`) with a view `run_<table>` over the run's records.

    Raises:
        DestinationError: a folder has no warehouse.

    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT, "threads": 1, "temp_directory": str(scratch / "spill"),
        "autoinstall_known_extensions": False,
    }  # fmt: skip
    with duckdb.connect(":memory:", config=settings) as connection:
        for table in READ:
            files = [path for folder in folders for path in _files(folder / "warehouse", table)]
            connection.execute(f"CREATE VIEW run_{table} AS {read_parquet(table, files)}")
        yield connection


def _files(warehouse: Path, table: str) -> list[Path]:
    manifest = load_manifest(warehouse)
    if manifest is None:
        raise DestinationError(f"there is no warehouse in {warehouse}")
    return [parquet_path(warehouse, table, file.name) for file in manifest.tables[table]]


@contextmanager
def ordered_log(
    source: Path | KafkaInput, program: Program, folder: Path, prefix: str, scratch: Path
) -> Iterator[OrderedLog]:
    """The log in the order in which the deployment in `folder` read it.

    Raises:
        LogNotUsable, KafkaUnusable: nothing can be read there.

    """
    decoder = EventDecoder(activities=frozenset(program.activities), event_bytes_max=program.limits.event_bytes_max)
    cluster = check_input(source)
    if isinstance(source, Path):
        journal = scratch / JOURNAL
        if (folder / JOURNAL).exists():
            shutil.copyfile(folder / JOURNAL, journal)
        files = FileLog(source, decoder, LogOptions(future_skew_us=program.limits.future_skew, journal=journal), None)
        try:
            yield files
        finally:
            files.close()
        return
    assert cluster is not None
    try:
        options = KafkaLogOptions(
            start=source.start, future_skew_us=program.limits.future_skew, prefix=prefix, deployment=prefix,
            write_exceptions=False, skip_gaps=source.skip_gaps,
        )  # fmt: skip
        topics = KafkaLog(cluster, input_topics(cluster, source, prefix), decoder, options, None)
        try:
            yield topics
        finally:
            topics.close()
    finally:
        cluster.close()
