-- What each event changed of a member's balance, on both sides, in the order of the log; the first that differs is where
-- they part. The members are those of one person (all who became one in the end), so that merges are in it.

WITH persons AS (
    SELECT DISTINCT person FROM people WHERE member_id IN (SELECT unnest($members))
), owners AS (
    SELECT member_id, person FROM people JOIN persons USING (person)
    UNION
    SELECT member_id, member_id FROM (SELECT unnest($members) AS member_id) ANTI JOIN people USING (member_id)
), mine AS (
    SELECT person, member_id, currency, source, id, sum(points + pending) AS points
    FROM changes JOIN owners ON member_id = owner GROUP BY ALL
), legs AS (
    SELECT person, member_id, currency, cause_source AS source,
           CASE WHEN rule = 'expired' THEN 'expired ' || effective_at_us ELSE cause_id END AS id, recorded_at_us, effective_at_us,
           unnest(legs) AS leg
    FROM run_entries JOIN owners USING (member_id)
), streamed AS (
    SELECT person, member_id, currency, source, id, min(recorded_at_us) AS at_us, min(effective_at_us) AS event_us,
           sum(leg.points) FILTER (leg.account IN ('available', 'pending', 'receivable')) AS points
    FROM legs GROUP BY ALL
), apart AS (
    SELECT person, member_id, currency, source, id, coalesce(mine.points, 0) AS expected,
           coalesce(streamed.points, 0) AS streamed, at_us, event_us
    FROM mine FULL JOIN streamed USING (person, member_id, currency, source, id)
    WHERE coalesce(mine.points, 0) != coalesce(streamed.points, 0)
), placed AS (
    SELECT apart.*, first_seq, type, topic, partition, place, coalesce(first_log_us, at_us) AS log_us,
           coalesce(line_event_us, event_us) AS happened_us
    FROM apart LEFT JOIN (
        SELECT source, id, min(seq) AS first_seq, min_by(log_us, seq) AS first_log_us, min_by(type, seq) AS type,
               min_by(event_us, seq) AS line_event_us, min_by(topic, seq) AS topic,
               min_by(partition, seq) AS partition, min_by(place, seq) AS place
        FROM applied GROUP BY source, id
    ) USING (source, id)
)
SELECT person, member_id, currency, source, id, type, topic, partition, place AS "offset",
       make_timestamp(log_us) AS log_time, make_timestamp(happened_us) AS time,
       expected::BIGINT AS expected, streamed::BIGINT AS streamed
FROM placed
QUALIFY row_number() OVER (PARTITION BY person, currency ORDER BY log_us, first_seq NULLS FIRST, member_id) = 1
ORDER BY log_us, first_seq, member_id, currency
