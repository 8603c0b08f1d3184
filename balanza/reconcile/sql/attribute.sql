-- What an attribute was at each event: what was said last in the order of time, else what came late first.

ALTER TABLE scenes ADD COLUMN {column} JSON;
UPDATE scenes SET {column} = found.value FROM (
    SELECT scenes.seq, coalesce(arg_max(value, updates.seq) FILTER (in_time), arg_min(value, updates.seq)) AS value
    FROM scenes JOIN (
        SELECT member_id, seq, in_time, (attributes -> {path}) AS value FROM updates WHERE (attributes -> {path}) IS NOT NULL
    ) AS updates ON updates.member_id = scenes.member_id AND updates.seq < scenes.seq
    GROUP BY scenes.seq
) AS found WHERE found.seq = scenes.seq
