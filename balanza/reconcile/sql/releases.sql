-- What was pending becomes available: when its time has come, or the event that it waits for. Who holds it by now is
-- whose time has come.

CREATE OR REPLACE TEMP TABLE releases AS
SELECT holds.*, now.seq AS by_seq, source, id, place, at_us, true AS timed
FROM now JOIN holds ON holds.seq = now.seq AND holds.number = now.number WHERE kind = 'release'
UNION ALL
SELECT holds.*, now.seq, source, id, place, at_us, false
FROM now JOIN holds ON holds.owner = now.owner AND held_for IN (now.name, now.rule) WHERE kind = 'happened';
INSERT INTO freed
SELECT at_us, timed, by_seq, owner, seq, number, currency, points, given_by FROM releases WHERE points != 0;
INSERT INTO posted
SELECT by_seq, source, id, owner, currency, 'release', points, -points, 0, 0, 0, NULL FROM releases WHERE points != 0;
INSERT INTO incoming
SELECT owner, currency, place, rank, points, expires_us, lot, given_by, false FROM releases WHERE expires_us IS NOT NULL;
DELETE FROM holds USING releases WHERE holds.lot = releases.lot;
