"""The views people read, as SQL over the stored records (schema `stored`). Meanings: docs/warehouse.md.

`VIEWS` names them in an order in which each stands on what comes before. Times become TIMESTAMP (UTC, without zone, so
that no reader needs a time zone extension). "As it is now" is the record with the highest version (of a member, of a
member's entries) or sequence number (of an identifier), never the last one written: the order of files plays no part.
"""

from typing import Final

MEMBERS_NOW = """
SELECT * FROM stored.members QUALIFY row_number() OVER (PARTITION BY member_id ORDER BY version DESC) = 1
"""

MEMBERS = """
SELECT member_id, space, known, make_timestamp(created_at_us) AS created_at, merged_into, version,
       make_timestamp(at_us) AS changed_at
FROM stored.members_now
WHERE NOT forgotten
"""

# An identifier's changes count from the last time it was forgotten: whoever carries it then is someone new.
IDENTIFIERS = """
WITH changes AS (
    SELECT space, unnest(ids) AS identifier, seq, kind, member_id, at_us FROM stored.identity
), forgotten AS (
    SELECT space, identifier, max(seq) AS seq FROM changes WHERE kind = 'expire' GROUP BY space, identifier
), present AS (
    SELECT space, identifier, max_by(member_id, changes.seq) AS member_id, min(at_us) AS first_us
    FROM changes LEFT JOIN forgotten USING (space, identifier)
    WHERE forgotten.seq IS NULL OR changes.seq > forgotten.seq
    GROUP BY space, identifier
), carried AS (
    SELECT space, unnest(ids) AS identifier, log_time_us FROM stored.events
), seen AS (
    SELECT space, identifier, max(log_time_us) AS last_us FROM carried GROUP BY space, identifier
)
SELECT space, split_part(identifier, ':', 1) AS type, substr(identifier, strpos(identifier, ':') + 1) AS value,
       member_id, make_timestamp(first_us)::DATE AS first_seen,
       make_timestamp(greatest(first_us, last_us))::DATE AS last_seen
FROM present LEFT JOIN seen USING (space, identifier)
"""

IDENTITY_EVENTS = """
WITH told AS (
    SELECT *, unnest(CASE WHEN kind = 'link' AND len(ids) > 0 THEN ids ELSE [NULL] END) AS identifier
    FROM stored.identity
)
SELECT seq, make_timestamp(at_us) AS at, kind, space, member_id, other_member_id, identifier, ids,
       cause_source, cause_id, CASE WHEN identifier IS NULL THEN detail ELSE concat_ws(' ', identifier, detail) END
       AS detail
FROM told
"""

BALANCES = """
SELECT member_id, currency, available, pending, receivable, lifetime_earned, lifetime_redeemed, lifetime_expired,
       version, make_timestamp(recorded_at_us) AS changed_at
FROM (
    SELECT * EXCLUDE (legs, lots) FROM stored.entries
    QUALIFY row_number() OVER (PARTITION BY member_id, currency ORDER BY version DESC) = 1
)
WHERE member_id NOT IN (SELECT member_id FROM stored.members_now WHERE forgotten OR merged_into IS NOT NULL)
"""

POSTINGS = """
WITH unfolded AS (
    SELECT * EXCLUDE (legs, lots), unnest(legs) AS leg, unnest(range(1, len(legs) + 1)) AS number FROM stored.entries
)
SELECT entry_id || '/' || number AS posting_id, entry_id, member_id, leg.account AS account, currency,
       leg.points AS points, make_timestamp(effective_at_us) AS effective_at,
       make_timestamp(recorded_at_us) AS recorded_at, rule, cause_source, cause_id, version
FROM unfolded
"""

# What an entry changed of lots is stored as signed points by expiry, so a lot's rest is a sum.
LOTS = """
WITH changed AS (
    SELECT member_id, currency, recorded_at_us, unnest(lots) AS lot FROM stored.entries WHERE len(lots) > 0
)
SELECT member_id, currency, make_timestamp(lot.expires_us) AS expires_at, sum(lot.points)::BIGINT AS points,
       make_timestamp(max(recorded_at_us)) AS changed_at
FROM changed GROUP BY member_id, currency, lot.expires_us HAVING sum(lot.points) > 0
"""

TIERS = """
SELECT NULL::VARCHAR AS member_id, NULL::VARCHAR AS tier, NULL::VARCHAR AS from_tier, NULL::TIMESTAMP AS at,
       NULL::TIMESTAMP AS until, NULL::VARCHAR AS reason
WHERE false
"""

SIGNALS = """
SELECT signal_id, member_id, signal, state, value, make_timestamp(at_us) AS at, detail FROM stored.signals
"""

SCORES = """
SELECT NULL::VARCHAR AS member_id, NULL::VARCHAR AS score, NULL::DOUBLE AS value, NULL::JSON AS parts,
       NULL::TIMESTAMP AS at
WHERE false
"""

DECISIONS = """
SELECT decision_id, member_id, make_timestamp(at_us) AS at, rule, journey, step, channel, purpose, outcome, reason,
       detail
FROM stored.decisions
"""

ACTIONS = """
SELECT action_id, decision_id, member_id, channel, purpose, template, make_timestamp(at_us) AS at,
       make_timestamp(expires_at_us) AS expires_at, body
FROM stored.actions
"""

RECEIPTS = """
SELECT receipt_id, action_id, member_id, channel, status, make_timestamp(at_us) AS at, detail FROM stored.receipts
"""

ALERTS = """
SELECT alert_id, make_timestamp(at_us) AS at, kind, segment, member_id, owner, playbook, detail FROM stored.alerts
"""

EVENTS = """
SELECT event_key, source, id, type, space, make_timestamp(time_us) AS time, make_timestamp(log_time_us) AS log_time,
       member_id, ids, data
FROM stored.events
"""

REFUSALS = """
SELECT refusal_id, member_id, make_timestamp(at_us) AS at, kind, reason, currency, points, detail,
       cause_source, cause_id
FROM stored.refusals
"""

DEAD_LETTERS = """
SELECT reason, detail, raw, topic, "partition", "offset", make_timestamp(log_time_us) AS log_time
FROM stored.dead_letters
"""

VIEWS: Final = {
    "stored.members_now": MEMBERS_NOW,
    "members":            MEMBERS,
    "identifiers":        IDENTIFIERS,
    "identity_events":    IDENTITY_EVENTS,
    "balances":           BALANCES,
    "postings":           POSTINGS,
    "lots":               LOTS,
    "tiers":              TIERS,
    "signals":            SIGNALS,
    "scores":             SCORES,
    "decisions":          DECISIONS,
    "actions":            ACTIONS,
    "receipts":           RECEIPTS,
    "alerts":             ALERTS,
    "events":             EVENTS,
    "refusals":           REFUSALS,
    "dead_letters":       DEAD_LETTERS,
}  # fmt: skip
