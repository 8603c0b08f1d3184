"""What of each table a comparison looks at: which rows count, what names a row, and what it tells.

A row is named by what both sides give it alike. What depends on a folder (a voucher's code) or on what else
happened (the number of an identity change) is left out, and so is what an erasure blanks. Of several processes, more
than one may have the same identity change: it counts once.
"""

from typing import Final

# The tables that are read, and the column of each that says when a row was made.
TIMES: Final = {
    "events": "log_time_us", "decisions": "at_us", "entries": "recorded_at_us", "members": "at_us", "tiers": "at_us",
    "offers": "at_us", "vouchers": "at_us", "alerts": "at_us", "identity": "at_us",
}  # fmt: skip
READ: Final = tuple(TIMES)
REACHED: Final = "SELECT max({column}) FROM {name}_{table}"

# As of $until_us, restricted to what changed since $from_us; {side} is `live` or `replay`, {gone} who is no more.
GONE: Final = """
    SELECT member_id FROM {side}_members WHERE at_us <= $until_us AND (forgotten OR merged_into IS NOT NULL)
"""
TABLES: Final = {
    "decisions": """
SELECT decision_id AS key, decision_id, member_id, at_us, rule, struct_pack(outcome, reason, channel) AS told
FROM {side}_decisions WHERE at_us BETWEEN $from_us AND $until_us
""",
    "balances": """
SELECT member_id || ' ' || currency AS key, member_id, currency, recorded_at_us AS at_us,
       struct_pack(available, pending, receivable, lifetime_earned, lifetime_redeemed, lifetime_expired) AS told
FROM (
    SELECT * FROM {side}_entries WHERE recorded_at_us <= $until_us
    QUALIFY row_number() OVER (PARTITION BY member_id, currency ORDER BY version DESC) = 1
)
WHERE recorded_at_us >= $from_us AND member_id NOT IN ({gone})
""",
    "tiers": """
SELECT member_id AS key, member_id, at_us, struct_pack(tier, until := make_timestamp(until_us)) AS told
FROM (
    SELECT * FROM {side}_tiers WHERE at_us <= $until_us
    QUALIFY row_number() OVER (
        PARTITION BY member_id ORDER BY split_part(change_id, ':tier:', 2)::BIGINT DESC
    ) = 1
)
WHERE at_us >= $from_us AND member_id NOT IN ({gone})
""",
    "offers": """
SELECT concat_ws(' ', member_id, offer, instance) AS key, member_id, offer, instance, at_us,
       struct_pack(state, progress, goal) AS told
FROM (
    SELECT * FROM {side}_offers WHERE at_us <= $until_us
    QUALIFY row_number() OVER (
        PARTITION BY member_id, offer, instance ORDER BY at_us DESC, state = 'granted', change_id
    ) = 1
)
WHERE at_us >= $from_us AND member_id NOT IN ({gone})
""",
    "vouchers": """
SELECT voucher_id AS key, voucher_id, reward, at_us, struct_pack(state, until := make_timestamp(expires_at_us)) AS told
FROM (
    SELECT * FROM {side}_vouchers WHERE at_us <= $until_us
    QUALIFY row_number() OVER (PARTITION BY voucher_id ORDER BY number DESC) = 1
)
WHERE at_us >= $from_us
""",
    "members": """
SELECT member_id AS key, member_id, at_us, struct_pack(known, merged_into) AS told
FROM (
    SELECT * FROM {side}_members WHERE at_us <= $until_us
    QUALIFY row_number() OVER (PARTITION BY member_id ORDER BY version DESC) = 1
)
WHERE at_us >= $from_us AND NOT forgotten
""",
    "identity_events": """
SELECT concat_ws(' ', cause_source, cause_id, kind, number) AS key, cause_source, cause_id, kind, at_us,
       struct_pack(member_id, other_member_id) AS told
FROM (
    SELECT *, row_number() OVER (PARTITION BY cause_source, cause_id, kind ORDER BY seq) AS number
    FROM (
        SELECT DISTINCT ON (seq) * FROM {side}_identity WHERE at_us <= $until_us ORDER BY seq, cause_id
    )
)
WHERE at_us >= $from_us
""",
    "alerts": """
SELECT alert_id AS key, alert_id, kind, at_us, struct_pack(member_id, owner) AS told
FROM (SELECT DISTINCT ON (alert_id) * FROM {side}_alerts ORDER BY alert_id)
WHERE at_us BETWEEN $from_us AND $until_us
""",
}
NAMED: Final = {
    "decisions":       ("decision_id", "member_id", "rule"),
    "balances":        ("member_id", "currency"),
    "tiers":           ("member_id",),
    "offers":          ("member_id", "offer", "instance"),
    "vouchers":        ("voucher_id", "reward"),
    "members":         ("member_id",),
    "identity_events": ("cause_source", "cause_id", "kind"),
    "alerts":          ("alert_id", "kind"),
}  # fmt: skip


def query(table: str, side: str) -> str:
    """What counts of a table, on one side: a key, names, a time, and what it tells as one value."""
    return TABLES[table].format(side=side, gone=GONE.format(side=side))
