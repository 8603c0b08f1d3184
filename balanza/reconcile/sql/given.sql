-- What is given without an order of its own: accruals, once an id and pending until a time if they say so; what rules
-- gave that the run is believed of, which with an order goes back when that is returned.

CREATE OR REPLACE TEMP TABLE partners AS
SELECT now.*, held_until_us > at_us AS held, expires_us,
       CASE WHEN expires_us IS NOT NULL THEN nextval('lot_numbers') END AS lot, CASE
    WHEN now.currency NOT IN (SELECT currency FROM currencies) THEN 'unknown currency'
    WHEN accrual_id IS NOT NULL THEN 'accrued before' END AS why
FROM now LEFT JOIN (SELECT DISTINCT owner, accrual_id FROM accruals) AS known
ON known.owner = now.owner AND accrual_id = name
LEFT JOIN ends ON ends.currency = now.currency AND ends.quarter = now.quarter
WHERE kind = 'accrual';
INSERT INTO refused SELECT seq, source, id, owner, kind, why FROM partners WHERE why IS NOT NULL;
INSERT INTO accruals SELECT owner, name, given_by FROM partners WHERE why IS NULL;
INSERT INTO lots
SELECT owner, currency, lot, ranked(0), expires_us, CASE WHEN held THEN 0 ELSE points END, given_by
FROM partners WHERE why IS NULL AND lot IS NOT NULL;
INSERT INTO holds SELECT owner, seq, currency, points, lot, given_by FROM partners WHERE why IS NULL AND held;
INSERT INTO posted
SELECT seq, source, id, owner, currency, kind, CASE WHEN held THEN 0 ELSE points END,
       CASE WHEN held THEN points ELSE 0 END, points, 0, 0, given_by
FROM partners WHERE why IS NULL AND points != 0;

INSERT INTO posted
SELECT now.seq, source, id, holds.owner, holds.currency, 'release', holds.points, -holds.points, 0, 0, 0, NULL
FROM now JOIN holds ON holds.seq = now.seq WHERE kind = 'release';
UPDATE lots SET points = lots.points + holds.points FROM now JOIN holds ON holds.seq = now.seq
WHERE kind = 'release' AND lots.lot = holds.lot;
DELETE FROM holds USING now WHERE holds.seq = now.seq AND kind = 'release';

CREATE OR REPLACE TEMP TABLE grants AS
SELECT seq, source, id, owner, name AS order_id, rule, currency, points, expires_us,
       CASE WHEN expires_us IS NOT NULL THEN nextval('lot_numbers') END AS lot, ranked(0) AS rank,
       given_by
FROM now LEFT JOIN ends USING (currency, quarter) WHERE kind = 'granted';
INSERT INTO lots SELECT owner, currency, lot, rank, expires_us, points, given_by FROM grants WHERE lot IS NOT NULL;
INSERT INTO posted SELECT seq, source, id, owner, currency, rule, points, 0, points, 0, 0, given_by FROM grants;
UPDATE earned SET points = earned.points + grants.points FROM grants
WHERE earned.owner = grants.owner AND earned.order_id = grants.order_id AND earned.rule = grants.rule
  AND earned.currency = grants.currency AND earned.given_by = grants.given_by
  AND earned.lot IS NULL AND grants.lot IS NULL;
INSERT INTO earned
SELECT owner, order_id, rule, currency, points, 0, lot, rank, given_by, 0
FROM (SELECT grants.* FROM grants JOIN orders USING (owner, order_id))
WHERE lot IS NOT NULL OR (owner, order_id, rule, currency, given_by) NOT IN (
    SELECT (owner, order_id, rule, currency, given_by) FROM earned WHERE lot IS NULL
);
INSERT INTO touched SELECT owner, order_id, seq, source, id FROM grants WHERE order_id IS NOT NULL;
