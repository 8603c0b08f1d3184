"""`balanza reconcile` on a broker: the log comes from topics, what was streamed from several processes' folders."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from balanza.cli import app
from tests.broker_flow.test_workers import Parts, run_together
from tests.broker_flow.world import World, world
from tests.kafka.broker import Broker
from tests.reconcile.tampered import tamper


@pytest.fixture(scope="module")
def shop(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A thousand events of a made-up shop, in topics."""
    return world(kafka.bootstrap, tmp_path_factory.mktemp("shop"), 1_000, 60, 23)


def reconcile(shop: World, prefix: str, *folders: Path) -> Result:
    """The command's answer, of these folders and the shop's topics."""
    outs = [word for folder in folders for word in ("--out", str(folder))]
    source = ["--kafka", shop.bootstrap, "--topics", ",".join(shop.topics), "--prefix", prefix]
    return CliRunner().invoke(app, ["reconcile", *outs, *source, "--quiet", "--json"])


def test_workers_on_a_broker_are_reconciled_together(shop: World, tmp_path: Path) -> None:
    """Equal with all folders; a point too much in one of them is found, and a folder that is missing is drift."""
    parts = Parts(shop, tmp_path)
    workers = [parts.member("one", "0-127"), parts.member("other", "128-255")]
    run_together([parts.stitcher, *workers])
    folders = [parts.stitcher.out, *(worker.out for worker in workers)]
    found = reconcile(shop, parts.prefix, *folders)
    assert found.exit_code == 0, found.output
    told = orjson.loads(found.stdout)
    assert (told["equal"], told["drifting"], told["lines"]["applied"]) == (True, [], 1_000)
    assert reconcile(shop, parts.prefix, *folders[:2]).exit_code == 1
    tampered = tmp_path / "tampered"
    cause_id = tamper(folders[2], tampered, "spend")
    found = reconcile(shop, parts.prefix, folders[0], folders[1], tampered)
    assert found.exit_code == 1
    assert [row["id"] for row in orjson.loads(found.stdout)["parting"]] == [cause_id]
