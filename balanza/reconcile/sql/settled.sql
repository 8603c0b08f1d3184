-- All returns of an order together take back its points in proportion, rounded down over all that a rule gave for it, in
-- the order in which that expires.

CREATE OR REPLACE TEMP TABLE due AS
WITH pieces AS (
    SELECT earned.*, row_number() OVER (
        PARTITION BY owner, order_id ORDER BY coalesce(expires_us, 0), given_by, points, rank, lot
    ) AS place
    FROM earned WHERE (owner, order_id) IN (SELECT (owner, order_id) FROM touched)
), told AS (
    SELECT touched.*, earning, rule, pieces.currency, pieces.points, taken_back, waived, lot, rank, expires_us, place, given_by,
           least(orders.returned, orders.total) AS returned, orders.total,
           sum(pieces.points) OVER (PARTITION BY owner, order_id, rule, pieces.currency ORDER BY place) AS upto
    FROM touched JOIN orders USING (owner, order_id) JOIN pieces USING (owner, order_id)
    WHERE orders.bought AND orders.total > 0
), changed AS (
    SELECT *, upto * returned // total - (upto - points) * returned // total - taken_back AS back FROM told
)
SELECT owner, order_id, seq, source, id, earning, rule, currency, lot, rank, expires_us, given_by, back AS points,
       least(waived, greatest(-back, 0)) AS forgone,
       row_number() OVER (PARTITION BY owner, currency ORDER BY rule_place, place, order_id) AS turn
FROM (SELECT *, min(place) OVER (PARTITION BY owner, order_id, rule, currency) AS rule_place FROM changed WHERE back != 0);
UPDATE earned SET taken_back = earned.taken_back + due.points, waived = earned.waived - forgone FROM due
WHERE earned.earning = due.earning;
