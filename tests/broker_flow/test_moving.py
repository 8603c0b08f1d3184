"""Moving groups: refused where it would lose something, and a move that is killed is made again."""

import gc
import json
import multiprocessing
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from balanza.cli import app
from balanza.running import prepared
from flows.moving import MOVED, MOVING, REST, decode_moved, decode_rest
from flows.runtime.deployment import DeploymentRefused
from flows.runtime.store import Store
from tests.broker_flow.lives import KILLED, Life, Part, live
from tests.broker_flow.test_workers import Parts, run_together, stopped_early
from tests.broker_flow.world import world
from tests.flow.dooms import Doom, When
from tests.kafka.broker import Broker

GROUPS = "96-127"
PLACES: tuple[tuple[str, int], ...] = (
    ("flows.runtime.deployment:Deployment.note",             1),
    ("flows.runtime.deployment:Deployment.note",             2),
    ("flows.moving:open_store",                              2),
    ("flows.runtime.store:Store.checkpoint",                 1),
    ("flows.runtime.deployment:Deployment.note",             3),
    ("flows.runtime.deployment:Deployment.remember_made_as", 1),
    ("flows.runtime.store:Store.checkpoint",                 2),
    ("flows.runtime.deployment:Deployment.note",             4),
    ("flows.runtime.deployment:Deployment.remember_made_as", 2),
    ("flows.runtime.deployment:Deployment.forget",           1),
)  # fmt: skip
_processes = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module")
def stopped(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A stitcher and two workers that were stopped somewhere, cleanly."""
    folder = tmp_path_factory.mktemp("moving")
    parts = Parts(world(kafka.bootstrap, folder / "shop", 4_000, 250, 23), folder)
    live(parts.stitcher)
    run_together([parts.member("m0", "0/2"), parts.member("m1", "1/2")])
    return parts


def command(folder: Path, groups: str = GROUPS) -> list[str]:
    """The move from the first worker to the second."""
    return ["state", "move", "--from", str(folder / "m0"), "--to", str(folder / "m1"), "--groups", groups]


def copied(stopped: Parts, folder: Path) -> Path:
    """The two workers' folders, to do something to."""
    for name in ("m0", "m1"):
        shutil.copytree(stopped.folder / name, folder / name)
    return folder


def rows(folder: Path) -> Iterator[str]:
    """Everything that counts in a worker's folder: what it has, where it stands, its rows and documents."""
    state = folder / "state"
    yield (state / "made_as.json").read_text()
    moved = decode_moved((state / MOVED).read_bytes())
    moved.progress.moves = 0  # a move that was begun twice counts twice
    yield json.dumps(msgspec.to_builtins(moved.progress, str_keys=True), sort_keys=True)
    store = Store(state / "members", moved.checkpoint)
    yield from (repr(row) for row in store.scan(b""))
    store.close()
    del store
    gc.collect()
    with closing(sqlite3.connect(folder / "surfaces.db")) as surfaces:
        for table in ("surfaces", "identifiers"):
            yield from (repr(row) for row in surfaces.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3"))


@pytest.fixture(scope="module")
def undisturbed(stopped: Parts, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a move leaves that nobody killed."""
    folder = copied(stopped, tmp_path_factory.mktemp("undisturbed"))
    result = CliRunner().invoke(app, command(folder))
    assert result.exit_code == 0, result.output
    return {name: list(rows(folder / name)) for name in ("m0", "m1")}


def moving(arguments: list[str], doom: Doom) -> None:
    """A process that dies while it moves."""
    doom()
    CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("name", "nth"), PLACES, ids=[f"{name.partition(':')[2]} {nth}" for name, nth in PLACES])
def test_a_move_that_is_killed_is_made_again(
    stopped: Parts, undisturbed: dict[str, list[str]], tmp_path: Path, name: str, nth: int, when: When
) -> None:  # fmt: skip
    """Killed anywhere: neither worker starts with half of it, and the same command ends as if it had been the first."""
    folder = copied(stopped, tmp_path)
    process = _processes.Process(target=moving, args=(command(folder), Doom(name, nth, when)))
    process.start()
    process.join(60)
    assert process.exitcode == KILLED
    if (folder / "m0" / "state" / MOVING).exists():
        refused_to_start(stopped, folder)
    result = CliRunner().invoke(app, command(folder))
    assert result.exit_code == 0 or "has groups" in result.stderr  # or it was done but for the last word
    for worker in ("m0", "m1"):
        found = list(rows(folder / worker))
        assert sorted(set(undisturbed[worker]) ^ set(found)) == [], worker
        assert len(undisturbed[worker]) == len(found)


def refused_to_start(stopped: Parts, folder: Path) -> None:
    """A worker whose groups are on the way does not start."""
    part = stopped.member("m0", "0/2")
    there = Part(part.bootstrap, part.prefix, folder / "m0", (), part.role, part.groups)
    with pytest.raises(DeploymentRefused, match="cut short"), prepared(there.request()):
        pass


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", "m0", "--to", "m0", "--groups", "1"],          "both"),
        (["--from", "m0", "--to", "m1", "--groups", "120-130"],    "has groups 0-127, not all of 120-130"),
        (["--from", "m0", "--to", "m1", "--groups", "x"],          "--groups: found 'x'"),
        (["--from", "nowhere", "--to", "m1", "--groups", "1"],     "is no member worker's folder"),
        (["--from", "stitch", "--to", "m1", "--groups", "1"],      "is no member worker's folder"),
        (["--from", "m0", "--to", "shop/out", "--groups", "1"],    "was made with"),
    ],
)  # fmt: skip
def test_a_move_that_cannot_be_is_refused(
    stopped: Parts, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    """With a sentence, status 2, and nothing changed."""
    monkeypatch.chdir(stopped.folder)
    before = decode_rest((stopped.folder / "m0" / "state" / REST).read_bytes())
    result = CliRunner().invoke(app, ["state", "move", *arguments])
    assert result.exit_code == 2
    assert told in result.stderr
    assert before == decode_rest((stopped.folder / "m0" / "state" / REST).read_bytes())


def test_a_worker_that_was_killed_must_stop_cleanly_first(stopped: Parts, tmp_path: Path) -> None:
    """What it wrote behind its last commit would be in no place else."""
    folder = copied(stopped, tmp_path)
    part = stopped.member("m0", "0/2")
    there = Part(part.bootstrap, part.prefix, folder / "m0", (), part.role, part.groups, follow=True)
    life = Life(there)
    life.join(3.0)
    assert life.end(0.0) == KILLED
    result = CliRunner().invoke(app, command(folder))
    assert (result.exit_code, "was not stopped cleanly" in result.stderr) == (2, True)
    stopped_early(there, 3.0)
    result = CliRunner().invoke(app, [*command(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["groups"] == GROUPS
    shown = CliRunner().invoke(app, ["state", "show", "--out", str(folder / "m1"), "--json"])
    assert json.loads(shown.stdout)["groups"] == "96-255"
