-- Balances of the corner shop from the raw lines, written without a look at the product's machines (invariant V8).
--
-- Who is who: people are connected components of identifiers. What is it worth: one point a full pound of an order;
-- all returns of an order together take back its points in proportion, rounded down, once it was bought; a redemption
-- needs the balance, and happens once; a cancelled one comes back; an adjustment must not take more than there is.
-- What a return takes beyond the balance is owed: `points` is then negative.
-- The log is shorter than all retentions (400 days), so nothing is forgotten here.

WITH RECURSIVE lines AS MATERIALIZED (
    SELECT row_number() OVER () AS line, filename AS file, json AS event
    FROM read_json_objects($log, format = 'newline_delimited', ignore_errors = true, filename = true)
), well_formed AS (
    SELECT line, file, event, event ->> 'source' AS source, event ->> 'id' AS id, event ->> 'type' AS type,
           CAST(event ->> 'time' AS TIMESTAMPTZ) AS time,
           regexp_extract(file, '([^/]+)/[0-9]+[.]jsonl', 1) AS topic,
           CAST(regexp_extract(file, '([0-9]+)[.]jsonl', 1) AS INTEGER) AS partition
    FROM lines
    WHERE (event ->> 'specversion') = '1.0' AND (event ->> 'id') IS NOT NULL AND (event ->> 'source') IS NOT NULL
      AND (event ->> 'time') IS NOT NULL AND json_type(event, '$.data.ids') = 'OBJECT'
      AND ((event ->> 'type') NOT IN ('purchase', 'return') OR (event ->> '$.data.total.amount') IS NOT NULL)

-- one order for all files: the running maximum of event times, then topic, partition, line

), timed AS (
    SELECT *, max(time) OVER (PARTITION BY file ORDER BY line) AS log_time FROM well_formed
), placed AS (
    SELECT *, row_number() OVER (ORDER BY log_time, topic, partition, line) AS place FROM timed
), delivered AS (
    SELECT * FROM placed QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY place) = 1

-- people

), given AS (
    SELECT place, key AS type, trim(value ->> '$') AS value
    FROM delivered, json_each(delivered.event, '$.data.ids')
), identifiers AS (
    SELECT place, type || ':' || CASE
        WHEN type = 'email' THEN lower(value)
        WHEN type = 'phone' THEN regexp_replace(regexp_replace(value, '[^0-9+]', '', 'g'), '^0', '+44')
        ELSE value END AS identifier
    FROM given
    WHERE lower(value) NOT IN ('none', '')
), together AS (
    SELECT DISTINCT one.identifier AS one, other.identifier AS other
    FROM identifiers AS one JOIN identifiers AS other USING (place)
), reached AS (
    SELECT one AS identifier, one AS root FROM together
    UNION
    SELECT together.other, reached.root FROM reached JOIN together ON together.one = reached.identifier
), people AS (
    SELECT identifier, min(root) AS person FROM reached GROUP BY identifier
), owned AS (
    SELECT place, min(person) AS person FROM identifiers JOIN people USING (identifier) GROUP BY place
), told AS (
    SELECT person, place, type, event -> 'data' AS data FROM delivered JOIN owned USING (place)

-- what orders are worth, event by event

), orders AS (
    SELECT person, place, data ->> 'order_id' AS order_id, type = 'purchase' AS bought,
           CAST(data ->> '$.total.amount' AS BIGINT) AS amount
    FROM told WHERE type IN ('purchase', 'return')
), sums AS (
    SELECT *, CASE WHEN bought THEN amount // 100 ELSE 0 END AS earns,
           sum(earns) OVER story AS earned,
           sum(CASE WHEN bought THEN amount ELSE 0 END) OVER story AS total,
           sum(CASE WHEN bought THEN 0 ELSE amount END) OVER story AS returned
    FROM orders WINDOW story AS (PARTITION BY person, order_id ORDER BY place)
), taken AS (
    SELECT *, max(CASE WHEN total > 0 THEN earned * least(returned, total) // total ELSE 0 END)
              OVER (PARTITION BY person, order_id ORDER BY place) AS back
    FROM sums
), order_moves AS (
    SELECT person, place, 'order' AS kind, NULL::VARCHAR AS redemption_id,
           CAST(earns - back + lag(back, 1, 0) OVER (PARTITION BY person, order_id ORDER BY place) AS BIGINT) AS points
    FROM taken

-- what may be refused needs the balance before it: a walk along each person's moves

), moves AS (
    FROM order_moves
    UNION ALL
    SELECT person, place, type, data ->> 'redemption_id', CAST(data ->> 'points' AS BIGINT)
    FROM told WHERE type IN ('redeem', 'redeem_cancel', 'points_adjust')
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY person ORDER BY place) AS number FROM moves
), walk AS (
    SELECT DISTINCT person, 0::BIGINT AS number, 0::BIGINT AS points,
           []::VARCHAR[] AS redeemed, []::BIGINT[] AS amounts, []::VARCHAR[] AS cancelled
    FROM numbered
    UNION ALL
    SELECT person, next.number,
           walk.points + CASE WHEN NOT accepted THEN 0
                              WHEN kind = 'redeem' THEN -next.points
                              WHEN kind = 'redeem_cancel' THEN amounts[list_position(redeemed, redemption_id)]
                              ELSE next.points END,
           CASE WHEN kind = 'redeem' AND accepted THEN list_append(redeemed, redemption_id) ELSE redeemed END,
           CASE WHEN kind = 'redeem' AND accepted THEN list_append(amounts, next.points) ELSE amounts END,
           CASE WHEN kind = 'redeem_cancel' AND accepted THEN list_append(cancelled, redemption_id) ELSE cancelled END
    FROM walk JOIN numbered AS next USING (person), LATERAL (SELECT CASE kind
             WHEN 'redeem' THEN NOT list_contains(redeemed, redemption_id) AND walk.points >= next.points
             WHEN 'redeem_cancel' THEN list_contains(redeemed, redemption_id)
                                       AND NOT list_contains(cancelled, redemption_id)
             WHEN 'points_adjust' THEN greatest(walk.points, 0) + next.points >= 0
             ELSE true END AS accepted)
    WHERE next.number = walk.number + 1
), ended AS (
    SELECT person, max_by(points, number) AS points, max(number) AS moves FROM walk GROUP BY person
)
SELECT identifier, person, CAST(greatest(points, 0) AS BIGINT) AS available,
       CAST(greatest(-points, 0) AS BIGINT) AS receivable, moves
FROM ended JOIN people USING (person)
