-- Lots whose time has come by this move go to breakage.

CREATE OR REPLACE TEMP TABLE lapses AS
SELECT lot, piece, lots.owner, lots.currency, expires_us, lots.points, lots.given_by
FROM lots JOIN (
    SELECT owner, max(at_us) AS at_us FROM (
        SELECT owner, at_us FROM now UNION ALL SELECT other, at_us FROM now WHERE other IS NOT NULL
    ) GROUP BY owner
) AS moment ON moment.owner = lots.owner
WHERE lots.points > 0 AND expires_us <= moment.at_us;
UPDATE lots SET points = 0 FROM lapses WHERE lots.piece = lapses.piece;
INSERT INTO lapsed SELECT lot, points FROM lapses;
INSERT INTO posted
SELECT NULL, 'balanza', 'expired ' || expires_us, owner, currency, 'expired', -sum(points), 0, 0, 0, sum(points), given_by
FROM lapses GROUP BY owner, currency, expires_us, given_by;
