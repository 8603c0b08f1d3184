-- All returns of an order together take back its points in proportion, rounded down over all that a rule gave for it, in
-- the order in which that expires; of points for lines what those lines counted for (`line_backs`).

CREATE OR REPLACE TEMP TABLE due AS
WITH told AS (
    SELECT touched.*, earning, rule, pieces.currency, pieces.points, taken_back, waived, lot, rank, expires_us, place, given_by,
           least(orders.returned, orders.total) AS returned, orders.total,
           lines IS NOT NULL AND orders.returned < orders.total AS by_lines,
           sum(CASE WHEN by_lines THEN 0 ELSE pieces.points END) OVER (
               PARTITION BY owner, order_id, rule, pieces.currency ORDER BY place
           ) AS upto
    FROM touched JOIN orders USING (owner, order_id) JOIN pieces USING (owner, order_id)
    WHERE orders.bought AND orders.total > 0
), changed AS (
    SELECT told.*, CASE WHEN by_lines THEN coalesce(line_backs.points, 0)
        ELSE upto * returned // total - (upto - told.points) * returned // total END - taken_back AS back
    FROM told LEFT JOIN line_backs USING (earning)
)
SELECT owner, order_id, seq, source, id, earning, rule, currency, lot, rank, expires_us, given_by, back AS points,
       least(waived, greatest(-back, 0)) AS forgone,
       row_number() OVER (PARTITION BY owner, currency ORDER BY rule_place, place, order_id) AS turn
FROM (SELECT *, min(place) OVER (PARTITION BY owner, order_id, rule, currency) AS rule_place FROM changed WHERE back != 0);
UPDATE earned SET taken_back = earned.taken_back + due.points, waived = earned.waived - forgone FROM due
WHERE earned.earning = due.earning;
DELETE FROM touched;
