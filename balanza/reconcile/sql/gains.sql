-- What the purchases earn.

CREATE OR REPLACE TEMP TABLE gains AS
SELECT owner, said.order_id, seq, number, source, id, rule, awards.currency, awards.points, held_for, held,
       awards.expires_us, CASE WHEN awards.expires_us IS NOT NULL OR held THEN nextval('lot_numbers') END AS lot, place,
       ranked(place, number) AS rank, given_by, lines, weight, sure
FROM said JOIN awards USING (seq) WHERE said.bought AND NOT apart;
INSERT INTO holds SELECT owner, seq, number, currency, points, lot, rank, held_for, expires_us, given_by FROM gains WHERE held;
INSERT INTO incoming
SELECT owner, currency, place, rank, points, expires_us, lot, given_by, true
FROM gains WHERE NOT held AND expires_us IS NOT NULL;
INSERT INTO posted
SELECT seq, source, id, owner, currency, rule, CASE WHEN held THEN 0 ELSE points END, CASE WHEN held THEN points ELSE 0 END,
       points, 0, 0, given_by
FROM gains;
