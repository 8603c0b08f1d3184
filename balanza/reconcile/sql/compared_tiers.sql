-- Both sides of every member's tier; who was merged, forgotten, left out or has a time zone of its own is not compared.

CREATE TABLE compared_tiers AS
WITH streamed AS (
    SELECT member_id, arg_max(tier, CAST(split_part(change_id, ':tier:', 2) AS BIGINT)) AS tier FROM (
        SELECT change_id, member_id, {'tier': tier} AS tier FROM run_tiers
    ) GROUP BY member_id
)
SELECT member_id, mine.tier AS expected, streamed.tier.tier AS streamed,
       mine.tier IS DISTINCT FROM streamed.tier.tier AS drifts
FROM recomputed_tiers AS mine FULL JOIN streamed USING (member_id)
ANTI JOIN gone USING (member_id)
WHERE member_id NOT IN (SELECT member_id FROM left_out) AND NOT starts_with(member_id, 'erased_')
  AND member_id NOT IN (SELECT member_id FROM people WHERE person IN (FROM zoned));
