-- What rules give for which event, before anybody's story is told: points for money reckoned, the others believed. Tiers
-- add to what a purchase earns by what they say; of these only is believed which tier it was. What waits, until when,
-- and when it ends is reckoned for all of them.

CREATE TABLE said_by_run AS
SELECT applied.seq, version, rule, currency, -leg.points AS points
FROM (SELECT * EXCLUDE (legs), unnest(legs) AS leg FROM run_entries WHERE rule IN (SELECT rule FROM believed_rules)) AS entry
JOIN applied ON source = cause_source AND id = cause_id AND applied.log_us = recorded_at_us
WHERE leg.account = 'issued' AND leg.points < 0;

CREATE TABLE awards AS
WITH earned AS (
    SELECT seq, number, rule, currency, false AS apart, NULL AS order_id,
           rounded(CAST(data ->> '$.total.amount' AS BIGINT)::HUGEINT * points, per, rounding) AS points
    FROM applied JOIN rules ON money = data ->> '$.total.currency' WHERE type = 'purchase'
    UNION ALL
    SELECT seq, coalesce(number, 100000 + version), rule, currency, number IS NULL OR type != 'purchase',
           CASE WHEN with_order AND type = 'purchase' THEN data ->> 'order_id' END, points
    FROM said_by_run JOIN believed_rules USING (rule) JOIN applied USING (seq)
    WHERE rule NOT IN (SELECT rule FROM bonuses)
), timed AS (
    SELECT earned.*, held_for, until_us, event_us + expires_after AS own_end_us
    FROM earned JOIN applied USING (seq) LEFT JOIN terms USING (rule) LEFT JOIN held_until USING (rule, event_us)
    WHERE points != 0
), added AS (
    SELECT seq, min(number) + 10000 AS number, bonuses.rule, timed.currency, false AS apart, NULL AS order_id,
           sum(timed.points) * percent // 100 AS points, held_for, until_us, own_end_us
    FROM timed JOIN (SELECT DISTINCT seq, rule FROM said_by_run) AS tier USING (seq)
    JOIN bonuses ON bonuses.rule = tier.rule
    WHERE NOT apart GROUP BY seq, bonuses.rule, percent, timed.currency, held_for, until_us, own_end_us
)
SELECT all_of_them.*, held_for IS NOT NULL OR coalesce(until_us > log_us, false) AS held,
       coalesce(own_end_us, ends.expires_us) AS expires_us
FROM (FROM timed UNION ALL BY NAME FROM added) AS all_of_them JOIN applied USING (seq)
LEFT JOIN ends ON ends.currency = all_of_them.currency AND ends.quarter = event_us // 900000000
WHERE points != 0;
