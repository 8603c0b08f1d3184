"""People who ask to be erased or for their data, with what they and others left behind in an output folder."""

import json
from base64 import b64encode
from pathlib import Path

import duckdb
from msgspec import Raw, Struct
from msgspec.structs import replace

from schemas.reasons import RejectReason
from schemas.records import DeadLetter, ErasedMember, EventApplied, ExportAsked, Packet
from sinks.destination import Destination
from sinks.group import Destinations
from sinks.lines import LineFile
from sinks.requests import Requests
from sinks.warehouse import Warehouse
from tests.sinks.examples import (
    NOON_US,
    action,
    alert,
    decision,
    entry,
    event,
    identity,
    member,
    packet,
    receipt,
    refusal,
    signal,
)

KEY = b"a key of this test alone"
ADA, ADAS_PHONE, OLD = "email:ada@x.org", "phone:+442079460958", "cookie:c-0123456789"
BOB, KID = "email:bob@x.org", "cookie:kid"
PERSONAL = ("ada@x.org", "442079460958", "c-0123456789")
MINUTE_US = 60_000_000
ERASED_US = NOON_US + 60 * MINUTE_US


def warehouse(folder: Path) -> Destination:
    """The warehouse, the outbox and the dead letters of a folder, people taken out of all three."""
    lines = {"actions": folder / "outbox.jsonl", "dead_letters": folder / "dead_letters.jsonl"}
    requests = Requests(folder, KEY, document, lines)
    return Destinations(
        [*(LineFile(path, table) for table, path in lines.items()), Warehouse(folder / "warehouse", requests=requests)]
    )


def document(member_id: str, state: object) -> tuple[int, bytes]:
    """A member's document; the state is its attributes."""
    return 1, json.dumps({"member_id": member_id, "attributes": state}).encode()


def said(number: int, member_id: str, ids: tuple[str, ...], at_us: int, **data: object) -> EventApplied:
    """An event whose data repeat its identifiers, as senders write them."""
    raw: dict[str, list[str]] = {}
    for identifier in ids:
        kind, _, value = identifier.partition(":")
        raw.setdefault(kind, []).append(value)
    return replace(event(number, member_id, ids, at_us), data=Raw(json.dumps({"ids": raw, **data}).encode()))


def letter(number: int, line: str) -> DeadLetter:
    """A line that was rejected."""
    raw = b64encode(line.encode()).decode()
    return DeadLetter(RejectReason.INVALID_DATA, f"data.ids: {line[:20]!r}", raw, "shop", 0, number, NOON_US)


def life() -> list[Struct]:
    """Ada absorbed `old`; a child was split off her; Bob's event once carried her address, which was left out."""
    return [
        identity(1, "link", "ada", (ADA, ADAS_PHONE, KID)), identity(2, "link", "old", (OLD,)),
        identity(3, "link", "bob", (BOB,)), identity(4, "merge", "ada", (OLD,), "old"),
        identity(5, "conflict", "bob", (ADA,), "ada", detail="left out"),
        identity(6, "split", "ada", (KID,), "kid", detail="desk: a child's"),
        member("ada"), member("old"), member("bob"), member("kid"), member("old", 2, "ada"),
        said(1, "ada", (ADA, ADAS_PHONE), NOON_US, name="Ada"), said(2, "old", (OLD,), NOON_US),
        said(3, "bob", (BOB, ADA), NOON_US, total=12), said(4, "ada", (KID, ADA), NOON_US, toy="car"),
        said(5, "bob", (BOB,), NOON_US), said(6, "old", (), NOON_US),
        entry("ada", 1, 10), entry("old", 1, 5, 5), entry("bob", 1, 7, 7), entry("old", 2, 0, -5),
        entry("ada", 2, 15, 5),
        refusal(1), signal(1), decision(1), action(1), receipt(1), alert(1),
        replace(action(2), member_id="bob"), replace(decision(2), member_id="bob"), alert(2, "bob"),
        replace(action(3), member_id="kid", body={"to": "ada@x.org"}),
        alert(3, "bob", "email:ada@x.org names two members"),
        letter(1, '{"ids": {"email": "Ada@X.org"}}'), letter(2, '{"ids": {"phone": "020 7946 0958"}}'),
        letter(3, '{"ids": {"email": "bob@x.org"}}'), letter(4, 'cut {"ids": {"cookie": "c-0123456789'),
    ]  # fmt: skip


def erasure(at_us: int = ERASED_US, seq: int = 7) -> ErasedMember:
    """Ada is to be erased."""
    return ErasedMember("ada", "default", ["old"], [ADA, ADAS_PHONE, OLD], "request 1", at_us, seq, "ev90")


def export(request_id: str = "request-2") -> ExportAsked:
    """Ada asks for what is held on her."""
    return ExportAsked("ada", ["old"], request_id, "desk", NOON_US)


def erased(*more: Struct, after: tuple[Struct, ...] = ()) -> Packet:
    """The packet in which Ada is erased: her stone, her last entry, the request, and whatever comes besides."""
    asked = replace(said(90, "ada", (ADA,), ERASED_US, request_id="request 1"), type="erase")
    made = packet(
        *more, asked, identity(7, "erase", "ada", (), at_us=ERASED_US, detail="desk"),
        replace(member("ada", 2, forgotten=True), at_us=ERASED_US), entry("ada", 3, 0, -15), *after,
    )  # fmt: skip
    made.erased = [erasure()]
    return made


class Lives:
    """An output folder that takes epochs, each in a process's life of its own as far as the sinks can tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._epoch = 0
        self._mark: dict[str, int] = {}

    def take(self, *packets: Packet) -> None:
        """Publish the packets, each as an epoch, in one pass or several."""
        sinks = warehouse(self.folder)
        sinks.recover(self._epoch, self._mark)
        for each in packets:
            self._epoch += 1
            sinks.write(each)
            self._mark = sinks.seal(self._epoch)
        sinks.publish(self._epoch)
        sinks.close()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query finds in the warehouse."""
        with duckdb.connect(str(self.folder / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()
