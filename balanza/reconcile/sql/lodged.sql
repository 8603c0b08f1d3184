-- What came in goes into lots, as far as it did not repay what was owed.

CREATE OR REPLACE TEMP TABLE credits AS
SELECT incoming.*, extends, points - greatest(least(coalesce(owed, 0) - before, points), 0) AS fits
FROM (
    SELECT *, sum(points) OVER (PARTITION BY owner, currency ORDER BY place, rank, lot) - points AS before FROM incoming
) AS incoming JOIN currencies USING (currency)
LEFT JOIN (SELECT owner, currency, greatest(-balance, 0) AS owed FROM accounts) USING (owner, currency);
INSERT INTO lots (owner, currency, lot, rank, expires_us, points, given_by)
SELECT owner, currency, lot, rank, expires_us, fits, given_by FROM credits WHERE NOT extends;
DELETE FROM incoming;
