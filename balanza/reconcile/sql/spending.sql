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

-- Points go back into the lots they came from (`refilled`); where those have expired, the currency may have them count
-- anew. Where activity extends they live as long as what is there, and are of the lot of their identifier.
CREATE OR REPLACE TEMP TABLE refills AS
WITH asked AS (
    SELECT backs.owner, backs.currency, draws.lot, draws.rank, draws.points, draws.expires_us, draws.given_by, extends,
           draws.expires_us <= at_us AND renews AND NOT extends AS anew, ends.expires_us AS anew_us, place
    FROM backs JOIN draws ON draws.owner = backs.owner AND draws.redemption_id = name
    JOIN currencies ON currencies.currency = backs.currency
    LEFT JOIN ends ON ends.currency = backs.currency AND ends.quarter = backs.quarter
    WHERE NOT refuse
), known AS (
    SELECT owner, currency, given_by, arg_min(lot, (expires_us, rank, lot)) AS lot,
           arg_min(rank, (expires_us, rank, lot)) AS rank, max(expires_us) AS last_us
    FROM lots WHERE points > 0 AND (owner, currency) IN (SELECT (owner, currency) FROM asked WHERE extends)
    GROUP BY owner, currency, given_by
), ended AS (
    SELECT owner, currency, max(last_us) AS last_us FROM known GROUP BY owner, currency
)
SELECT asked.owner, asked.currency, CASE
           WHEN anew THEN nextval('lot_numbers')
           WHEN extends THEN coalesce(known.lot, first_value(asked.lot) OVER same)
           ELSE asked.lot END AS lot, CASE
           WHEN anew THEN ranked(place, row_number() OVER (ORDER BY asked.rank, asked.lot))
           WHEN extends THEN coalesce(known.rank, first_value(asked.rank) OVER same)
           ELSE asked.rank END AS rank, CASE
           WHEN anew THEN anew_us
           WHEN extends THEN greatest(coalesce(ended.last_us, 0), max(asked.expires_us) OVER earlier)
           ELSE asked.expires_us END AS expires_us, points, asked.given_by
FROM asked LEFT JOIN known USING (owner, currency, given_by) LEFT JOIN ended USING (owner, currency)
WINDOW same AS (PARTITION BY asked.owner, asked.currency, asked.given_by ORDER BY asked.expires_us, asked.rank),
       earlier AS (PARTITION BY asked.owner, asked.currency ORDER BY asked.expires_us, asked.rank);

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
INSERT INTO incoming
SELECT owner, currency, place, ranked(place, 0), points, expires_us, nextval('lot_numbers'), given_by, false
FROM adjusts JOIN ends USING (currency, quarter) WHERE why IS NULL AND points > 0;
