"""What is written to files: log, truth and summary agree with each other."""

import gzip
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from connectors.simulate import SimulateOptions, SimulationSummary, simulate, write_log

OPTIONS = SimulateOptions(events=5_000, members=150, layout="topics", web_partitions=3)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_same_options_write_the_same_bytes(tmp_path: Path) -> None:
    """Log, truth and summary are reproducible to the byte, compressed files too."""
    options = msgspec.structs.replace(OPTIONS, compress=True)
    write_log(options, tmp_path / "one")
    write_log(options, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_topics_have_their_partitions(tmp_path: Path) -> None:
    """The topics layout is a folder a topic and a file a partition."""
    summary = write_log(OPTIONS, tmp_path)
    expected = {"app/0.jsonl", "crm/0.jsonl", "till/0.jsonl", "web/0.jsonl", "web/1.jsonl", "web/2.jsonl"}
    assert expected == set(summary.files)
    assert expected | {"truth.csv.gz", "summary.json"} == set(contents(tmp_path))


def test_the_single_layout_is_the_stream(tmp_path: Path) -> None:
    """One file holds all lines in order of arrival."""
    options = msgspec.structs.replace(OPTIONS, layout="single")
    write_log(options, tmp_path)
    raw = [line.raw for line in simulate(options)]
    assert raw == (tmp_path / "events.jsonl").read_bytes().split(b"\n")[:-1]


def test_the_summary_counts_what_was_written(tmp_path: Path) -> None:
    """Every count of the summary equals a count over the stream and the files."""
    summary = write_log(OPTIONS, tmp_path)
    lines = list(simulate(OPTIONS))
    kinds = Counter(line.kind for line in lines)
    assert len(lines) == summary.lines == sum(summary.files.values())
    assert (kinds["event"], kinds["duplicate"]) == (summary.events, summary.duplicates)
    assert (kinds["reserialised"], kinds["conflict"]) == (summary.reserialised, summary.conflicts)
    assert summary.by_type == Counter(line.type for line in lines if line.kind == "event")
    assert summary.dead_letters == Counter(line.reason for line in lines if line.reason is not None)
    assert summary.people == len({line.person for line in lines if line.kind == "event"})
    assert summary.log_bytes == sum((tmp_path / path).stat().st_size for path in summary.files)
    assert summary == msgspec.json.decode((tmp_path / "summary.json").read_bytes(), type=SimulationSummary)


def test_the_truth_has_a_row_for_each_event(tmp_path: Path) -> None:
    """Source, id and person of every distinct well-formed event, in order of arrival."""
    write_log(OPTIONS, tmp_path)
    rows = gzip.decompress((tmp_path / "truth.csv.gz").read_bytes()).decode().splitlines()
    events = [line for line in simulate(OPTIONS) if line.kind == "event"]
    assert rows == ["source,id,person", *(f"{line.source},{line.id},{line.person}" for line in events)]


def test_progress_is_told_in_lines(tmp_path: Path) -> None:
    """The sum of what progress hears stays within a chunk of the lines written."""
    heard: list[int] = []
    summary = write_log(OPTIONS, tmp_path, progress=heard.append)
    assert sum(heard) == pytest.approx(summary.lines, abs=2_000)
