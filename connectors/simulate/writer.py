"""Writes a simulation: the log, the truth of who did what, and the summary.

events.jsonl                    layout `single`
<topic>/<partition>.jsonl       layout `topics`: web, app, till, crm   (both with .gz if compressed)
truth.csv.gz                    source,id,person: a row for each distinct well-formed event
summary.json                    exact counts (SimulationSummary)
"""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from connectors.simulate.lines import Line
from connectors.simulate.options import SimulateOptions
from connectors.simulate.stream import Simulation
from connectors.simulate.summary import SimulationSummary, Tally

COMPRESSION_LEVEL = 6
CHUNK_LINES = 2_000
LOG_PATTERNS = tuple(
    f"{stem}.jsonl{ending}" for stem in ("events", "web/*", "app/*", "till/*", "crm/*") for ending in ("", ".gz")
)
Progress = Callable[[int], None]


class ChunkedFile:
    """Collects lines and writes them in chunks; gzip without name and time, so that the bytes are reproducible."""

    def __init__(self, path: Path, compress: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._plain: BinaryIO = path.open("wb")
        self._out: BinaryIO | gzip.GzipFile = self._plain
        if compress:
            self._out = gzip.GzipFile("", "wb", COMPRESSION_LEVEL, self._plain, mtime=0)
        self._chunk: list[bytes] = []
        self.lines = 0
        self.bytes = 0

    def add(self, line: bytes) -> None:
        """Append one line; the newline is added here."""
        self._chunk.append(line)
        if len(self._chunk) >= CHUNK_LINES:
            self._write()

    def _write(self) -> None:
        if self._chunk:
            content = b"\n".join(self._chunk) + b"\n"
            self._out.write(content)
            self.lines += len(self._chunk)
            self.bytes += len(content)
            self._chunk.clear()

    def close(self) -> None:
        """Write the rest."""
        self._write()
        self._out.close()
        self._plain.close()


def path_of(options: SimulateOptions, line: Line) -> str:
    """Where in the folder a line stands."""
    ending = ".jsonl.gz" if options.compress else ".jsonl"
    return f"events{ending}" if options.layout == "single" else f"{line.topic}/{line.partition}{ending}"


def write_log(options: SimulateOptions, folder: Path, progress: Progress | None = None) -> SimulationSummary:
    """Write log, truth and summary; `progress` is called with the number of lines since its last call."""
    simulation = Simulation(options)
    tally = Tally(simulation.members)
    files: dict[str, ChunkedFile] = {}
    by_place: dict[tuple[str, int], ChunkedFile] = {}
    truth = ChunkedFile(folder / "truth.csv.gz", compress=True)
    truth.add(b"source,id,person")
    for number, line in enumerate(simulation.lines(), start=1):
        file = by_place.get((line.topic, line.partition))
        if file is None:
            path = path_of(options, line)
            if path not in files:
                files[path] = ChunkedFile(folder / path, options.compress)
            file = by_place[line.topic, line.partition] = files[path]
        file.add(line.raw)
        tally.count(line)
        if line.kind == "event":
            truth.add(f"{line.source},{line.id},{line.person}".encode())
        if progress is not None and number % CHUNK_LINES == 0:
            progress(CHUNK_LINES)
    for opened in (truth, *files.values()):
        opened.close()
    plan = simulation.plan
    counts = {path: file.lines for path, file in files.items()}
    summary = tally.summary(options.seed, plan.two_identities, plan.late_merges, counts)
    summary.log_bytes = sum(file.bytes for file in files.values())
    (folder / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    return summary
