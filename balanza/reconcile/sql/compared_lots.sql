-- Both sides of every lot: what of a member's points expires when. A member that was merged or forgotten must have none.

CREATE TABLE compared_lots AS
WITH mine AS (
    SELECT owner AS member_id, currency, expires_us, sum(points) AS points FROM lots
    GROUP BY ALL HAVING sum(points) != 0
), streamed AS (
    SELECT member_id, currency, lot.expires_us AS expires_us, sum(lot.points) AS points
    FROM (SELECT member_id, currency, unnest(lots) AS lot FROM run_entries WHERE len(lots) > 0)
    GROUP BY ALL HAVING sum(lot.points) != 0
)
SELECT member_id, currency, expires_us, coalesce(mine.points, 0)::BIGINT AS expected,
       coalesce(streamed.points, 0)::BIGINT AS streamed
FROM mine FULL JOIN streamed USING (member_id, currency, expires_us)
WHERE member_id NOT IN (SELECT member_id FROM left_out) AND NOT starts_with(member_id, 'erased_');
