"""A folder of JSON-lines files as one ordered log: `<folder>/<topic>/<partition>.jsonl[.gz]` or a single file."""

from connectors.file_log.log import FileLog, LogDamaged, LogOptions, Progress
from connectors.file_log.partitions import LogNotUsable, Partition, find_partitions

__all__ = ["FileLog", "LogDamaged", "LogNotUsable", "LogOptions", "Partition", "Progress", "find_partitions"]
