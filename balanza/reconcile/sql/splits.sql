-- Splits: what each identifier of the part did goes to the new member. What one side had spent of the other's lots goes
-- back into those, and comes from its own (`fitted`). Orders that are divided are reckoned anew on both sides.

CREATE OR REPLACE TEMP TABLE parting AS
SELECT now.owner, now.other, now.seq, source, id, unnest(identity.ids) AS given_by
FROM now JOIN (SELECT seq AS change, ids FROM run_identity) AS identity ON change = CAST(name AS BIGINT)
WHERE kind = 'split';

CREATE OR REPLACE TEMP TABLE shares AS
SELECT owner, other, seq, source, id, currency, sum(pending) AS pending, sum(earned) AS earned, sum(redeemed) AS redeemed,
       sum(expired) AS expired
FROM (
    SELECT owner, given_by, currency, 0 AS pending, earned, redeemed, expired FROM doings
    UNION ALL
    SELECT owner, given_by, currency, points, 0, 0, 0 FROM holds
) JOIN parting USING (owner, given_by) GROUP BY ALL;
INSERT INTO posted
SELECT seq, source, id, owner, currency, 'split.rest', pending - earned + redeemed + expired, -pending, -earned, -redeemed,
       -expired, NULL
FROM shares;
INSERT INTO posted
SELECT seq, source, id, other, currency, 'split.rest', earned - redeemed - expired - pending, pending, earned, redeemed,
       expired, NULL
FROM shares;
UPDATE doings SET owner = other FROM parting WHERE doings.owner = parting.owner AND doings.given_by = parting.given_by;
UPDATE holds SET owner = other FROM parting WHERE holds.owner = parting.owner AND holds.given_by = parting.given_by;
UPDATE accruals SET owner = other FROM parting
WHERE accruals.owner = parting.owner AND accruals.given_by = parting.given_by;

CREATE OR REPLACE TEMP TABLE crossed AS
SELECT redemptions.owner, redemption_id, redemptions.currency, redemptions.given_by, draws.lot, draws.points,
       draws.expires_us, draws.rank, draws.given_by AS earned_by
FROM draws JOIN redemptions USING (owner, redemption_id)
LEFT JOIN parting AS spends ON spends.owner = draws.owner AND spends.given_by = redemptions.given_by
LEFT JOIN parting AS earns ON earns.owner = draws.owner AND earns.given_by = draws.given_by
WHERE draws.owner IN (SELECT owner FROM parting) AND NOT cancelled AND (spends.owner IS NULL) != (earns.owner IS NULL);
CREATE OR REPLACE TEMP TABLE refills AS
SELECT coalesce(parting.other, crossed.owner) AS owner, currency, lot, rank, expires_us, points, earned_by AS given_by
FROM crossed LEFT JOIN parting ON parting.owner = crossed.owner AND parting.given_by = earned_by;
DELETE FROM draws USING crossed
WHERE draws.owner = crossed.owner AND draws.redemption_id = crossed.redemption_id AND draws.lot = crossed.lot
  AND draws.expires_us = crossed.expires_us;
UPDATE draws SET owner = other FROM parting JOIN redemptions USING (owner, given_by)
WHERE draws.owner = parting.owner AND draws.redemption_id = redemptions.redemption_id;
UPDATE redemptions SET owner = other FROM parting
WHERE redemptions.owner = parting.owner AND redemptions.given_by = parting.given_by;
UPDATE lots SET owner = other FROM parting WHERE lots.owner = parting.owner AND lots.given_by = parting.given_by;
INSERT INTO anew
SELECT owner, currency, redemption_id, points, sum(points) OVER (PARTITION BY owner, currency ORDER BY redemption_id) - points
FROM (
    SELECT coalesce(other, crossed.owner) AS owner, currency, redemption_id, sum(points) AS points
    FROM crossed LEFT JOIN parting USING (owner, given_by) GROUP BY ALL
);

CREATE OR REPLACE TEMP TABLE going AS
SELECT owner, other, parting.seq, source, id, order_id, sum(total) AS total, sum(returned) AS returned,
       bool_or(bought) AS bought
FROM order_lines JOIN parting USING (owner, given_by) GROUP BY ALL;
UPDATE order_lines SET owner = other FROM parting
WHERE order_lines.owner = parting.owner AND order_lines.given_by = parting.given_by;
INSERT INTO orders
SELECT other, order_id, at_us, money, going.total, going.returned, going.bought
FROM going JOIN orders USING (owner, order_id);
CREATE OR REPLACE TEMP TABLE staying AS
SELECT owner, order_id, sum(total) AS total, sum(returned) AS returned, bool_or(bought) AS bought
FROM order_lines JOIN (SELECT owner, order_id FROM going) USING (owner, order_id) GROUP BY ALL;
UPDATE orders SET total = staying.total, returned = staying.returned, bought = staying.bought
FROM staying WHERE orders.owner = staying.owner AND orders.order_id = staying.order_id;
DELETE FROM orders USING going
WHERE orders.owner = going.owner AND orders.order_id = going.order_id
  AND (going.owner, going.order_id) NOT IN (SELECT (owner, order_id) FROM staying);
UPDATE earned SET owner = other FROM parting
WHERE earned.owner = parting.owner AND earned.given_by = parting.given_by;
INSERT INTO touched
SELECT owner, order_id, seq, source, id FROM going JOIN staying USING (owner, order_id)
UNION ALL
SELECT other, order_id, seq, source, id FROM going JOIN staying USING (owner, order_id);
