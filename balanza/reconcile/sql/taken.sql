-- What is due in this turn comes from its own lot as far as that has it, then from what expired of that lot; how far it
-- reaches beyond says the currency, and what it lets the member keep is waived. What is missing in its own lot is taken
-- from all (`fitted`).

CREATE OR REPLACE TEMP TABLE taking AS
WITH asked AS (
    SELECT due.* EXCLUDE (points), due.points + forgone AS points, returns,
           least(due.points + forgone, coalesce(lots.points, 0)) AS of_lot, greatest(coalesce(balance, 0), 0) AS available
    FROM due JOIN currencies USING (currency) LEFT JOIN lots ON lots.lot = due.lot
    LEFT JOIN accounts ON accounts.owner = due.owner AND accounts.currency = due.currency
    WHERE turn = getvariable('turn')
), beside AS (
    SELECT asked.*, least(points - of_lot, coalesce(left_there, 0)) AS of_lapsed
    FROM asked LEFT JOIN (
        SELECT lot, sum(points) AS left_there FROM lapsed WHERE lot IN (SELECT lot FROM due) GROUP BY lot
    ) AS past ON past.lot = asked.lot
)
SELECT *, CASE returns
    WHEN 'only_pending' THEN greatest(points, 0)
    WHEN 'within_balance' THEN greatest(points - of_lot - of_lapsed - greatest(available - of_lot, 0), 0)
    ELSE 0 END AS kept
FROM beside;
UPDATE taking SET of_lot = least(of_lot, 0), of_lapsed = 0 WHERE returns = 'only_pending';
UPDATE lots SET points = lots.points - of_lot FROM taking WHERE lots.lot = taking.lot;
INSERT INTO lapsed SELECT lot, -of_lapsed FROM taking WHERE of_lapsed > 0;
UPDATE earned SET waived = earned.waived + kept FROM taking
WHERE earned.owner = taking.owner AND earned.order_id = taking.order_id AND earned.rule = taking.rule
  AND earned.currency = taking.currency AND earned.given_by = taking.given_by
  AND earned.lot IS NOT DISTINCT FROM taking.lot AND kept > 0;
INSERT INTO posted
SELECT seq, source, id, owner, currency, 'return.' || rule, of_lapsed + kept - points, 0, kept - points, 0, -of_lapsed, given_by
FROM taking WHERE kept != points OR points < 0;
