-- What the tiers go by, in order, by person: that a member did something at all, what counted (`measure`, signed), and
-- who was merged, split or forgotten. Held points count when they are released. Sums and time are reckoned in Python
-- (`tier_story.py`).

CREATE TABLE tier_counts AS
SELECT changes.seq, changes.owner AS member_id, measure, earned - pending AS value
FROM changes JOIN measures ON measures.of = 'points' AND measures.name = changes.currency
LEFT JOIN applied USING (seq)
LEFT JOIN unqualified ON unqualified.rule = CASE WHEN starts_with(what, 'return.') THEN substr(what, 8) ELSE what END
WHERE earned != pending AND what NOT IN ('points_adjust', 'merge', 'forgotten', 'release') AND NOT starts_with(what, 'split.')
  AND NOT (qualifying_only AND (unqualified.rule IS NOT NULL OR what = 'accrual'
                                AND NOT coalesce(CAST(data ->> 'qualifying' AS BOOLEAN), false)))
UNION ALL
SELECT seq, owner, measure, amount
FROM spent JOIN measures ON measures.of = 'spend' AND measures.name = spent.money WHERE amount != 0
UNION ALL
SELECT seq, member_id, measure, 1
FROM applied JOIN measures ON measures.of = 'visits'
    AND measures.name = CASE WHEN type IN (FROM activity_types) THEN coalesce(data ->> 'kind', type) ELSE type END
WHERE type NOT IN ('return', 'redeem', 'redeem_cancel');

CREATE TABLE tier_freed AS
SELECT freed.at_us, CASE WHEN timed THEN freed.at_us ELSE cause.event_us END AS event_us, by_seq, owner, freed.given_by,
       measure, sum(freed.points)::BIGINT AS value
FROM freed JOIN measures ON measures.of = 'points' AND measures.name = freed.currency
JOIN applied AS earner ON earner.seq = freed.seq JOIN applied AS cause ON cause.seq = by_seq
LEFT JOIN awards ON awards.seq = freed.seq AND awards.number = freed.number
WHERE NOT (qualifying_only AND CASE WHEN freed.number = -1
    THEN NOT coalesce(CAST(earner.data ->> 'qualifying' AS BOOLEAN), false)
    ELSE awards.rule IN (SELECT rule FROM unqualified) END)
GROUP BY ALL;

CREATE TABLE tier_steps AS
WITH steps AS (
    SELECT log_us AS at_us, event_us, seq, 1 AS late, 0 AS change, 'event' AS kind, member_id, NULL AS other_id,
           given_by, NULL AS measure, NULL AS value, NULL::VARCHAR[] AS ids
    FROM applied WHERE type NOT IN ('split', 'erase', 'export', 'receipt', 'alias')
    UNION ALL
    SELECT log_us, event_us, applied.seq, 1, 1, 'count', counts.member_id, NULL, CASE WHEN type != 'split' THEN given_by END,
           measure, sum(value)::BIGINT, NULL
    FROM tier_counts AS counts JOIN applied USING (seq) GROUP BY ALL
    UNION ALL
    SELECT at_us, event_us, by_seq, 1, 0, 'count', owner, NULL, given_by, measure, value, NULL FROM tier_freed
    UNION ALL
    SELECT at_us, at_us, seq, 1, change - 9223372036854775807, 'merge', member_id, other_id, NULL, NULL, NULL, NULL
    FROM merges
    UNION ALL
    SELECT identity.at_us, identity.at_us, applied.seq, 1, identity.seq - 9223372036854775807, 'split',
           identity.member_id, other_member_id, NULL, NULL, NULL, identity.ids
    FROM run_identity AS identity JOIN applied ON source = cause_source AND id = cause_id AND log_us = identity.at_us
    WHERE kind = 'split'
)
SELECT person, steps.* FROM steps JOIN people USING (member_id)
WHERE person NOT IN (FROM zoned);
