-- Which lines the run says it applied, by source, id and log time; what became of the others. `reach` is the last line
-- that the run is known to have seen: behind it nothing is expected yet.

CREATE TABLE letters AS
SELECT DISTINCT seq FROM lines JOIN run_dead_letters AS letter
ON letter.topic = lines.topic AND letter."partition" = lines.partition AND letter."offset" = lines.place;

CREATE TABLE applied AS
SELECT lines.*, member_id, given_by
FROM lines JOIN (SELECT source, id, log_time_us AS log_us, member_id, ids[1] AS given_by FROM run_events) AS event USING (source, id, log_us)
WHERE seq NOT IN (FROM letters)
QUALIFY row_number() OVER (PARTITION BY source, id, log_us ORDER BY seq) = 1;

CREATE TABLE reach AS
SELECT coalesce(max(seq), -1) AS seq FROM (SELECT seq FROM applied UNION ALL SELECT seq FROM letters);

CREATE TABLE fates AS
WITH firsts AS (SELECT source, id, min(seq) AS seq FROM applied GROUP BY source, id)
SELECT lines.seq, CASE
    WHEN applied.seq IS NOT NULL THEN 'applied'
    WHEN letters.seq IS NOT NULL THEN 'dead letter'
    WHEN firsts.seq < lines.seq THEN 'duplicate'
    WHEN lines.seq > (SELECT seq FROM reach) THEN 'not read yet'
    ELSE 'lost' END AS fate
FROM lines LEFT JOIN applied USING (seq) LEFT JOIN letters USING (seq)
LEFT JOIN firsts ON firsts.source = lines.source AND firsts.id = lines.id;

-- Events of the run that no line of the log tells, and events that it applied again within its memory.
CREATE TABLE unfounded AS
SELECT source, id, type, member_id, log_time_us FROM run_events
ANTI JOIN (SELECT source, id, log_us AS log_time_us FROM applied) USING (source, id, log_time_us);

CREATE TABLE twice AS
SELECT source, id, member_id, log_time_us FROM run_events
QUALIFY log_time_us - lag(log_time_us) OVER (PARTITION BY source, id ORDER BY log_time_us)
        <= getvariable('events_us');
