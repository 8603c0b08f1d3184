-- What was earned for orders that are known already: what has no lot and no lines of its own is one.

UPDATE earned SET points = earned.points + gains.points FROM gains
WHERE earned.owner = gains.owner AND earned.order_id = gains.order_id AND earned.rule = gains.rule
  AND earned.currency = gains.currency AND earned.given_by = gains.given_by
  AND earned.lot IS NULL AND gains.lot IS NULL AND earned.lines IS NULL AND gains.lines IS NULL;
DELETE FROM gains WHERE lot IS NULL AND lines IS NULL AND (owner, order_id, rule, currency, given_by) IN (
    SELECT (owner, order_id, rule, currency, given_by) FROM earned WHERE lot IS NULL AND lines IS NULL
);
