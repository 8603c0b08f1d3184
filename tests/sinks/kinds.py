"""The destinations under the contract: how each is made, and what a reader finds in it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import duckdb

from schemas.records import TABLES, IdentifierMoved
from sinks.destination import Destination
from sinks.group import Destinations
from sinks.lines import LineFile, RecordFiles
from sinks.surfaces import Surfaces
from sinks.warehouse import Warehouse
from tests.sinks import people
from tests.sinks.examples import entry, event, one_of_each, packet
from tests.sinks.little_engine import Epochs, Store
from tests.sinks.people import BOB, erased, export, life

Seen = dict[str, list[str]]


def document(member_id: str, state: object) -> tuple[int, bytes]:
    """The document of the little engine's states, (version, points)."""
    assert isinstance(state, tuple)
    version, points = state
    return version, json.dumps({"member_id": member_id, "points": points}).encode()


def four_epochs() -> Epochs:
    """Two packets an epoch; the second is empty of lines but touches members; `bob` merges into `ada` in the last."""
    moved = [IdentifierMoved("default", "email", "bob@x.org", "bob"), IdentifierMoved("default", "device", "d1", "bob")]
    epochs: Epochs = [
        [
            packet(*one_of_each(2 * epoch), *one_of_each(2 * epoch + 1), touched={"ada": (2 * epoch, epoch)}),
            packet(touched={"ada": (2 * epoch + 1, epoch), "bob": (epoch, 7)}, moved=moved),
        ]
        for epoch in range(1, 4)
    ]
    merged = [IdentifierMoved("default", "email", "bob@x.org", "ada"), IdentifierMoved("default", "device", "d1", None)]
    return [*epochs, [packet(*one_of_each(8), touched={"ada": (9, 21)}, gone=["bob"], moved=merged)]]


def two_epochs() -> Epochs:
    """The first and the last of four, with records of three tables only: short enough to die at every step of it."""
    epochs = four_epochs()
    short = [epochs[0], epochs[-1]]
    for each in (each for epoch in short for each in epoch):
        each.lines = {table: lines for table, lines in each.lines.items() if table in {"events", "entries", "actions"}}
    return short


class Kind(NamedTuple):
    """A destination and its reader."""

    make: Callable[[Path, Store], Destination]
    read: Callable[[Path], Seen]
    stride: int = 1  # of its file operations each so many-th is a place to die
    long: Callable[[], Epochs] = four_epochs
    short: Callable[[], Epochs] = two_epochs


def read_lines(folder: Path) -> Seen:
    """Every line file's lines."""
    return {path.name: path.read_text().splitlines() for path in sorted(folder.rglob("*.jsonl"))}


def read_warehouse(folder: Path) -> Seen:
    """Every stored table's rows in their order."""
    with duckdb.connect(str(folder / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        return {
            table: [str(row) for row in connection.execute(f"SELECT * FROM stored.{table}").fetchall()]
            for table in TABLES
        }


def read_surfaces(folder: Path) -> Seen:
    """Both tables, in the order of their keys."""
    with closing(sqlite3.connect(folder / "surfaces.db")) as connection:
        return {
            table: [str(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3")]
            for table in ("surfaces", "identifiers")
        }


def make_all(folder: Path, store: Store) -> Destination:
    """What a deployment has."""
    return Destinations(
        [
            Warehouse(folder / "warehouse"),
            LineFile(folder / "outbox.jsonl", "actions"),
            LineFile(folder / "dead_letters.jsonl", "dead_letters"),
            Surfaces(folder, document, load=store.get),
        ]
    )


def read_all(folder: Path) -> Seen:
    """What its readers see."""
    return read_lines(folder) | read_warehouse(folder) | read_surfaces(folder)


def people_epochs() -> Epochs:
    """Ada lives, asks for her data, and is erased; Bob goes on. Few tables, so that there are not too many places."""
    asked, bobs = erased(), packet(event(100, "bob", (BOB,)), entry("bob", 2, 9, 2))
    asked.exports, asked.touched = [export()], {"ada": {"name": "Ada"}}
    first = packet(*life())
    first.lines = {table: first.lines[table] for table in ("events", "identity", "entries", "actions", "dead_letters")}
    return [[first], [asked], [bobs]]


def make_people(folder: Path, _: Store) -> Destination:
    """What takes people out, and gives them what is held on them."""
    return people.warehouse(folder)


def read_people(folder: Path) -> Seen:
    """Lines, rows, the report, and the exports."""
    exports = {path.name: path.read_text().splitlines() for path in sorted((folder / "exports").iterdir())}
    numbered = {name: [f"{at} {line}" for at, line in enumerate(lines)] for name, lines in exports.items()}
    return read_lines(folder) | read_warehouse(folder) | numbered


KINDS = {
    "line file":              Kind(lambda at, _: LineFile(at / "outbox.jsonl", "actions"), read_lines),
    "record files":           Kind(lambda at, _: RecordFiles(at / "records"), read_lines, stride=2),
    "warehouse":              Kind(lambda at, _: Warehouse(at / "warehouse"), read_warehouse),
    "surfaces, states held":  Kind(lambda at, _: Surfaces(at, document), read_surfaces),
    "surfaces, states loaded": Kind(lambda at, store: Surfaces(at, document, load=store.get), read_surfaces),
    "surfaces, live":         Kind(lambda at, store: Surfaces(at, document, 0.0, store.get), read_surfaces),
    "all together":           Kind(make_all, read_all, stride=5),
    "people who ask":         Kind(make_people, read_people, 13, people_epochs, people_epochs),
}  # fmt: skip
