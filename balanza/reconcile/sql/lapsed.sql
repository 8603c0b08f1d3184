-- What has come to its end goes to breakage.

UPDATE lots SET points = 0 FROM lapses WHERE lots.piece = lapses.piece;
INSERT INTO lapsed SELECT lot, points FROM lapses;
INSERT INTO posted
SELECT NULL, 'balanza', 'expired ' || expires_us, owner, currency, 'expired', -sum(points), 0, 0, 0, sum(points), given_by
FROM lapses GROUP BY owner, currency, expires_us, given_by;
