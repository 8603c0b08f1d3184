-- What was pending becomes available: when its time has come, or the event that it waits for. Who holds it by now is
-- whose time has come. Where an event's quantity says how much, so much of the rule is `free`, the oldest first.

CREATE OR REPLACE TEMP TABLE releases AS
SELECT holds.*, now.seq AS by_seq, source, id, place, at_us, true AS timed, holds.points AS free
FROM now JOIN holds ON holds.seq = now.seq AND holds.number = now.number WHERE kind = 'release'
UNION ALL
SELECT * EXCLUDE (rule, quantity), CASE WHEN quantity IS NULL THEN points ELSE greatest(least(points, quantity - (
    sum(points) OVER (PARTITION BY by_seq, owner, rule ORDER BY rank) - points)), 0) END
FROM (
    SELECT holds.*, now.seq AS by_seq, now.source, now.id, now.place, now.at_us, false, awards.rule,
           CASE WHEN parts AND data ->> 'quantity' IS NOT NULL
                THEN greatest(trunc(CAST(data ->> 'quantity' AS DOUBLE)), 0)::HUGEINT END AS quantity
    FROM now JOIN holds ON holds.owner = now.owner AND holds.held_for IN (now.name, now.rule)
    JOIN applied ON applied.seq = now.seq
    LEFT JOIN awards ON awards.seq = holds.seq AND awards.number = holds.number
    WHERE kind = 'happened'
);
INSERT INTO freed SELECT at_us, timed, by_seq, owner, seq, number, currency, free, given_by FROM releases WHERE free != 0;
INSERT INTO posted
SELECT by_seq, source, id, owner, currency, 'release', free, -free, 0, 0, 0, NULL FROM releases WHERE free != 0;
INSERT INTO incoming
SELECT owner, currency, place, rank, free, expires_us, lot, given_by, false FROM releases WHERE expires_us IS NOT NULL;
DELETE FROM holds USING releases WHERE holds.lot = releases.lot AND free = releases.points;
UPDATE holds SET points = holds.points - free FROM releases WHERE holds.lot = releases.lot;
