-- Merges, each at the event that caused it; a person is all members that became one in the end.

CREATE TABLE merges AS
SELECT identity.seq AS change, at_us, identity.member_id, other_member_id AS other_id, cause_source, cause_id, applied.seq
FROM run_identity AS identity LEFT JOIN applied
ON applied.source = cause_source AND applied.id = cause_id AND applied.log_us = at_us
WHERE kind = 'merge';

-- Who was erased is not recomputed. Both sides of a split are one person here, for they have one story.
CREATE TABLE joins AS
SELECT member_id, other_id FROM merges
UNION ALL
SELECT member_id, other_member_id FROM run_identity WHERE kind = 'split' AND other_member_id IS NOT NULL;

CREATE TABLE people AS
SELECT DISTINCT member_id, member_id AS person FROM (
    SELECT member_id FROM applied UNION ALL SELECT member_id FROM joins UNION ALL SELECT other_id FROM joins
);
