-- What is given without a purchase: accruals, once an id and pending until a time if they say so; what rules give for
-- other events, and offers, which with an order goes back when that is returned.

CREATE OR REPLACE TEMP TABLE partners AS
SELECT now.*, coalesce(held_until_us > at_us, false) AS held, expires_us, ranked(place, 0) AS rank,
       CASE WHEN expires_us IS NOT NULL OR held_until_us > at_us THEN nextval('lot_numbers') END AS lot, CASE
    WHEN now.currency NOT IN (SELECT currency FROM currencies) THEN 'unknown currency'
    WHEN accrual_id IS NOT NULL THEN 'accrued before' END AS why
FROM now LEFT JOIN (SELECT DISTINCT owner, accrual_id FROM accruals) AS known
ON known.owner = now.owner AND accrual_id = name
LEFT JOIN ends ON ends.currency = now.currency AND ends.quarter = now.quarter
WHERE kind = 'accrual';
INSERT INTO refused SELECT seq, source, id, owner, kind, why FROM partners WHERE why IS NOT NULL;
INSERT INTO accruals SELECT owner, name, given_by FROM partners WHERE why IS NULL;
INSERT INTO incoming
SELECT owner, currency, place, rank, points, expires_us, lot, given_by, false
FROM partners WHERE why IS NULL AND NOT held AND expires_us IS NOT NULL;
INSERT INTO holds
SELECT owner, seq, -1, currency, points, lot, rank, NULL, expires_us, given_by FROM partners WHERE why IS NULL AND held;
INSERT INTO posted
SELECT seq, source, id, owner, currency, kind, CASE WHEN held THEN 0 ELSE points END,
       CASE WHEN held THEN points ELSE 0 END, points, 0, 0, given_by
FROM partners WHERE why IS NULL AND points != 0;

CREATE OR REPLACE TEMP TABLE grants AS
SELECT now.seq, number, source, id, owner, order_id, awards.rule, awards.currency, awards.points, held_for, expires_us, held,
       CASE WHEN expires_us IS NOT NULL OR held THEN nextval('lot_numbers') END AS lot, place, ranked(place, 0) AS rank,
       given_by
FROM now JOIN awards USING (seq, number) WHERE kind = 'granted';
INSERT INTO holds
SELECT owner, seq, number, currency, points, lot, rank, held_for, expires_us, given_by FROM grants WHERE held;
INSERT INTO incoming
SELECT owner, currency, place, rank, points, expires_us, lot, given_by, order_id IS NOT NULL
FROM grants WHERE NOT held AND expires_us IS NOT NULL;
INSERT INTO posted
SELECT seq, source, id, owner, currency, rule, CASE WHEN held THEN 0 ELSE points END,
       CASE WHEN held THEN points ELSE 0 END, points, 0, 0, given_by
FROM grants;
UPDATE earned SET points = earned.points + grants.points FROM grants
WHERE earned.owner = grants.owner AND earned.order_id = grants.order_id AND earned.rule = grants.rule
  AND earned.currency = grants.currency AND earned.given_by = grants.given_by
  AND earned.lot IS NULL AND grants.lot IS NULL AND earned.lines IS NULL;
INSERT INTO earned (owner, order_id, rule, currency, points, taken_back, lot, rank, given_by, waived, expires_us)
SELECT owner, order_id, rule, currency, points, 0, lot, rank, given_by, 0, expires_us
FROM (SELECT grants.* FROM grants JOIN orders USING (owner, order_id))
WHERE lot IS NOT NULL OR (owner, order_id, rule, currency, given_by) NOT IN (
    SELECT (owner, order_id, rule, currency, given_by) FROM earned WHERE lot IS NULL AND lines IS NULL
);
INSERT INTO touched SELECT owner, order_id, seq, source, id FROM grants WHERE order_id IS NOT NULL;
