-- Who lives by a time zone of its own.
CREATE TABLE zoned AS
SELECT DISTINCT person FROM applied JOIN people USING (member_id)
WHERE type = 'preference' AND data ->> 'time_zone' IS NOT NULL
   OR type = 'member_update' AND data ->> '$.attributes.time_zone' IS NOT NULL;

-- Events as earn rules see them. Where the run's tier or knowledge of a member changed at the very time of the event, both
-- are looked at: only where they give the same is anything sure. Attributes are known of members who were nobody else.

CREATE TABLE tier_candidates AS
WITH changes AS (
    SELECT member_id, at_us, arg_max({'tier': tier}, CAST(split_part(change_id, ':tier:', 2) AS BIGINT)).tier AS tier
    FROM run_tiers GROUP BY ALL
)
SELECT seq, tier FROM applied ASOF LEFT JOIN changes ON applied.member_id = changes.member_id AND log_us > at_us
UNION
SELECT seq, tier FROM applied JOIN (SELECT DISTINCT member_id, at_us, tier FROM run_tiers) AS same
ON applied.member_id = same.member_id AND log_us = at_us;

CREATE TABLE known_candidates AS
WITH changes AS (SELECT member_id, at_us, arg_max(known, version) AS known FROM run_members GROUP BY ALL), found AS (
    SELECT seq, known FROM applied ASOF JOIN changes ON applied.member_id = changes.member_id AND log_us > at_us
    UNION
    SELECT seq, known FROM applied JOIN changes ON applied.member_id = changes.member_id AND log_us = at_us
)
SELECT seq, coalesce(known, false) AS known FROM applied LEFT JOIN found USING (seq);

CREATE TABLE scenes AS
SELECT seq, row_number() OVER (PARTITION BY seq ORDER BY tier, known) AS variant, applied.member_id, person, log_us, event_us,
       data, CASE WHEN type IN (FROM activity_types) THEN 'activity' ELSE type END AS tag,
       CASE WHEN type IN (FROM activity_types) THEN coalesce(data ->> 'kind', type) END AS kind,
       timezone(getvariable('time_zone'), to_timestamp(event_us // 1000000)) AS local, tier, known,
       person IN (SELECT person FROM people GROUP BY person HAVING count(*) = 1)
       OR person NOT IN (SELECT person FROM people JOIN applied USING (member_id) WHERE type = 'member_update') AS alone,
       person NOT IN (FROM zoned) AS of_this_zone
FROM applied JOIN people USING (member_id) JOIN tier_candidates USING (seq) JOIN known_candidates USING (seq)
WHERE type IN (FROM earning_types);

CREATE TABLE event_lines AS
SELECT seq, place, line ->> 'sku' AS sku, line ->> 'category' AS category, CAST(line ->> 'quantity' AS DOUBLE) AS quantity,
       CAST(line ->> 'quantity' AS DECIMAL(28, 6)) AS pieces, CAST(line ->> 'amount' AS BIGINT) AS amount
FROM (
    SELECT seq, unnest(CAST(data -> 'lines' AS JSON[])) AS line, generate_subscripts(CAST(data -> 'lines' AS JSON[]), 1) AS place
    FROM applied WHERE type = 'purchase' AND json_array_length(data -> 'lines') > 0
);

CREATE TABLE return_lines AS
SELECT seq, line ->> 'sku' AS sku, abs(CAST(line ->> 'amount' AS BIGINT)) AS amount
FROM (
    SELECT seq, unnest(CAST(data -> 'lines' AS JSON[])) AS line FROM applied
    WHERE type = 'return' AND json_array_length(data -> 'lines') > 0
);

CREATE TABLE updates AS
SELECT member_id, seq, data -> 'attributes' AS attributes, event_us >= coalesce(max(event_us) OVER (
    PARTITION BY member_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
), 0) AS in_time
FROM applied WHERE type = 'member_update';

-- What a rule is worth for an event, whether that is sure, and of what it looked at of the order's lines.
CREATE TABLE worths (seq BIGINT, number INTEGER, points HUGEINT, sure BOOLEAN,
                     lines STRUCT(sku VARCHAR, amount BIGINT, weight HUGEINT)[], weight HUGEINT);
