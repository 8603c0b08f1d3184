-- Merges: accounts move as they are; orders that both still remember are added up, redemptions that both knew are the
-- older's. A member that is forgotten loses what it has, and owes nothing more.

CREATE OR REPLACE TEMP TABLE joining AS
SELECT owner, other, seq, source, id, at_us, place FROM now WHERE kind = 'merge';

CREATE OR REPLACE TEMP TABLE moving AS
SELECT joining.owner, joining.other, seq, source, id, accounts.* EXCLUDE (owner)
FROM joining JOIN accounts ON accounts.owner = other;
INSERT INTO posted SELECT seq, source, id, owner, currency, 'merge', balance, pending, earned, redeemed, expired, NULL
FROM moving;
INSERT INTO posted SELECT seq, source, id, other, currency, 'merge', -balance, -pending, -earned, -redeemed, -expired, NULL
FROM moving;
UPDATE doings SET owner = joining.owner FROM joining WHERE doings.owner = other;

CREATE OR REPLACE TEMP TABLE over AS
SELECT orders.owner, order_id FROM orders JOIN joining ON orders.owner IN (joining.owner, joining.other)
WHERE orders.at_us < joining.at_us - getvariable('orders_us');
DELETE FROM earned USING over WHERE earned.owner = over.owner AND earned.order_id = over.order_id;
DELETE FROM orders USING over WHERE orders.owner = over.owner AND orders.order_id = over.order_id;
DELETE FROM order_lines USING over WHERE order_lines.owner = over.owner AND order_lines.order_id = over.order_id;

CREATE OR REPLACE TEMP TABLE shared AS
SELECT joining.owner, other, mine.order_id, mine.money = theirs.money AS same, theirs.total, theirs.returned, theirs.bought
FROM joining JOIN orders AS mine ON mine.owner = joining.owner
JOIN orders AS theirs ON theirs.owner = other AND theirs.order_id = mine.order_id;
INSERT INTO spent
SELECT seq, owner, mine.money, CASE WHEN same
    THEN worth(mine.total + shared.total, mine.returned + shared.returned, mine.bought OR shared.bought)
         - worth(mine.total, mine.returned, mine.bought)
    ELSE 0 END - worth(shared.total, shared.returned, shared.bought)
FROM shared JOIN orders AS mine USING (owner, order_id) JOIN joining USING (owner);
UPDATE orders SET total = orders.total + shared.total, returned = orders.returned + shared.returned,
                  bought = orders.bought OR shared.bought
FROM shared WHERE orders.owner = shared.owner AND orders.order_id = shared.order_id AND same;
UPDATE earned SET points = earned.points + theirs.points, taken_back = earned.taken_back + theirs.taken_back,
                  waived = earned.waived + theirs.waived
FROM shared JOIN earned AS theirs ON theirs.owner = shared.other AND theirs.order_id = shared.order_id
WHERE earned.owner = shared.owner AND earned.order_id = shared.order_id AND earned.rule = theirs.rule AND same
  AND earned.currency = theirs.currency AND earned.given_by = theirs.given_by
  AND earned.lot IS NULL AND theirs.lot IS NULL AND earned.lines IS NULL AND theirs.lines IS NULL;
DELETE FROM earned USING shared LEFT JOIN earned AS mine ON mine.owner = shared.owner AND mine.order_id = shared.order_id
WHERE earned.owner = shared.other AND earned.order_id = shared.order_id AND (
    NOT same OR earned.rule = mine.rule AND earned.currency = mine.currency AND earned.given_by = mine.given_by
    AND earned.lot IS NULL AND mine.lot IS NULL AND earned.lines IS NULL AND mine.lines IS NULL
);
DELETE FROM order_lines USING shared
WHERE order_lines.owner = shared.other AND order_lines.order_id = shared.order_id AND NOT same;
UPDATE order_lines SET owner = joining.owner FROM joining WHERE order_lines.owner = other;
DELETE FROM orders USING shared WHERE orders.owner = shared.other AND orders.order_id = shared.order_id;
UPDATE orders SET owner = joining.owner FROM joining WHERE orders.owner = other;
UPDATE earned SET owner = joining.owner, rank = ranked(place, k) FROM joining JOIN (
    SELECT owner AS other, earning, row_number() OVER (PARTITION BY owner ORDER BY rank) AS k
    FROM earned WHERE owner IN (SELECT other FROM joining)
) AS moved USING (other)
WHERE earned.earning = moved.earning;
INSERT INTO touched SELECT owner, order_id, seq, source, id FROM shared JOIN joining USING (owner) WHERE same;

UPDATE lots SET owner = joining.owner, rank = ranked(place, k) FROM joining JOIN (
    SELECT owner AS other, piece, dense_rank() OVER (PARTITION BY owner ORDER BY rank, lot) AS k
    FROM lots WHERE owner IN (SELECT other FROM joining)
) AS moved USING (other)
WHERE lots.piece = moved.piece;

DELETE FROM draws USING joining JOIN redemptions AS mine ON mine.owner = joining.owner
WHERE draws.owner = other AND draws.redemption_id = mine.redemption_id;
UPDATE draws SET owner = joining.owner FROM joining WHERE draws.owner = other;
DELETE FROM redemptions USING joining JOIN redemptions AS mine ON mine.owner = joining.owner
WHERE redemptions.owner = other AND redemptions.redemption_id = mine.redemption_id;
UPDATE redemptions SET owner = joining.owner FROM joining WHERE redemptions.owner = other;

UPDATE accruals SET owner = joining.owner FROM joining WHERE accruals.owner = other;
UPDATE holds SET owner = joining.owner, rank = ranked(place, k) FROM joining JOIN (
    SELECT owner AS other, lot, row_number() OVER (PARTITION BY owner ORDER BY rank, lot) AS k
    FROM holds WHERE owner IN (SELECT other FROM joining)
) AS moved USING (other)
WHERE holds.lot = moved.lot;

INSERT INTO posted
SELECT seq, source, id, owner, accounts.currency, 'forgotten', -balance, -pending, 0, 0,
       greatest(balance, 0) + pending, NULL
FROM now JOIN accounts USING (owner) WHERE kind = 'forgotten' AND (balance != 0 OR pending != 0);
UPDATE lots SET points = 0 FROM now WHERE lots.owner = now.owner AND kind = 'forgotten';
DELETE FROM holds USING now WHERE holds.owner = now.owner AND kind = 'forgotten';
