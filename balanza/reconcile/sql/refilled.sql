-- Points go back into lots (`refills`): into the piece of that lot and expiry; if that is gone it is there again.

CREATE OR REPLACE TEMP TABLE refilled AS
SELECT asked.*, (SELECT min(piece) FROM lots WHERE lots.owner = asked.owner AND lots.lot = asked.lot
                 AND lots.expires_us = asked.expires_us) AS piece
FROM (
    SELECT owner, currency, lot, expires_us, given_by, min(rank) AS rank, sum(points) AS points FROM refills GROUP BY ALL
) AS asked;
UPDATE lots SET points = lots.points + refilled.points FROM refilled WHERE lots.piece = refilled.piece;
INSERT INTO lots (owner, currency, lot, rank, expires_us, points, given_by)
SELECT owner, currency, lot, rank, expires_us, points, given_by FROM refilled WHERE piece IS NULL AND points > 0;
