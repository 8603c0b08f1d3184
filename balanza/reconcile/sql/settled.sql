-- All returns of an order together take back its points in proportion, rounded down over all that a rule gave for it.

CREATE OR REPLACE TEMP TABLE due AS
WITH pieces AS (
    SELECT *, min(rank) OVER (PARTITION BY owner, order_id, given_by) AS piece FROM earned
    WHERE (owner, order_id) IN (SELECT (owner, order_id) FROM touched)
), told AS (
    SELECT touched.*, rule, pieces.currency, pieces.points, taken_back, lot, rank, piece, given_by,
           least(orders.returned, orders.total) AS returned, orders.total,
           sum(pieces.points) OVER (PARTITION BY owner, order_id, rule, pieces.currency ORDER BY piece, rank, lot) AS upto
    FROM touched JOIN orders USING (owner, order_id) JOIN pieces USING (owner, order_id)
    WHERE orders.bought AND orders.total > 0
)
SELECT owner, order_id, seq, source, id, rule, currency, lot, given_by,
       upto * returned // total - (upto - points) * returned // total - taken_back AS points,
       row_number() OVER (PARTITION BY owner, currency ORDER BY rule_place, piece, rank, lot) AS turn
FROM (SELECT *, min(rank) OVER (PARTITION BY owner, order_id, rule, currency) AS rule_place FROM told)
WHERE upto * returned // total - (upto - points) * returned // total != taken_back;
UPDATE earned SET taken_back = earned.taken_back + due.points FROM due
WHERE earned.owner = due.owner AND earned.order_id = due.order_id AND earned.rule = due.rule
  AND earned.currency = due.currency AND earned.given_by = due.given_by
  AND earned.lot IS NOT DISTINCT FROM due.lot;
