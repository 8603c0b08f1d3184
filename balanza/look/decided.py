"""A decision with everything that explains it, gathered from the tables."""

from datetime import datetime
from typing import Final

import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.rows import Row, dictionaries
from balanza.look.who import family_of

DECISION = "SELECT * FROM decisions WHERE decision_id = ?"
ACTION = "SELECT * FROM actions WHERE action_id = $id OR decision_id = $id"
RECEIPTS = 'SELECT "at", channel, status, detail FROM receipts WHERE action_id = ? ORDER BY "at", status'
SURVIVOR = "SELECT merged_into FROM stored.members_now WHERE member_id = ?"
# The signal that stood when the decision was made; its id begins with the key of the event behind it.
CAUSE = """
SELECT signal_id, signal, "at", value, detail FROM signals
WHERE member_id IN (SELECT unnest($family)) AND state = 'raised' AND "at" <= $at
      AND json_extract_string(detail, '$.cart_id') = $subject
ORDER BY "at" DESC LIMIT 1
"""
EVENT = "SELECT event_key, source, id, type, time FROM events WHERE event_key = ?"
SAME = """
SELECT decision_id, "at", channel, outcome, reason FROM decisions
WHERE rule = $rule AND member_id IN (SELECT unnest($family)) AND decision_id <> $id
      AND json_extract_string(detail, '$.subject') = $subject
ORDER BY "at", decision_id
"""
LIKE = "SELECT decision_id FROM decisions WHERE starts_with(decision_id, ?) LIMIT 1"
BEGIN_CHARS: Final = 6
CAP: Final = "cap."
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  the tables' times are UTC without zone


class ChannelLook(msgspec.Struct):
    """What one channel said; `left` are the messages that each cap had room for before this decision."""

    channel: str
    reason: str
    left: dict[str, int]


class Decided(msgspec.Struct):
    """A decision; `others` are decisions about the same subject, before and after. JSON has the same names."""

    decision: Row
    subject: str | None
    expires_at: datetime | None
    quiet_until: datetime | None
    channels: list[ChannelLook]
    signal: Row | None
    event: Row | None
    action: Row | None
    receipts: list[Row]
    others: list[Row]


def decided(connection: DuckDBPyConnection, id: str) -> Decided | None:
    """The decision with the id, or the one that an action came from; None if there is no such thing."""
    action = _first(connection.execute(ACTION, {"id": id}))
    decision = _first(connection.execute(DECISION, [action["decision_id"] if action else id]))
    if decision is None:
        return None
    detail, at = decision["detail"], decision["at"]
    subject = detail.get("subject")
    about = {"family": _family(connection, decision["member_id"]), "subject": subject}
    signal = _first(connection.execute(CAUSE, {**about, "at": at})) if subject else None
    event = _first(connection.execute(EVENT, [signal["signal_id"].partition(":")[0]])) if signal else None
    receipts = list(dictionaries(connection.execute(RECEIPTS, [action["action_id"]]))) if action else []
    others = connection.execute(SAME, {**about, "rule": decision["rule"], "id": decision["decision_id"]})
    looks = [_look(said) for said in detail.get("channels", [])]
    return Decided(
        decision, subject, _time(detail.get("expires_at_us")), _time(detail.get("quiet_until_us")), looks, signal,
        event, action, receipts, list(dictionaries(others)),
    )  # fmt: skip


def near(connection: DuckDBPyConnection, id: str) -> str | None:
    """A decision whose id begins alike, for who mistyped its end."""
    row = connection.execute(LIKE, [id[:BEGIN_CHARS]]).fetchone() if len(id) >= BEGIN_CHARS else None
    return None if row is None else str(row[0])


def _first(result: DuckDBPyConnection) -> Row | None:
    return next(dictionaries(result, 1), None)


def _family(connection: DuckDBPyConnection, member_id: str) -> list[str]:
    """Every id under which this person's records stand, whoever was merged into whom since."""
    current: str | None = member_id
    while current is not None:
        member_id = current
        row = connection.execute(SURVIVOR, [current]).fetchone()
        current = None if row is None else row[0]
    return [member_id, *family_of(connection, member_id)]


def _look(said: dict[str, str]) -> ChannelLook:
    left = {name.removeprefix(CAP): int(value) for name, value in said.items() if name.startswith(CAP)}
    return ChannelLook(said["channel"], said["reason"], left)


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else EPOCH + microseconds * datetime.resolution
