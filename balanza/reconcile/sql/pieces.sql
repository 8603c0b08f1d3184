-- What was earned for the orders that were touched, in the order in which it expires.

CREATE OR REPLACE TEMP TABLE pieces AS
SELECT earned.*, row_number() OVER (
    PARTITION BY owner, order_id
    ORDER BY coalesce(expires_us, 0), given_by, points, coalesce(lines, []), rank, lot
) AS place
FROM earned WHERE (owner, order_id) IN (SELECT (owner, order_id) FROM touched);
CREATE OR REPLACE TEMP TABLE line_backs (earning BIGINT, points HUGEINT);
