"""What a replay refuses: status 2, a sentence that says what to do, and nothing is touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.made import FIRST_STEPS, balanza
from tests.flow.lives import CORNER_SHOP, live, settings

CASES = {
    "no input":         ("", "no input; expected --input PATH for files, or --kafka HOST:PORT"),
    "two inputs":       ("-i LOG -k localhost:1", "--input and --kafka: expected one of them"),
    "missing input":    ("-i AT/none", "does not exist"),
    "topics of files":  ("-i LOG -t a", "--topics: of use with --kafka only"),
    "from":             ("-i LOG --from soon", "--from: found 'soon'; accepted: beginning, offsets such as"),
    "from offsets":     ("-i LOG --from a/0=x", "--from: found 'a/0=x'; accepted: beginning, offsets such as"),
    "from elsewhere":   ("-i LOG --from a/0=0", "there is no partition a/0 in"),
    "from in a line":   ("-i LOG --from first_steps/0=3", "begins at byte 3"),
    "until":            ("-i LOG --until later", "--until: found 'later'; accepted: end, or a time"),
    "until before":     ("-i LOG --from 2026-03-02 --until 2026-03-01", "--from 2026-03-02 is not before --until"),
    "compare nothing":  ("-i LOG --compare AT/none", "nothing has run there"),
    "compare itself":   ("-i LOG --compare AT/out", "is --compare"),
    "inside live":      ("-i LOG --compare AT", "a replay needs a folder of its own"),
    "one of two":       ("-i LOG --compare AT/live --compare AT/none", "nothing has run there"),
    "journal itself":   ("-i LOG --journal AT/out", "is --journal"),
    "no journal":       ("-i LOG --journal AT/none", "there is no journal.jsonl in it"),
    "journal of kafka": ("-k localhost:1 --journal AT/live", "--journal: of use with --input only"),
    "offsets unread":   ("-k localhost:1 -t a,b --from c/0=1", "--from: c/0 is of none of the --topics a, b"),
    "prefix":           ("-i LOG --prefix a/b", "prefix: found 'a/b'; expected"),
    "metrics port":     ("-i LOG --metrics-port 70000", "metrics_port: found 70000; expected"),
    "cache":            ("-i LOG --cache-mb 1", "cache_mb: found 1; expected"),
    "batch":            ("-i LOG --batch-lines 0", "batch_lines: found 0; expected"),
    "epoch":            ("-i LOG --epoch-seconds 0", "epoch_seconds: found 0"),
    "kafka config":     ("--kafka-config AT/none", "--kafka-config: "),
    "no such option":   ("-i LOG --follow", "No such option: --follow"),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a deployment in `live`."""
    folder = tmp_path_factory.mktemp("refused")
    live(FIRST_STEPS, folder / "live", settings())
    yield folder
    assert [path.name for path in folder.iterdir()] == ["live"]


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_meant_is_refused(folder: Path, case: str) -> None:
    """Status 2 before anything is made."""
    arguments, told = CASES[case]
    given = [word.replace("AT", str(folder)).replace("LOG", str(FIRST_STEPS)) for word in arguments.split()]
    result = balanza("replay", "-p", CORNER_SHOP, "-o", folder / "out", "-q", *given)
    assert result.exit_code == 2, result.output
    assert told in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("more", [[], ["--fresh"], ["--send", "--fresh"]])
def test_a_folder_that_lives_is_never_replayed_into(folder: Path, more: list[str]) -> None:
    """Not even to start it anew."""
    before = {path: path.stat().st_mtime_ns for path in (folder / "live").rglob("*") if path.is_file()}
    result = balanza("replay", "-p", CORNER_SHOP, "-i", FIRST_STEPS, "-o", folder / "live", *more)
    assert (result.exit_code, "is the folder of a deployment that is no replay" in result.stderr) == (2, True)
    assert before == {path: path.stat().st_mtime_ns for path in (folder / "live").rglob("*") if path.is_file()}


def test_a_program_that_is_none_is_refused(folder: Path) -> None:
    """With the file's name."""
    result = balanza("replay", "-p", folder / "none.yaml", "-i", FIRST_STEPS, "-o", folder / "out")
    assert (result.exit_code, "none.yaml" in result.stderr) == (2, True)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a replay in shadow, from a time."""
    out = tmp_path_factory.mktemp("replayed") / "out"
    arguments = ["-p", CORNER_SHOP, "-i", FIRST_STEPS, "-o", out, "--from", "2026-03-01", "-q"]
    assert balanza("replay", *map(str, arguments)).exit_code == 0
    return out


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["replay"],                                     "with from 2026-03-01T00:00:00Z, now it is beginning"),
        (["replay", "--from", "2026-03-02"],             "now it is 2026-03-02T00:00:00Z"),
        (["replay", "--from", "2026-03-01", "--send"],   "was made with replay shadow, now it is send"),
        (["run", "--metrics-port", "0"],                 "was made with replay shadow, now it is no"),
    ],
)  # fmt: skip
def test_a_replay_goes_on_as_what_it_was_made(replayed: Path, command: list[str], told: str) -> None:
    """From the same beginning, with the same care for what is sent, and never as a deployment."""
    name, *more = command
    result = balanza(name, "-p", CORNER_SHOP, "-i", FIRST_STEPS, "-o", replayed, "-q", *more)
    assert (result.exit_code, told in result.stderr) == (2, True), result.stderr
