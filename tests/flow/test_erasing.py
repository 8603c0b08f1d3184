"""After an erasure nothing in a deployment has an identifier of the person, not after a restart nor a replay."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from config.program import Program
from flows.runtime.store import Store
from tests.config.samples import edited, plain
from tests.flow.lives import live, settings

ADA: Final[dict[str, Any]] = {"loyalty": "BZ-ada-777", "email": "ada.long@person.example", "phone": "+442079460958"}
ADAS_COOKIE: Final = {"cookie": "ck-ada-12345"}
BOB: Final = {"loyalty": "BZ-bob", "email": "bob@other.example"}
CAROL: Final = {"email": "carol@other.example"}
TABLET: Final = {"device": "tablet-of-all"}
PERSONAL: Final = ("BZ-ada-777", "ada.long@person.example", "442079460958", "20 7946 0958", "ck-ada-12345")
KEPT: Final = ("bob@other.example", "carol@other.example", "tablet-of-all", "BZ-bob")
GBP: Final = {"amount": 1000, "currency": "GBP"}


def shop() -> Program:
    """The corner shop, whose tablet may have been seen with four people before it stops linking."""
    text = edited("    pos: {known: false}\n", "    device: {shared: {members: 4, within: ever}}\n")
    return Program.model_validate(plain(text))


class Happening:
    """A log that grows; every event is a minute after the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.minute = 0
        path.parent.mkdir(parents=True)

    def add(self, type_: str, **data: object) -> None:
        """Append an event."""
        self.minute += 1
        event = {
            "specversion": "1.0", "type": type_, "source": "shop", "id": f"n{self.minute}",
            "time": f"2026-01-01T{10 + self.minute // 60:02}:{self.minute % 60:02}:00Z", "data": data,
        }  # fmt: skip
        self.line(json.dumps(event))

    def line(self, text: str) -> None:
        """Append a line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    def ada_lives(self) -> None:
        """She buys, agrees, shares a tablet, is merged with a stranger by mistake and parted, and is erased."""
        self.add("activity", ids={**BOB, **TABLET}, kind="visit")
        self.add("activity", ids=ADAS_COOKIE, kind="visit")
        self.add("purchase", ids={**ADA, **ADAS_COOKIE}, order_id="o1", total=GBP)
        self.add("member_update", ids=ADA, attributes={"name": "Ada", "mail": ADA["email"]})
        self.add("consent", ids=ADA, channel="email", purpose="marketing", state="withdrawn", origin="web")
        self.add("consent", ids=ADA, channel="sms", purpose="marketing", state="granted", origin="web")
        self.add("cart_change", ids=ADA, cart_id="c1", status="active")
        self.add("activity", ids={"email": ADA["email"], **TABLET}, kind="visit")
        self.add("activity", ids={"loyalty": "BZ-bob", "email": ADA["email"]}, kind="visit")
        self.minute += 180
        self.add("alias", ids={"email": [ADA["email"], CAROL["email"]]})
        self.add("purchase", ids=CAROL, order_id="o2", total=GBP)
        self.add("consent", ids=CAROL, channel="push", purpose="marketing", state="denied", origin="web")
        self.add("split", keep=CAROL, part=ADA, actor="desk", reason="two")
        self.add("activity", ids={"phone": "+44 20 7946 0958", **TABLET}, kind="visit")
        self.line('{"ids": {"phone": "+44 20 7946 0958"}, "no": "event"}')
        self.add("purchase", ids=ADA, order_id="o3", total="much")
        self.add("export", ids=BOB, request_id="r-bob", actor="bob")
        self.add("erase", ids={"email": ADA["email"]}, request_id="r-ada", actor="desk")


def texts(out: Path, scratch: Path) -> Iterator[tuple[str, str]]:
    """Everything under an output folder as text, by place: files as bytes, Parquet and state by their rows."""
    for path in sorted(out.rglob("*")):
        place = str(path.relative_to(out))
        if not path.is_file() or place.startswith(("state/stitch", "state/members")):
            continue
        if path.suffix == ".parquet":
            rows = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            yield place, "\n".join(map(repr, rows)) + "".join(in_base64(repr(rows)))
        else:
            text = path.read_bytes().decode("latin-1")
            yield place, text + "".join(in_base64(text))
    for station in ("stitch", "members"):
        last = max((out / "state" / station / "checkpoints").iterdir())
        (scratch / station / "checkpoints").mkdir(parents=True)
        (scratch / station / "checkpoints" / last.name).symlink_to(last)
        store = Store(scratch / station, int(last.name))
        yield f"state/{station}", "\n".join((key + b" " + row).decode("latin-1") for key, row in store.scan(b""))
        store.close()


def in_base64(text: str) -> Iterator[str]:
    """What rejected lines hold."""
    for found in re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", text):
        try:
            yield base64.b64decode(found).decode("latin-1")
        except ValueError:
            continue


def named(out: Path, scratch: Path, words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Which of some words stand where."""
    return [
        (place, word) for place, text in texts(out, scratch) for word in words if word.lower() in text.lower()
    ]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Happening:
    """Ada's life up to her erasure."""
    happening = Happening(tmp_path / "log" / "shop.jsonl")
    happening.ada_lives()
    return happening


def test_everything_is_there_before(log: Happening, tmp_path: Path) -> None:
    """Otherwise finding nothing would say nothing: every word stands in records, rows and state."""
    whole = log.path.read_text().splitlines(keepends=True)
    log.path.write_text("".join(whole[:-1]))
    live(log.path.parent, tmp_path / "out", settings(), shop())
    found = named(tmp_path / "out", tmp_path / "scratch", PERSONAL)
    assert {word for place, word in found if place.startswith("records/")} == set(PERSONAL)
    assert {word for place, word in found if place.startswith("warehouse/")} == set(PERSONAL)
    assert {word for place, word in found if place == "state/stitch"} == set(PERSONAL) - {"20 7946 0958"}


def test_nothing_names_the_person_any_more(log: Happening, tmp_path: Path) -> None:
    """Not in state, warehouse, surfaces, outbox, dead letters or kept records; others lose nothing.

    Nor after a restart with more events, nor in a deployment that reads the same log anew.
    """
    out, again = tmp_path / "out", tmp_path / "again"
    live(log.path.parent, out, settings(), shop())
    assert named(out, tmp_path / "first", PERSONAL) == []
    log.add("activity", ids={**BOB, **TABLET}, kind="visit")
    live(log.path.parent, out, settings(), shop())
    assert named(out, tmp_path / "second", PERSONAL) == []
    live(log.path.parent, again, settings(), shop())
    assert named(again, tmp_path / "third", PERSONAL) == []
    kept = {word for place, word in named(again, tmp_path / "fourth", KEPT) if place.startswith("records/")}
    assert kept == set(KEPT)


def test_kept_records_stay_lines_of_their_length(log: Happening, tmp_path: Path) -> None:
    """What was hers says which request took it; each line is where it was, and is JSON."""
    whole = log.path.read_text().splitlines(keepends=True)
    log.path.write_text("".join(whole[:-1]))
    out = tmp_path / "out"
    live(log.path.parent, out, settings(), shop())
    before = {path.name: path.read_bytes().splitlines() for path in (out / "records").iterdir()}
    log.path.write_text("".join(whole))
    live(log.path.parent, out, settings(), shop())
    erased = 0
    for name, lines in before.items():
        after = (out / "records" / name).read_bytes().splitlines()
        assert [len(line) for line in after[: len(lines)]] == [len(line) for line in lines], name
        erased += sum(json.loads(line).get("erased") == "r-ada" for line in after)
    report = json.loads((out / "erasures.jsonl").read_text())["rows"]
    assert erased > 0
    assert {name for name in report if name.startswith("records/")} >= {"records/events.jsonl", "records/entries.jsonl"}


def test_whom_nobody_knows_is_forgotten_where_others_named_him(tmp_path: Path) -> None:
    """In rejected lines, and in events that his address was left out of; the request is reported like any other."""
    happening = Happening(tmp_path / "log" / "shop.jsonl")
    happening.add("purchase", ids={"email": "zoe@person.example"}, order_id="o1", total="much")
    happening.line("no event of zoe@person.example")
    happening.add("activity", ids={"cookie": "ck-1", "email": "kim@person.example"}, kind="visit")
    happening.add("erase", ids={"email": ["zoe@person.example", "yan@person.example"]}, request_id="r-1", actor="desk")
    happening.add("erase", ids={"email": ["kim@person.example", "yan@person.example"]}, request_id="r-2", actor="desk")
    happening.add("activity", ids={"email": "yan@person.example"}, kind="visit")
    out = tmp_path / "out"
    live(happening.path.parent, out, settings(), shop())
    gone = named(out, tmp_path / "scratch", ("zoe@person.example", "kim@person.example"))
    assert (gone, {word for _, word in named(out, tmp_path / "again", ("yan@person.example",))}) == (
        [], {"yan@person.example"},
    )  # fmt: skip
    report = [json.loads(line) for line in (out / "erasures.jsonl").read_text().splitlines()]
    assert [(line["request_id"], line["rows"].get("dead_letters")) for line in report] == [("r-1", 2), ("r-2", None)]
