"""Running again: with a longer input, up to a time, with a changed program, with other settings."""

import json
import tempfile
from pathlib import Path

import pytest

from config.loader import load_program
from config.program import Program
from connectors.file_log import FileLog, LogOptions
from flows.runtime.deployment import DeploymentRefused
from schemas.decode import EventDecoder
from schemas.log import Row
from tests.flow.lives import CORNER_SHOP, live, settings
from tests.flow.outcomes import Outcome, differences, lines, outcome, records, repeated

PARTS = 4


def rows_of(log: Path) -> list[Row]:
    """The rows of a log in their order."""
    reader = FileLog(log, EventDecoder(), LogOptions(), None)
    rows: list[Row] = []
    while (batch := reader.read()) is not None:
        rows += batch.rows
    reader.close()
    return rows


def grow(whole: Path, part: Path, rows: list[Row], extra: int) -> None:
    """Write of each file what the rows hold, and `extra` bytes of the line that follows."""
    reach: dict[str, int] = {}
    for *_, place, offset, raw, _ in rows:
        reach[str(place)] = offset + len(raw) + 1
    for path in whole.rglob("*.jsonl"):
        name = str(path.relative_to(whole).with_suffix(""))
        target = part / path.relative_to(whole)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes()[: reach.get(name, 0) + extra])


def changed(*edits: tuple[str, str]) -> Program:
    """The corner shop's program with some of its text replaced."""
    text = CORNER_SHOP.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_text(text)


def spent(entries: bytes) -> dict[str, int]:
    """Points that purchases earned, by the event's id."""
    earned = [entry for entry in map(json.loads, lines(entries)) if entry["rule"] == "spend"]
    return {entry["cause_id"]: -entry["legs"][0][1] for entry in earned}


def load_text(text: str) -> Program:
    """A program from its text."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return load_program(Path(file.name))


@pytest.mark.parametrize("extra", [0, 25])
def test_input_that_grows_between_runs_is_one_input(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome, extra: int
) -> None:
    """Each run reads what was appended, a half line only once its rest has come; the end is that of one run (V5)."""
    rows, log, out = rows_of(small_log), tmp_path / "log", tmp_path / "out"
    read = 0
    for part in range(1, PARTS + 1):
        upto = len(rows) * part // PARTS
        grow(small_log, log, rows[:upto], extra)
        summary = live(log, out)
        assert (summary.read_now, summary.read) == (upto - read, upto)
        assert bool(summary.unfinished_lines) == (extra > 0 and part < PARTS)
        assert summary.read == summary.applied + summary.duplicate + summary.rejected + summary.expired_anonymous
        read = upto
    assert live(log, out).read_now == 0
    assert differences(small_undisturbed, outcome(out)) == {}
    assert repeated(out) == {}


def test_lines_that_come_in_another_order_are_accounted_once(tmp_path: Path, small_log: Path) -> None:
    """Halves of files, whatever their times: every line counts once, and every purchase earns what it earns."""
    log, out, whole = tmp_path / "log", tmp_path / "out", tmp_path / "whole"
    for share in (2, 1):
        for path in small_log.rglob("*.jsonl"):
            text = path.read_bytes()
            target = log / path.relative_to(small_log)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text[: len(text) // share])
        live(log, out)
    summary = live(log, out)
    once = live(small_log, whole)
    assert (summary.read, summary.rejected, summary.duplicate) == (once.read, once.rejected, once.duplicate)
    assert summary.applied + summary.expired_anonymous == once.applied + once.expired_anonymous
    assert repeated(out) == {}
    assert spent(records(whole, "entries")) == spent(records(out, "entries"))


def test_runs_up_to_times_are_one_run(tmp_path: Path, small_log: Path, small_undisturbed: Outcome) -> None:
    """Stopped before one log time after another, then run to the end."""
    rows = rows_of(small_log)
    for part in range(1, PARTS):
        until_us = rows[len(rows) * part // PARTS][0]
        summary = live(small_log, tmp_path, until_us=until_us)
        assert summary.read == sum(row[0] < until_us for row in rows)
    live(small_log, tmp_path)
    assert differences(small_undisturbed, outcome(tmp_path)) == {}


def test_batches_and_caches_may_change_between_runs(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome
) -> None:  # fmt: skip
    """How the process runs is no part of its state."""
    rows = rows_of(small_log)
    for part, batch_lines in ((1, 7), (2, 5000), (3, 100)):
        chosen = settings(batch_lines=batch_lines, cache_mb=16 * part, epoch_seconds=part)
        live(small_log, tmp_path, chosen, until_us=rows[len(rows) * part // PARTS][0])
    live(small_log, tmp_path)
    assert differences(small_undisturbed, outcome(tmp_path)) == {}


def test_fresh_is_as_if_nothing_had_been(tmp_path: Path, small_log: Path, small_undisturbed: Outcome) -> None:
    """Over a folder that was used, also one that another program made."""
    live(small_log, tmp_path, program=changed(("program: corner_shop", "program: another")))
    live(small_log, tmp_path, fresh=True)
    assert differences(small_undisturbed, outcome(tmp_path)) == {}


def test_a_compatible_program_goes_on(tmp_path: Path, small_log: Path) -> None:
    """A new earn rule holds from the next event on; what was posted stays."""
    rows = rows_of(small_log)
    live(small_log, tmp_path, until_us=rows[len(rows) // 2][0])
    before = records(tmp_path, "entries")
    live(small_log, tmp_path, program=changed(("points: 1\n", "points: 3\n"), ("after: 2h", "after: 3h")))
    after = records(tmp_path, "entries")
    assert after.startswith(before)
    amounts = {
        event["id"]: event["data"]["total"]["amount"]
        for event in map(json.loads, lines(records(tmp_path, "events"))) if event["type"] == "purchase"
    }  # fmt: skip
    earned = spent(after[len(before) :])
    assert len(earned) > 20
    assert {name: amounts[name] * 3 // 100 for name in earned} == earned


INCOMPATIBLE: list[tuple[str, str, str]] = [
    ("program: corner_shop",     "program: other",             "belongs to the program 'corner_shop', not to 'other'"),
    ("default_region: GB",       "default_region: ES",         "identity.default_region changed from GB to ES"),
    ("pos: {known: false}",      "pos: {known: true}",         "pos.known changed from false to true"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), INCOMPATIBLE)
def test_an_incompatible_program_is_refused(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome, old: str, new: str, message: str
) -> None:
    """What changes who is who or what a balance means does not go on; nothing is touched, the old one does."""
    live(small_log, tmp_path, until_us=rows_of(small_log)[500][0])
    with pytest.raises(DeploymentRefused, match=message):
        live(small_log, tmp_path, program=changed((old, new)))
    live(small_log, tmp_path)
    assert differences(small_undisturbed, outcome(tmp_path)) == {}


def test_another_number_of_key_groups_is_refused(tmp_path: Path, small_log: Path, small_undisturbed: Outcome) -> None:
    """The number is fixed with the first run; it changes no result."""
    live(small_log, tmp_path, settings(key_groups=3))
    with pytest.raises(DeploymentRefused, match="BALANZA_KEY_GROUPS=3"):
        live(small_log, tmp_path, settings(key_groups=4))
    assert differences(small_undisturbed, outcome(tmp_path)) == {}
