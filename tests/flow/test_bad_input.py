"""Bad input: a clear sentence, the exit status of the contract (1 the run failed, 2 wrong usage), and nothing lost."""

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.commands import Command, Ended, run_options, wait_until
from tests.flow.lives import CORNER_SHOP, ROOT, live, settings
from tests.flow.outcomes import Outcome, differences, lines, outcome

FINE, FAILED, WRONG_USAGE = 0, 1, 2
MIB = 1 << 20


def good(number: int) -> bytes:
    """A line with a purchase of a pound."""
    body = {
        "specversion": "1.0", "id": f"p{number}", "source": "test", "type": "purchase",
        "time": f"2026-01-05T10:{number // 60:02}:{number % 60:02}Z",
        "data": {"ids": {"email": f"m{number % 7}@example.com"}, "order_id": f"o{number}",
                 "total": {"amount": 100, "currency": "GBP"}},
    }  # fmt: skip
    return json.dumps(body).encode() + b"\n"


def run(tmp_path: Path, log: Path, *more: object, program: Path = CORNER_SHOP) -> Ended:
    """`balanza run` to its end; what it says is short and no traceback."""
    options = run_options(log, tmp_path / "out", "--epoch-seconds", 0.3, *more, program=program)
    ended = Command(tmp_path, *options).ended()
    assert "Traceback" not in ended.err, ended.err[:400] + ended.err[-800:]
    assert len(ended.err.splitlines()) <= 8, ended.err[:800]
    return ended


def counts(ended: Ended) -> dict[str, int]:
    """What the summary says of the lines."""
    summary = json.loads(ended.out)
    return {name: summary[name] for name in ("read", "applied", "duplicate", "rejected")}


def refused(ended: Ended, *words: str) -> None:
    """Wrong usage: status 2, and the message holds the words."""
    assert ended.status == WRONG_USAGE, ended
    assert ended.err.startswith(("Error: ", "Usage: ")), ended.err
    assert [word for word in words if word not in ended.err] == [], ended.err


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="balanza-test"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


# lines                                                                what is read, applied, rejected
TEXTS: list[tuple[str, bytes, tuple[int, int, int]]] = [
    ("an empty file",         b"",                                     (0, 0, 0)),
    ("only blank lines",      b"\n \n\r\n",                            (0, 0, 0)),
    ("garbage bytes",         bytes(range(256)) + b"\n" + good(1),     (3, 1, 2)),   # 256 bytes hold a line end
    ("zeros",                 b"\x00" * 5000 + b"\n" + good(1),        (2, 1, 1)),
    ("half a line inside",    good(1) + good(2)[:60] + b"\n" + good(3), (3, 2, 1)),
    ("half a line at the end", good(1) + good(2)[:60],                 (1, 1, 0)),
    ("10 MB in one line",     good(1) + b"x" * 10 * MIB + b"\n" + good(2), (3, 2, 1)),
    ("10 MB and no end",      good(1) + b"x" * 10 * MIB,               (1, 1, 0)),
    ("a deep nest",           b"[" * 100_000 + b"\n" + good(1),        (2, 1, 1)),
    ("another encoding",      good(1).decode().encode("utf-16") + b"\n" + good(2), (3, 1, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "text", "expected"), TEXTS, ids=[what for what, *_ in TEXTS])
def test_bad_lines_are_dead_letters(tmp_path: Path, what: str, text: bytes, expected: tuple[int, int, int]) -> None:
    """Whatever stands in a file, the lines that are events are applied, the others kept with a reason; status 0."""
    log = tmp_path / "a.jsonl"
    log.write_bytes(text)
    ended = run(tmp_path, log)
    assert ended.status == FINE, (what, ended.err)
    found = counts(ended)
    assert (found["read"], found["applied"], found["rejected"]) == expected
    letters = [json.loads(line) for line in lines((tmp_path / "out" / "dead_letters.jsonl").read_bytes())]
    assert len(letters) == expected[2]
    assert all(letter["reason"] and letter["detail"] and letter["raw"] for letter in letters)


def test_half_a_line_is_read_when_its_rest_has_come(tmp_path: Path) -> None:
    """The summary says that it waits."""
    log = tmp_path / "a.jsonl"
    log.write_bytes(good(1) + good(2)[:60])
    assert json.loads(run(tmp_path, log).out)["unfinished_lines"] == {"a/0": 60}
    log.write_bytes(good(1) + good(2))
    ended = run(tmp_path, log)
    assert counts(ended)["applied"] == 2
    assert json.loads(ended.out)["read_now"] == 1


def test_a_zipped_file_cut_short_fails_and_keeps_what_was_whole(tmp_path: Path) -> None:
    """Status 1, the file and the remedy named; with the whole file in its place the run goes on behind it."""
    log = tmp_path / "a.jsonl.gz"
    zipped = gzip.compress(b"".join(map(good, range(3000))))
    log.write_bytes(zipped[: len(zipped) // 2])
    ended = run(tmp_path, log)
    assert ended.status == FAILED
    assert f"{log} is cut short" in ended.err
    assert "put the whole file in its place and run again" in ended.err
    kept = counts(ended)["applied"]
    assert 1000 < kept < 3000
    log.write_bytes(zipped)
    again = run(tmp_path, log)
    assert again.status == FINE
    assert counts(again) == {"read": 3000, "applied": 3000, "duplicate": 0, "rejected": 0}


def test_a_file_that_shrank_between_runs_fails_and_keeps_what_was_read(tmp_path: Path) -> None:
    """Status 1 and a sentence; brought back, the file is read on."""
    log = tmp_path / "a.jsonl"
    text = b"".join(map(good, range(50)))
    log.write_bytes(text)
    assert run(tmp_path, log).status == FINE
    log.write_bytes(text[:1000])
    ended = run(tmp_path, log)
    assert ended.status == FAILED, ended
    assert f"{log} has 1000 bytes" in ended.err
    log.write_bytes(text + good(51))
    assert counts(run(tmp_path, log)) == {"read": 51, "applied": 51, "duplicate": 0, "rejected": 0}


def test_too_many_dead_letters_stop_the_run(tmp_path: Path) -> None:
    """Status 1: the share, the reasons and the remedy named; what was accepted stays, and more tolerance goes on."""
    log, out = tmp_path / "a.jsonl", tmp_path / "out"
    text = b"".join(map(good, range(900))) + b'{"no": "event"}\n' * 2000 + b"".join(map(good, range(900, 1000)))
    log.write_bytes(text)
    ended = run(tmp_path, log, "--batch-lines", 500)
    assert ended.status == FAILED
    for words in ("lines were rejected", "NOT_CLOUDEVENT", "dead_letter_share_max", "balanza deadletters list"):
        assert words in ended.err
    found = counts(ended)
    assert found["applied"] == 900
    assert 900 <= found["rejected"] < 2000
    assert len(lines((out / "dead_letters.jsonl").read_bytes())) == found["rejected"]
    patient = tmp_path / "patient.yaml"
    program = CORNER_SHOP.read_text(encoding="utf-8")
    patient.write_text(program.replace("dead_letter_share_max: 0.5", "dead_letter_share_max: 0.9"), encoding="utf-8")
    again = run(tmp_path, log, program=patient)
    assert again.status == FINE, again.err
    assert counts(again) == {"read": 3000, "applied": 1000, "duplicate": 0, "rejected": 2000}


def test_an_input_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Status 2, what would do is named, and no output folder is made."""
    refused(run(tmp_path, tmp_path / "nowhere"), "nowhere does not exist", "<topic>/<partition>.jsonl")
    (tmp_path / "empty").mkdir()
    refused(run(tmp_path, tmp_path / "empty"), "holds no log files")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_input_without_permission_is_refused(open_folder: Path, what: str) -> None:
    """Status 2, the path and the remedy named."""
    log = open_folder / "log" / "a.jsonl"
    log.parent.mkdir()
    log.write_bytes(good(1))
    closed = log if what == "file" else log.parent
    closed.chmod(0)
    command = Command(open_folder, *run_options(log.parent, open_folder / "out"), as_nobody=True)
    refused(command.ended(), str(closed), "no permission to read" if what == "file" else "is not readable")
    closed.chmod(0o700)


def test_an_output_folder_that_cannot_be_written_is_refused(open_folder: Path) -> None:
    """Status 2 and the folder named, whether it is there or would have to be made."""
    log = open_folder / "a.jsonl"
    log.write_bytes(good(1))
    closed = open_folder / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    for out in (closed, closed / "inner"):
        ended = Command(open_folder, *run_options(log, out), as_nobody=True).ended()
        refused(ended, f"cannot write to {out}", "choose another --out")
    file = open_folder / "file"
    file.write_text("")
    refused(Command(open_folder, *run_options(log, file)).ended(), f"cannot write to {file}")


TYPOS: list[tuple[str, str, list[str]]] = [
    ("currencies:",            "currencys:",         ["typo.yaml:", "currencys", "currencies"]),
    ("after: 2h",              "after: 2 hours ago", ["typo.yaml:", "after", "2 hours ago"]),
    ("rounding: down",         "rounding: downwards", ["typo.yaml:", "downwards", "half_up"]),
    ("currency: points",       "currency: pointz",   ["typo.yaml:", "pointz"]),
    ("identity:\n",            "identity: [\n",      ["typo.yaml:"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), TYPOS, ids=[new.strip() for _, new, _ in TYPOS])
def test_a_program_with_a_typo_is_refused(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    """Status 2; file, field and what was found are named; nothing is made."""
    log, program = tmp_path / "a.jsonl", tmp_path / "typo.yaml"
    log.write_bytes(good(1))
    text = CORNER_SHOP.read_text(encoding="utf-8")
    assert old in text
    program.write_text(text.replace(old, new), encoding="utf-8")
    refused(run(tmp_path, log, program=program), *words)
    assert not (tmp_path / "out").exists()


def test_wrong_usage_is_refused(tmp_path: Path) -> None:
    """A program that is not there, a time that is none, a port out of range, a setting nobody knows: status 2."""
    log = tmp_path / "a.jsonl"
    log.write_bytes(good(1))
    refused(run(tmp_path, log, program=tmp_path / "none.yaml"), "none.yaml")
    refused(run(tmp_path, log, "--until", "yesterday"), "--until", "'yesterday'", "2026-03-01T00:00:00Z")
    refused(run(tmp_path, log, "--batch-lines", 0), "batch_lines", "found 0")
    ended = Command(tmp_path, *run_options(log, tmp_path / "out"), environ={"BALANZA_CACHE_MD": "9"}).ended()
    refused(ended, "BALANZA_CACHE_MD", "BALANZA_CACHE_MB")
    refused(Command(tmp_path, "run", "--input", log).ended(), "--program")


def test_a_taken_metrics_port_is_refused(tmp_path: Path) -> None:
    """Status 2 with the port and what to do, before anything is read."""
    log = tmp_path / "a.jsonl"
    log.write_bytes(good(1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = run(tmp_path, log, "--metrics-port", port)
    refused(ended, f"port {port} on 127.0.0.1 is taken", "--metrics-port")
    assert run(tmp_path, log).status == FINE


def test_a_second_worker_on_the_same_folder_is_refused(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome
) -> None:
    """Status 2 and the first one's process named; the first goes on undisturbed, also beside `--fresh`."""
    options = run_options(small_log, tmp_path / "out", "--follow", "--epoch-seconds", 0.3, "--keep-records")
    with Command(tmp_path, *options) as first:
        wait_until((tmp_path / "out" / "surfaces.db").exists)
        refused(run(tmp_path, small_log), "another worker (process ", "choose another --out")
        refused(run(tmp_path, small_log, "--fresh"), "another worker (process ")
        assert first.running()
    live(small_log, tmp_path / "out")
    assert lines((tmp_path / "out" / "dead_letters.jsonl").read_bytes()) == small_undisturbed["dead_letters.jsonl"]


def test_nothing_is_lost_when_one_run_after_another_is_refused(
    tmp_path: Path, small_log: Path, small_undisturbed: Outcome
) -> None:
    """Refusals leave the state as it was."""
    out = tmp_path / "out"
    live(small_log, out)
    typo = tmp_path / "typo.yaml"
    typo.write_text(CORNER_SHOP.read_text(encoding="utf-8").replace("corner_shop", "another"), encoding="utf-8")
    refused(run(tmp_path, small_log, program=typo), "was made with a program that this one cannot go on from")
    refused(run(tmp_path, tmp_path / "nowhere", "--fresh"), "does not exist")
    live(small_log, out, settings())
    assert differences(small_undisturbed, outcome(out)) == {}


def test_the_module_runs_as_the_command_does(tmp_path: Path) -> None:
    """`python -m balanza` with a whole interpreter of its own gives the same summary and status."""
    log = tmp_path / "a.jsonl"
    log.write_bytes(good(1))
    command = [sys.executable, "-m", "balanza", *map(str, run_options(log, tmp_path / "out"))]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (FINE, "")
    assert json.loads(ended.stdout)["applied"] == 1


@pytest.mark.parametrize("what", ["outbox", "checkpoint"])
def test_a_folder_that_somebody_changed_fails_with_a_sentence(tmp_path: Path, what: str) -> None:
    """A line too many in an output, a checkpoint too few: status 1, the place and the remedy named, nothing changed."""
    log, out = tmp_path / "a.jsonl", tmp_path / "out"
    log.write_bytes(good(1))
    assert run(tmp_path, log).status == FINE
    if what == "outbox":
        (out / "outbox.jsonl").write_bytes(b"{}\n")
    else:
        shutil.rmtree(out / "state" / "members" / "checkpoints")
    log.write_bytes(good(1) + good(2))
    ended = Command(tmp_path, *run_options(log, out)).ended()
    assert ended.status == FAILED
    (said,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert str(out) in said
    assert "--fresh" in said
    assert "Traceback" not in ended.err
