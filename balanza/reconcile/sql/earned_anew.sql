-- What was earned for an order, of which returns may take back.

INSERT INTO earned BY NAME
SELECT owner, order_id, rule, currency, points, 0 AS taken_back, lot, rank, given_by, 0 AS waived, expires_us, lines, weight,
       sure
FROM gains;
