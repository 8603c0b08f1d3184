-- What rules give for which event, before anybody's story is told: what one event decides is reckoned, the rest believed.
-- Bonuses add to what other rules gave; of a group only the rule that gives most counts. Tiers add to what a purchase earns
-- by what they say; of these only is believed which tier it was. Until when points wait and live is reckoned for all.

CREATE TABLE said_by_run AS
SELECT applied.seq, version, rule, currency, -leg.points AS points
FROM (SELECT * EXCLUDE (legs), unnest(legs) AS leg FROM run_entries WHERE rule IN (SELECT rule FROM believed_rules)) AS entry
JOIN applied ON source = cause_source AND id = cause_id AND applied.log_us = recorded_at_us
WHERE leg.account = 'issued' AND leg.points < 0;

CREATE TABLE early AS
SELECT seq, number, points, lines, weight, bool_and(sure) OVER same AS sure,
       row_number() OVER (same ORDER BY points DESC, number) = 1 AND points > 0 AS wins
FROM worths JOIN reckoned USING (number) WHERE NOT late
WINDOW same AS (PARTITION BY seq, currency, coalesce(alike, number::VARCHAR));

CREATE TABLE base AS
SELECT seq, number, rounded(CAST(data ->> '$.total.amount' AS BIGINT)::HUGEINT * points, per, rounding) AS points,
       NULL AS lines, NULL AS weight, true AS sure
FROM applied JOIN rules ON money = data ->> '$.total.currency' WHERE type = 'purchase'
UNION ALL
SELECT seq, number, points, lines, weight, true FROM early WHERE sure AND wins
UNION ALL
SELECT seq, number, points, worths.lines, worths.weight, coalesce(worths.sure, false)
FROM (SELECT seq, number, sum(points) AS points FROM said_by_run JOIN believed_rules USING (rule) GROUP BY seq, number)
LEFT JOIN (SELECT * EXCLUDE (points) FROM worths) AS worths USING (seq, number)
WHERE number NOT IN (SELECT number FROM reckoned WHERE late) AND (seq, number) NOT IN (SELECT (seq, number) FROM early WHERE sure);

CREATE TABLE later AS
WITH offers AS (
    SELECT seq, number, currency, alike, points, lines, weight, sure FROM worths JOIN reckoned USING (number)
    WHERE late AND percent IS NULL
    UNION ALL
    SELECT worths.seq, bonus.number, currency, alike, rounded(sum(base.points * worths.points) * percent, 100, rounding),
           CASE WHEN count(*) = 1 THEN any_value(base.lines) END, any_value(base.weight), worths.sure AND bool_and(base.sure)
    FROM worths JOIN reckoned AS bonus USING (number) JOIN bonus_of ON bonus_of.number = bonus.number
    JOIN base ON base.seq = worths.seq AND base.number = bonus_of.base
    WHERE percent IS NOT NULL GROUP BY worths.seq, bonus.number, currency, alike, percent, rounding, worths.sure
)
SELECT seq, number, points, lines, weight, bool_and(sure) OVER same AS sure,
       row_number() OVER (same ORDER BY points DESC, number) = 1 AND points > 0 AS wins
FROM offers WINDOW same AS (PARTITION BY seq, currency, coalesce(alike, number::VARCHAR));

-- Which of what rules gave is taken from the run: (event, rule).
CREATE TABLE left_to_run AS
SELECT seq, version, rule, number, points FROM said_by_run JOIN believed_rules USING (rule)
WHERE rule NOT IN (SELECT rule FROM bonuses)
  AND (number IS NULL OR (seq, number) NOT IN (SELECT (seq, number) FROM early WHERE sure UNION ALL SELECT (seq, number) FROM later WHERE sure));

CREATE TABLE awards AS
WITH earned AS (
    SELECT seq, number, rule, names.currency, type != 'purchase' AS apart, NULL AS order_id, points, lines, weight, sure
    FROM (
        FROM base
        UNION ALL
        SELECT seq, number, points, lines, weight, true FROM later WHERE sure AND wins
        UNION ALL
        SELECT seq, number, left_to_run.points, worths.lines, worths.weight, coalesce(worths.sure, false)
        FROM left_to_run LEFT JOIN worths USING (seq, number)
        WHERE number IN (SELECT number FROM reckoned WHERE late)
    ) JOIN rule_names AS names USING (number) JOIN applied USING (seq)
    UNION ALL
    SELECT seq, 100000 + version, left_to_run.rule, said_by_run.currency, true,
           CASE WHEN with_order AND type = 'purchase' THEN data ->> 'order_id' END, left_to_run.points, NULL, NULL, true
    FROM left_to_run JOIN said_by_run USING (seq, version) JOIN believed_rules ON believed_rules.rule = left_to_run.rule
    JOIN applied USING (seq)
    WHERE left_to_run.number IS NULL
), timed AS (
    SELECT earned.*, held_for, parts, until_us, event_us + expires_after AS own_end_us
    FROM earned JOIN applied USING (seq) LEFT JOIN terms USING (rule) LEFT JOIN held_until USING (rule, event_us)
    WHERE points != 0
), added AS (
    SELECT seq, min(number) + 10000 AS number, bonuses.rule, timed.currency, false AS apart, NULL AS order_id,
           sum(timed.points) * percent // 100 AS points, NULL AS lines, NULL AS weight, true AS sure, held_for, parts, until_us,
           own_end_us
    FROM timed JOIN (SELECT DISTINCT seq, rule FROM said_by_run) AS tier USING (seq)
    JOIN bonuses ON bonuses.rule = tier.rule
    WHERE NOT apart GROUP BY seq, bonuses.rule, percent, timed.currency, held_for, parts, until_us, own_end_us
)
SELECT all_of_them.*, held_for IS NOT NULL OR coalesce(until_us > log_us, false) AS held,
       coalesce(own_end_us, ends.expires_us) AS expires_us
FROM (FROM timed UNION ALL BY NAME FROM added) AS all_of_them JOIN applied USING (seq)
LEFT JOIN ends ON ends.currency = all_of_them.currency AND ends.quarter = event_us // 900000000
WHERE points != 0;
