-- What happened to whom, in order: events that may move points, merges before the event that caused them, and members
-- that were forgotten before the first event that is as late. `wave` counts within a person: everything is a wave of
-- its own, but purchases and returns that follow one another, each of another order, are one, for none sees the others.

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
    SELECT *, person, coalesce(data ->> 'order_id', data ->> 'redemption_id') AS name,
           kind IN ('purchase', 'return') AS of_order
    FROM happened JOIN people ON people.member_id = owner
), parted AS (
    SELECT *, NOT of_order OR NOT lag(of_order, 1, false) OVER story
              OR row_number() OVER (PARTITION BY person, of_order, name ORDER BY at_us, late, seq, change) > 1 AS begins
    FROM placed WINDOW story AS (PARTITION BY person ORDER BY at_us, late, seq, change)
)
SELECT person, sum(begins::INTEGER) OVER (PARTITION BY person ORDER BY at_us, late, seq, change) AS wave,
       at_us, seq, kind, owner, other, source, id, name,
       CAST(data ->> '$.total.amount' AS BIGINT) AS amount, data ->> '$.total.currency' AS money,
       data ->> 'currency' AS currency, CAST(data ->> 'points' AS BIGINT) AS points
FROM parted
WHERE person IN (SELECT person FROM placed WHERE kind NOT IN ('merge', 'forgotten'))
ORDER BY wave, person;
