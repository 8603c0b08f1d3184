-- What happened to whom, in order: events that may move points, merges before the event that caused them, and members
-- that were forgotten before the first event that is as late. `number` counts within all who became one in the end.

CREATE TABLE moves AS
WITH happened AS (
    SELECT log_us AS at_us, 1 AS late, seq, 0 AS change, type AS kind, member_id AS owner, NULL AS other, source, id, data
    FROM applied WHERE type IN ('purchase', 'return', 'redeem', 'redeem_cancel', 'points_adjust')
    UNION ALL
    SELECT at_us, 1, seq, change - 9223372036854775807, 'merge', member_id, other_id, cause_source, cause_id, NULL
    FROM merges
    UNION ALL
    SELECT at_us, 0, NULL, seq, 'forgotten', member_id, NULL, cause_source, cause_id, NULL
    FROM run_identity WHERE kind = 'expire'
), placed AS (
    SELECT *, person FROM happened JOIN people ON people.member_id = owner
)
SELECT person, row_number() OVER (PARTITION BY person ORDER BY at_us, late, seq, change) AS number,
       at_us, seq, kind, owner, other, source, id,
       coalesce(data ->> 'order_id', data ->> 'redemption_id') AS name,
       CAST(data ->> '$.total.amount' AS BIGINT) AS amount, data ->> '$.total.currency' AS money,
       data ->> 'currency' AS currency, CAST(data ->> 'points' AS BIGINT) AS points
FROM placed
WHERE person IN (SELECT person FROM placed WHERE kind NOT IN ('merge', 'forgotten'))
ORDER BY number, person;
