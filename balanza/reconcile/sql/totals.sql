-- Purchases by store and local day, beside the till's totals. A receipt that came in more than one event is shown with
-- all of them; a receipt is missing where the till names it and no event of that store does.

CREATE TABLE bought AS
SELECT data ->> 'store' AS store, day, data ->> 'order_id' AS receipt, CAST(data ->> '$.total.amount' AS BIGINT) AS amount,
       fate, source, id
FROM lines JOIN fates USING (seq) JOIN days ON days.quarter = lines.event_us // 900000000
WHERE type = 'purchase' AND data ->> 'store' IS NOT NULL;

CREATE TABLE by_day AS
WITH said AS (
    SELECT store, day, sum(receipts) AS receipts, sum(amount) AS amount FROM till GROUP BY store, day
), applied_days AS (
    SELECT store, day, count(*) AS receipts, sum(amount) AS amount FROM bought WHERE fate = 'applied' GROUP BY store, day
)
SELECT store, day, said.receipts::BIGINT AS till_receipts, coalesce(found.receipts, 0)::BIGINT AS receipts,
       said.amount::BIGINT AS till_amount, coalesce(found.amount, 0)::BIGINT AS amount,
       till_receipts != coalesce(found.receipts, 0) OR till_amount != coalesce(found.amount, 0) AS differs
FROM said LEFT JOIN applied_days AS found USING (store, day);

CREATE TABLE came_twice AS
SELECT store, day, receipt, count(*) AS events, sum(amount)::BIGINT AS amount,
       string_agg(source || ' ' || id, ', ' ORDER BY source, id) AS told_by
FROM bought JOIN (SELECT store, day FROM by_day WHERE differs) USING (store, day)
WHERE fate = 'applied' GROUP BY store, day, receipt HAVING count(*) > 1;

CREATE TABLE missing AS
SELECT store, day, till.receipt, till.amount FROM till
ANTI JOIN (SELECT store, receipt FROM bought WHERE fate = 'applied') USING (store, receipt)
WHERE till.receipt IS NOT NULL;

CREATE TABLE refused_purchases AS
SELECT store, day, receipt, amount, fate, source, id
FROM bought JOIN (SELECT store, day FROM by_day WHERE differs) USING (store, day)
WHERE fate IN ('dead letter', 'lost');
