"""An output folder as a run leaves it, made by the machines in a plain loop and the real sinks, without the engine."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from typer.testing import CliRunner, Result

from balanza.cli import app
from config.compatibility import dump_program
from config.loader import load_program
from config.program import Program
from connectors.file_log import FileLog, LogOptions
from flows.fold import fold
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.decode import EventDecoder
from schemas.log import LogBatch, Row
from sinks.document import surface_document
from sinks.group import Destinations
from sinks.lines import LineFile
from sinks.surfaces import Surfaces
from sinks.warehouse import Warehouse
from tests.config.samples import CORNER_SHOP, ROOT

FIRST_STEPS = ROOT / "examples" / "first_steps.jsonl"
WIDTH = "120"
BROKEN = b'{"specversion":"1.0" \xff\x1b[2J'


def event(number: int, kind: str, time: str, data: Mapping[str, object], **envelope: str) -> bytes:
    """A line of a log."""
    named = {"specversion": "1.0", "type": kind, "source": "tests", "id": f"more-{number}", "time": time, **envelope}
    return json.dumps({**named, "data": dict(data)}).encode()


def before() -> Iterator[bytes]:
    """Somebody who looks once and is forgotten."""
    yield event(1, "page_view", "2026-01-10T10:00:00Z", {"ids": {"cookie": "ck-once"}})


def after(action_id: str) -> Iterator[bytes]:
    """What the first steps do not show: rejected lines, a second space, a receipt, quiet hours, a merge."""
    ada = {"ids": {"cookie": "ck-ada"}}
    yield BROKEN
    yield event(2, "page_view", "2026-03-10T10:00:00Z", {**ada, "duration_seconds": "twelve"})
    yield event(3, "page_vieuw", "2026-03-10T10:01:00Z", ada)
    receipt = {"action_id": action_id, "channel": "email", "status": "opened", "detail": "phone"}
    yield event(4, "receipt", "2026-03-10T10:02:00Z", {"ids": {"email": "ada@example.com"}, **receipt})
    other = {"ids": {"email": "ADA@example.com"}, "kind": "login"}
    yield event(5, "activity", "2026-03-10T10:03:00Z", other, space="b")
    consent = {"channel": "email", "purpose": "marketing", "state": "granted", "origin": "form"}
    bob = {"ids": {"email": "bob@example.com"}}
    yield event(6, "consent", "2026-03-10T10:04:00Z", {**bob, **consent})
    yield event(7, "member_update", "2026-03-10T10:05:00Z", {**bob, "attributes": {"name": "Bob [red]\x1b[2J"}})
    wishes = {"channels": ["email"], "frequency": "low", "quiet": {"from": "20:00", "to": "09:00"}}
    yield event(8, "preference", "2026-03-10T10:06:00Z", {**bob, **wishes})
    yield event(11, "page_view", "2026-03-10T10:07:00Z", {"ids": {"cookie": "ck-bob"}})
    both = {"cookie": "ck-bob", "email": "bob@example.com"}
    yield event(12, "activity", "2026-03-10T10:08:00Z", {"ids": both, "kind": "login"})
    cart = {"cart_id": "cart-9", "status": "active", "value": {"amount": 1250, "currency": "GBP"}}
    yield event(9, "cart_change", "2026-03-10T20:00:00Z", {**bob, **cart})
    yield event(10, "page_view", "2026-03-11T10:00:00Z", bob)


def rows(path: Path) -> list[Row]:
    """The log of one file, decoded and in order."""
    log, found = FileLog(path, EventDecoder(), LogOptions(), None), []
    while (batch := log.read()) is not None:
        found += batch.rows
    log.close()
    return found


def make(folder: Path) -> Path:
    """Run corner_shop over the first steps and more; gives the output folder."""
    program, log, out = load_program(CORNER_SHOP), folder / "shop" / "0.jsonl", folder / "out"
    log.parent.mkdir(parents=True)
    first = [*before(), *FIRST_STEPS.read_bytes().splitlines()]
    log.write_bytes(b"\n".join(first) + b"\n")
    action = json.loads(fold(program, rows(folder)).lines["actions"].splitlines()[0])
    log.write_bytes(b"\n".join([*first, *after(action["action_id"])]) + b"\n")
    (out / "state").mkdir(parents=True)
    (out / "state" / "program.json").write_text(dump_program(program), encoding="utf-8")
    drive(program, rows(folder), destinations(program, out))
    return out


def destinations(program: Program, out: Path) -> Destinations:
    """The sinks of a run."""
    surfaces = Surfaces(out, surface_document(program))
    outbox = LineFile(out / "outbox.jsonl", "actions")
    return Destinations([Warehouse(out / "warehouse"), surfaces, outbox])


def drive(program: Program, read: list[Row], sinks: Destinations) -> None:
    """Apply the rows and let the sinks publish them as one epoch."""
    wiring = Wiring(program)
    stitch, members = StitchHost(wiring, 0), MemberHost(wiring, 0)
    sinks.recover(0, {})
    for batch in (LogBatch(read, None, 0, 0.0), LogBatch([], read[-1][0], 0, 0.0)):
        sinks.write(members.work(stitch.work(batch)))
    sinks.seal(1)
    sinks.publish(1)
    sinks.close()


def balanza(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    """Run a command as a person would, on a terminal of fixed width."""
    runner = CliRunner(env={"COLUMNS": WIDTH, "BALANZA_OUT": None, **(env or {})})
    return runner.invoke(app, [str(argument) for argument in arguments], prog_name="balanza")
