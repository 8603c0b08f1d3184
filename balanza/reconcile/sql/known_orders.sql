-- Purchases and returns in general. An order that was forgotten begins anew; one in another money takes nothing.

DELETE FROM earned USING known AS over WHERE over AND earned.owner = over.owner AND earned.order_id = over.order_id;
DELETE FROM orders USING known AS over WHERE over AND orders.owner = over.owner AND orders.order_id = over.order_id;
DELETE FROM order_lines USING known AS over
WHERE over AND order_lines.owner = over.owner AND order_lines.order_id = over.order_id;

INSERT INTO orders
SELECT owner, order_id, at_us, money, 0, 0, false FROM said
WHERE (owner, order_id) NOT IN (SELECT (owner, order_id) FROM known WHERE NOT over);

INSERT INTO refused
SELECT seq, source, id, said.owner, CASE WHEN said.bought THEN 'purchase' ELSE 'return' END, CASE
    WHEN said.money != orders.money THEN 'another money than its order' ELSE 'before its purchase' END
FROM said JOIN orders USING (owner, order_id) WHERE said.money != orders.money OR NOT (said.bought OR orders.bought);
DELETE FROM said USING orders
WHERE said.owner = orders.owner AND said.order_id = orders.order_id AND said.money != orders.money;

INSERT INTO spent
SELECT seq, owner, orders.money, CASE WHEN said.bought
    THEN worth(total + amount, returned, true) - worth(total, returned, orders.bought)
    ELSE worth(total, returned + amount, orders.bought) - worth(total, returned, orders.bought) END
FROM said JOIN orders USING (owner, order_id) WHERE getvariable('counts_spend');

UPDATE order_lines SET given_by = said.given_by FROM said JOIN orders USING (owner, order_id)
WHERE order_lines.owner = said.owner AND order_lines.order_id = said.order_id AND said.bought AND NOT orders.bought;
INSERT INTO order_lines
SELECT owner, order_id, seq, CASE WHEN said.bought OR list_contains(buyers, said.given_by) THEN said.given_by
           ELSE coalesce(buyers[1], said.given_by) END,
       CASE WHEN said.bought THEN amount ELSE 0 END, CASE WHEN said.bought THEN 0 ELSE amount END, said.bought
FROM said LEFT JOIN (
    SELECT owner, order_id, list(given_by ORDER BY seq) AS buyers FROM order_lines WHERE bought GROUP BY owner, order_id
) USING (owner, order_id)
WHERE getvariable('parts');

UPDATE orders SET
    total = total + CASE WHEN said.bought THEN amount ELSE 0 END,
    returned = returned + CASE WHEN said.bought THEN 0 ELSE amount END,
    bought = orders.bought OR said.bought
FROM said WHERE orders.owner = said.owner AND orders.order_id = said.order_id;

INSERT INTO refused
SELECT said.seq, source, id, said.owner, 'return', 'beyond its order' FROM said JOIN orders USING (owner, order_id)
WHERE NOT said.bought AND orders.bought AND orders.money = said.money AND orders.returned > orders.total;

INSERT INTO touched
SELECT owner, order_id, seq, source, id FROM said JOIN orders USING (owner, order_id) WHERE returned > 0;
