"""`balanza export` over the folders of several processes: one file with everything, or a word on what is missing."""

import json
import shutil
from pathlib import Path
from typing import Final

import orjson
import pytest

from balanza.parts import parts_missing
from balanza.sending import MEMBERS_TABLES
from config.compatibility import dump_program
from config.loader import load_program
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.groups import group_number
from schemas.log import LogBatch
from schemas.records import Packet
from sinks.document import surface_document
from sinks.group import Destinations
from sinks.surfaces import Surfaces
from sinks.warehouse import Warehouse
from tests.commands.made import balanza, rows
from tests.config.samples import CORNER_SHOP

GROUPS: Final = 256
TOLD: Final = ("identity", "members")
ADA: Final = "loyalty:BZ00000001"
BY_WORKER: Final = {"worker-0": range(GROUPS // 2), "worker-1": range(GROUPS // 2, GROUPS)}


def part_of(whole: Packet, process: str) -> Packet:
    """What a process has of the records: the stitcher its tables, a worker its members' rows."""
    if process == "stitcher":
        own = {table: text for table, text in whole.lines.items() if table not in MEMBERS_TABLES}
        return Packet(own, {}, [], [], 0.0)
    ours = BY_WORKER[process]
    lines = {}
    for table in (*MEMBERS_TABLES, *TOLD):
        found = [
            line for line in whole.lines.get(table, b"").splitlines(keepends=True)
            if any(group_number(orjson.loads(line)[name] or "", GROUPS) in ours
                   for name in ("member_id", "other_member_id") if name in orjson.loads(line))
        ]  # fmt: skip
        lines[table] = b"".join(found)
    touched = {name: state for name, state in whole.touched.items() if group_number(name, GROUPS) in ours}
    moved = [one for one in whole.moved if one.member_id in touched]
    return Packet(lines, touched, [], moved, 0.0)


@pytest.fixture(scope="module")
def folders(out: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The shop of `out`, as a stitcher and two workers would have left it."""
    program, base = load_program(CORNER_SHOP), tmp_path_factory.mktemp("processes")
    shutil.copytree(out.parent / "shop", base / "log" / "shop")
    read = rows(base / "log")
    wiring = Wiring(program)
    stitch, members = StitchHost(wiring, 0), MemberHost(wiring, 0)
    batches = (LogBatch(read, None, 0, 0.0), LogBatch([], read[-1][0], 0, 0.0))
    packets = [members.work(stitch.work(batch)) for batch in batches]
    for process in ("stitcher", *BY_WORKER):
        state = base / process / "state"
        state.mkdir(parents=True)
        facts = {"role": "stitch"}
        if process in BY_WORKER:
            facts = {"role": "members", "groups": f"{BY_WORKER[process].start}-{BY_WORKER[process].stop - 1}"}
        (state / "made_as.json").write_text(json.dumps(facts))
        (state / "format.json").write_text(json.dumps({"state_format": 1, "key_groups": GROUPS}))
        (state / "program.json").write_text(dump_program(program), encoding="utf-8")
        surfaces = [Surfaces(base / process, surface_document(program))] if process in BY_WORKER else []
        sinks = Destinations([*surfaces, Warehouse(base / process / "warehouse")])
        sinks.recover(0, {})
        for packet in packets:
            sinks.write(part_of(packet, process))
        sinks.seal(1)
        sinks.publish(1)
        sinks.close()
    return {process: base / process for process in ("stitcher", *BY_WORKER)}


@pytest.mark.parametrize("order", [("stitcher", "worker-0", "worker-1"), ("worker-1", "worker-0", "stitcher")])
def test_all_folders_together_give_what_one_process_gives(
    out: Path, folders: dict[str, Path], order: tuple[str, ...]
) -> None:  # fmt: skip
    """The same rows, identifiers and document, whatever the order of the folders; nothing is missing."""
    expected = json.loads(balanza("export", ADA, "--out", out).stdout)
    said = [argument for process in order for argument in ("--out", folders[process])]
    result = balanza("export", ADA, *said)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert result.stderr == ""
    assert found["complete"] is True
    assert {name for name in expected if found[name] != expected[name]} == set()


def test_where_folders_are_missing_the_file_says_which(folders: dict[str, Path]) -> None:
    """And gives the command that asks for the whole."""
    result = balanza("export", ADA, "--out", folders["worker-0"], "--out", folders["worker-1"])
    found = json.loads(result.stdout)
    assert (found["complete"], len(found["missing"]), "balanza stitch" in found["missing"][0]) == (False, 1, True)
    assert found["complete_with"] == (
        f"balanza export {found['member_id']} --out {folders['worker-0']} --out {folders['worker-1']} --out FOLDER_1"
    )
    assert "Not everything" in result.stderr
    stitchers = json.loads(balanza("export", ADA, "--out", folders["stitcher"]).stdout)
    assert ["0-255" in one for one in stitchers["missing"]] == [True]


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ([], []),
        ([{"role": "run"}], []),
        ([{"role": "stitch"}, {"role": "members", "groups": "0-255"}], []),
        ([{"role": "members", "groups": "0-127"}], ["balanza stitch", "128-255"]),
        ([{"role": "stitch"}, {"role": "members", "groups": "0-9,20-255"}], ["10-19"]),
        ([{"role": "stitch"}, {"role": "members", "groups": ""}], ["0-255"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_by_process(facts: list[dict[str, str]], missing: list[str]) -> None:
    """One process has everything; else there must be a stitcher, and a worker for every group."""
    said = parts_missing(facts, GROUPS)
    assert [word in text for word, text in zip(missing, said, strict=True)] == [True] * len(missing)
