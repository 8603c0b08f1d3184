-- Purchases of orders of which nothing was known.

INSERT INTO orders SELECT owner, order_id, at_us, money, amount, 0, true FROM said;
INSERT INTO spent SELECT seq, owner, money, amount FROM said WHERE getvariable('counts_spend');
INSERT INTO order_lines SELECT owner, order_id, seq, given_by, amount, 0, true FROM said WHERE getvariable('parts');
