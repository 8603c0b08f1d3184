-- Purchases and returns of this wave, and of which of them the order is known already.

CREATE OR REPLACE TEMP TABLE said AS
SELECT owner, name AS order_id, kind = 'purchase' AS bought, amount, money, at_us, seq, source, id, place, given_by
FROM now WHERE kind IN ('purchase', 'return');

CREATE OR REPLACE TEMP TABLE known AS
SELECT owner, order_id, orders.at_us < said.at_us - getvariable('orders_us') AS over FROM said JOIN orders USING (owner, order_id);
