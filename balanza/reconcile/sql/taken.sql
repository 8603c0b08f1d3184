-- What is due in this turn comes from what is pending of it, from its own lot as far as that has it, then from what expired
-- of that lot; how far it reaches beyond says the currency, and what it lets the member keep is waived. What is missing in
-- its own lot is taken from all (`fitted`). What is given back (below zero) goes the same ways.

CREATE OR REPLACE TEMP TABLE taking AS
WITH asked AS (
    SELECT due.* EXCLUDE (points), due.points + forgone AS points, holds.lot IS NOT NULL AS waits,
           coalesce(holds.points, 0) AS waiting
    FROM due LEFT JOIN holds ON holds.lot = due.lot WHERE turn = getvariable('turn')
), resting AS (
    SELECT *, CASE WHEN points < 0 AND waits THEN points WHEN points < 0 THEN 0 ELSE least(points, waiting) END AS of_hold,
           points - of_hold AS rest
    FROM asked
), pieces AS (
    SELECT lot, arg_min(piece, (points = 0, expires_us, piece)) AS piece FROM lots
    WHERE lot IN (SELECT lot FROM due) GROUP BY lot
), own AS (
    SELECT resting.*, returns, extends, CASE WHEN lots.points > 0 OR NOT extends THEN pieces.piece END AS piece,
           least(rest, coalesce(lots.points, 0)) AS of_lot, greatest(coalesce(balance, 0), 0) AS available
    FROM resting JOIN currencies USING (currency) LEFT JOIN pieces ON pieces.lot = resting.lot
    LEFT JOIN lots ON lots.piece = pieces.piece
    LEFT JOIN accounts ON accounts.owner = resting.owner AND accounts.currency = resting.currency
), beside AS (
    SELECT own.*, least(rest - of_lot, coalesce(left_there, 0)) AS of_lapsed
    FROM own LEFT JOIN (
        SELECT lot, sum(points) AS left_there FROM lapsed WHERE lot IN (SELECT lot FROM due) GROUP BY lot
    ) AS past ON past.lot = own.lot
)
SELECT *, CASE returns
    WHEN 'only_pending' THEN greatest(rest, 0)
    WHEN 'within_balance' THEN greatest(rest - of_lot - of_lapsed - greatest(available - of_lot, 0), 0)
    ELSE 0 END AS kept
FROM beside;
UPDATE taking SET of_lot = least(of_lot, 0), of_lapsed = 0 WHERE returns = 'only_pending';
UPDATE holds SET points = holds.points - of_hold FROM taking WHERE holds.lot = taking.lot;
UPDATE lots SET points = lots.points - of_lot FROM taking WHERE lots.piece = taking.piece;
INSERT INTO lots (owner, currency, lot, rank, expires_us, points, given_by)
SELECT owner, currency, lot, rank, expires_us, -of_lot, given_by
FROM taking WHERE piece IS NULL AND of_lot < 0 AND expires_us IS NOT NULL;
INSERT INTO lapsed SELECT lot, -of_lapsed FROM taking WHERE of_lapsed > 0;
UPDATE earned SET waived = earned.waived + kept FROM taking WHERE earned.earning = taking.earning AND kept > 0;
INSERT INTO posted
SELECT seq, source, id, owner, currency, 'return.' || rule, of_lapsed + kept - rest, -of_hold, kept - points, 0, -of_lapsed,
       given_by
FROM taking WHERE kept != points OR points < 0;
