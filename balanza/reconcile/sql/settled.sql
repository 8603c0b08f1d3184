-- All returns of an order together take back its points in proportion, rounded down; then the accounts follow.

CREATE OR REPLACE TEMP TABLE due AS
SELECT touched.*, rule, earned.currency,
       earned.points * least(orders.returned, orders.total) // orders.total - taken_back AS points
FROM touched JOIN orders USING (owner, order_id) JOIN earned USING (owner, order_id)
WHERE orders.bought AND orders.total > 0;
DELETE FROM due WHERE points = 0;
UPDATE earned SET taken_back = earned.taken_back + due.points FROM due
WHERE earned.owner = due.owner AND earned.order_id = due.order_id AND earned.rule = due.rule;
INSERT INTO posted SELECT seq, source, id, owner, currency, 'return.' || rule, -points, 0, -points, 0, 0 FROM due;

CREATE OR REPLACE TEMP TABLE sums AS
SELECT owner, currency, sum(points) AS points, sum(pending) AS pending, sum(earned) AS earned,
       sum(redeemed) AS redeemed, sum(expired) AS expired
FROM posted GROUP BY owner, currency;
UPDATE accounts SET balance = balance + sums.points, pending = accounts.pending + sums.pending,
                    earned = accounts.earned + sums.earned,
                    redeemed = accounts.redeemed + sums.redeemed, expired = accounts.expired + sums.expired
FROM sums WHERE accounts.owner = sums.owner AND accounts.currency = sums.currency;
INSERT INTO accounts
SELECT owner, currency, points, pending, earned, redeemed, expired FROM sums ANTI JOIN accounts USING (owner, currency);
INSERT INTO changes FROM posted;
