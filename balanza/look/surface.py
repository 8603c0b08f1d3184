"""The member's document as the surfaces show it, or as much of it as the warehouse knows while none is written."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.places import SURFACES
from sinks.read_surface import find_member

MEMBER = "SELECT space, known, version FROM members WHERE member_id = ?"
IDENTIFIERS = "SELECT type, list(value ORDER BY value) FROM identifiers WHERE member_id = ? GROUP BY type ORDER BY type"
BALANCES = """
SELECT currency, available, pending, receivable, lifetime_earned, lifetime_redeemed, lifetime_expired
FROM balances WHERE member_id = ? ORDER BY currency
"""


class Balance(msgspec.Struct):
    """Points in one currency."""

    available: int
    pending: int
    receivable: int
    lifetime_earned: int
    lifetime_redeemed: int
    lifetime_expired: int
    next_expiry: Mapping[str, object] | None = None
    expiries: Sequence[Mapping[str, object]] = ()


class ConsentShown(msgspec.Struct):
    """What was said about a channel and purpose."""

    channel: str
    purpose: str
    state: str
    since: str
    origin: str


class Wishes(msgspec.Struct):
    """How the member likes to be contacted."""

    channels: Sequence[str] = ()
    topics: Sequence[str] = ()
    frequency: str = "normal"
    quiet: Mapping[str, str] | None = None
    language: str | None = None
    time_zone: str | None = None


class StaffNotes(msgspec.Struct):
    """Flags for people at the till and on the phone."""

    till: Sequence[str] = ()
    call_centre: Sequence[str] = ()
    health: object = None


class TierShown(msgspec.Struct):
    """The tier, until when it holds, and what is missing for the next."""

    tier: str | None
    name: str | None
    since: str | None
    until: str | None
    projected: str | None
    progress: Mapping[str, int]
    next: Mapping[str, object] | None
    earn_percent: int
    perks: Sequence[Mapping[str, object]]


class VoucherShown(msgspec.Struct):
    """A voucher that can be used."""

    voucher_id: str
    reward: str
    name: str
    code: str
    issued_at: str
    expires_at: str | None


class OfferShown(msgspec.Struct):
    """One grant of an offer or a challenge, and how far the member has come."""

    offer: str
    instance: str
    name: str
    kind: str
    progress: int
    goal: int
    from_: str | None = msgspec.field(name="from")
    until: str | None
    completed_at: str | None


class Document(msgspec.Struct):
    """What the commands show of a document (sinks/document.py writes it)."""

    member_id: str
    version: int
    space: str
    known: bool
    updated_at: str | None
    identifiers: Mapping[str, Sequence[str]]
    balances: Mapping[str, Balance]
    attributes: Mapping[str, object] = {}
    tier: TierShown | None = None
    rewards: Sequence[Mapping[str, object]] = ()
    vouchers: Sequence[VoucherShown] = ()
    offers: Sequence[OfferShown] = ()
    challenges: Sequence[OfferShown] = ()
    consents: Sequence[ConsentShown] = ()
    preferences: Wishes = msgspec.field(default_factory=Wishes)
    modules: Sequence[Mapping[str, object]] = ()
    staff: StaffNotes = msgspec.field(default_factory=StaffNotes)


def document_of(connection: DuckDBPyConnection, folder: Path, member_id: str) -> tuple[Document, bool]:
    """The member's document, and whether it is the surface's; a long run shows surfaces only at its end."""
    try:
        surface = find_member(folder / SURFACES, member_id)
    except (FileNotFoundError, sqlite3.Error):
        surface = None
    if surface is not None:
        return msgspec.json.decode(surface.document, type=Document), True
    row = connection.execute(MEMBER, [member_id]).fetchone()
    assert row is not None, member_id
    identifiers = {kind: list(values) for kind, values in connection.execute(IDENTIFIERS, [member_id]).fetchall()}
    balances = {name: Balance(*rest) for name, *rest in connection.execute(BALANCES, [member_id]).fetchall()}
    return Document(member_id, row[2], row[0], row[1], None, identifiers, balances), False
