-- Redemptions, their cancellations, adjustments. What is refused stays refused.

CREATE OR REPLACE TEMP TABLE spends AS
SELECT now.*, CASE
    WHEN now.currency NOT IN (SELECT currency FROM currencies) THEN 'unknown currency'
    WHEN redemption_id IS NOT NULL THEN 'redeemed before'
    WHEN coalesce(greatest(balance, 0), 0) < now.points THEN 'not enough points' END AS why
FROM now LEFT JOIN accounts ON accounts.owner = now.owner AND accounts.currency = now.currency
LEFT JOIN redemptions ON redemptions.owner = now.owner AND redemption_id = name
WHERE kind = 'redeem';
INSERT INTO refused SELECT seq, source, id, owner, kind, why FROM spends WHERE why IS NOT NULL;
INSERT INTO redemptions SELECT owner, name, currency, points, false, given_by FROM spends WHERE why IS NULL;
INSERT INTO posted
SELECT seq, source, id, owner, currency, 'redeem', -points, 0, 0, points, 0, given_by FROM spends WHERE why IS NULL;

CREATE OR REPLACE TEMP TABLE backs AS
SELECT now.* EXCLUDE (currency, points, given_by), redemptions.currency, redemptions.points, redemptions.given_by,
       coalesce(cancelled, true) AS refuse
FROM now LEFT JOIN redemptions ON redemptions.owner = now.owner AND redemption_id = name
WHERE kind = 'redeem_cancel';
INSERT INTO refused SELECT seq, source, id, owner, kind, 'no such redemption' FROM backs WHERE refuse;
UPDATE redemptions SET cancelled = true FROM backs
WHERE redemptions.owner = backs.owner AND redemption_id = name AND NOT refuse;
INSERT INTO posted
SELECT seq, source, id, owner, currency, 'redeem_cancel', points, 0, 0, -points, 0, given_by FROM backs WHERE NOT refuse;

-- Points go back into the lots they came from; where those have expired, the currency may have them count anew.
CREATE OR REPLACE TEMP TABLE refills AS
SELECT backs.owner, backs.currency, draws.lot, draws.points, ends.expires_us, lots.given_by,
       lots.expires_us <= at_us AND renews AS anew
FROM backs JOIN draws ON draws.owner = backs.owner AND draws.redemption_id = name JOIN lots ON lots.lot = draws.lot
JOIN currencies ON currencies.currency = backs.currency
LEFT JOIN ends ON ends.currency = backs.currency AND ends.quarter = backs.quarter
WHERE NOT refuse;
UPDATE lots SET points = lots.points + refills.points FROM refills WHERE lots.lot = refills.lot AND NOT anew;
INSERT INTO lots
SELECT owner, currency, nextval('lot_numbers'), ranked(row_number() OVER (ORDER BY lot)), expires_us, points, given_by
FROM refills WHERE anew;

CREATE OR REPLACE TEMP TABLE adjusts AS
SELECT now.*, CASE
    WHEN currencies.currency IS NULL THEN 'unknown currency'
    WHEN now.points < 0 AND NOT overdraw AND coalesce(greatest(balance, 0), 0) + now.points < 0 THEN 'not enough points'
    END AS why
FROM now LEFT JOIN accounts ON accounts.owner = now.owner AND accounts.currency = now.currency
LEFT JOIN currencies ON currencies.currency = now.currency
WHERE kind = 'points_adjust';
INSERT INTO refused SELECT seq, source, id, owner, kind, why FROM adjusts WHERE why IS NOT NULL;
INSERT INTO posted
SELECT seq, source, id, owner, currency, kind, points, 0, points, 0, 0, given_by FROM adjusts WHERE why IS NULL AND points != 0;
INSERT INTO lots
SELECT owner, currency, nextval('lot_numbers'), ranked(0), expires_us, points, given_by
FROM adjusts JOIN ends USING (currency, quarter) WHERE why IS NULL AND points > 0;
