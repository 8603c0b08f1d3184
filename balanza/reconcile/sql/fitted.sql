-- Where points expire, all that is available is in lots. Whatever left the account (or repaid what was owed) is taken from
-- the lots that expire first, of those from the one that was earned first; a redemption remembers from which.

CREATE OR REPLACE TEMP TABLE drawn AS
SELECT owner, currency, lot, rank, expires_us, given_by, piece, before, least(points, greatest(beyond - before, 0)) AS points
FROM (
    SELECT lots.*, beyond,
           sum(points) OVER (PARTITION BY owner, currency ORDER BY expires_us, rank, lot, piece) - points AS before
    FROM lots JOIN (
        SELECT owner, currency, sum(lots.points) - greatest(any_value(balance), 0) AS beyond
        FROM lots JOIN accounts USING (owner, currency)
        WHERE owner IN (SELECT owner FROM now UNION ALL SELECT other FROM now) GROUP BY owner, currency
        HAVING beyond > 0
    ) USING (owner, currency) WHERE points > 0
) WHERE beyond > before;
UPDATE lots SET points = lots.points - drawn.points FROM drawn WHERE lots.piece = drawn.piece;
INSERT INTO draws
SELECT drawn.owner, name, lot, drawn.points, expires_us, rank, drawn.given_by
FROM drawn JOIN now ON now.owner = drawn.owner AND now.currency = drawn.currency WHERE kind = 'redeem';
INSERT INTO draws
SELECT owner, redemption_id, lot,
       least(drawn.before + drawn.points, anew.before + anew.points) - greatest(drawn.before, anew.before), expires_us, rank,
       given_by
FROM drawn JOIN anew USING (owner, currency)
WHERE least(drawn.before + drawn.points, anew.before + anew.points) > greatest(drawn.before, anew.before);
DELETE FROM anew;
