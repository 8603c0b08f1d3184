"""What happened to a member, from all tables in one order: log time; at one time cause before consequence."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from duckdb import DuckDBPyConnection

from balanza.look.words import OUTCOME_WORDS, data_words, entry_words, money, plain, reason_words
from balanza.output import moment

EVERYTHING: Final = 1 << 62

# Each part: when, its place among records of that time, its kind, its id, and what it says.
TIMELINE = """
WITH told AS (
    SELECT log_time AS at, 1 AS step, 0 AS nth, 'event' AS kind, source || ' ' || id AS id, json_object(
        'type', type, 'data', data, 'time', CASE WHEN time < log_time THEN epoch_us(time) END) AS facts
    FROM events WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT make_timestamp(at_us), 2, seq, 'identity', cause_source || ' ' || cause_id, json_object(
        'change', kind, 'ids', ids, 'other', other_member_id, 'member', member_id, 'detail', detail)
    FROM stored.identity
    WHERE member_id IN (SELECT unnest($family))
          OR (kind IN ('split', 'conflict') AND other_member_id IN (SELECT unnest($family)))
UNION ALL
    SELECT make_timestamp(recorded_at_us), 3, version, 'entry', entry_id, json_object(
        'rule', rule, 'currency', currency, 'legs', legs, 'available', available, 'receivable', receivable)
    FROM stored.entries WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 4, 0, 'refusal', refusal_id, json_object(
        'kind', kind, 'reason', reason, 'currency', currency, 'points', points, 'detail', detail)
    FROM refusals WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 4, 0, 'tier', change_id, json_object(
        'tier', tier, 'from', from_tier, 'until', epoch_us(until), 'reason', reason)
    FROM tiers WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 4, 1, 'offer', change_id, json_object(
        'offer', offer, 'instance', instance, 'state', state, 'progress', progress, 'goal', goal)
    FROM offers WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 4, 1 + number, 'voucher', voucher_id, json_object(
        'reward', reward, 'state', state, 'code', code, 'redemption', redemption_id)
    FROM vouchers WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 5, 0, 'signal', signal_id, json_object(
        'signal', signal, 'state', state, 'value', value, 'detail', detail)
    FROM signals WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 6, 0, 'decision', decision_id, json_object(
        'rule', rule, 'channel', channel, 'outcome', outcome, 'reason', reason)
    FROM decisions WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 7, 0, 'action', action_id, json_object('channel', channel, 'template', template, 'body', body)
    FROM actions WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 8, 0, 'receipt', action_id, json_object('channel', channel, 'status', status, 'detail', detail)
    FROM receipts WHERE member_id IN (SELECT unnest($family))
UNION ALL
    SELECT "at", 9, 0, 'alert', alert_id, json_object(
        'kind', kind, 'owner', owner, 'playbook', playbook, 'detail', detail)
    FROM alerts WHERE member_id IN (SELECT unnest($family))
)
SELECT "at", kind, id, facts, count(*) OVER () FROM told ORDER BY "at" DESC, step DESC, nth DESC, id DESC LIMIT $limit
"""

Facts = dict[str, Any]  # a record as JSON, whatever its table


class Happening(msgspec.Struct):
    """One line of a timeline; `id` finds the record in its table, `facts` is what it says as JSON."""

    at: datetime
    kind: str
    what: str
    id: str
    facts: Facts


def timeline(
    connection: DuckDBPyConnection, family: Sequence[str], limit: int | None
) -> tuple[list[Happening], int]:
    """The latest `limit` happenings (None: all), oldest first, and how many there are altogether."""
    count = EVERYTHING if limit is None else limit
    rows = connection.execute(TIMELINE, {"family": list(family), "limit": count}).fetchall()
    happenings = []
    for at, kind, found, facts, _ in reversed(rows):
        said: Facts = msgspec.json.decode(facts)
        happenings.append(Happening(at, kind, WORDS[kind](said), found, said))
    return happenings, rows[0][4] if rows else 0


def _event(facts: Facts) -> str:
    said = data_words(facts["data"])
    late = f" (happened {moment(_utc(facts['time']))})" if facts["time"] is not None else ""
    return f"{facts['type']}{': ' if said else ''}{said}{late}"


def _utc(microseconds: int) -> datetime:
    return datetime.fromisoformat("1970-01-01") + microseconds * datetime.resolution


# What an identity change says: {names} are its identifiers, {why} its remark.
CHANGE_WORDS: Final = {
    "link":       "has {names} from now on",
    "merge":      "turned out to be one with {other} ({names})",
    "split":      "{names} of {member} became a member of its own, {other}{why}",
    "conflict":   "{names} left out of an event of {member}{whose}{why}",
    "limit":      "{names} left out: a limit was reached{why}",
    "quarantine": "{names} is shared by too many and links nobody from now on{why}",
    "release":    "{names} links again{why}",
    "block":      "{names} is {member}'s no more{why}",
    "refused":    "asked for what could not be done{why}",
    "erase":      "erase was asked for{why}",
    "export":     "export was asked for{why}",
}  # fmt: skip


def _identity(facts: Facts) -> str:
    change, other = facts["change"], facts["other"]
    said = {
        "names": " ".join(facts["ids"]), "member": facts["member"], "other": other,
        "why": f": {facts['detail']}" if facts["detail"] else "", "whose": f", which are {other}'s" if other else "",
    }  # fmt: skip
    return CHANGE_WORDS.get(change, f"{change} {{names}}").format_map(said).rstrip()


def _signal(facts: Facts) -> str:
    value, detail = facts["value"], facts["detail"]
    worth = f", worth {money(value, detail.get('currency'))}" if value is not None else ""
    about = f" ({detail['cart_id']}{worth})" if "cart_id" in detail else worth
    if "expires_at_us" in detail:
        about = f" (ending {_utc(detail['expires_at_us']):%Y-%m-%d %H:%M}{worth})"
    return f"{facts['signal']} {facts['state']}{about}"


def _entry(facts: Facts) -> str:
    return entry_words(facts["rule"], facts["currency"], facts["legs"], facts["available"], facts["receivable"])


def _refusal(facts: Facts) -> str:
    wanted = f" of {facts['points']:,} {facts['currency']}" if facts["points"] is not None else ""
    about = f" of {facts['detail']}" if facts["kind"] == "perk" and facts["detail"] else ""
    return f"{plain(facts['kind'])}{wanted}{about} refused: {plain(facts['reason'])}"


def _tier(facts: Facts) -> str:
    before = f" after {facts['from']}" if facts["from"] else ""
    until = f", until {moment(_utc(facts['until']))}" if facts["until"] is not None else ""
    return f"{facts['tier'] or 'none'}{before}: {plain(facts['reason'])}{until}"


def _offer(facts: Facts) -> str:
    reached = ""
    if facts["state"] == "expired" and facts["goal"]:  # a share, for the goal's unit is not stored with it
        reached = f" at {100 * facts['progress'] // facts['goal']}% of its goal"
    return f"{facts['offer']} {facts['state']}{reached}"


def _voucher(facts: Facts) -> str:
    return f"{facts['reward']} {facts['state']}"


def _decision(facts: Facts) -> str:
    channel = f" by {facts['channel']}" if facts["channel"] and facts["outcome"] == "sent" else ""
    return f"{facts['rule']} {OUTCOME_WORDS[facts['outcome']]}{channel}: {reason_words(facts['reason'])}"


def _action(facts: Facts) -> str:
    return f"{facts['template']} requested by {facts['channel']} to {facts['body'].get('to')}"


def _receipt(facts: Facts) -> str:
    return f"{facts['status']} by {facts['channel']}"


def _alert(facts: Facts) -> str:
    return f"{plain(facts['kind'])} for {facts['owner']}: {facts['detail']} ({facts['playbook']})"


# What a record says, as a sentence's worth of words, by its kind.
WORDS: Final[dict[str, Callable[[Facts], str]]] = {
    "event": _event, "identity": _identity, "entry": _entry, "refusal": _refusal, "tier": _tier,
    "offer": _offer, "voucher": _voucher, "signal": _signal,
    "decision": _decision, "action": _action, "receipt": _receipt, "alert": _alert,
}  # fmt: skip
