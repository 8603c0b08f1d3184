-- Purchases and returns. An order that was forgotten begins anew; one in another money takes nothing.

CREATE OR REPLACE TEMP TABLE said AS
SELECT owner, name AS order_id, kind = 'purchase' AS bought, amount, money, at_us, seq, source, id, quarter, given_by
FROM now WHERE kind IN ('purchase', 'return');

CREATE OR REPLACE TEMP TABLE over AS
SELECT owner, order_id FROM said JOIN orders USING (owner, order_id)
WHERE orders.at_us < said.at_us - getvariable('orders_us');
DELETE FROM earned USING over WHERE earned.owner = over.owner AND earned.order_id = over.order_id;
DELETE FROM orders USING over WHERE orders.owner = over.owner AND orders.order_id = over.order_id;
DELETE FROM order_lines USING over WHERE order_lines.owner = over.owner AND order_lines.order_id = over.order_id;

INSERT INTO orders SELECT owner, order_id, at_us, money, 0, 0, false FROM said ANTI JOIN orders USING (owner, order_id);

INSERT INTO refused
SELECT seq, source, id, said.owner, CASE WHEN said.bought THEN 'purchase' ELSE 'return' END, CASE
    WHEN said.money != orders.money THEN 'another money than its order' ELSE 'before its purchase' END
FROM said JOIN orders USING (owner, order_id) WHERE said.money != orders.money OR NOT (said.bought OR orders.bought);

INSERT INTO spent
SELECT seq, owner, orders.money, CASE WHEN said.bought
    THEN worth(total + amount, returned, true) - worth(total, returned, orders.bought)
    ELSE worth(total, returned + amount, orders.bought) - worth(total, returned, orders.bought) END
FROM said JOIN orders USING (owner, order_id) WHERE said.money = orders.money;

UPDATE order_lines SET given_by = said.given_by FROM said JOIN orders USING (owner, order_id)
WHERE order_lines.owner = said.owner AND order_lines.order_id = said.order_id AND said.bought AND NOT orders.bought;
INSERT INTO order_lines
SELECT owner, order_id, seq, CASE WHEN said.bought OR list_contains(buyers, said.given_by) THEN said.given_by
           ELSE coalesce(buyers[1], said.given_by) END,
       CASE WHEN said.bought THEN amount ELSE 0 END, CASE WHEN said.bought THEN 0 ELSE amount END, said.bought
FROM said JOIN orders USING (owner, order_id) LEFT JOIN (
    SELECT owner, order_id, list(given_by ORDER BY seq) AS buyers FROM order_lines WHERE bought GROUP BY owner, order_id
) USING (owner, order_id)
WHERE said.money = orders.money;

UPDATE orders SET
    total = total + CASE WHEN said.bought THEN amount ELSE 0 END,
    returned = returned + CASE WHEN said.bought THEN 0 ELSE amount END,
    bought = orders.bought OR said.bought
FROM said WHERE orders.owner = said.owner AND orders.order_id = said.order_id AND orders.money = said.money;

INSERT INTO refused
SELECT said.seq, source, id, said.owner, 'return', 'beyond its order' FROM said JOIN orders USING (owner, order_id)
WHERE NOT said.bought AND orders.bought AND orders.money = said.money AND orders.returned > orders.total;

INSERT INTO touched
SELECT owner, order_id, seq, source, id FROM said JOIN orders USING (owner, order_id) WHERE said.money = orders.money;

CREATE OR REPLACE TEMP TABLE gains AS
SELECT owner, order_id, seq, source, id, rule, currency, rounded(amount::HUGEINT * points, per, rounding) AS points,
       expires_us, CASE WHEN expires_us IS NOT NULL THEN nextval('lot_numbers') END AS lot, ranked(rules.number) AS rank,
       given_by
FROM touched JOIN said USING (owner, order_id, seq, source, id) JOIN rules USING (money)
LEFT JOIN ends USING (currency, quarter)
WHERE said.bought;
DELETE FROM gains WHERE points = 0;
INSERT INTO lots SELECT owner, currency, lot, rank, expires_us, points, given_by FROM gains WHERE lot IS NOT NULL;
INSERT INTO posted SELECT seq, source, id, owner, currency, rule, points, 0, points, 0, 0, given_by FROM gains;
UPDATE earned SET points = earned.points + gains.points FROM gains
WHERE earned.owner = gains.owner AND earned.order_id = gains.order_id AND earned.rule = gains.rule
  AND earned.given_by = gains.given_by AND earned.lot IS NULL AND gains.lot IS NULL;
INSERT INTO earned
SELECT owner, order_id, rule, currency, points, 0, lot, rank, given_by, 0 FROM gains
ANTI JOIN (FROM earned WHERE lot IS NULL) AS known USING (owner, order_id, rule, given_by) WHERE lot IS NULL;
INSERT INTO earned
SELECT owner, order_id, rule, currency, points, 0, lot, rank, given_by, 0 FROM gains WHERE lot IS NOT NULL;
