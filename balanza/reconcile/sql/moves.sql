-- What happened to whom, in order: events that may move points, merges before the event that caused them, and members
-- that were forgotten before the first event that is as late. `wave` counts within a person: everything is a wave of
-- its own, but purchases and returns that follow one another, each of another order, are one, for none sees the others.

CREATE TABLE clock AS
SELECT greatest((SELECT coalesce(max(log_us), 0) FROM lines WHERE seq <= (SELECT seq FROM reach)),
                (SELECT coalesce(max(recorded_at_us), 0) FROM run_entries)) AS at_us;

CREATE TABLE accrued AS
SELECT *, epoch_us(CAST(data ->> 'hold_until' AS TIMESTAMPTZ)) AS held_until_us FROM applied WHERE type = 'accrual';

CREATE TABLE left_alone AS
SELECT cause_source AS source, cause_id AS id FROM run_refusals
WHERE kind IN ('redeem', 'redeem_cancel') AND reason IN (FROM believed_refusals);

CREATE TABLE moves AS
WITH happened AS (
    SELECT log_us AS at_us, 1 AS late, seq, 0 AS change, type AS kind, member_id AS owner, NULL AS other, source, id,
           data, NULL AS rule, NULL AS held_until_us, event_us // 900000000 AS quarter,
           given_by, NULL AS number
    FROM applied ANTI JOIN left_alone USING (source, id)
    WHERE type IN ('purchase', 'return', 'redeem', 'redeem_cancel', 'points_adjust')
    UNION ALL
    SELECT log_us, 1, seq, 0, 'accrual', member_id, NULL, source, id, data, NULL, held_until_us,
           event_us // 900000000, given_by, NULL
    FROM accrued
    UNION ALL
    SELECT held_until_us, 0, seq, -1, 'release', member_id, NULL, source, id, NULL, NULL, NULL, NULL, NULL, -1
    FROM accrued WHERE held_until_us > log_us AND held_until_us <= (SELECT at_us FROM clock)
    UNION ALL
    SELECT until_us, 0, seq, number, 'release', member_id, NULL, source, id, NULL, NULL, NULL, NULL, NULL, number
    FROM awards JOIN applied USING (seq) WHERE until_us > log_us AND until_us <= (SELECT at_us FROM clock)
    UNION ALL
    SELECT log_us, 1, seq, -1, 'happened', member_id, NULL, source, id, json_object('order_id', of_type), of_kind, NULL, NULL,
           NULL, NULL
    FROM (
        SELECT applied.*, CASE WHEN type IN (FROM activity_types) THEN 'activity' ELSE type END AS of_type,
               CASE WHEN type IN (FROM activity_types) THEN coalesce(data ->> 'kind', type) ELSE type END AS of_kind
        FROM applied
    ) WHERE of_type IN (SELECT held_for FROM terms) OR of_kind IN (SELECT held_for FROM terms)
    UNION ALL
    SELECT log_us, 1, seq, 1 + number, 'granted', member_id, NULL, source, id, json_object('order_id', order_id), NULL, NULL,
           NULL, given_by, number
    FROM awards JOIN applied USING (seq) WHERE apart
    UNION ALL
    SELECT at_us, 1, seq, change - 9223372036854775807, 'merge', member_id, other_id, cause_source, cause_id, NULL, NULL,
           NULL, NULL, NULL, NULL
    FROM merges
    UNION ALL
    SELECT identity.at_us, 1, applied.seq, identity.seq - 9223372036854775807, 'split', identity.member_id,
           other_member_id, cause_source, cause_id, json_object('order_id', identity.seq::VARCHAR), NULL, NULL, NULL, NULL,
           NULL
    FROM run_identity AS identity JOIN applied
    ON applied.source = cause_source AND applied.id = cause_id AND applied.log_us = identity.at_us
    WHERE kind = 'split'
    UNION ALL
    SELECT at_us, 0, NULL, seq, 'forgotten', member_id, NULL, cause_source, cause_id, NULL, NULL, NULL, NULL, NULL, NULL
    FROM run_identity WHERE kind = 'expire'
), placed AS (
    SELECT *, coalesce(data ->> 'redemption_id', data ->> 'accrual_id', data ->> 'order_id') AS name,
           kind IN ('purchase', 'return') AS of_order,
           row_number() OVER (PARTITION BY person ORDER BY at_us, late, seq, change) AS place
    FROM happened JOIN people ON people.member_id = owner
), run_on AS (
    SELECT *, of_order AND (NOT getvariable('expires') OR kind = 'purchase' AND NOT getvariable('extends')
              AND bool_and(kind = 'purchase') OVER (PARTITION BY person, of_order, name ORDER BY place)) AS joins_others
    FROM placed
), parted AS (
    SELECT *, NOT joins_others OR NOT lag(joins_others, 1, false) OVER (PARTITION BY person ORDER BY place)
              OR row_number() OVER (PARTITION BY person, of_order, name ORDER BY place) > 1 AS begins
    FROM run_on
)
SELECT person, sum(begins::INTEGER) OVER (PARTITION BY person ORDER BY place) AS wave, place,
       at_us, seq, kind, owner, other, source, id, name, rule, held_until_us, quarter, given_by, number,
       CAST(data ->> '$.total.amount' AS BIGINT) AS amount, data ->> '$.total.currency' AS money,
       data ->> 'currency' AS currency, CAST(data ->> 'points' AS BIGINT) AS points
FROM parted
WHERE person IN (SELECT person FROM placed WHERE kind NOT IN ('merge', 'forgotten', 'happened'))
ORDER BY wave, person;
