-- Lots whose time has come by this move.

CREATE OR REPLACE TEMP TABLE lapses AS
SELECT lot, piece, lots.owner, lots.currency, expires_us, lots.points, lots.given_by
FROM lots JOIN (
    SELECT owner, max(at_us) AS at_us FROM (
        SELECT owner, at_us FROM now UNION ALL SELECT other, at_us FROM now WHERE other IS NOT NULL
    ) GROUP BY owner
) AS moment ON moment.owner = lots.owner
WHERE lots.points > 0 AND expires_us <= moment.at_us;
