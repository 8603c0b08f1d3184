-- The accounts follow what was posted.

CREATE OR REPLACE TEMP TABLE sums AS
SELECT owner, currency, sum(points) AS points, sum(pending) AS pending, sum(earned) AS earned,
       sum(redeemed) AS redeemed, sum(expired) AS expired
FROM posted GROUP BY owner, currency;
UPDATE accounts SET balance = balance + sums.points, pending = accounts.pending + sums.pending,
                    earned = accounts.earned + sums.earned,
                    redeemed = accounts.redeemed + sums.redeemed, expired = accounts.expired + sums.expired
FROM sums WHERE accounts.owner = sums.owner AND accounts.currency = sums.currency;
INSERT INTO accounts
SELECT owner, currency, points, pending, earned, redeemed, expired FROM sums
WHERE (owner, currency) NOT IN (SELECT (accounts.owner, accounts.currency) FROM accounts SEMI JOIN sums USING (owner, currency));
INSERT INTO doings
SELECT owner, currency, given_by, earned, redeemed, expired FROM posted
WHERE given_by IS NOT NULL AND (earned != 0 OR redeemed != 0 OR expired != 0) AND getvariable('parts');
INSERT INTO changes FROM posted;
DELETE FROM posted;
