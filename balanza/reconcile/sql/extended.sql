-- Where activity extends: what comes in lets all lots live as long as it does, and goes into the lot of its identifier.

CREATE OR REPLACE TEMP TABLE latest AS
SELECT owner, currency, max(expires_us) AS expires_us FROM credits WHERE extends GROUP BY ALL;
UPDATE lots SET expires_us = latest.expires_us FROM latest
WHERE lots.owner = latest.owner AND lots.currency = latest.currency AND points > 0 AND lots.expires_us < latest.expires_us;
CREATE OR REPLACE TEMP TABLE entering AS
WITH there AS (
    SELECT lots.* FROM lots JOIN latest USING (owner, currency) WHERE points > 0
), of_them AS (
    SELECT owner, currency, given_by, arg_min(lot, (expires_us, rank, lot)) AS lot,
           arg_min(rank, (expires_us, rank, lot)) AS rank
    FROM there GROUP BY ALL
), come AS (
    SELECT owner, currency, given_by, sum(fits) AS points, min(rank) FILTER (fits > 0) AS rank,
           arg_min(lot, (place, rank, lot)) FILTER (fits > 0) AS lot
    FROM credits WHERE extends GROUP BY ALL
), aimed AS (
    SELECT owner, currency, given_by, come.points, of_them.lot IS NOT NULL AS known, coalesce(of_them.lot, come.lot) AS lot,
           coalesce(of_them.rank, come.rank) AS rank, greatest(coalesce(last_us, 0), latest.expires_us) AS expires_us
    FROM come JOIN latest USING (owner, currency) LEFT JOIN of_them USING (owner, currency, given_by)
    LEFT JOIN (SELECT owner, currency, max(expires_us) AS last_us FROM there GROUP BY ALL) USING (owner, currency)
)
SELECT aimed.*, (SELECT min(piece) FROM there WHERE there.lot = aimed.lot AND there.expires_us = aimed.expires_us
                 AND there.owner = aimed.owner) AS piece
FROM aimed;
UPDATE lots SET points = lots.points + entering.points FROM entering WHERE lots.piece = entering.piece;
INSERT INTO lots (owner, currency, lot, rank, expires_us, points, given_by)
SELECT owner, currency, lot, rank, expires_us, points, given_by FROM entering WHERE piece IS NULL AND points > 0;
UPDATE earned SET lot = entering.lot FROM credits JOIN entering USING (owner, currency, given_by)
WHERE credits.extends AND earned.lot = credits.lot AND credits.of_order AND entering.lot != credits.lot
  AND (known OR credits.rank > entering.rank);
