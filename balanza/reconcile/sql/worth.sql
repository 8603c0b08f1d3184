-- What one rule gives for events, and what each article of an order counted for: filled in by `worths.py`.

INSERT INTO worths
WITH those AS (
    SELECT *, {rate} AS total_rate FROM scenes WHERE {holds}
), seen AS (
    SELECT seq, variant, place, sku, event_lines.amount, pieces, {counts} AS counts, {line_rate} AS rate
    FROM those JOIN event_lines USING (seq) WHERE {looks}
), articles AS (
    SELECT seq, variant, list({{'sku': sku, 'amount': amount, 'weight': weight}} ORDER BY first) AS lines FROM (
        SELECT seq, variant, sku, {article_amount} AS amount, {article_weight} AS weight, min(place) AS first
        FROM seen WHERE {article} GROUP BY seq, variant, sku
    ) WHERE amount > 0 GROUP BY seq, variant
), summed AS (
    SELECT seq, variant, sum(amount) AS listed, coalesce(sum(amount) FILTER (counts), 0) AS counted,
           coalesce(sum(amount::HUGEINT * rate) FILTER (counts), 0) AS weighted, bool_or(counts) AS any_counts,
           coalesce(sum(CAST(pieces * 1000000 AS HUGEINT) * rate) FILTER (counts), 0) AS pieces
    FROM seen GROUP BY seq, variant
), moneys AS (
    SELECT those.seq, those.variant, total_rate, data, listed IS NOT NULL AS by_lines, any_counts, pieces,
           CAST(data ->> '$.total.amount' AS HUGEINT) AS total, total - coalesce(listed, 0) AS rest,
           CASE WHEN rest < 0 THEN total ELSE 1 END AS upper, CASE WHEN rest < 0 THEN listed ELSE 1 END AS lower,
           CASE WHEN listed IS NULL THEN CASE WHEN {lines_only} THEN 0 ELSE total END
                ELSE counted + CASE WHEN rest > 0 AND NOT {lines_only} THEN rest ELSE 0 END END AS counts,
           greatest(CASE WHEN listed IS NULL THEN CASE WHEN {lines_only} THEN 0 ELSE total * total_rate END
                    ELSE weighted + CASE WHEN rest > 0 AND NOT {lines_only} THEN rest * total_rate ELSE 0 END END, 0) AS weight
    FROM those LEFT JOIN summed USING (seq, variant)
), given AS (
    SELECT seq, variant, {points} AS points, {weight} AS weight
    FROM moneys WHERE {enough}
)
SELECT scenes.seq, {number}, min(coalesce(points, 0)), min(coalesce(points, 0)) = max(coalesce(points, 0)) AND bool_and({sure}),
       arg_max(articles.lines, coalesce(points, 0)), arg_max(weight, coalesce(points, 0))
FROM scenes LEFT JOIN given USING (seq, variant) LEFT JOIN articles USING (seq, variant)
WHERE {of_type} GROUP BY scenes.seq
