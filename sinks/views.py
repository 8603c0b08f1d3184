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

# Who owned an identifier from which change on; nobody (the empty text) after it was forgotten, quarantined or blocked.
# What was left out of an event, refused or released moves nothing: a link follows where a released value finds its
# member.
OWNERSHIP = """
SELECT space, unnest(ids) AS identifier, seq, at_us,
       CASE kind WHEN 'split' THEN other_member_id WHEN 'link' THEN member_id WHEN 'merge' THEN member_id ELSE '' END
       AS owner
FROM stored.identity WHERE kind IN ('link', 'merge', 'split', 'expire', 'quarantine', 'block')
"""

# An identifier's changes count from the last time it was free: whoever carries it then is someone new. An erasure frees
# what its member held at that time, without naming it.
IDENTIFIERS = """
WITH erased AS (
    SELECT space, member_id, seq FROM stored.identity WHERE kind = 'erase'
), held AS (
    SELECT DISTINCT space, identifier, erased.member_id, erased.seq
    FROM stored.ownership JOIN erased USING (space)
    WHERE owner = erased.member_id AND ownership.seq < erased.seq
), freed AS (
    SELECT space, identifier, seq FROM stored.ownership WHERE owner = ''
    UNION ALL
    SELECT space, identifier, held.seq FROM held JOIN stored.ownership AS then_owned USING (space, identifier)
    WHERE then_owned.seq < held.seq
    GROUP BY space, identifier, held.seq, held.member_id HAVING max_by(owner, then_owned.seq) = held.member_id
), last_freed AS (
    SELECT space, identifier, max(seq) AS seq FROM freed GROUP BY space, identifier
), present AS (
    SELECT space, identifier, max_by(owner, ownership.seq) AS member_id, min(at_us) AS first_us
    FROM stored.ownership LEFT JOIN last_freed USING (space, identifier)
    WHERE last_freed.seq IS NULL OR ownership.seq > last_freed.seq
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
    SELECT *, unnest(CASE WHEN kind = 'link' AND len(ids) > 0 THEN ids ELSE [NULL] END) AS identifier,
           array_to_string(ids[:10], ' ')
           || CASE WHEN len(ids) > 10 THEN ' and ' || len(ids) - 10 || ' more' ELSE '' END AS named
    FROM stored.identity
)
SELECT seq, make_timestamp(at_us) AS at, kind, space, member_id, other_member_id, identifier, ids,
       cause_source, cause_id,
       CASE WHEN identifier IS NOT NULL THEN concat_ws(' ', identifier, detail)
            WHEN kind IN ('limit', 'conflict', 'quarantine', 'release', 'block', 'split')
            THEN concat_ws(': ', nullif(named, ''), detail)
            ELSE detail END AS detail
FROM told
"""

MEMBERS_CURRENT = """
WITH RECURSIVE merged AS MATERIALIZED (
    SELECT member_id, merged_into FROM stored.members_now WHERE merged_into IS NOT NULL
), chain(member_id, reached) AS (
    SELECT member_id, merged_into FROM merged
    UNION ALL
    SELECT chain.member_id, merged.merged_into FROM chain JOIN merged ON chain.reached = merged.member_id
), ends AS (
    SELECT member_id, reached FROM chain WHERE reached NOT IN (SELECT member_id FROM merged)
)
SELECT member_id, coalesce(reached, member_id) AS current_member_id
FROM stored.members_now LEFT JOIN ends USING (member_id)
"""

# Whoever came out of a member by a split, directly or by merges and splits in between, as that one's member of today.
LINEAGE = """
WITH RECURSIVE steps AS MATERIALIZED (
    SELECT member_id, merged_into AS next FROM stored.members_now WHERE merged_into IS NOT NULL
    UNION
    SELECT member_id, other_member_id FROM stored.identity WHERE kind = 'split' AND other_member_id IS NOT NULL
), line(part_id, member_id) AS (
    SELECT other_member_id, member_id FROM stored.identity WHERE kind = 'split' AND other_member_id IS NOT NULL
    UNION
    SELECT line.part_id, steps.member_id FROM line JOIN steps ON steps.next = line.member_id
)
SELECT DISTINCT line.member_id, coalesce(current_member_id, part_id) AS current_member_id
FROM line LEFT JOIN members_current ON members_current.member_id = line.part_id
"""

EVENTS_CURRENT = """
WITH named AS (
    SELECT space, type || ':' || value AS strongest, member_id AS owner FROM identifiers
)
SELECT event_key, source, id, type, events.space, time, log_time, events.member_id,
       coalesce(lineage.current_member_id, members_current.current_member_id, events.member_id) AS current_member_id,
       ids, data
FROM events
LEFT JOIN members_current ON members_current.member_id = events.member_id
LEFT JOIN named ON named.space = events.space AND named.strongest = events.ids[1]
LEFT JOIN stored.lineage ON lineage.member_id = events.member_id AND lineage.current_member_id = named.owner
"""

BALANCES = """
SELECT member_id, currency, available, pending, receivable, lifetime_earned, lifetime_redeemed, lifetime_expired,
       version, make_timestamp(recorded_at_us) AS changed_at
FROM (
    SELECT * EXCLUDE (legs, lots) FROM stored.entries
    QUALIFY row_number() OVER (PARTITION BY member_id, currency ORDER BY version DESC) = 1
)
WHERE member_id NOT IN (SELECT member_id FROM stored.members_now WHERE forgotten OR merged_into IS NOT NULL)
      AND NOT starts_with(member_id, 'erased_')
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
SELECT change_id, member_id, tier, from_tier, make_timestamp(at_us) AS at, make_timestamp(until_us) AS until, reason
FROM stored.tiers
"""

OFFERS = """
SELECT change_id, member_id, offer, instance, state, progress, goal, make_timestamp(at_us) AS at,
       make_timestamp(until_us) AS until, cause_source, cause_id
FROM stored.offers
"""

VOUCHERS = """
SELECT voucher_id, number, member_id, reward, code, state, make_timestamp(at_us) AS at,
       make_timestamp(expires_at_us) AS expires_at, redemption_id, cause_source, cause_id
FROM stored.vouchers
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
    "stored.ownership":   OWNERSHIP,
    "members":            MEMBERS,
    "members_current":    MEMBERS_CURRENT,
    "stored.lineage":     LINEAGE,
    "identifiers":        IDENTIFIERS,
    "identity_events":    IDENTITY_EVENTS,
    "balances":           BALANCES,
    "postings":           POSTINGS,
    "lots":               LOTS,
    "tiers":              TIERS,
    "offers":             OFFERS,
    "vouchers":           VOUCHERS,
    "signals":            SIGNALS,
    "scores":             SCORES,
    "decisions":          DECISIONS,
    "actions":            ACTIONS,
    "receipts":           RECEIPTS,
    "alerts":             ALERTS,
    "events":             EVENTS,
    "events_current":     EVENTS_CURRENT,
    "refusals":           REFUSALS,
    "dead_letters":       DEAD_LETTERS,
}  # fmt: skip
